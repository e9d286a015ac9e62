package requestcli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/google/uuid"

	"habeas/api/client"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
)

// ListCmd is `habeas request list`.
type ListCmd struct {
	State      string `help:"Only those in this state, such as in_review."`
	Right      string `help:"Only those for this right, such as erasure."`
	Controller string `help:"Only those of this controller." placeholder:"SLUG"`
	Open       bool   `help:"Only those that are not closed."`
	Overdue    bool   `help:"Only those whose legal date has passed."`
	Most
}

// Run reads as many pages as it takes.
func (cmd ListCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	p := client.ListRequestsParams{State: cmd.State, Right: cmd.Right, Controller: cmd.Controller, Overdue: cmd.Overdue}
	if cmd.Open {
		p.Open = &cmd.Open
	}
	var last string
	all, more, err := pages(cmd.Most, func(limit int, cursor string) ([]client.Request, string, error) {
		p.Limit, p.Cursor = limit, cursor
		got, err := api.ListRequestsWithResponse(ctx, &p)
		if err != nil {
			return nil, "", err
		}
		last = got.JSON200.Next
		return got.JSON200.Requests, last, nil
	})
	if err != nil {
		return err
	}
	if api.json {
		return api.write(client.RequestList{Requests: all, Next: last})
	}
	return table(s.Out, all, more)
}

func table(out io.Writer, list []client.Request, more bool) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "There is no such request.")
		return err
	}
	w := aligned(out)
	fmt.Fprintln(w, "REFERENCE\tRIGHT\tSTATE\tDUE\tCONTROLLER")
	for _, r := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", r.Reference, r.Right, state(r), due(r.Clock), r.Controller)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if more {
		fmt.Fprintln(out, "There are more; raise --limit.")
	}
	return nil
}

func aligned(out io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(out, 0, 0, 2, ' ', 0) }

func state(r client.Request) string {
	if r.Outcome != "" {
		return r.State + ", " + r.Outcome
	}
	return r.State
}

func due(c client.Clock) string {
	switch {
	case c.Paused:
		return "paused"
	case c.DueOn == "":
		return "-"
	case c.Overdue:
		return c.DueOn + " OVERDUE"
	}
	return c.DueOn
}

// ShowCmd is `habeas request show`.
type ShowCmd struct{ Request }

// shown is a request with what belongs to it, as a script reads it.
type shown struct {
	Request   client.Request    `json:"request"`
	Plan      *client.Plan      `json:"plan,omitempty"`
	Notices   []client.Notice   `json:"notices"`
	Tasks     []client.Task     `json:"tasks"`
	Deferrals []client.Deferral `json:"deferrals"`
}

// Run shows the request; it holds no personal data.
func (cmd ShowCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	r, err := api.find(ctx, cmd.Request.Request)
	if err != nil {
		return err
	}
	all, err := api.all(ctx, r)
	if err != nil {
		return err
	}
	if api.json {
		return api.write(all)
	}
	return all.print(s.Out)
}

func (s *session) all(ctx context.Context, r client.Request) (shown, error) {
	out := shown{Request: r}
	if r.PlanVersion > 0 {
		got, err := s.GetPlanWithResponse(ctx, r.ID)
		if err != nil {
			return out, err
		}
		out.Plan = got.JSON200
	}
	notices, err := s.GetNoticesWithResponse(ctx, r.ID, &client.GetNoticesParams{Limit: 100})
	if err != nil {
		return out, err
	}
	tasks, err := s.GetTasksWithResponse(ctx, r.ID, &client.GetTasksParams{Limit: 100})
	if err != nil {
		return out, err
	}
	deferrals, err := s.GetDeferralsWithResponse(ctx, r.ID, &client.GetDeferralsParams{Limit: 100})
	if err != nil {
		return out, err
	}
	out.Notices, out.Tasks, out.Deferrals = notices.JSON200.Notices, tasks.JSON200.Tasks, deferrals.JSON200.Deferrals
	return out, nil
}

func (a shown) print(out io.Writer) error {
	w := aligned(out)
	r := a.Request
	fmt.Fprintf(w, "Reference\t%s\nIdentifier\t%s\nRight\t%s\nController\t%s\nState\t%s\nReceived\t%s\nLegal date\t%s\n",
		r.Reference, r.ID, r.Right, r.Controller, state(r), r.ReceivedAt.Format("2006-01-02 15:04 MST"), due(r.Clock))
	if p := a.Plan; p != nil {
		fmt.Fprintf(w, "\nPlan\t%s%s\n", p.Digest, map[bool]string{true: " (decided)"}[p.Decided])
		if p.Narrowed.DecisionID != "" {
			fmt.Fprintf(w, "Narrowed\tby instruction of %s: %s\n", p.Narrowed.Controller, p.Narrowed.Reason)
		}
		if p.FirstApproval.ID != "" {
			fmt.Fprintf(w, "Approved\tby the first of two (%s), at %s\n", p.FirstApproval.Role, p.FirstApproval.At.Format("2006-01-02 15:04 MST"))
		}
		for _, g := range p.Groups {
			fmt.Fprintf(w, "  %d\t%s, %s.%s\t%s\t%s\n", g.No, g.Treatment, g.Dataset, g.Collection, models.Count(g.Rows, "row"), why(g))
		}
	}
	for _, n := range a.Notices {
		fmt.Fprintf(w, "Notice\t%s\t%s\t%s\n", n.Recipient, n.State, n.ID)
	}
	for _, t := range a.Tasks {
		fmt.Fprintf(w, "Task\t%s in %s\t%s\t%s\n", t.Action, t.System, t.State, t.ID)
	}
	for _, d := range a.Deferrals {
		fmt.Fprintf(w, "Deferred\t%s.%s\t%s\terased on %s (%s)\n", d.Dataset, d.Collection, models.Count(d.Rows, "row"), d.DueOn, d.Citation)
	}
	return w.Flush()
}

// why says on what a group's treatment rests, and what may be chosen instead.
func why(g client.Group) string {
	parts := []string{g.Reason}
	if g.Citation != "" {
		parts = append(parts, g.Citation)
	}
	if g.HoldThrough != "" {
		parts = append(parts, "until "+g.HoldThrough)
	}
	if len(g.Options) > 0 {
		parts = append(parts, "choose "+strings.Join(g.Options, " or "))
	}
	return strings.Join(parts, "; ")
}

// FileCmd is `habeas request file`.
type FileCmd struct{}

// Help is what --help adds.
func (FileCmd) Help() string {
	return `What is filed names a person, so that it is read from standard input and not from the command line:

  echo '{"right":"erasure","email":"sam@example.com","identity_vouched":true}' | habeas request file`
}

// Run files the request.
func (FileCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	var in client.NewRequest
	d := json.NewDecoder(s.In)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		return usage("Standard input must be one JSON object, as POST /v1/requests takes it.") // the decoder's message may quote it
	}
	got, err := api.SubmitRequestWithResponse(ctx, &client.SubmitRequestParams{IdempotencyKey: uuid.NewString()}, in)
	if err != nil {
		return err
	}
	if api.json {
		return api.write(got.JSON202)
	}
	_, err = fmt.Fprintf(s.Out, "%s is filed; its status page: %s\n", got.JSON202.Reference, got.JSON202.StatusURL)
	return err
}
