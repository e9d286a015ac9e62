package connectortest

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"habeas/models/datamap"
)

// Limited is implemented by a Harness whose kind of system cannot hold everything that the suite would put into it.
type Limited interface {
	Limits() Limits
}

// Limits is what a kind of system cannot hold. The suite leaves out, and says so, what depends on it; everything else is asked of the
// connector all the same.
type Limits struct {
	AsText       []datamap.Kind // kinds of values that come back as text, in the form of their kind; bytes in base64
	EmptyIsNull  bool           // an empty text, empty bytes and an empty array cannot be told from nothing
	NoNullSearch bool           // rows without a value cannot be searched for
	NoArrays     bool           // a field has one value
	NoNullInside bool           // an array has no empty places
	NoKeyless    bool           // every row has a key of its own
	NoSchema     bool           // a table or field that is not there cannot be told from one without rows
	Inferred     bool           // names of tables and their keys are concluded from what is there: a table's name begins with the suite's
	NoTriggers   bool           // nothing but the rows' keys and types can refuse a change
	NoBytes      bool           // a value is text, and bytes that are not cannot be held
	SystemKey    []string       // by what the system identifies every row, such as an entry's name; nil: by the table's key
}

// lacks ends the case with a reason when the kind has the limit.
func (s *suite) lacks(t *testing.T, limit bool, what string) bool {
	t.Helper()
	if limit {
		t.Logf("left out: this kind of system %s", what)
	}
	return limit
}

// held is what the system gives back for a value that was put into it.
func (s *suite) held(v datamap.Value) datamap.Value {
	switch {
	case v.IsNull():
		return v
	case s.limits.EmptyIsNull && (v.Text() == "" || v.Kind() == datamap.KindArray && len(v.Elements()) == 0):
		return datamap.Null
	case v.Kind() == datamap.KindArray:
		var list []datamap.Value
		for _, e := range v.Elements() {
			if !e.IsNull() || !s.limits.NoNullInside {
				list = append(list, s.held(e))
			}
		}
		return datamap.Array(list...)
	case v.Kind() == datamap.KindBytes && !s.typed(datamap.KindBytes):
		return datamap.Text(base64.StdEncoding.EncodeToString([]byte(v.Text())))
	case slices.Contains(s.limits.AsText, v.Kind()):
		return datamap.Text(v.Text())
	default:
		return v
	}
}

// typed reports whether the system has a type of its own for a kind.
func (s *suite) typed(k datamap.Kind) bool { return !slices.Contains(s.limits.AsText, k) }

// isTable reports whether a name that the system gave is that of a table of the suite.
func (s *suite) isTable(name, table string) bool {
	return name == s.tables[table].Node.Table || strings.HasSuffix(name, "."+table) || s.limits.Inferred && strings.HasPrefix(name, table)
}

// fit takes out of the suite's tables what the kind cannot hold.
func fit(tables map[string]*Table, limits Limits) {
	if limits.NoArrays {
		drop(tables["people"], func(c Column) bool { return c.Array })
	}
	if limits.NoBytes {
		drop(tables["people"], func(c Column) bool { return c.Kind == datamap.KindBytes })
	}
}

// cell is a row's value in a column, Null when the kind cannot hold the column.
func (t *Table) cell(row int, column string) datamap.Value {
	i := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == column })
	if i < 0 {
		return datamap.Null
	}
	return t.Rows[row][i]
}

func drop(people *Table, unfit func(Column) bool) {
	i := slices.IndexFunc(people.Columns, unfit)
	name := people.Columns[i].Name
	people.Columns = slices.Delete(people.Columns, i, i+1)
	for r := range people.Rows {
		people.Rows[r] = slices.Delete(people.Rows[r], i, i+1)
	}
	node := *people.Node
	node.Fields = slices.DeleteFunc(slices.Clone(node.Fields), func(f datamap.Field) bool { return f.Name == name })
	people.Node = &node
}
