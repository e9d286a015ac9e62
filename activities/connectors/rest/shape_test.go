package rest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

const shapes = `
systems:
  shapes:
    kind: rest
    settings:
      url: https://shapes.example/base
      collections:
        rows:
          fields: {segment: a, part: a, query: a, language: a, odata: a, body: a, batch: a, form: a, many: a}
          find:
            - {by: [segment], path: "/rows/{segment}/end", rows: rows}
            - {by: [part], path: "/rows/by-{part}-end", rows: rows}
            - {by: [query], path: /rows, query: {q: "{query}", fixed: "1"}, rows: rows}
            - {by: [language], path: /rows, query: {q: "a:{language|quoted} b:1"}, rows: rows}
            - {by: [odata], path: /rows, query: {q: "a eq {odata|odata}"}, rows: rows}
            - {by: [body], method: POST, path: /rows, body: {where: [{a: "{body}", fixed: "1"}]}, rows: rows}
            - {by: [batch], method: POST, path: /rows, body: {all: "{batch...}", each: {$each: {v: "{batch}"}}}, batch: 5, rows: rows}
            - {by: [form], method: POST, path: /rows, form: {q: "{form}", fixed: "1"}, rows: rows}
            - {by: [many], path: /rows, query: {"q[]": "{many...}", fixed: "1"}, batch: 5, rows: rows}
          delete:
            - {path: "/rows/{segment}"}
`

// recorder keeps the last request and answers with no rows.
type recorder struct {
	mu   sync.Mutex
	last *http.Request
	body []byte
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = req
	r.body, _ = io.ReadAll(req.Body)
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, `{"rows": []}`)
}

func (r *recorder) take() (*http.Request, []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.last
	r.last = nil
	return last, r.body
}

func nodeOf(table string, fields ...string) *datamap.Node {
	n := &datamap.Node{Address: datamap.Address{Dataset: "api", Collection: table}, Table: table, Key: fields[:1], HasKey: true, Collection: &datamap.Collection{Erase: datamap.EraseDelete}}
	for _, f := range fields {
		n.Fields = append(n.Fields, datamap.Field{Name: f})
	}
	return n
}

func TestAValueNeverChangesTheShapeOfARequest(t *testing.T) {
	t.Parallel()
	api := &recorder{}
	server := httptest.NewServer(api)
	t.Cleanup(server.Close)
	set, _ := parse(t, []byte(shapes), "shapes")
	s := openAt(t, set, "", server.URL)
	hostile := []string{
		"a/b", "../..", "..", ".", "%2e%2e", "a?b=c", "a#b", "a&b=c", "a b", `a"b`, `"} , {"x": "`, `\`, `\"`, "'", "' or 1 eq 1", "a,b", "{segment}", "{.id}",
		"\r\nX: y", "\x00", "ä€😀", "a:b", "//evil.example/", "+", ";x=1", "", " ",
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(rapid.SampledFrom(hostile), rapid.String()).Draw(t, "value")
		ask := func(field string, more ...string) (*http.Request, []byte) {
			q := connectors.Query{Node: nodeOf("rows", field), Fields: []string{field}, Keys: keys(datamap.Text(v)), Return: []string{field}}
			for _, m := range more {
				q.Keys = append(q.Keys, datamap.Key{datamap.Text(m)})
			}
			require.NoError(t, s.(connectors.Locator).Lookup(t.Context(), q, func(datamap.Row) error { return nil }))
			return api.take()
		}
		query := func(r *http.Request, want url.Values) {
			got, err := url.ParseQuery(r.URL.RawQuery)
			require.NoError(t, err)
			require.Equal(t, want, got)
			require.Equal(t, "/base/rows", r.URL.EscapedPath())
		}

		r, _ := ask("segment")
		if v == "" || v == "." || v == ".." {
			require.Nil(t, r, "no row can be there, and nothing is asked")
		} else {
			parts := strings.Split(r.URL.EscapedPath(), "/")
			require.Len(t, parts, 5)
			require.Equal(t, []string{"", "base", "rows"}, parts[:3])
			require.Equal(t, "end", parts[4])
			plain, err := url.PathUnescape(parts[3])
			require.NoError(t, err)
			require.Equal(t, v, plain)
			require.Empty(t, r.URL.RawQuery)
			require.Equal(t, http.MethodGet, r.Method)
		}
		if r, _ = ask("part"); v != "" {
			plain, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/base/rows/"))
			require.NoError(t, err)
			require.Equal(t, "by-"+v+"-end", plain)
			require.Equal(t, 3, strings.Count(r.URL.EscapedPath(), "/"))
		}
		r, _ = ask("query")
		query(r, url.Values{"q": {v}, "fixed": {"1"}})
		r, _ = ask("many", "other,")
		query(r, url.Values{"q[]": {v, "other,"}, "fixed": {"1"}})
		r, _ = ask("language")
		quoted := r.URL.Query().Get("q")
		query(r, url.Values{"q": {quoted}})
		require.Equal(t, v, readQuoted(t, strings.TrimSuffix(strings.TrimPrefix(quoted, "a:"), " b:1")))
		r, _ = ask("odata")
		query(r, url.Values{"q": {"a eq '" + strings.ReplaceAll(v, "'", "''") + "'"}})

		_, body := ask("body")
		require.JSONEq(t, fmt.Sprintf(`{"where": [{"a": %s, "fixed": "1"}]}`, jsonOf(t, v)), string(body))
		_, body = ask("batch")
		require.JSONEq(t, fmt.Sprintf(`{"all": [%s], "each": [{"v": %[1]s}]}`, jsonOf(t, v)), string(body))
		_, body = ask("form")
		form, err := url.ParseQuery(string(body))
		require.NoError(t, err)
		require.Equal(t, url.Values{"q": {v}, "fixed": {"1"}}, form)

		out, err := s.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: nodeOf("rows", "segment"), Keys: keys(datamap.Text(v)), Delete: true})
		require.NoError(t, err)
		r, _ = api.take()
		if v == "" || v == "." || v == ".." {
			require.Nil(t, r, "a deletion of one row never becomes one of all")
			require.Equal(t, connectors.Outcome{Missing: 1}, out)
		} else {
			require.Equal(t, http.MethodDelete, r.Method)
			plain, err := url.PathUnescape(strings.TrimPrefix(r.URL.EscapedPath(), "/base/rows/"))
			require.NoError(t, err)
			require.Equal(t, v, plain)
			require.Equal(t, 3, strings.Count(r.URL.EscapedPath(), "/"))
		}
	})
}

