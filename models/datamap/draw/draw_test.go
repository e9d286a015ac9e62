package draw_test

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models/datamap"
	"habeas/models/datamap/draw"
)

func graph(t *testing.T) *datamap.Graph {
	t.Helper()
	field := func(name string, references ...datamap.Reference) datamap.Field {
		return datamap.Field{Name: name, PrimaryKey: name == "id", References: references}
	}
	to := func(collection string, direction datamap.Direction) datamap.Reference {
		return datamap.Reference{Dataset: "shop", Collection: collection, Field: "id", Direction: direction}
	}
	email := datamap.Field{Name: "email", Identity: "email", Categories: []string{"user.contact.email"}}
	phone := datamap.Field{Name: "phone", Identity: "phone_number"}
	mention := field("product", to("product", datamap.To))
	mention.Mention = true
	g, err := datamap.Compile([]datamap.Dataset{{Key: "shop", System: "db", Collections: []datamap.Collection{
		{Name: "customer", Erase: datamap.EraseDelete, Fields: []datamap.Field{field("id"), email, field("friend", to("customer", datamap.From))}},
		{Name: "driver", Fields: []datamap.Field{field("id"), phone}},
		{
			Name: "orders", Erase: datamap.EraseDelete, Shared: datamap.ShareKeep,
			Holds:  []datamap.Hold{{Rule: "EU_UCC_51", Anchors: []datamap.Anchor{{Field: "a", Column: "id"}}, Fields: []string{"value"}}},
			Fields: []datamap.Field{field("id"), field("customer", to("customer", datamap.From)), field("address", to("address", datamap.Both)), field("value")},
		},
		{Name: "item", Fields: []datamap.Field{field("id"), field("order", to("orders", datamap.From)), mention, field("back", to("customer", datamap.To))}},
		{Name: "address", Fields: []datamap.Field{field("id"), {Name: "street", Categories: []string{"user.contact"}}}},
		{Name: "product", Fields: []datamap.Field{field("id")}},
		{Name: "archive", Unreachable: "paper <& box>", Fields: []datamap.Field{field("id"), {Name: "name", Categories: []string{"user.name"}}}},
		{Name: "log", Skip: true, Fields: []datamap.Field{field("id")}},
		{Name: "rate", Fields: []datamap.Field{field("id")}},
	}}})
	require.NoError(t, err)
	return g
}

func TestTextShowsEachWayOnceAndWhatNothingLeadsTo(t *testing.T) {
	t.Parallel()
	require.Equal(t, `email
└─ customer by email  [delete; personal; system db]
   ├─ ↓ customer by friend (shown elsewhere)
   └─ ↓ orders by customer  [delete; hold EU_UCC_51 (value); shared: keep; system db]
      ├─ ↕ address by address  [mask 1 of 2; personal; system db]
      └─ ↓ item by order  [keep; system db]
         ├─ ↑⇢ product by product  [keep; system db]
         └─ ↑ customer by back (shown elsewhere)

phone_number
└─ driver by phone  [mask 1 of 2; personal; system db]

Personal data that no identity leads to:
  archive: acknowledged: paper <& box>
No personal data, and no identity leads there: rate
Skipped: shop.log

↓ rows that refer to the one above   ↑ rows that the one above refers to   ↕ both   ⇢ only mentioned: shares nothing
`, draw.Text(graph(t)))
}

func TestAnIdentityLimitsThePicture(t *testing.T) {
	t.Parallel()
	text := draw.Text(graph(t), "phone_number")
	require.True(t, strings.HasPrefix(text, "phone_number\n└─ driver"))
	require.NotContains(t, text, "email\n")
	require.Contains(t, text, "  customer: NOT ACKNOWLEDGED", "of what the other identity reaches")
	require.NotContains(t, draw.DOT(graph(t), "phone_number"), "shop.orders\" ->")
}

func TestSVGIsWellFormedAndSaysEverythingInWords(t *testing.T) {
	t.Parallel()
	g := graph(t)
	picture := draw.SVG(g)
	d := xml.NewDecoder(strings.NewReader(picture))
	for {
		_, err := d.Token()
		if err == io.EOF { //nolint:errorlint // Token returns it bare
			break
		}
		require.NoError(t, err)
	}
	for _, want := range []string{
		`role="img"`, `<title id="title">`, `<desc id="desc">email`, "prefers-color-scheme: dark", "hold EU_UCC_51 (value)", "paper &lt;&amp; box&gt;",
		"Not walked: shop.log, shop.rate", `class="line mention"`,
	} {
		require.Contains(t, picture, want)
	}
	for _, n := range g.Reached() {
		require.Contains(t, picture, ">"+n.Address.Collection+"</text>")
	}
	require.NotContains(t, picture, "NaN")
	require.Equal(t, picture, draw.SVG(g), "the same map gives the same picture")
}

func TestAGraphWithoutIdentityIsDrawnToo(t *testing.T) {
	t.Parallel()
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", Collections: []datamap.Collection{{Name: "c", Fields: []datamap.Field{{Name: "id"}}}}}})
	require.NoError(t, err)
	require.Contains(t, draw.SVG(g), "Not walked: d.c")
	require.Contains(t, draw.Text(g), "No personal data, and no identity leads there: c")
	require.Contains(t, draw.DOT(g), "digraph")
}
