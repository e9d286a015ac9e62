package concerned

import (
	"context"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/breach/persons"
	"habeas/models/datamap"
)

// Query chooses rows of the data map's collections.
type Query struct {
	Collections []string          // dataset.collection
	Where       map[string]string // a row counts only when each of these fields has the value, as text
	Controller  string            // only rows of this controller, where the map says which column tells; empty: of all
}

// Counts says what was found.
type Counts struct {
	Rows    int64 // that the query chooses
	Persons int64 // handed on, each once
	Without int64 // rows without an address that can be written to
}

// Find calls yield once for every person whose address stands in the rows that the query chooses. It streams: its memory grows by an address a
// person. It fails with unknown_collection, no_address, unknown_field or unknown_table, with Unsupported where a system cannot be read whole, and with
// yield's error.
func Find(ctx context.Context, graph *datamap.Graph, systems map[string]connectors.System, q Query, yield func(persons.Person) error) (Counts, error) {
	var out Counts
	seen := map[string]bool{}
	sources := map[string]source{}
	for _, name := range q.Collections {
		c, err := choose(graph, name, q)
		if err != nil {
			return out, err
		}
		from, known := sources[c.node.System]
		if !known {
			if from, err = open(ctx, systems[c.node.System]); err != nil {
				return out, err
			}
			sources[c.node.System] = from
		}
		err = c.read(ctx, from, func(row datamap.Row) error {
			out.Rows++
			found := c.persons(row)
			if len(found) == 0 {
				out.Without++
			}
			for _, p := range found {
				if seen[p.Index()] {
					continue
				}
				seen[p.Index()] = true
				out.Persons++
				if err := yield(p); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// chosen is a collection with what the query asks of its rows.
type chosen struct {
	node      *datamap.Node
	addresses []string // fields
	name      string   // field; empty where the map knows none
	where     map[string]string
}

func choose(graph *datamap.Graph, name string, q Query) (chosen, error) {
	i := slices.IndexFunc(graph.Nodes, func(n *datamap.Node) bool { return n.Address.String() == name })
	if i < 0 {
		return chosen{}, models.Errorf(models.Invalid, "unknown_collection", "No data map has the collection %s.", name)
	}
	c := chosen{node: graph.Nodes[i], where: map[string]string{}}
	for _, identity := range c.node.Identities {
		if identity.Kind == datamap.IdentityEmail {
			c.addresses = append(c.addresses, identity.Field)
		}
	}
	if len(c.addresses) == 0 {
		return chosen{}, models.Errorf(models.Invalid, "no_address", "The data map knows no mail address in %s; choose the collection that has the addresses.", name)
	}
	for _, f := range c.node.Fields {
		if c.name == "" && slices.ContainsFunc(f.Categories, func(c string) bool { return c == "user.name" || strings.HasPrefix(c, "user.name.") }) {
			c.name = f.Name
		}
	}
	for field, value := range q.Where {
		if c.node.Field(field) == nil {
			return chosen{}, models.Errorf(models.Invalid, "unknown_field", "The data map knows no field %s in %s.", field, name)
		}
		c.where[field] = value
	}
	if column := c.node.Collection.ControllerColumn; q.Controller != "" && column != "" {
		c.where[column] = q.Controller
	}
	return c, nil
}

// source is a system that can be read whole.
type source struct {
	reader connectors.Reader
	tables []connectors.Table
}

func open(ctx context.Context, system connectors.System) (source, error) {
	reader, err := connectors.As[connectors.Reader](system, "be read whole")
	if err != nil {
		return source{}, err
	}
	tables, err := connectors.Tables(ctx, system, 0)
	return source{reader, tables}, err
}

// read streams the collection's rows for which the query holds.
func (c chosen) read(ctx context.Context, from source, yield func(datamap.Row) error) error {
	table := connectors.Find(from.tables, c.node.Table)
	if table == nil {
		return models.Errorf(models.Invalid, "unknown_table", "The system %s has no table %s.", c.node.System, c.node.Table)
	}
	return from.reader.Read(ctx, *table, func(row datamap.Row) error {
		for field, value := range c.where {
			if v, ok := row.Get(field); !ok || v.Text() != value {
				return nil
			}
		}
		return yield(row)
	})
}

// persons are those of a row that can be written to.
func (c chosen) persons(row datamap.Row) []persons.Person {
	var out []persons.Person
	for _, field := range c.addresses {
		v, ok := row.Get(field)
		if !ok {
			continue
		}
		addresses := []datamap.Value{v}
		if v.Kind() == datamap.KindArray {
			addresses = v.Elements()
		}
		for _, a := range addresses {
			p := persons.Person{Email: models.Personal(strings.TrimSpace(a.Text()))}
			if len(c.addresses) == 1 && len(addresses) == 1 { // else nobody knows whose name it is
				name, _ := row.Get(c.name)
				p.Name = models.Personal(name.Text())
			}
			if p.Reachable() {
				out = append(out, p)
			}
		}
	}
	return out
}
