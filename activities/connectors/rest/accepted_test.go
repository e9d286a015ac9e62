package rest_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// accepting is an API that accepts a deletion, and answers for its job by states, one a question.
func accepting(t *testing.T, accepted map[string]any, answer string, states ...string) (connectors.Outcome, error) {
	t.Helper()
	var asked atomic.Int32
	s := openSmall(t, between(things(), func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case r.Method == http.MethodDelete:
			w.Header().Set("Location", "/jobs/7")
			w.Header().Set("Elsewhere", "http://127.0.0.1:1/jobs/7")
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, answer)
		case strings.HasPrefix(r.URL.Path, "/jobs/7"):
			state := states[min(int(asked.Add(1)), len(states))-1]
			if state == "404" {
				w.WriteHeader(http.StatusNotFound)
			}
			_, _ = fmt.Fprintf(w, `{"state": %q}`, state)
		default:
			return false
		}
		return true
	}), func(set map[string]any) {
		accepted["state"], accepted["done"], accepted["failed"], accepted["every"], accepted["tries"] = "state", []string{"done"}, []string{"failed"}, "1ms", 3
		set["collections"].(map[string]any)["things"].(map[string]any)["delete"] = []any{map[string]any{"path": "/things/row/{id}", "accepted": accepted}}
	})
	return s.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: thing, Keys: keys(datamap.Int(1)), Delete: true})
}

func TestAnAcceptedDeletionIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	blocked := connectors.Outcome{Blocked: []connectors.Blocked{{Key: datamap.Key{datamap.Int(1)}, Code: connectors.BlockedRefused, Detail: "things"}}}
	for name, c := range map[string]struct {
		accepted map[string]any
		answer   string
		states   []string
		out      connectors.Outcome
		code     string
	}{
		"by a header":         {map[string]any{"header": "Location"}, ``, []string{"queued", "done"}, connectors.Outcome{Erased: 1}, ""},
		"by an address":       {map[string]any{"url": "job.href"}, `{"job": {"href": "jobs/7"}}`, []string{"done"}, connectors.Outcome{}, connectors.CodeMismatch},
		"by a whole path":     {map[string]any{"url": "job.href"}, `{"job": {"href": "/jobs/7"}}`, []string{"done"}, connectors.Outcome{Erased: 1}, ""},
		"by a path":           {map[string]any{"path": "/jobs/{.job.id}"}, `{"job": {"id": 7}}`, []string{"", "running", "done"}, connectors.Outcome{Erased: 1}, ""},
		"that fails":          {map[string]any{"header": "Location"}, ``, []string{"failed"}, blocked, ""},
		"that does not end":   {map[string]any{"header": "Location"}, ``, []string{"queued"}, connectors.Outcome{}, connectors.CodeBusy},
		"that is forgotten":   {map[string]any{"header": "Location"}, ``, []string{"queued", "404"}, connectors.Outcome{}, connectors.CodeMismatch},
		"without an address":  {map[string]any{"url": "job.href"}, `{}`, nil, connectors.Outcome{}, connectors.CodeMismatch},
		"without a name":      {map[string]any{"path": "/jobs/{.job.id}"}, `{"job": {"id": ""}}`, nil, connectors.Outcome{}, connectors.CodeMismatch},
		"by a way of dots":    {map[string]any{"path": "/jobs/{.job.id}"}, `{"job": {"id": ".."}}`, nil, connectors.Outcome{}, connectors.CodeMismatch},
		"at another host":     {map[string]any{"header": "Elsewhere"}, ``, nil, connectors.Outcome{}, connectors.CodeMismatch},
		"with another status": {map[string]any{"header": "Location", "status": 201}, ``, nil, connectors.Outcome{}, connectors.CodeBusy},
	} {
		out, err := accepting(t, c.accepted, c.answer, c.states...)
		require.Equal(t, c.out, out, name)
		if c.code == "" {
			require.NoError(t, err, name)
			continue
		}
		require.Equal(t, c.code, models.CodeOf(err), "%s: %v", name, err)
	}
}

func TestARowThatTheAPIWillNotChangeIsBlockedOrGone(t *testing.T) {
	t.Parallel()
	masks := []datamap.Mask{{Field: "name", Method: datamap.FieldNull}}
	for status, want := range map[int]connectors.Outcome{
		409: {Masked: 1, Blocked: []connectors.Blocked{{Key: datamap.Key{datamap.Int(1)}, Code: connectors.BlockedUnique, Detail: "things"}}},
		410: {Masked: 1, Missing: 1},
	} {
		s := openSmall(t, between(things(), func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPatch && strings.HasSuffix(r.URL.Path, "1") {
				w.WriteHeader(status)
				return true
			}
			return false
		}), nil)
		out, err := s.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: thing, Keys: keys(datamap.Int(1), datamap.Int(2)), Masks: masks})
		require.NoError(t, err)
		require.Equal(t, want, out)
		n, err := s.(connectors.Rectifier).Rectify(t.Context(), connectors.Rectification{Node: thing, Keys: keys(datamap.Int(1)), Set: []connectors.FieldValue{{Field: "name", Value: datamap.Text("x")}}})
		if status == 409 {
			requireError(t, err, models.Conflict, connectors.BlockedUnique)
		} else {
			require.NoError(t, err)
			require.Zero(t, n)
		}
	}
}

func TestWhatTheSettingsCannotCarryOutIsAFault(t *testing.T) {
	t.Parallel()
	s := openSmall(t, things(), func(set map[string]any) {
		c := set["collections"].(map[string]any)["things"].(map[string]any)
		delete(c, "delete")
		c["fields"].(map[string]any)["name"] = map[string]any{"path": "name", "length": 10}
	})
	node := func(erase datamap.Erase, fields ...datamap.Field) *datamap.Node {
		n := nodeOf("things", "id")
		n.Fields, n.Collection = append(n.Fields, fields...), &datamap.Collection{Erase: erase}
		return n
	}
	hashed := datamap.Field{Name: "name", Erase: datamap.FieldHMAC}
	require.Equal(t, []string{"no_request api.things"}, faults(t, s, node(datamap.EraseDelete)))
	require.Equal(t, []string{"mask_impossible api.things.name"}, faults(t, s, node("", hashed)))
	id := datamap.Field{Name: "id", Erase: datamap.FieldEncrypt}
	require.Equal(t, []string{"mask_impossible api.things.id"}, faults(t, s, node("", id)))
	restricted := node(datamap.EraseKeep)
	restricted.Collection.Restrict = &datamap.Restrict{Column: "mark"}
	require.Equal(t, []string{"no_request api.things.mark"}, faults(t, s, restricted))
	still := openSmall(t, things(), func(set map[string]any) {
		delete(set["collections"].(map[string]any)["things"].(map[string]any), "update")
	})
	require.Equal(t, []string{"no_request api.things"}, faults(t, still, node("", hashed)))
	_, err := still.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: thing, Keys: keys(datamap.Int(1)), Masks: []datamap.Mask{{Field: "name", Method: datamap.FieldNull}}})
	requireError(t, err, models.Unsupported, connectors.CodeUnsupported)
}
