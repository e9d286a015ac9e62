package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
	"habeas/models/store"
	"habeas/models/webhook"
)

// sweep calls every operation of the document with what nobody should send.
type sweep struct {
	*bundle
	spec  *openapi3.T
	fill  *strings.Replacer // path parameters by what there is
	calls int
}

// hostile are texts of which none is an identifier, a token, a cursor, a period or a slug.
var hostile = []string{
	"x", "%00", "%ff%fe", "a%0d%0aSet-Cookie:x", "..%2f..%2fetc", "%27%3bDROP%20TABLE%20requests", strings.Repeat("9", 5000), "%F0%9F%92%A3", "null", "-1", "0",
	"00000000-0000-4000-8000-000000000000", url.PathEscape(strings.Repeat("é", 36)),
}

func newSweep(t *testing.T) *sweep {
	t.Helper()
	b := setup(t, func(d *api.Deps) { d.CallsPerMinute = 1_000_000 })
	spec, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	require.NoError(t, err)
	f, _ := b.inReview("sam@example.com")
	hook, _, err := b.AddEndpoint(t.Context(), models.ScopeOperator(), models.System(), store.Endpoint{ControllerID: b.acme.ID, URL: "https://h.acme.example/", Events: webhook.Kinds()[:1]})
	require.NoError(t, err)
	_, key, err := b.CreateKey(t.Context(), store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "of acme"})
	require.NoError(t, err)
	return &sweep{bundle: b, spec: spec, fill: strings.NewReplacer(
		"/webhooks/{id}", "/webhooks/"+hook.ID.String(), "/keys/{id}", "/keys/"+key.String(), "{id}", f.id.String(), "{token}", f.token, "{slug}", "acme",
		"{period}", "2027", "{recipient}", "acme",
	)}
}

// operation is one of the document, with the key that gets furthest.
type operation struct {
	method, path string // path is a template
	*openapi3.Operation
	params openapi3.Parameters
	key    string
}

func (s *sweep) operations() []operation {
	var out []operation
	for _, path := range slices.Sorted(maps.Keys(s.spec.Paths.Map())) {
		item := s.spec.Paths.Value(path)
		for method, op := range item.Operations() {
			if !strings.HasPrefix(path, "/v1/") {
				continue
			}
			route := method + " " + strings.NewReplacer("{", ":", "}", "").Replace(path)
			one := operation{method: method, path: path, Operation: op, params: append(slices.Clone(item.Parameters), op.Parameters...)}
			switch who := strings.Fields(may[route]); {
			case slices.Contains(who, "dpo"):
				one.key = s.keys[models.RoleDPO]
			case slices.Contains(who, "controller"):
				one.key = s.keys[models.RoleController]
			}
			out = append(out, one)
		}
	}
	return out
}

// send sends a call and requires that it is refused, as the caller's mistake.
func (s *sweep) send(op operation, path, body, what string, headers ...string) {
	s.t.Helper()
	s.calls++
	a := s.call(op.method, path, op.key, body, headers...)
	require.GreaterOrEqual(s.t, a.status, 400, "%s %s with %s is taken", op.method, op.path, what)
	require.Less(s.t, a.status, 500, "%s %s with %s: %s", op.method, op.path, what, a.body)
	require.NotEmpty(s.t, a.code(s.t), what)
	require.NotContains(s.t, a.body, "canary", "what was sent is never repeated")
}

// body is a whole body as the schema wants it, each member being there.
func body(schema *openapi3.Schema) any {
	switch {
	case schema.Type.Is("object"):
		out := map[string]any{}
		for name, member := range schema.Properties {
			out[name] = body(member.Value)
		}
		return out
	case schema.Type.Is("array"):
		return []any{body(schema.Items.Value)}
	case schema.Type.Is("boolean"):
		return true
	case schema.Type.Is("integer"):
		return 1
	case schema.Format == "date-time":
		return "2027-03-01T00:00:00Z"
	}
	return "canary"
}