// readQuoted reads a text in quotes with backslashes, and requires that nothing is behind its end.
func readQuoted(t require.TestingT, s string) string {
	require.True(t, strings.HasPrefix(s, `"`))
	var out strings.Builder
	runes := []rune(s[1:])
	for i := 0; i < len(runes); i++ {
		switch runes[i] {
		case '\\':
			i++
			out.WriteRune(runes[i])
		case '"':
			require.Equal(t, len(runes)-1, i)
			return out.String()
		default:
			out.WriteRune(runes[i])
		}
	}
	require.Fail(t, "no end")
	return ""
}

func jsonOf(t require.TestingT, v string) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// A value with the comma that separates the values of a batch would be two values; it is refused, and not taken for missing.
func TestAValueWithACommaIsNotPutIntoAListOfValues(t *testing.T) {
	t.Parallel()
	set, _ := parse(t, []byte(`
systems:
  shapes:
    kind: rest
    settings:
      url: https://shapes.example
      collections:
        rows: {fields: {id: id}, find: [{by: [id], path: /rows, query: {ids: "{id...}"}, batch: 9}]}
`), "shapes")
	s := open(t, set, "", &recorder{})
	_, err := lookup(t, s, connectors.Query{Node: nodeOf("rows", "id"), Fields: []string{"id"}, Keys: keys(datamap.Text("ann@,canary")), Return: []string{"id"}})
	requireError(t, err, models.Invalid, connectors.CodeMismatch)
}

func TestSettingsThatDoNotFitAreRefusedBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ collection, says string }{
		"a key that nobody knows":              {`{fields: {id: id}, finds: []}`, "unknown field"},
		"a key of a field that nobody knows":   {`{fields: {id: {path: id, typ: int}}}`, "unknown field"},
		"no fields":                            {`{list: {path: /r}}`, "has no fields"},
		"an unknown type":                      {`{fields: {id: {path: id, type: number}}}`, "unknown type number"},
		"a value that is not asked for":        {`{fields: {id: id}, find: [{by: [id], path: "/r/{name}"}]}`, "no value for {name}"},
		"a path of a row before it is found":   {`{fields: {id: id}, find: [{by: [id], path: "/r/{.x}"}]}`, "no value for {x}"},
		"a search language without quotes":     {`{fields: {id: id}, find: [{by: [id], path: /r, query: {q: "id:{id}"}}]}`, "mixes a value"},
		"braces that are no field":             {`{fields: {id: id}, find: [{by: [id], path: /r, query: {q: "{id"}}]}`, "braces"},
		"a query in a path":                    {`{fields: {id: id}, find: [{by: [id], path: "/r?id={id}"}]}`, "no query"},
		"a batch without a place for it":       {`{fields: {id: id}, find: [{by: [id], path: "/r/{id}", batch: 10}]}`, "batch"},
		"a batch with one key's value":         {`{fields: {id: id, org: org}, find: [{by: [id, org], path: "/r/{org}", query: {ids: "{id...}"}, batch: 5}]}`, "batch"},
		"a search by what is no field":         {`{fields: {id: id}, find: [{by: [name], path: "/r/{name}"}]}`, "no field"},
		"a find without fields":                {`{fields: {id: id}, find: [{path: /r}]}`, "names its fields"},
		"an unknown kind of paging":            {`{fields: {id: id}, list: {path: /r, paging: {kind: pages}}}`, "unknown kind of paging"},
		"details that nothing reads":           {`{fields: {id: id}, list: {path: /r, detail: true}}`, "details"},
		"an acceptance that is never followed": {`{fields: {id: id}, delete: [{path: "/r/{id}", accepted: {state: s, done: [d]}}]}`, "accepted"},
	} {
		set, _ := parse(t, []byte("systems: {s: {kind: rest, settings: {url: https://x.example, collections: {r: "+c.collection+"}}}}"), "s")
		_, err := tryOpen(t, set, "", "https://x.example")
		require.Equal(t, "bad_settings", models.CodeOf(err), "%s: %v", name, err)
		require.ErrorContains(t, err, c.says, name)
	}
}

func jsonNumber(s string) json.Number { return json.Number(s) }
