package activities

import (
	"context"
	"slices"
	"strings"

	"habeas/activities/bundle"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/templates"
	"habeas/templates/report"
)

// writeReport writes the readable report: everything that Art. 15(1) and (2) ask for, then the copy.
func (c *copyRun) writeReport(ctx context.Context, archive *bundle.Archive) error {
	out, err := archive.Create("report.html", "The readable report: open it in a browser.")
	if err != nil {
		return err
	}
	doc, err := report.NewReport(out, c.head)
	if err != nil {
		return err
	}
	for _, p := range c.parts() {
		if err := doc.Collection(c.reportCollection(p)); err != nil {
			return err
		}
		_, err := c.rows(ctx, p, func(row datamap.Row) error {
			values := make([]string, len(row.Values))
			for i, v := range row.Values {
				values[i] = bundle.Text(v)
			}
			return doc.Row(values)
		})
		if err != nil {
			return err
		}
	}
	return doc.Close()
}

func (c *copyRun) reportCollection(p part) report.Collection {
	out := report.Collection{Title: c.title(p.node), Description: p.node.Collection.Description}
	for _, name := range c.fields(p.node) {
		out.Columns = append(out.Columns, report.Column{Name: name, Description: p.node.Field(name).Description})
	}
	for _, g := range p.groups {
		if g.Treatment() == models.TreatRedact {
			out.Note = "Some fields are left blank because they are about another person (Art. 15(4) GDPR)."
		}
	}
	return out
}

func (c *copyRun) title(n *datamap.Node) string {
	set := n.Dataset.Name
	if set == "" {
		set = n.Dataset.Key
	}
	return set + ": " + strings.ReplaceAll(n.Collection.Name, "_", " ")
}

// reportHead gathers what the report says before the copy.
func (a *Activities) reportHead(ctx context.Context, l letterContext, p plan.Plan, subject request.Subject) (report.Head, error) {
	recipients, err := a.deps.Store.Recipients(ctx)
	if err != nil {
		return report.Head{}, err
	}
	head := report.Head{
		Language: l.req.Language, Controller: l.controller.Name, Contact: a.deps.Policy.DPOEmail.Reveal(), Authority: l.controller.Authority,
		Reference: l.req.Reference, Name: subject.Name, ReceivedOn: l.day(l.req.ReceivedAt), PreparedAt: a.deps.Now(), Zone: l.zone,
	}
	for _, i := range subject.Identities {
		head.Identities = append(head.Identities, report.Identity{Kind: identityWords(i.Kind), Value: i.Value})
	}
	for _, r := range recipients {
		affected := r.Affected(l.controller.Slug, categories(p))
		if len(affected) == 0 {
			continue
		}
		head.Recipients = append(head.Recipients, report.Recipient{
			Name: r.Name, Purpose: r.Purpose, Categories: templates.CategoriesInWords(affected), Country: r.Country, Safeguard: r.Safeguard,
		})
	}
	head.Processing = a.processing(p, head.Recipients)
	left, err := a.leftOut(ctx, p)
	if err != nil {
		return report.Head{}, err
	}
	head.LeftOut = reported(left)
	for _, g := range p.Groups {
		if w, ok := a.withheld(g); ok {
			head.Withheld = append(head.Withheld, w)
		}
	}
	return head, nil
}

// processing answers Art. 15(1)(a), (b), (d) and (g) for each dataset that the plan touches.
func (a *Activities) processing(p plan.Plan, recipients []report.Recipient) []report.Processing {
	var out []report.Processing
	for _, d := range a.deps.Graph.Datasets {
		set := report.Processing{Name: d.Name, Purposes: d.Purposes, LegalBasis: d.LegalBasis, Source: d.Source}
		if set.Name == "" {
			set.Name = d.Key
		}
		touched := false
		for _, g := range p.Groups {
			if g.Dataset != d.Key {
				continue
			}
			touched = true
			if t := g.Treatment(); t == models.TreatDisclose || t == models.TreatRedact {
				set.Records += g.Rows
			}
			set.Categories = append(set.Categories, g.Categories...)
			set.Storage = append(set.Storage, a.storage(d, g))
			set.Purposes = append(set.Purposes, a.purpose(g)...)
		}
		if !touched {
			continue
		}
		set.Categories, set.Storage, set.Purposes = templates.CategoriesInWords(sorted(set.Categories)), sorted(set.Storage), sorted(set.Purposes)
		for _, r := range recipients {
			if slices.ContainsFunc(r.Categories, func(c string) bool { return slices.Contains(set.Categories, c) }) {
				set.Recipients = append(set.Recipients, r.Name)
			}
		}
		out = append(out, set)
	}
	return out
}

// storage words the storage period of a group's collection, Art. 15(1)(d): what the map says, or the laws that hold its rows.
func (a *Activities) storage(d datamap.Dataset, g plan.Group) string {
	node := a.deps.Graph.Node(datamap.Address{Dataset: g.Dataset, Collection: g.Collection})
	if node != nil && node.Collection.StoragePeriod != "" {
		return node.Collection.StoragePeriod
	}
	if node != nil && len(node.Collection.Holds) > 0 {
		var laws []string
		for _, h := range node.Collection.Holds {
			if rule, err := a.deps.Rules.Rule(h.Rule); err == nil {
				laws = append(laws, rule.Citation)
			}
		}
		return "As long as the law obliges us to keep it: " + strings.Join(laws, "; ")
	}
	if d.StoragePeriod != "" {
		return d.StoragePeriod
	}
	return "Until it is no longer needed for the purposes named"
}

func (a *Activities) purpose(g plan.Group) []string {
	node := a.deps.Graph.Node(datamap.Address{Dataset: g.Dataset, Collection: g.Collection})
	if node == nil || node.Collection.Purpose == "" {
		return nil
	}
	return []string{node.Collection.Purpose}
}

func (a *Activities) withheld(g plan.Group) (report.Withheld, bool) {
	w := report.Withheld{What: a.words(g), Records: g.Rows}
	switch {
	case g.LeftOut(): // which is said by itself
		return w, false
	case g.Treatment() == models.TreatRedact:
		w.Why = "Parts are blank because they are about another person (Art. 15(4) GDPR)."
	case g.Treatment() == models.TreatWithhold && g.Reason == plan.ReasonNotPortable:
		w.Why = "It was not provided by you under a contract or consent (Art. 20(1) GDPR). You can ask for a copy under Art. 15."
	case g.Treatment() == models.TreatWithhold:
		w.Why = "It is also about another person, whose rights stand against the disclosure (Art. 15(4) GDPR)."
	default:
		return w, false
	}
	return w, true
}

// sorted is a list in order, each text once.
func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}

// identityWords are words for a kind of identity.
func identityWords(kind string) string {
	switch kind {
	case datamap.IdentityEmail:
		return "E-mail address"
	case "phone_number":
		return "Telephone number"
	}
	words := strings.ReplaceAll(kind, "_", " ")
	return strings.ToUpper(words[:min(1, len(words))]) + words[min(1, len(words)):]
}
