package rulescli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"habeas/models/hold"
	"habeas/models/rules"
)

// ListCmd is `habeas rules list`.
type ListCmd struct {
	JSON  bool   `name:"json" help:"Print JSON."`
	Kind  string `help:"Only rules of one kind of case, e.g. retention." placeholder:"KIND"`
	Rules string `help:"JSON file with a deployment's own retention rules." type:"path" placeholder:"FILE"`
}

// Run prints the rules.
func (c *ListCmd) Run(s *Streams) error {
	cat, err := catalogue(c.Rules)
	if err != nil {
		return err
	}
	list := []rules.Entry{}
	for _, e := range rules.Entries(cat) {
		if c.Kind == "" || e.Kind == c.Kind {
			list = append(list, e)
		}
	}
	if len(list) == 0 {
		return usage("unknown_kind", "No rule is of this kind.")
	}
	if c.JSON {
		return printJSON(s.Out, list)
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	rows := []string{"CODE\tWHERE\tSINCE\tKIND\tCITATION"}
	for _, e := range list {
		rows = append(rows, strings.Join([]string{e.Code, e.Jurisdiction, e.ValidFrom.String(), e.Kind, e.Citation}, "\t"))
	}
	if _, err := io.WriteString(w, strings.Join(rows, "\n")+"\n"); err != nil {
		return fmt.Errorf("print rules: %w", err)
	}
	return w.Flush()
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// DocsCmd is `habeas rules docs`.
type DocsCmd struct{}

// Run prints docs/law.md.
func (c *DocsCmd) Run(s *Streams) error {
	_, err := s.Out.Write(rules.Law(hold.Builtin()))
	return err
}
