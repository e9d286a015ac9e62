package requestcli

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"habeas/api/client"
	"habeas/cmd/internal/rulescli"
)

// Narrow says which parts of the controller's data an instruction leaves out.
type Narrow struct {
	LeaveOut []string `help:"What stays out: a category, a system or a collection as 'habeas request parts' lists them; may be repeated." sep:"," xor:"narrow" placeholder:"KIND:NAME"`
	Only     []string `help:"What is all that is instructed, likewise." sep:"," xor:"narrow" placeholder:"KIND:NAME"`
	Reason   string   `help:"Why something stays out; the person is told." placeholder:"TEXT"`
}

// narrow is what the interface takes; nil for the whole.
func (n Narrow) narrow() (*client.Narrow, error) {
	leaveOut, err := named(n.LeaveOut)
	if err != nil {
		return nil, err
	}
	only, err := named(n.Only)
	if err != nil || leaveOut == nil && only == nil {
		return nil, err
	}
	return &client.Narrow{LeaveOut: leaveOut, Only: only}, nil
}

// Run takes the decision.
func (cmd InstructCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	narrow, err := cmd.narrow()
	if err != nil {
		return err
	}
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "instruct", Reason: cmd.Reason, Narrow: narrow})
}

// named reads parts of the data as category:NAME, system:NAME or collection:NAME; nil when there is none.
func named(parts []string) (*client.Named, error) {
	if len(parts) == 0 {
		return nil, nil //nolint:nilnil // nothing is named
	}
	out := &client.Named{}
	for _, part := range parts {
		kind, name, ok := strings.Cut(part, ":")
		switch {
		case ok && kind == "category":
			out.Categories = append(out.Categories, name)
		case ok && kind == "system":
			out.Systems = append(out.Systems, name)
		case ok && kind == "collection":
			out.Collections = append(out.Collections, name)
		default:
			return nil, usage("Name a part as category:NAME, system:NAME or collection:NAME; 'habeas request parts' lists them.")
		}
	}
	return out, nil
}

// PartsCmd is `habeas request parts`.
type PartsCmd struct{ Request }

// Run lists what an instruction may leave out.
func (cmd PartsCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	r, err := api.find(ctx, cmd.Request.Request)
	if err != nil {
		return err
	}
	got, err := api.GetPartsWithResponse(ctx, r.ID)
	if err != nil {
		return err
	}
	if api.json {
		return api.write(got.JSON200)
	}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "COLLECTION\tSYSTEM\tCATEGORIES\tWHAT IT IS")
	for _, p := range got.JSON200.Parts {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.Collection, p.System, strings.Join(p.Categories, " "), p.Description)
	}
	return w.Flush()
}
