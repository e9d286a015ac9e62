package redis_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

func cmd(words ...any) []any { return words }

// shop is what a shop keeps in Redis: customers, their carts and sessions, and sets that name the sessions of a customer.
var shop = [][]any{
	cmd("HSET", "customer:1", "mail", "Ann@Example.com", "name", "Ann O'Neil", "note", "x*y[z]"),
	cmd("HSET", "customer:2", "mail", "bob@example.com", "name", "Bob"),
	cmd("EXPIRE", "customer:1", 90000),
	cmd("SET", "session:s1", `{"user": {"id": 1, "mail":"ann@example.com"}, "hops":[{"ip":"10.0.0.1","n":1.50},{"ip":"10.0.0.2","n":2}], "b": 1, "a":  "<kept & as it is>"}`, "EX", 90000),
	cmd("SET", "session:s2", `{"user":{"id":2,"mail":"bob@example.com"},"hops":[]}`),
	cmd("SADD", "customer:1:sessions", "session:s1", "session:gone"),
	cmd("SADD", "customer:2:sessions", "session:s2"),
	cmd("RPUSH", "cart:1:0", "tea", "honey", "tea"),
	cmd("ZADD", "seen:1", 5, "10.0.0.1", 7, "10.0.0.2"),
	cmd("SADD", "online", "1", "2", "11"),
	cmd("EXPIRE", "online", 90000),
	cmd("RPUSH", "queue", "2", "1", "1", "11"),
	cmd("ZADD", "board", 5, "1", 7, "2"),
	cmd("SET", "greeting:1", "Hello Ann"),
	cmd("XADD", "log:1", "*", "who", "ann"),
}

const shopTypes = `{"types": {"customer:{id}": "hash", "session:{sid}": "json"}}`

func shopGraph(t testing.TB) *datamap.Graph {
	t.Helper()
	key := datamap.Field{Name: "key", PrimaryKey: true}
	ref := func(collection, field string, direction datamap.Direction) []datamap.Reference {
		return []datamap.Reference{{Dataset: "d", Collection: collection, Field: field, Direction: direction}}
	}
	member := func() datamap.Field {
		return datamap.Field{Name: "value", Type: "string[]", Erase: datamap.FieldRemove, Mention: true, References: ref("customers", "id", datamap.From)}
	}
	ip := datamap.Field{Name: "hops", Type: "object[]", Fields: []datamap.Field{{Name: "ip", Categories: []string{"user.device.ip_address"}, Erase: datamap.FieldHMAC}, {Name: "n"}}}
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "cache", Collections: []datamap.Collection{
		{Name: "customers", Table: "customer:{id}", Fields: []datamap.Field{
			{Name: "id", PrimaryKey: true}, {Name: "mail", Identity: "email", Erase: datamap.FieldHMAC}, {Name: "name", Categories: []string{"user"}}, {Name: "note"}, {Name: "ttl"},
		}},
		{Name: "lists", Table: "customer:{id}:sessions", Erase: datamap.EraseDelete, Fields: []datamap.Field{
			{Name: "id", PrimaryKey: true, References: ref("customers", "id", datamap.From)}, {Name: "value", Type: "string[]", References: ref("sessions", "key", datamap.To)},
		}},
		{Name: "sessions", Table: "session:{sid}", Fields: []datamap.Field{key, {Name: "user", Fields: []datamap.Field{{Name: "id"}, {Name: "mail", Categories: []string{"user"}}}}, ip, {Name: "ttl"}}},
		{Name: "carts", Table: "cart:{customer}:{n}", Erase: datamap.EraseDelete, Fields: []datamap.Field{
			{Name: "customer", PrimaryKey: true, References: ref("customers", "id", datamap.From)}, {Name: "n", PrimaryKey: true, Type: "integer"}, {Name: "value", Type: "string[]"},
		}},
		{Name: "seen", Table: "seen:{customer}", Fields: []datamap.Field{
			{Name: "customer", PrimaryKey: true, References: ref("customers", "id", datamap.From)}, {Name: "value", Type: "string[]", Erase: datamap.FieldRandom},
		}},
		{Name: "online", Table: "online", Fields: []datamap.Field{key, member()}},
		{Name: "queue", Table: "queue", Fields: []datamap.Field{key, member()}},
		{Name: "board", Table: "board", Fields: []datamap.Field{key, member()}},
		{Name: "greetings", Table: "greeting:{customer}", Fields: []datamap.Field{
			{Name: "customer", PrimaryKey: true, References: ref("customers", "id", datamap.From)}, {Name: "value", Categories: []string{"user"}, Erase: datamap.FieldFormat},
		}},
	}}})
	require.NoError(t, err)
	return g
}

func shopNode(t testing.TB, name string) *datamap.Node {
	t.Helper()
	return shopGraph(t).Node(datamap.Address{Dataset: "d", Collection: name})
}

func keysOf(list ...string) []datamap.Key {
	var keys []datamap.Key
	for _, text := range list {
		keys = append(keys, datamap.Key{datamap.Text(text)})
	}
	return keys
}