// wrong are values that a schema does not allow, as JSON.
func wrong(schema *openapi3.Schema) map[string]string {
	out := map[string]string{"null": "null", "a list of lists": "[[[[]]]]"}
	switch {
	case schema.Type.Is("string"):
		out["a number"], out["an object"], out["NUL"], out["no UTF-8"] = "1", "{}", `"a\u0000b"`, "\"a\xff\xfeb\""
		if schema.MaxLength != nil && *schema.MaxLength < 60_000 {
			out["a long text"] = `"` + strings.Repeat("x", int(*schema.MaxLength)+1) + `"`
		}
		if schema.Format == "date-time" {
			out["no day"], out["no date"] = `"2027-02-30T00:00:00Z"`, `"tomorrow"`
		}
	case schema.Type.Is("integer"):
		out["a text"], out["a fraction"], out["a huge number"], out["infinity"] = `"1"`, "1.5", "99999999999999999999", "1e400"
	case schema.Type.Is("boolean"):
		out["a text"], out["a number"] = `"true"`, "1"
	case schema.Type.Is("array"):
		out["an object"], out["a text"] = "{}", `"x"`
		if schema.MaxItems != nil {
			item, _ := json.Marshal(body(schema.Items.Value)) //nolint:errchkjson // it was made here
			out["too many"] = "[" + strings.TrimSuffix(strings.Repeat(string(item)+",", int(*schema.MaxItems)+1), ",") + "]"
		}
	case schema.Type.Is("object"):
		out["a list"], out["a text"] = "[]", `"x"`
	}
	return out
}

// replaced is a body in which a member has another value.
func replaced(whole map[string]any, name, value string) string {
	const place = "\"@@\""
	with := maps.Clone(whole)
	with[name] = "@@"
	text, _ := json.Marshal(with) //nolint:errchkjson // it was made here
	return strings.Replace(string(text), place, value, 1)
}

// bodies sends what is no body, and bodies with one member that is wrong.
func (s *sweep) bodies(op operation, path string) {
	if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] == nil {
		return
	}
	schema, huge := op.RequestBody.Value.Content["application/json"].Schema.Value, 70<<10
	if schema.Properties["proof"] != nil {
		huge = 11 << 20
	}
	for what, text := range map[string]string{
		"nothing": "", "null": "null", "a list": "[]", "a number": "1", "a text": `"canary"`, "half an object": `{"canary"`, "two objects": "{}{}", "a mark": "\ufeff{}",
		"depth": strings.Repeat("[", 30_000), "NUL": "\x00", "no UTF-8": "{\"\xff\":1}", "a huge body": `{"message":"` + strings.Repeat("x", huge) + `"}`,
	} {
		s.send(op, path, text, what)
	}
	whole := body(schema).(map[string]any)
	text, err := json.Marshal(whole)
	require.NoError(s.t, err)
	s.send(op, path, string(text), "another media type", "Content-Type", "text/plain")
	s.send(op, path, replaced(whole, "canary", "1"), "a member that is not known")
	s.send(op, path, replaced(whole, "canary\x00", "1"), "a name with NUL")
	for _, name := range schema.Required {
		without := maps.Clone(whole)
		delete(without, name)
		text, err := json.Marshal(without)
		require.NoError(s.t, err)
		s.send(op, path, string(text), "no "+name)
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		for what, value := range wrong(schema.Properties[name].Value) {
			s.send(op, path, replaced(whole, name, value), name+" as "+what)
		}
	}
}

