package activities

import (
	"cmp"
	"context"
	"io"
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
	out, err := c.create(archive, "report.html", report.TheReport, "")
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
	lang := c.lang()
	out := report.Collection{Dataset: p.node.Dataset.NameIn(lang), Name: p.node.NameIn(lang), Description: p.node.DescriptionIn(lang)}
	for _, name := range c.fields(p.node) {
		out.Columns = append(out.Columns, report.Column{Name: p.node.FieldNameIn(lang, name), Description: p.node.FieldDescriptionIn(lang, name)})
	}
	out.Redacted = slices.ContainsFunc(p.groups, func(g plan.Group) bool { return g.Treatment() == models.TreatRedact })
	return out
}

// create begins a file of the package; of names what is in it, where its sort needs that.
func (c *copyRun) create(archive *bundle.Archive, name string, sort report.Sort, of string) (io.Writer, error) {
	what, err := report.What(c.lang(), sort, of)
	if err != nil {
		return nil, err
	}
	return archive.Create(name, what)
}

// reportHead gathers what the report says before the copy.
func (a *Activities) reportHead(ctx context.Context, l letterContext, p plan.Plan, subject request.Subject) (report.Head, error) {
	recipients, err := a.deps.Store.Recipients(ctx)
	if err != nil {
		return report.Head{}, err
	}
	lang := l.lang()
	head := report.Head{
		Language: lang, Controller: l.controller.Name, Contact: a.deps.Policy.DPOEmail.Reveal(), Authority: l.controller.Authority,
		Reference: l.req.Reference, Name: subject.Name, ReceivedOn: l.day(l.req.ReceivedAt), PreparedAt: a.deps.Now(), Zone: l.zone,
	}
	for _, i := range subject.Identities {
		head.Identities = append(head.Identities, report.Identity{Kind: i.Kind, Called: a.deps.Graph.IdentityIn(lang, i.Kind), Value: i.Value})
	}
	for _, r := range recipients {
		affected := r.Affected(l.controller.Slug, categories(p))
		if len(affected) == 0 {
			continue
		}
		head.Recipients = append(head.Recipients, report.Recipient{
			Name: r.Name, Purposes: r.PurposesIn(lang), Categories: templates.CategoriesIn(lang, affected), Country: r.Country, Safeguard: r.SafeguardIn(lang),
		})
	}
	head.Processing = a.processing(lang, p, head.Recipients)
	left, err := a.leftOut(ctx, l, p)
	if err != nil {
		return report.Head{}, err
	}
	head.LeftOut = reported(left)
	for _, g := range p.Groups {
		if w, ok := a.withheld(l, g); ok {
			head.Withheld = append(head.Withheld, w)
		}
	}
	return head, nil
}

// processing answers Art. 15(1)(a), (b), (d) and (g) for each dataset that the plan touches.
func (a *Activities) processing(lang string, p plan.Plan, recipients []report.Recipient) []report.Processing {
	var out []report.Processing
	for i := range a.deps.Graph.Datasets {
		d := &a.deps.Graph.Datasets[i]
		set := report.Processing{Name: d.NameIn(lang), Purposes: d.PurposesIn(lang), LegalBasis: d.LegalBasis, Source: d.SourceIn(lang)}
		var codes []string
		touched := false
		for _, g := range p.Groups {
			if g.Dataset != d.Key {
				continue
			}
			touched = true
			if t := g.Treatment(); t == models.TreatDisclose || t == models.TreatRedact {
				set.Records += g.Rows
			}
			codes = append(codes, g.Categories...)
			set.Storage = append(set.Storage, a.storage(lang, d, g))
			set.Purposes = append(set.Purposes, a.purpose(lang, g)...)
		}
		if !touched {
			continue
		}
		set.Categories, set.Storage, set.Purposes = templates.CategoriesIn(lang, sorted(codes)), storages(set.Storage), texts(set.Purposes)
		for _, r := range recipients {
			if slices.ContainsFunc(r.Categories, func(c string) bool { return slices.Contains(set.Categories, c) }) {
				set.Recipients = append(set.Recipients, r.Name)
			}
		}
		out = append(out, set)
	}
	return out
}

// storage is the storage period of a group's collection, Art. 15(1)(d): what the map says, or the laws that hold its rows.
func (a *Activities) storage(lang string, d *datamap.Dataset, g plan.Group) report.Storage {
	node := a.deps.Graph.Node(datamap.Address{Dataset: g.Dataset, Collection: g.Collection})
	if node != nil && node.Collection.StoragePeriod != "" {
		return report.Storage{Period: node.StoragePeriodIn(lang)}
	}
	if node != nil && len(node.Collection.Holds) > 0 {
		var out report.Storage
		for _, h := range node.Collection.Holds {
			if rule, err := a.deps.Rules.Rule(h.Rule); err == nil {
				out.Laws = append(out.Laws, rule.Citation)
			}
		}
		return out
	}
	return report.Storage{Period: d.StoragePeriodIn(lang)}
}

func (a *Activities) purpose(lang string, g plan.Group) []models.Said {
	node := a.deps.Graph.Node(datamap.Address{Dataset: g.Dataset, Collection: g.Collection})
	if node == nil || node.Collection.Purpose == "" {
		return nil
	}
	return []models.Said{node.PurposeIn(lang)}
}

func (a *Activities) withheld(l letterContext, g plan.Group) (report.Withheld, bool) {
	w := report.Withheld{What: a.words(l, g), Records: g.Rows}
	switch {
	case g.LeftOut(): // which is said by itself
		return w, false
	case g.Treatment() == models.TreatRedact:
		w.Why = report.Redacted
	case g.Treatment() == models.TreatWithhold && g.Reason == plan.ReasonNotPortable:
		w.Why = report.NotPortable
	case g.Treatment() == models.TreatWithhold:
		w.Why = report.Shared
	default:
		return w, false
	}
	return w, true
}

// texts is a list in order, each text once.
func texts(list []models.Said) []models.Said {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b models.Said) int { return cmp.Compare(a.Text, b.Text) })
	return slices.Compact(list)
}

// storages is a list in order, each once.
func storages(list []report.Storage) []report.Storage {
	key := func(s report.Storage) string { return s.Period.Text + "\x00" + strings.Join(s.Laws, "\x00") }
	slices.SortFunc(list, func(a, b report.Storage) int { return cmp.Compare(key(a), key(b)) })
	return slices.CompactFunc(list, func(a, b report.Storage) bool { return key(a) == key(b) })
}

// sorted is a list in order, each text once.
func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