func startShop(t testing.TB, args ...string) *server {
	t.Helper()
	s := start(t, args...)
	s.do(t, shop...)
	return s
}

func lookup(t testing.TB, s connectors.System, q connectors.Query) ([]string, error) {
	t.Helper()
	list := []string{}
	err := s.(connectors.Locator).Lookup(t.Context(), q, func(r datamap.Row) error {
		list = append(list, r.Values[0].Text())
		return nil
	})
	return list, err
}

func erase(t testing.TB, s connectors.System, order connectors.Erasure) (connectors.Outcome, error) {
	t.Helper()
	return s.(connectors.Eraser).Erase(t.Context(), order)
}

func left(t testing.TB, s connectors.System, order connectors.Erasure) int {
	t.Helper()
	n, err := s.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	return n
}

func maskOrder(t testing.TB, collection string, keys ...string) connectors.Erasure {
	t.Helper()
	node := shopNode(t, collection)
	order := connectors.Erasure{Node: node, Keys: keysOf(keys...), Masks: node.Masks()}
	for i := range order.Masks {
		if order.Masks[i].Method == datamap.FieldRemove {
			order.Masks[i].Elements = []datamap.Value{datamap.Text("1")}
		}
	}
	return order
}

func TestEachTypeOfKeyIsMaskedInItsOwnWayAndKeepsItsTimeToLive(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	s := server.open(t, shopTypes)
	for _, c := range []struct{ collection, id, key, want string }{
		{"customers", "1", "customer:1", `^customer:1 map\["mail":"[0-9a-f]{64}" "note":"x\*y\[z\]"\] true$`},
		{
			"sessions", "session:s1", "session:s1",
			`^session:s1 "\{\\"user\\":\{\\"id\\":1,\\"mail\\":null\},\\"hops\\":\[\{\\"ip\\":\\"[0-9a-f]{64}\\",\\"n\\":1.50\},\{\\"ip\\":\\"[0-9a-f]{64}\\",\\"n\\":2\}\],\\"b\\":1,\\"a\\":\\"<kept & as it is>\\"\}" true$`,
		},
		{"seen", "1", "seen:1", `^seen:1 \[\{'\\x05' "[a-z2-7]{24}"\}|seen:1 \[\{.* "[a-z2-7]{24}"\}`},
		{"online", "online", "online", `^online \["11" "2"\] true$`},
		{"queue", "queue", "queue", `^queue \["2" "11"\] false$`},
		{"board", "board", "board", `^board \[\{%!q\(float64=7\) "2"\}\] false$`},
		{"greetings", "1", "greeting:1", `^greeting:1 "[A-Z][a-z]{4} [A-Z][a-z]{2}" false$`},
	} {
		order := maskOrder(t, c.collection, c.id)
		others := without(server.rows(t, "*"), c.key)
		require.Equal(t, 1, left(t, s, order), c.collection)
		for range 2 {
			out, err := erase(t, s, order)
			require.NoError(t, err, c.collection)
			require.Equal(t, connectors.Outcome{Masked: 1}, out, c.collection)
			require.Regexp(t, c.want, server.rows(t, c.key)[0])
		}
		require.Zero(t, left(t, s, order), c.collection)
		require.Equal(t, others, without(server.rows(t, "*"), c.key), "nothing else changes")
	}
}

func without(rows []string, key string) []string {
	var list []string
	for _, r := range rows {
		if !strings.HasPrefix(r, key+" ") {
			list = append(list, r)
		}
	}
	return list
}

func TestASetOfKeysLeadsToTheKeysThatItNames(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	s := server.open(t, shopTypes)
	g := shopGraph(t)
	lists, sessions := g.Node(datamap.Address{Dataset: "d", Collection: "lists"}), g.Node(datamap.Address{Dataset: "d", Collection: "sessions"})
	require.Len(t, lists.Out, 1)
	var named datamap.Value
	require.NoError(t, s.(connectors.Locator).Lookup(t.Context(), connectors.Query{
		Node: lists, Fields: []string{"id"}, Keys: keysOf("1"), Return: lists.Out[0].FromFields,
	}, func(r datamap.Row) error {
		named = r.Values[0]
		return nil
	}))
	require.Len(t, named.Elements(), 2)
	var keys []datamap.Key
	for _, e := range named.Elements() {
		keys = append(keys, datamap.Key{e})
	}
	found, err := lookup(t, s, connectors.Query{Node: sessions, Fields: lists.Out[0].ToFields, Keys: keys, Return: []string{"key"}})
	require.NoError(t, err)
	require.Equal(t, []string{"session:s1"}, found)
	back, err := lookup(t, s, connectors.Query{Node: lists, Fields: []string{"value"}, Keys: keysOf("session:s2"), Return: []string{"id"}})
	require.NoError(t, err)
	require.Equal(t, []string{"2"}, back, "by an element, the other way")
	before := without(without(server.rows(t, "*"), "session:s1"), "customer:1:sessions")
	for _, order := range []connectors.Erasure{{Node: lists, Keys: keysOf("1"), Delete: true}, {Node: sessions, Keys: keysOf("session:s1", "session:gone"), Delete: true}} {
		_, err := erase(t, s, order)
		require.NoError(t, err)
		require.Zero(t, left(t, s, order))
	}
	require.Equal(t, before, server.rows(t, "*"))
}

