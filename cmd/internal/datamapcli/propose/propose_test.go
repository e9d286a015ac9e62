package propose_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/cmd/internal/datamapcli/propose"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
)

func column(name string, kind datamap.Kind) connectors.Column {
	return connectors.Column{Name: name, Kind: kind, Type: string(kind)}
}

func nullable(name string, kind datamap.Kind) connectors.Column {
	c := column(name, kind)
	c.Nullable = true
	return c
}

// table has the column id as its key.
func table(name string, columns ...connectors.Column) connectors.Table {
	return connectors.Table{Name: name, Rows: -1, Key: []string{"id"}, Columns: append([]connectors.Column{column("id", datamap.KindInt)}, columns...)}
}

func refers(t connectors.Table, keys ...string) connectors.Table {
	for _, k := range keys {
		column, target, _ := strings.Cut(k, ">")
		t.References = append(t.References, connectors.ForeignKey{Name: t.Name + "_" + column, Columns: []string{column}, Table: target, Into: []string{"id"}, OnDelete: "no action"})
	}
	return t
}

// proposed are the collections of a proposal, which must be a map without a fault of shape.
func proposed(t *testing.T, tables []connectors.Table) map[string]datamap.Collection {
	t.Helper()
	text := propose.Make("shop", tables, propose.Guess(tables)).YAML(nil)
	datasets, problems := file.Parse("proposal", text)
	require.Empty(t, problems, string(text))
	list := map[string]datamap.Collection{}
	for _, c := range datasets[0].Collections {
		list[c.Name] = c
	}
	return list
}

func field(t *testing.T, c datamap.Collection, name string) datamap.Field {
	t.Helper()
	for _, f := range c.Fields {
		if f.Name == name {
			return f
		}
	}
	require.Fail(t, "no field "+name)
	return datamap.Field{}
}

func direction(t *testing.T, c datamap.Collection, name string) string {
	t.Helper()
	f := field(t, c, name)
	if len(f.References) == 0 {
		return "not walked"
	}
	text := string(f.References[0].Direction)
	if f.Mention {
		text += ", shares nothing"
	}
	return text
}

func TestWhoseRowARowIs(t *testing.T) {
	t.Parallel()
	number, text := datamap.KindInt, datamap.KindText
	list := proposed(t, []connectors.Table{
		table("customer", nullable("email", text), column("support_rep_id", number)),
		table("staff", nullable("email", text), nullable("manager_id", number)),
		table("supplier", nullable("contact_email", text)),
		refers(table("orders", column("customer_id", number), column("created_by", number), column("supplier_id", number), nullable("address_id", number)),
			"customer_id>customer", "created_by>staff", "supplier_id>supplier", "address_id>address"),
		refers(table("item", column("order_id", number), column("product_id", number)), "order_id>orders", "product_id>product"),
		refers(table("product", nullable("name", text), column("supplier_id", number)), "supplier_id>supplier"),
		refers(table("payslip", column("staff_id", number), nullable("iban", text)), "staff_id>staff"),
		refers(table("car", nullable("driver", number)), "driver>customer"),
		table("address", nullable("street", text)),
		table("rate", column("percent", number)),
	})
	require.Equal(t, "from", direction(t, list["orders"], "customer_id"), "an order is its customer's")
	require.Equal(t, "not walked", direction(t, list["orders"], "created_by"), "not of who entered it")
	require.Equal(t, "not walked", direction(t, list["orders"], "supplier_id"), "nor the supplier's")
	require.Equal(t, "to", direction(t, list["orders"], "address_id"), "an address may be shared")
	require.Equal(t, "from", direction(t, list["item"], "order_id"))
	require.Equal(t, "to, shares nothing", direction(t, list["item"], "product_id"), "everybody buys products")
	require.Equal(t, "not walked", direction(t, list["product"], "supplier_id"))
	require.Equal(t, "from", direction(t, list["payslip"], "staff_id"), "what only staff have is theirs")
	require.True(t, list["rate"].Skip)
	require.Equal(t, "email", field(t, list["customer"], "email").Identity)

	erase := map[string]datamap.Erase{}
	for name, c := range list {
		erase[name] = c.Erase
	}
	require.Equal(t, map[string]datamap.Erase{
		"orders": datamap.EraseDelete, "item": datamap.EraseDelete, "address": datamap.EraseDelete,
		"customer": "", // a car that stays refers to it
		"staff":    "", "supplier": "", "product": "", "payslip": "", "car": "", "rate": "",
	}, erase)
}

