package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/rest/resttest"
	"habeas/models"
	"habeas/models/datamap"
)

// between lets a test answer instead of an API, by returning true.
func between(api http.Handler, f func(w http.ResponseWriter, r *http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !f(w, r) {
			api.ServeHTTP(w, r)
		}
	})
}

// small is an API with one collection, things, with rows 1 and 2; it has every request that the tests need.
const small = `
systems:
  small:
    kind: rest
    settings:
      url: https://small.example
      timeout: 5s
      max_wait: 20ms
      collections:
        things:
          fields: {id: {path: id, type: int}, name: name, email: email}
          find:
            - {by: [id], path: "/things/row/{id}", row: ""}
            - {by: [name], path: /things, query: {name: "{name}"}, rows: data}
            - {by: [email], path: /things, query: {email: "{email}"}, rows: data, case: exact}
          list: {path: /things, rows: data, paging: {kind: offset, param: offset, size_param: limit, size: 1, total: total}}
          delete: [{path: "/things/row/{id}", if_match: header}]
          update: {path: "/things/row/{id}", if_match: header}
`

func things() *resttest.Tables {
	api := &resttest.Tables{}
	api.Add("things", []string{"id"}, []resttest.Object{{"id": jsonNumber("1"), "name": "Ann", "email": "ann@x"}, {"id": jsonNumber("2"), "name": "Bob"}})
	return api
}

func openSmall(t *testing.T, api http.Handler, change func(set map[string]any)) connectors.System {
	t.Helper()
	set, _ := parse(t, []byte(small), "small")
	if change != nil {
		change(set)
	}
	return open(t, set, "canary", api)
}

var (
	thing  = nodeOf("things", "id", "name", "email")
	byID   = connectors.Query{Node: thing, Fields: []string{"id"}, Keys: keys(datamap.Int(1)), Return: []string{"name"}}
	byName = connectors.Query{Node: thing, Fields: []string{"name"}, Keys: keys(datamap.Text("Ann")), Return: []string{"id"}}
)

func TestAnAnswerThatIsNoListOfRowsIsNeverTakenForNothingFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		header http.Header
		body   string
		kind   models.Kind
		code   string
	}{
		"wrong credentials":            {401, nil, `{"error": "canary"}`, models.Forbidden, connectors.CodeCredentials},
		"a missing right":              {403, nil, `{"error": "canary"}`, models.Forbidden, connectors.CodeRefused},
		"a collection that is gone":    {404, nil, `{"error": "canary"}`, models.Invalid, connectors.CodeMismatch},
		"a request that is refused":    {422, nil, `{"error": "ann@ is no name"}`, models.Invalid, connectors.CodeMismatch},
		"a failure":                    {500, nil, `canary`, models.Unavailable, connectors.CodeFailed},
		"a gateway without a server":   {502, nil, `<html>canary</html>`, models.Unavailable, connectors.CodeUnavailable},
		"a page instead of JSON":       {200, http.Header{"Content-Type": {"text/html"}}, `<html>Log in, canary</html>`, models.Unavailable, connectors.CodeFailed},
		"an empty answer":              {200, nil, ``, models.Unavailable, connectors.CodeFailed},
		"half an answer":               {200, nil, `{"data": [{"id": 1}`, models.Unavailable, connectors.CodeFailed},
		"an answer with a tail":        {200, nil, `{"data": []} canary`, models.Unavailable, connectors.CodeFailed},
		"no list where it should be":   {200, nil, `{"items": []}`, models.Invalid, connectors.CodeMismatch},
		"null where a list should be":  {200, nil, `{"data": null}`, models.Invalid, connectors.CodeMismatch},
		"rows that are no objects":     {200, nil, `{"data": ["canary"]}`, models.Invalid, connectors.CodeMismatch},
		"rows without the field":       {200, nil, `{"data": [{"id": 1, "nom": "Ann"}]}`, models.Invalid, connectors.CodeMismatch},
		"a redirect":                   {307, http.Header{"Location": {"http://127.0.0.1:1/canary"}}, ``, models.Invalid, connectors.CodeMismatch},
		"an accepted search":           {202, nil, `{"data": []}`, models.Unavailable, connectors.CodeBusy},
		"a wait of an hour":            {429, http.Header{"Retry-After": {"3600"}}, ``, models.Unavailable, connectors.CodeBusy},
		"a wait until another day":     {503, http.Header{"Retry-After": {time.Now().Add(48 * time.Hour).UTC().Format(http.TimeFormat)}}, ``, models.Unavailable, connectors.CodeBusy},
		"a wait that nobody has timed": {429, nil, `{"error": "canary"}`, models.Unavailable, connectors.CodeBusy},
		"more than it may answer":      {200, nil, `{"data": [], "filler": "` + strings.Repeat("x", 11<<20) + `"}`, models.Invalid, connectors.CodeMismatch},
	} {
		s := openSmall(t, between(things(), func(w http.ResponseWriter, _ *http.Request) bool {
			for k, v := range c.header {
				w.Header()[k] = v
			}
			w.WriteHeader(c.status)
			_, _ = io.WriteString(w, c.body)
			return true
		}), nil)
		rows, err := lookup(t, s, byName)
		require.Empty(t, rows, name)
		require.Equal(t, c.code, models.CodeOf(err), "%s: %v", name, err)
		requireError(t, err, c.kind, c.code)
		_, err = s.(connectors.Verifier).Count(t.Context(), byName)
		requireError(t, err, c.kind, c.code)
	}
}

