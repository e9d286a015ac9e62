package rehearse

import (
	"context"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/hold"
	"habeas/models/plan"
	"habeas/models/plan/mapped"
)

// Rehearsal is one person's request, tried. Its fields are set by the caller; then Locate is called, and after it the rest.
type Rehearsal struct {
	Graph      *datamap.Graph
	Open       func(ctx context.Context, system string) (connectors.System, error)
	Identities []walk.Identity
	Rules      hold.Catalogue
	Today      calendar.Date
	// EraseShared erases rows that another person shares too; else they are kept, as a DPO who decides nothing keeps them.
	EraseShared bool

	found  walk.Memory
	groups []plan.Group
	rows   map[*datamap.Node][]located
	masks  map[*datamap.Node][]datamap.Mask // once an erasure has begun
}

// located is a row with its place in the plan. Its key is personal data.
type located struct {
	key   datamap.Key
	group int // in groups
}

// Collection is what was found in one collection.
type Collection struct {
	Collection string       `json:"collection"`
	System     string       `json:"system"`
	Rows       int          `json:"rows"`
	Shared     int          `json:"shared"`
	Paths      []Count      `json:"paths"`            // how the rows were found, from the identity
	Why        []Count      `json:"why,omitempty"`    // why rows are shared
	Groups     []plan.Group `json:"groups,omitempty"` // what a request for erasure would do with them
}

// Count is how many rows something holds for.
type Count struct {
	What string `json:"what"`
	Rows int    `json:"rows"`
}

// Located is what a walk found.
type Located struct {
	Collections []Collection `json:"collections"` // with rows, in the order of the map
	Empty       []string     `json:"empty"`       // looked at, without rows of the person
	Manual      []string     `json:"manual"`      // in systems that cannot be searched
}

// Locate walks and plans an erasure.
func (r *Rehearsal) Locate(ctx context.Context) (Located, error) {
	w := walk.Walk{Graph: r.Graph, Open: r.Open, Found: &r.found, Identities: r.Identities}
	result, err := w.Run(ctx)
	if err != nil {
		return Located{}, err
	}
	out := Located{Collections: []Collection{}, Empty: []string{}, Manual: []string{}}
	for _, a := range result.Manual {
		out.Manual = append(out.Manual, a.String())
	}
	builder := plan.NewBuilder(models.Erasure, r.Today, mapped.Hold(r.Rules))
	r.rows = map[*datamap.Node][]located{}
	for _, n := range r.Graph.Nodes {
		c, err := r.collect(ctx, n, builder)
		if err != nil {
			return Located{}, err
		}
		if c.Rows == 0 {
			out.Empty = append(out.Empty, c.Collection)
			continue
		}
		out.Collections = append(out.Collections, c)
	}
	r.decide(builder.Groups())
	for i := range out.Collections {
		for _, g := range r.groups {
			if g.Name() == out.Collections[i].Collection {
				out.Collections[i].Groups = append(out.Collections[i].Groups, g)
			}
		}
	}
	return out, nil
}

func (r *Rehearsal) collect(ctx context.Context, n *datamap.Node, builder *plan.Builder) (Collection, error) {
	c := Collection{Collection: n.Address.String(), System: n.System}
	err := r.found.Each(ctx, n.Address, func(row datamap.FoundRow) error {
		no, err := builder.Add(mapped.Collection(n), mapped.Row(n, row))
		if err != nil {
			return err
		}
		r.rows[n] = append(r.rows[n], located{row.Key, no - 1})
		c.Rows++
		c.Paths = tally(c.Paths, path(row.Path))
		if row.Shared {
			c.Shared++
			c.Why = tally(c.Why, row.Reason.Code+" through "+row.Reason.Via.String())
		}
		return nil
	})
	return c, err
}

// path is how a row was found: the identity, and what each reference led to.
func path(steps []string) string {
	text := ""
	for i, s := range steps {
		if _, to, ok := strings.Cut(s, " > "); ok && i > 0 {
			s = " > " + to
		}
		text += s
	}
	return text
}

func tally(list []Count, what string) []Count {
	i := slices.IndexFunc(list, func(c Count) bool { return c.What == what })
	if i < 0 {
		return append(list, Count{what, 1})
	}
	list[i].Rows++
	return list
}

// decide chooses where a DPO would have to.
func (r *Rehearsal) decide(groups []plan.Group) {
	r.groups = slices.Clone(groups)
	for i := range r.groups {
		g := &r.groups[i]
		if g.Proposed != models.TreatRefer || len(g.Options) == 0 {
			continue
		}
		g.Choice = models.TreatKeep
		switch {
		case slices.Contains(g.Options, models.TreatRetain) && g.Reason != plan.ReasonAnchorMissing:
			g.Choice = models.TreatRetain
		case g.Reason == plan.ReasonShared && r.EraseShared:
			g.Choice = g.Options[len(g.Options)-1]
		}
	}
}

// Rows streams every located row as an access request would give it, before any redaction.
func (r *Rehearsal) Rows(ctx context.Context, yield func(*datamap.Node, datamap.Row) error) error {
	reading := walk.Reading{Open: r.Open, Keys: walk.KeysOf(&r.found, nil)}
	for _, n := range r.Graph.Nodes {
		if len(r.rows[n]) == 0 {
			continue
		}
		if err := reading.Rows(ctx, n, func(row datamap.Row) error { return yield(n, row) }); err != nil {
			return err
		}
	}
	return nil
}