func TestAMaskIsOneThatTheColumnCanTake(t *testing.T) {
	t.Parallel()
	long, short, computed := column("email", datamap.KindText), column("passport", datamap.KindText), column("full_name", datamap.KindText)
	long.Type, long.Length, short.Type, short.Length, computed.Computed = "varchar", 200, "varchar", 20, true
	initials := column("nickname", datamap.KindText)
	initials.Type, initials.Length = "varchar", 3
	name := column("first_name", datamap.KindText)
	name.Type = "text"
	person := table("person", long, short, computed, initials, name, nullable("phone", datamap.KindText), column("birthday", datamap.KindDate))
	person.Unique = [][]string{{"email"}, {"passport"}}
	c := proposed(t, []connectors.Table{refers(person, "id>person")})["person"]
	got := map[string]string{}
	for _, f := range c.Fields {
		got[f.Name] = string(f.Erase)
		if f.Value != nil {
			got[f.Name] += " " + *f.Value
		}
	}
	require.Equal(t, map[string]string{
		"id": "", "email": "hmac", "passport": "random", "full_name": "", "nickname": "replace -", "first_name": "replace [erased]", "phone": "",
		"birthday": "replace 1900-01-01",
	}, got)
	require.True(t, field(t, c, "full_name").ReadOnly)
}

func TestReferencesThatTheSystemDoesNotEnforceAreGuessed(t *testing.T) {
	t.Parallel()
	number := datamap.KindInt
	invoice := table("app_invoices", column("customer_id", number), column("billing_address_id", number), column("owner", number), column("amount_id", datamap.KindDate))
	part := connectors.Table{Name: "app_parts", Columns: []connectors.Column{column("depot_nr", number), column("shelf_nr", number)}}
	shelf := connectors.Table{Name: "app_shelves", Key: []string{"depot_nr", "shelf_nr"}, Columns: []connectors.Column{column("depot_nr", number), column("shelf_nr", number)}}
	var got []string
	for _, r := range propose.Guess([]connectors.Table{
		table("app_customers"), table("app_address"), table("app_users"), invoice, part, shelf, {Name: "app_view", View: true, Columns: invoice.Columns},
	}) {
		got = append(got, r.Table+"."+strings.Join(r.Columns, "+")+" > "+r.Target+"."+strings.Join(r.Into, "+"))
	}
	require.Equal(t, []string{
		"app_invoices.customer_id > app_customers.id", "app_invoices.billing_address_id > app_address.id", "app_invoices.owner > app_users.id",
		"app_parts.depot_nr+shelf_nr > app_shelves.depot_nr+shelf_nr",
	}, got)
}

func TestAProposalNeverHoldsASampledValue(t *testing.T) {
	t.Parallel()
	canary := datamap.Text("canary@example.com")
	mail := nullable("x", datamap.KindText)
	mail.Samples = []datamap.Value{canary, canary}
	doc := nullable("doc", datamap.KindJSON)
	doc.Samples = []datamap.Value{datamap.NewValue(datamap.KindJSON, `{"canary": {"canary": "canary@example.com"}}`)}
	tables := []connectors.Table{table("t", mail, doc)}
	text := string(propose.Make("s", tables, propose.Guess(tables)).YAML([]string{"decide"}))
	require.Contains(t, text, "identity: email")
	require.NotContains(t, text, "canary")
	require.Contains(t, text, "# To decide before the map can be used:\n#  - decide\n")
}

func TestNamesAreWrittenSoThatYAMLReadsThemBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"true", "n", "a: b", "#x", "quote\"d", "{a}", "Größe", "with space", "12", "-", "a.b", "'"} {
		list := proposed(t, []connectors.Table{table("t", column(name, datamap.KindInt))})
		require.Equal(t, name, list["t"].Fields[1].Name)
	}
}