func TestAMissingRowIsNoErrorAndAMissingCollectionIs(t *testing.T) {
	t.Parallel()
	s := openSmall(t, things(), nil)
	q := byID
	q.Keys = keys(datamap.Int(9))
	rows, err := lookup(t, s, q)
	require.NoError(t, err)
	require.Empty(t, rows)
	problems, err := s.(connectors.Checker).Check(t.Context(), []*datamap.Node{thing})
	require.NoError(t, err)
	require.False(t, datamap.Refused(problems))

	gone := openSmall(t, between(things(), func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusNotFound)
		return true
	}), nil)
	_, err = gone.(connectors.Checker).Check(t.Context(), []*datamap.Node{thing})
	requireError(t, err, models.Invalid, connectors.CodeMismatch)
	_, err = lookup(t, gone, byID)
	requireError(t, err, models.Invalid, connectors.CodeMismatch)
	_, err = gone.(connectors.Verifier).Left(t.Context(), connectors.Erasure{Node: thing, Keys: byID.Keys, Delete: true})
	requireError(t, err, models.Invalid, connectors.CodeMismatch) // rows that cannot be seen are not proved to be erased
	part := openSmall(t, between(things(), func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("limit") {
			w.WriteHeader(http.StatusNotFound)
			return true
		}
		return false
	}), func(set map[string]any) { set["ping"] = map[string]any{"path": "/things/row/1"} })
	require.Equal(t, []string{"unknown_table api.things"}, faults(t, part, thing))
	refused := openSmall(t, between(things(), func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("limit") {
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	}), func(set map[string]any) { set["ping"] = map[string]any{"path": "/things/row/1"} })
	require.Equal(t, []string{"no_right api.things"}, faults(t, refused, thing))
}

func faults(t *testing.T, s connectors.System, nodes ...*datamap.Node) []string {
	t.Helper()
	problems, err := s.(connectors.Checker).Check(t.Context(), nodes)
	require.NoError(t, err)
	var list []string
	for _, p := range problems {
		require.NotEmpty(t, p.Advice)
		if p.Severity == datamap.Fault {
			list = append(list, p.Code+" "+p.Where)
		}
	}
	return list
}

func TestALookupThatNoRequestServesIsAFaultAndAnError(t *testing.T) {
	t.Parallel()
	s := openSmall(t, things(), func(set map[string]any) {
		c := set["collections"].(map[string]any)["things"].(map[string]any)
		c["fields"].(map[string]any)["owner"] = "owner"
		delete(c, "delete")
		delete(c["find"].([]any)[2].(map[string]any), "case")
	})
	q := connectors.Query{Node: nodeOf("things", "id", "owner"), Fields: []string{"owner"}, Keys: keys(datamap.Text("ann@x")), Return: []string{"id"}}
	_, err := lookup(t, s, q)
	requireError(t, err, models.Invalid, connectors.CodeMismatch)
	q.Fields, q.Keys = []string{"id"}, keys(datamap.Null)
	_, err = lookup(t, s, q)
	requireError(t, err, models.Invalid, connectors.CodeMismatch)
	q = connectors.Query{Node: thing, Fields: []string{"email"}, Keys: keys(datamap.Text("ann@x")), Return: []string{"id"}, Fold: true}
	_, err = lookup(t, s, q)
	requireError(t, err, models.Invalid, connectors.CodeMismatch)

	owned := nodeOf("things", "id", "owner", "email")
	owned.Identities = []datamap.Identity{{Kind: datamap.IdentityEmail, Field: "email"}}
	owned.In = []*datamap.Edge{{From: thing, FromFields: []string{"id"}, To: owned, ToFields: []string{"owner"}, Down: true}}
	require.ElementsMatch(t, []string{"case_unknown api.things.email", "no_request api.things", "no_request api.things.owner"}, faults(t, s, owned))
	_, err = s.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: thing, Keys: keys(datamap.Int(1)), Delete: true})
	requireError(t, err, models.Unsupported, connectors.CodeUnsupported)
}

