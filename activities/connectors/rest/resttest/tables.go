package resttest

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Tables is an API over tables, each at its name:
//
//	GET    /people?offset=0&limit=2     {"data": [...], "total": 4}
//	GET    /people?ids=1,2              {"data": [...]}
//	POST   /people/search               {"field": "email", "values": [...], "fold": true, "after": "2"} gives {"results": [...], "next": "4"}
//	POST   /people/lookup               {"keys": [{"org": "a", "no": 1}]} gives a list
//	GET, PUT, PATCH, DELETE /people/row/1    a row by its key's values, with an ETag; If-Match is honoured
//	DELETE /events/place/7              a row by its place
//
// Rows carry their place as "_id". Safe for concurrent use.
type Tables struct {
	mu   sync.Mutex
	keys map[string][]string
	rows map[string][]Object
	next int
}

// Add makes a table whose rows are identified by the key's members, if any.
func (t *Tables) Add(name string, key []string, rows []Object) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.keys == nil {
		t.keys, t.rows = map[string][]string{}, map[string][]Object{}
	}
	t.keys[name] = key
	for _, row := range rows {
		t.next++
		row["_id"] = json.Number(strconv.Itoa(t.next))
		t.rows[name] = append(t.rows[name], row)
	}
}

// Rows are a table's rows as JSON, sorted.
func (t *Tables) Rows(name string) []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := []string{}
	for _, row := range t.rows[name] {
		list = append(list, tag(row))
	}
	slices.Sort(list)
	return list
}

// tag is a row's JSON.
func tag(row Object) string {
	b, err := json.Marshal(row)
	if err != nil {
		return "" // rows came from JSON
	}
	return string(b)
}

func (t *Tables) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	name := segments[0]
	rows, ok := t.rows[name]
	if !ok {
		write(w, http.StatusNotFound, Object{"error": "no such table"})
		return
	}
	switch {
	case len(segments) == 1 && r.Method == http.MethodGet && r.URL.Query().Has("ids"):
		ids := strings.Split(r.URL.Query().Get("ids"), ",")
		write(w, http.StatusOK, Object{"data": where(rows, func(o Object) bool { return slices.Contains(ids, textOf(o[t.keys[name][0]])) })})
	case len(segments) == 1 && r.Method == http.MethodGet:
		write(w, http.StatusOK, Object{"data": slice(rows, number(r, "offset", 0), number(r, "limit", 2)), "total": len(rows)})
	case len(segments) == 2 && segments[1] == "search" && r.Method == http.MethodPost:
		t.search(w, r, rows)
	case len(segments) == 2 && segments[1] == "lookup" && r.Method == http.MethodPost:
		t.lookup(w, r, rows)
	case len(segments) > 2:
		t.one(w, r, name, segments[1:])
	default:
		write(w, http.StatusMethodNotAllowed, Object{"error": "no such request"})
	}
}

func where(rows []Object, ok func(Object) bool) []Object {
	list := []Object{}
	for _, row := range rows {
		if ok(row) {
			list = append(list, row)
		}
	}
	return list
}

// search gives one row a page.
func (t *Tables) search(w http.ResponseWriter, r *http.Request, rows []Object) {
	q, ok := read(w, r)
	if !ok {
		return
	}
	form := func(s string) string {
		if q["fold"] == true {
			return strings.ToLower(strings.TrimSpace(s))
		}
		return s
	}
	values := texts(q["values"])
	for i := range values {
		values[i] = form(values[i])
	}
	hits := where(rows, func(o Object) bool {
		field := textOf(q["field"])
		if list, isList := o[field].([]any); isList {
			return slices.ContainsFunc(texts(list), func(s string) bool { return slices.Contains(values, form(s)) })
		}
		return o[field] != nil && slices.Contains(values, form(textOf(o[field])))
	})
	after, err := strconv.Atoi(textOf(q["after"]))
	if err != nil {
		after = 0
	}
	answer := Object{"results": slice(hits, after, 1)}
	if after+1 < len(hits) {
		answer["next"] = strconv.Itoa(after + 1)
	}
	write(w, http.StatusOK, answer)
}

func (t *Tables) lookup(w http.ResponseWriter, r *http.Request, rows []Object) {
	q, ok := read(w, r)
	if !ok {
		return
	}
	keys, _ := q["keys"].([]any) //nolint:errcheck // no keys find nothing
	write(w, http.StatusOK, where(rows, func(o Object) bool {
		return slices.ContainsFunc(keys, func(k any) bool {
			key, isObject := k.(map[string]any)
			for name, v := range key {
				if o[name] != v {
					return false
				}
			}
			return isObject
		})
	}))
}

// one answers for a single row.
func (t *Tables) one(w http.ResponseWriter, r *http.Request, name string, segments []string) {
	members := t.keys[name]
	if segments[0] == "place" {
		members = []string{"_id"}
	}
	i := slices.IndexFunc(t.rows[name], func(o Object) bool {
		parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/"+name+"/"+segments[0]+"/"), "/")
		for k, member := range members {
			if len(parts) != len(members) || textOf(o[member]) != parts[k] {
				return false
			}
		}
		return len(members) > 0
	})
	if i < 0 {
		write(w, http.StatusNotFound, Object{"error": "no such row"})
		return
	}
	row := t.rows[name][i]
	etag := fmt.Sprintf(`"%08x"`, crc32.ChecksumIEEE([]byte(tag(row))))
	if match := r.Header.Get("If-Match"); match != "" && match != etag {
		write(w, http.StatusPreconditionFailed, Object{"error": "changed"})
		return
	}
	switch r.Method {
	case http.MethodGet:
		w.Header().Set("ETag", etag)
		write(w, http.StatusOK, row)
	case http.MethodDelete:
		t.rows[name] = slices.Delete(t.rows[name], i, i+1)
		w.WriteHeader(http.StatusNoContent)
	case http.MethodPut:
		if whole, ok := read(w, r); ok {
			t.rows[name][i] = whole
			write(w, http.StatusOK, whole)
		}
	case http.MethodPatch:
		if change, ok := read(w, r); ok {
			merge(row, change)
			write(w, http.StatusOK, row)
		}
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}
