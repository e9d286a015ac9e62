package connectortest

import (
	"habeas/models/datamap"
)

// Table is what a Harness prepares: a collection, the kinds of its columns, and its rows.
type Table struct {
	Node    *datamap.Node
	Columns []Column
	Rows    [][]datamap.Value // by column
}

// Column is one column of a Table. A key column is not nullable; all others are.
type Column struct {
	Name  string
	Kind  datamap.Kind // of the elements, for an array
	Array bool
	Key   bool
}

// SystemName is the name of the system in the suite's data map.
const SystemName = "suite"

func text(s string) datamap.Value { return datamap.Text(s) }

func value(k datamap.Kind, s string) datamap.Value { return datamap.NewValue(k, s) }

func datasets() []datamap.Dataset {
	now, replaced := datamap.SetNow, "[erased]"
	key := func(name string) datamap.Field { return datamap.Field{Name: name, PrimaryKey: true} }
	personal := func(name string, erase datamap.FieldErase) datamap.Field {
		return datamap.Field{Name: name, Categories: []string{"user"}, Erase: erase}
	}
	replace := personal("name", datamap.FieldReplace)
	replace.Value = &replaced
	email := personal("email", datamap.FieldHMAC)
	email.Identity = datamap.IdentityEmail
	toPerson := datamap.Field{Name: "person", References: []datamap.Reference{
		{Dataset: "suite", Collection: "people", Field: "id", Direction: datamap.From},
	}}
	return []datamap.Dataset{{Key: "suite", System: SystemName, Collections: []datamap.Collection{
		{
			Name: "people", Restrict: &datamap.Restrict{Column: "restricted_at", Set: &now},
			Fields: []datamap.Field{
				key("id"), email, replace, personal("born", datamap.FieldNull), personal("balance", ""), personal("photo", ""),
				{Name: "active"},
				{Name: "seen"},
				{Name: "uid"},
				{Name: "tags", Type: "string[]"},
				{Name: "restricted_at"},
			},
		},
		{Name: "members", Erase: datamap.EraseDelete, Fields: []datamap.Field{key("org"), key("no"), toPerson, {Name: "role"}}},
		{Name: "events", Fields: []datamap.Field{{Name: "at"}, {Name: "what"}, func() datamap.Field {
			f := personal("person", datamap.FieldKeep)
			f.References = toPerson.References
			return f
		}()}},
	}}}
}

func tables() map[string]*Table {
	graph, err := datamap.Compile(datasets())
	if err != nil {
		panic(err)
	}
	node := func(name string) *datamap.Node {
		return graph.Node(datamap.Address{Dataset: "suite", Collection: name})
	}
	null := datamap.Null
	return map[string]*Table{
		"people": {
			Node: node("people"),
			Columns: []Column{
				{Name: "id", Kind: datamap.KindInt, Key: true},
				{Name: "email", Kind: datamap.KindText},
				{Name: "name", Kind: datamap.KindText},
				{Name: "born", Kind: datamap.KindDate},
				{Name: "balance", Kind: datamap.KindDecimal},
				{Name: "photo", Kind: datamap.KindBytes},
				{Name: "active", Kind: datamap.KindBool},
				{Name: "seen", Kind: datamap.KindTimestamp},
				{Name: "uid", Kind: datamap.KindUUID},
				{Name: "tags", Kind: datamap.KindText, Array: true},
				{Name: "restricted_at", Kind: datamap.KindTimestamp},
			},
			Rows: [][]datamap.Value{
				{
					datamap.Int(1), text("Ann@Example.com"), text("Änn O'Neil"), value(datamap.KindDate, "1980-02-29"),
					value(datamap.KindDecimal, "12345678901234567890.10"), value(datamap.KindBytes, "\x00\xff'\\"), value(datamap.KindBool, "true"),
					value(datamap.KindTimestamp, "2024-10-27T00:30:00.123456Z"), value(datamap.KindUUID, "0188a0f2-7d9b-7b5a-9c3e-0123456789ab"),
					datamap.Array(text("vip"), text("a,\"b\""), null), null,
				},
				{datamap.Int(2), text(" ann@example.com "), text("Ann again"), null, null, null, null, null, null, null, null},
				{datamap.Int(3), text("bob@example.com"), null, null, value(datamap.KindDecimal, "0.00"), null, value(datamap.KindBool, "false"), null, null, datamap.Array(), null},
				{datamap.Int(-4), null, text(""), null, null, value(datamap.KindBytes, ""), null, null, null, datamap.Array(text("vip")), null},
			},
		},
		"members": {
			Node:    node("members"),
			Columns: []Column{{Name: "org", Kind: datamap.KindText, Key: true}, {Name: "no", Kind: datamap.KindInt, Key: true}, {Name: "person", Kind: datamap.KindText}, {Name: "role", Kind: datamap.KindText}},
			Rows: [][]datamap.Value{
				{text("a"), datamap.Int(1), text("1"), text("lead")},
				{text("a"), datamap.Int(2), text("3"), text("")},
				{text("b"), datamap.Int(1), text("3"), null},
				{text("b"), datamap.Int(2), null, null},
			},
		},
		"events": {
			Node:    node("events"),
			Columns: []Column{{Name: "at", Kind: datamap.KindDateTime}, {Name: "what", Kind: datamap.KindText}, {Name: "person", Kind: datamap.KindInt}},
			Rows: [][]datamap.Value{
				{value(datamap.KindDateTime, "2024-01-01T10:00:00"), text("login"), datamap.Int(1)},
				{value(datamap.KindDateTime, "2024-01-01T10:00:00"), null, datamap.Int(1)},
				{null, text("logout"), datamap.Int(3)},
			},
		},
	}
}