func TestNamesThatMeanSomethingInAPatternAreValues(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	server.do(t, cmd("HSET", "customer:*", "mail", "star@example.com"), cmd("HSET", "customer:1:profile", "mail", "ann@example.com"), cmd("RPUSH", "cart:1:1", "bread"), cmd("RPUSH", "cart:11:1", "wine"))
	s := server.open(t, shopTypes)
	node := shopNode(t, "customers")
	find := func(fields []string, fold bool, values ...string) []string {
		key := datamap.Key{}
		for _, v := range values {
			key = append(key, datamap.Text(v))
		}
		list, err := lookup(t, s, connectors.Query{Node: node, Fields: fields, Fold: fold, Keys: []datamap.Key{key}, Return: []string{"id", "ttl"}})
		require.NoError(t, err)
		return list
	}
	require.Equal(t, []string{"*"}, find([]string{"id"}, false, "*"))
	require.Empty(t, find([]string{"id"}, false, "?"))
	require.Empty(t, find([]string{"id"}, false, "1:profile"), "a key of another pattern")
	require.Empty(t, find([]string{"id"}, false, ""))
	require.Equal(t, []string{"1"}, find([]string{"mail"}, true, "ann@example.com "))
	require.Equal(t, []string{"1"}, find([]string{"id", "mail"}, false, "1", "Ann@Example.com"))
	require.Empty(t, find([]string{"id", "mail"}, false, "1", "bob@example.com"))
	node = shopNode(t, "carts")
	list, err := lookup(t, s, connectors.Query{Node: node, Fields: []string{"customer"}, Keys: keysOf("1"), Return: []string{"n", "value"}})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"0", "1"}, list)
}

func TestAScanAndADescriptionNamePatternsAndNobody(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	server.do(t, cmd("SET", "user:ann:theme", "dark"), cmd("SET", "user:bob:theme", "light"), cmd("HSET", "last-login", "ann@example.com", "2024"))
	s := server.open(t, "")
	hits := map[string]int64{}
	skipped, err := s.(connectors.Scanner).Scan(t.Context(), []models.Personal{"ann"}, func(h connectors.Hit) error {
		require.NotContains(t, strings.ToLower(h.Table+h.Column), "ann")
		hits[h.Table+"/"+h.Column] = h.Rows
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"log:{log_id}"}, skipped, "a stream is not read")
	require.Equal(t, map[string]int64{
		"customer:{customer_id}/mail": 1, "customer:{customer_id}/name": 1, "session:{session_id}/user.mail": 1, "greeting:{greeting_id}/value": 1,
		"user:{user_id}:theme/key": 1, "last-login/": 1,
	}, hits)
	tables := map[string]connectors.Table{}
	require.NoError(t, s.(connectors.Inspector).Inspect(t.Context(), 5, func(table connectors.Table) error {
		require.NotContains(t, table.Name, "ann")
		tables[table.Name] = table
		return nil
	}))
	session := tables["session:{session_id}"]
	require.Equal(t, "json", session.Comment)
	columns := map[string]connectors.Column{}
	for _, c := range session.Columns {
		columns[c.Name] = c
	}
	require.Equal(t, datamap.KindInt, columns["user.id"].Kind)
	require.Equal(t, datamap.KindDecimal, columns["hops.n"].Kind)
	require.True(t, columns["hops.ip"].Array)
	require.Equal(t, [][]string{{"session_id"}}, session.Unique)
	require.EqualValues(t, 2, session.Rows)
}

func TestCheckNamesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	server := startShop(t)
	s := server.open(t, shopTypes)
	check := func(n *datamap.Node) []string {
		problems, err := s.(connectors.Checker).Check(t.Context(), []*datamap.Node{n})
		require.NoError(t, err)
		var list []string
		for _, p := range problems {
			require.NotEmpty(t, p.Advice)
			list = append(list, fmt.Sprint(p.Severity, " ", p.Code, " ", p.Where))
		}
		return list
	}
	require.Equal(t, []string{"warning no_index d.customers.mail"}, check(shopNode(t, "customers")))
	require.Empty(t, check(shopNode(t, "greetings")))
	wrong := *shopNode(t, "customers")
	wrong.Table = "customer:{id"
	require.Equal(t, []string{"error unknown_table d.customers"}, check(&wrong))
	wrong.Table = "session:{id}"
	require.Contains(t, check(&wrong), "warning unknown_column d.customers.mail", "a document has no such part")
	wrong.Table = "online{id}"
	wrong.Table = "customer:{id}:sessions"
	require.Contains(t, check(&wrong), "error type_mismatch d.customers")
	masked := *shopNode(t, "greetings")
	masked.Fields = append([]datamap.Field{{Name: "ttl", Erase: datamap.FieldNull}}, masked.Fields...)
	require.Contains(t, check(&masked), "error mask_impossible d.greetings.ttl")
}