func TestARowThatChangedBetweenReadingAndWritingIsReadAgain(t *testing.T) {
	t.Parallel()
	api := things()
	var changes, limit atomic.Int32
	limit.Store(1)
	s := openSmall(t, between(api, func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet && changes.Load() < limit.Load() {
			other := httptest.NewRequest(http.MethodPatch, "/things/row/1", strings.NewReader(fmt.Sprintf(`{"name": "Ann %d"}`, changes.Add(1))))
			api.ServeHTTP(httptest.NewRecorder(), other)
		}
		return false
	}), nil)
	order := connectors.Erasure{Node: thing, Keys: keys(datamap.Int(1)), Masks: []datamap.Mask{{Field: "name", Method: datamap.FieldReplace, Value: "[erased]"}}}
	out, err := s.(connectors.Eraser).Erase(t.Context(), order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 1}, out)
	require.EqualValues(t, 1, changes.Load())
	left, err := s.(connectors.Verifier).Left(t.Context(), order)
	require.NoError(t, err)
	require.Zero(t, left)

	limit.Store(1000) // it changes each time
	for _, order := range []connectors.Erasure{
		{Node: thing, Keys: order.Keys, Masks: []datamap.Mask{{Field: "name", Method: datamap.FieldNull}}}, {Node: thing, Keys: order.Keys, Delete: true},
	} {
		_, err = s.(connectors.Eraser).Erase(t.Context(), order)
		requireError(t, err, models.Unavailable, connectors.CodeBusy)
	}
	limit.Store(0)
	out, err = s.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: thing, Keys: keys(datamap.Int(1), datamap.Int(9)), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 1, Missing: 1}, out)
}

// breaks sends a half of an answer and breaks off.
func breaks(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"data": [{"id": 1, "name": "Ann"}`)
	panic(http.ErrAbortHandler)
}

func TestAPageThatBreaksOffIsAskedForAgainAndGivesEachRowOnce(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	s := openSmall(t, between(things(), func(w http.ResponseWriter, _ *http.Request) bool {
		if n := calls.Add(1); n == 2 || n == 3 {
			breaks(w)
		}
		return false
	}), func(set map[string]any) { listServes(set); set["max_wait"] = "5s" })
	q := byName
	q.Fields, q.Keys = []string{"name", "id"}, []datamap.Key{{datamap.Text("Ann"), datamap.Int(1)}, {datamap.Text("Bob"), datamap.Int(2)}}
	rows, err := lookup(t, s, q)
	require.NoError(t, err)
	require.Len(t, rows, 2)

	down := openSmall(t, between(things(), func(w http.ResponseWriter, _ *http.Request) bool {
		breaks(w)
		return true
	}), func(set map[string]any) { set["max_wait"] = "5s" })
	_, err = lookup(t, down, byName)
	requireError(t, err, models.Unavailable, connectors.CodeUnavailable)
	requireError(t, down.Ping(t.Context()), models.Unavailable, connectors.CodeUnavailable)
}

// listServes leaves the list as the only way to search.
func listServes(set map[string]any) {
	c := set["collections"].(map[string]any)["things"].(map[string]any)
	c["list"].(map[string]any)["serves_lookups"] = true
	delete(c, "find")
}

func TestOnlyARequestThatMayBeMadeTwiceIs(t *testing.T) {
	t.Parallel()
	fails := map[string]func(w http.ResponseWriter){
		"breaks off":     breaks,
		"is unavailable": func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		"says when": func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
		},
	}
	for _, c := range []struct {
		method, fails string
		code          string
		once          bool
	}{
		{http.MethodDelete, "breaks off", connectors.CodeUnavailable, false},
		{http.MethodPost, "breaks off", connectors.CodeUnavailable, true},
		{http.MethodPost, "is unavailable", connectors.CodeBusy, true},
		{http.MethodPost, "says when", connectors.CodeBusy, false},
	} {
		var calls atomic.Int32
		s := openSmall(t, between(things(), func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == c.method {
				calls.Add(1)
				fails[c.fails](w)
				return true
			}
			return false
		}), func(set map[string]any) {
			set["max_wait"] = "500ms"
			set["collections"].(map[string]any)["things"].(map[string]any)["delete"] = []any{map[string]any{"method": c.method, "path": "/things/row/{id}"}}
		})
		_, err := s.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: thing, Keys: keys(datamap.Int(1)), Delete: true})
		requireError(t, err, models.Unavailable, c.code)
		require.Equal(t, c.once, calls.Load() == 1, "%s %s", c.method, c.fails)
		require.Less(t, calls.Load(), int32(12), "a storm of refusals is not answered by one of calls")
	}
}

func TestARowThatTheAPIWillNotLetGoIsBlocked(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{409: connectors.BlockedReferenced, 423: connectors.BlockedRefused} {
		s := openSmall(t, between(things(), func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "1") {
				w.WriteHeader(status)
				return true
			}
			return false
		}), func(set map[string]any) {
			set["collections"].(map[string]any)["things"].(map[string]any)["delete"].([]any)[0].(map[string]any)["refused"] = []int{423}
		})
		out, err := s.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: thing, Keys: keys(datamap.Int(1), datamap.Int(2)), Delete: true})
		require.NoError(t, err)
		require.Equal(t, connectors.Outcome{Erased: 1, Blocked: []connectors.Blocked{{Key: datamap.Key{datamap.Int(1)}, Code: want, Detail: "things"}}}, out)
	}
	s := openSmall(t, between(things(), func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodDelete {
			w.WriteHeader(http.StatusAccepted)
			return true
		}
		return false
	}), nil)
	_, err := s.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: thing, Keys: keys(datamap.Int(1)), Delete: true})
	requireError(t, err, models.Unavailable, connectors.CodeBusy)
}
