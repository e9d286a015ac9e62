package propose

import (
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/cmd/internal/datamapcli/detect"
	"habeas/models/datamap"
)

// Reference is a reference that the system does not enforce, guessed by names.
type Reference struct {
	Table   string
	Columns []string
	Target  string
	Into    []string
	Reason  string // in words
}

// Guess proposes references by the names and types of columns: customer_id refers to customers.id, and a column with the name of another
// table's key to that key. Columns with a foreign key are left out. Ask the system whether values fit before trusting one.
func Guess(tables []connectors.Table) []Reference {
	var list []Reference
	prefix := commonPrefix(tables)
	for _, t := range tables {
		if t.View {
			continue
		}
		list = append(list, guessComposite(t, tables)...)
		for _, c := range t.Columns {
			if taken(t, list, c.Name) || c.Array || slices.Equal(t.Key, []string{c.Name}) {
				continue
			}
			for _, o := range candidates(t, c, tables, prefix) {
				list = append(list, Reference{Table: t.Name, Columns: []string{c.Name}, Target: o.target.Name, Into: keyOf(o.target), Reason: o.why})
			}
		}
	}
	return list
}

// taken reports whether a column refers to something already.
func taken(t connectors.Table, list []Reference, column string) bool {
	return slices.ContainsFunc(t.References, func(f connectors.ForeignKey) bool { return slices.Contains(f.Columns, column) }) ||
		slices.ContainsFunc(list, func(r Reference) bool { return r.Table == t.Name && slices.Contains(r.Columns, column) })
}

// guessComposite finds tables whose key of several columns stands in t under the same names.
func guessComposite(t connectors.Table, tables []connectors.Table) []Reference {
	var list []Reference
	for _, target := range tables {
		key := target.Key
		if target.View || target.Name == t.Name || len(key) < 2 || slices.Equal(t.Key, key) {
			continue
		}
		fits := !slices.ContainsFunc(key, func(k string) bool {
			c := column(t, k)
			return c.Kind == datamap.KindNull || !alike(c.Kind, column(target, k).Kind) || generic(k)
		})
		known := slices.ContainsFunc(t.References, func(f connectors.ForeignKey) bool {
			return slices.ContainsFunc(key, func(k string) bool { return slices.Contains(f.Columns, k) })
		})
		if fits && !known {
			list = append(list, Reference{Table: t.Name, Columns: key, Target: target.Name, Into: key, Reason: "its columns have the names of that key"})
		}
	}
	return list
}

// candidate is a table that a column may refer to.
type candidate struct {
	target connectors.Table
	why    string
	fit    int
}

// candidates are the tables that a column's name points to, the best first: a longer name fits better, and a table of the same schema
// better than one of another.
func candidates(t connectors.Table, c connectors.Column, tables []connectors.Table, prefix string) []candidate {
	var list []candidate
	for _, target := range tables {
		key := keyOf(target)
		if target.View || len(key) != 1 || !alike(c.Kind, column(target, key[0]).Kind) {
			continue
		}
		name := strings.ToLower(c.Name)
		one := candidate{target: target}
		if target.Name != t.Name && name == strings.ToLower(key[0]) && !generic(key[0]) && c.Kind != datamap.KindDate {
			one.fit, one.why = len(name), "it has the name of that table's key"
		}
		for _, stem := range singulars(target.Name, prefix) {
			if (points(name, stem) || detect.Owner(c.Name, stem)) && len(stem) > one.fit {
				one.fit, one.why = len(stem), "its name and type fit"
			}
		}
		if one.fit == 0 {
			continue
		}
		if schema(target.Name) == schema(t.Name) {
			one.fit += 1000
		}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return b.fit - a.fit })
	return list
}

func schema(table string) string { return table[:max(strings.LastIndexByte(table, '.'), 0)] }

// points reports whether a column's name is a table's with id or the like, or ends so: customer_id, id_customer, billing_address_id.
func points(column, stem string) bool {
	for _, id := range []string{"_id", "id", "_nr", "nr", "_no", "_key", "_fk", "_ref", "_uuid"} {
		if column == stem+id || strings.HasSuffix(column, "_"+stem+id) {
			return true
		}
	}
	return column == "id_"+stem || column == "fk_"+stem || column == "id"+stem
}

// singulars are a table's name and what it may be the plural of.
func singulars(table, prefix string) []string {
	name := strings.TrimPrefix(bare(table), prefix)
	list := []string{name}
	for _, suffix := range []struct{ plural, singular string }{{"ies", "y"}, {"es", ""}, {"s", ""}, {"en", ""}, {"n", ""}, {"e", ""}, {"er", ""}} {
		if stem, ok := strings.CutSuffix(name, suffix.plural); ok && len(stem) > 2 {
			list = append(list, stem+suffix.singular)
		}
	}
	return list
}

func bare(table string) string { return strings.ToLower(table[strings.LastIndexByte(table, '.')+1:]) }

// commonPrefix is what the names of all tables begin with, up to a _, as when many programs share a database.
func commonPrefix(tables []connectors.Table) string {
	prefix, n := "", 0
	for _, t := range tables {
		if t.View {
			continue
		}
		if n++; n == 1 {
			prefix = bare(t.Name)
		}
		for !strings.HasPrefix(bare(t.Name), prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	if n < 3 {
		return ""
	}
	return prefix[:strings.LastIndexByte(prefix, '_')+1]
}

func generic(name string) bool {
	return slices.Contains([]string{"id", "nr", "no", "number", "code", "key", "name", "uuid", "email", "date", "type", "year", "month", "position", "pos", "line_no", "seq", "version"}, strings.ToLower(name))
}

// alike reports whether values of two kinds can be equal.
func alike(a, b datamap.Kind) bool {
	whole := func(k datamap.Kind) bool { return k == datamap.KindInt || k == datamap.KindDecimal }
	word := func(k datamap.Kind) bool { return k == datamap.KindText || k == datamap.KindUUID }
	return a == b && a != datamap.KindBool && a != datamap.KindJSON && a != datamap.KindTimestamp && a != datamap.KindDateTime || whole(a) && whole(b) || word(a) && word(b)
}