// addresses sends path and query parameters that are wrong.
func (s *sweep) addresses(op operation) {
	sent := ""
	if op.RequestBody != nil {
		sent = bodies[op.method+" "+strings.NewReplacer("{", ":", "}", "").Replace(op.path)]
	}
	for _, p := range op.params {
		name, schema := p.Value.Name, p.Value.Schema.Value
		switch p.Value.In {
		case "path":
			for _, text := range hostile {
				path := s.fill.Replace(strings.Replace(op.path, "{"+name+"}", text, 1))
				s.send(op, strings.NewReplacer("{submission_id}", "x", "{message_id}", "x", "{receipt_id}", "x", "{file_id}", "x").Replace(path), sent, name+"="+text[:min(len(text), 40)])
			}
		case "query":
			values := []string{"%00", "%ff", strings.Repeat("x", 5000)}
			if name == "cursor" {
				values = append(values, "x", "e30", "MDAwMDAwMDAtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAwMA")
			}
			if schema.Type.Is("integer") {
				values = append(values, "x", "-1", "0", "101", "1.5", "1e3", "99999999999999999999")
			}
			if schema.Type.Is("boolean") {
				values = append(values, "maybe", "2")
			}
			for _, v := range values {
				s.send(op, s.fill.Replace(op.path)+"?"+name+"="+v, sent, name+"="+v[:min(len(v), 40)])
			}
		case "header":
			if name == "Idempotency-Key" {
				s.send(op, s.fill.Replace(op.path), sent, "a key that is no UTF-8", name, "\xff\xfe")
				s.send(op, s.fill.Replace(op.path), sent, "a long key", name, strings.Repeat("k", 201))
			}
		}
	}
}

// written is what all tables hold, but for when keys and signing keys were last used.
func (s *sweep) written() map[string]string {
	s.t.Helper()
	ctx := context.WithoutCancel(s.t.Context())
	db, err := pgx.Connect(ctx, s.dsn)
	require.NoError(s.t, err)
	defer func() { require.NoError(s.t, db.Close(ctx)) }()
	rows, err := db.Query(ctx, `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name NOT IN ('access_keys', 'sessions')`)
	require.NoError(s.t, err)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(s.t, err)
	require.Greater(s.t, len(tables), 30)
	out := map[string]string{}
	for _, name := range tables {
		var sum string
		err := db.QueryRow(ctx, fmt.Sprintf(`SELECT count(*) || '/' || coalesce(sum(hashtextextended(t::text, 0)), 0) FROM %s t`, pgx.Identifier{name}.Sanitize())).Scan(&sum)
		require.NoError(s.t, err)
		out[name] = sum
	}
	return out
}

func TestNothingThatIsSentWronglyIsTakenOrBreaksTheServer(t *testing.T) {
	t.Parallel()
	s := newSweep(t)
	before := s.written()
	operations := s.operations()
	require.Greater(t, len(operations), 60)
	for _, op := range operations {
		s.addresses(op)
		s.bodies(op, s.fill.Replace(op.path))
	}
	require.Equal(t, before, s.written(), "nothing is written")
	require.NotContains(t, s.log.String(), "canary")
	require.NotContains(t, s.log.String(), "call failed")
	t.Logf("%d calls of %d operations", s.calls, len(operations))
}

func TestOddTextsAreTakenOrRefusedAndBreakNothing(t *testing.T) {
	t.Parallel()
	s := newSweep(t)
	for _, op := range s.operations() {
		if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] == nil {
			continue
		}
		schema := op.RequestBody.Value.Content["application/json"].Schema.Value
		for _, text := range []string{"", " ", "\u202e\u0007💣\U0010ffff", "'; DROP TABLE requests;--", "-1", "9999-12-31"} {
			whole := odd(body(schema), text)
			sent, err := json.Marshal(whole)
			require.NoError(t, err)
			a := s.call(op.method, s.fill.Replace(op.path), op.key, string(sent))
			require.Less(t, a.status, http.StatusInternalServerError, "%s %s with %q: %s", op.method, op.path, text, a.body)
		}
	}
	require.NotContains(t, s.log.String(), "call failed")
}

// odd is a body in which each text is another.
func odd(v any, text string) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, member := range v {
			out[name] = odd(member, text)
		}
		return out
	case []any:
		return []any{odd(v[0], text)}
	case string:
		return text
	}
	return v
}

func TestPagesRefuseTextsThatCannotBeKept(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{"/c/%00", "/c/%ff", "/status/%00", "/?x=%00", "/staff?state=%ff"} {
		require.Equal(t, http.StatusBadRequest, b.get(b.client, path).status, path)
	}
	a := b.post(b.browser(), "/requests", url.Values{"right": {"access"}, "controller": {"acme"}, "email": {"sam@example.com"}, "message": {"a\x00b"}})
	require.Equal(t, http.StatusBadRequest, a.status)
	require.NotContains(t, b.log.String(), "call failed")
}
