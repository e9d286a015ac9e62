package resttest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// CRM is a customer database as HubSpot's API shows it: objects with properties, search by POST with cursors, batch read, PATCH of
// properties, archiving, and an erasure of contacts that answers 204 whether or not there was one. Search ignores case, and takes at
// most five values. Safe for concurrent use.
type CRM struct {
	Token string // bearer token that it wants
	Page  int    // most rows in one answer of a search; 2 when left out

	mu      sync.Mutex
	objects map[string][]Object // by type
}

// Put adds or replaces an object of a type such as contacts.
func (c *CRM) Put(kind, id string, properties map[string]string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.objects == nil {
		c.objects = map[string][]Object{}
	}
	members := Object{}
	for name, v := range properties {
		members[name] = v
	}
	c.drop(kind, id)
	c.objects[kind] = append(c.objects[kind], Object{"id": id, "properties": members, "archived": false, "updatedAt": "2026-01-01T00:00:00.000Z"})
}

// Get is an object's properties; nil when there is no such object.
func (c *CRM) Get(kind, id string) Object {
	c.mu.Lock()
	defer c.mu.Unlock()
	o, found := c.find(kind, id)
	if !found {
		return nil
	}
	return propertiesOf(o)
}

func propertiesOf(o Object) Object {
	members, _ := o["properties"].(map[string]any) //nolint:errcheck // every object has them
	return members
}

// IDs are the identifiers of a type's objects, sorted.
func (c *CRM) IDs(kind string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := []string{}
	for _, o := range c.objects[kind] {
		ids = append(ids, textOf(o["id"]))
	}
	slices.Sort(ids)
	return ids
}

func (c *CRM) find(kind, id string) (Object, bool) {
	for _, o := range c.objects[kind] {
		if textOf(o["id"]) == id {
			return o, true
		}
	}
	return nil, false
}

func (c *CRM) drop(kind, id string) {
	c.objects[kind] = slices.DeleteFunc(c.objects[kind], func(o Object) bool { return textOf(o["id"]) == id })
}

func (c *CRM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+c.Token {
		write(w, http.StatusUnauthorized, Object{"status": "error", "category": "INVALID_AUTHENTICATION"})
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	rest, ok := strings.CutPrefix(r.URL.Path, "/crm/v3/objects/")
	kind, action, _ := strings.Cut(rest, "/")
	if _, known := c.objects[kind]; !ok || !known {
		write(w, http.StatusNotFound, Object{"status": "error", "message": "unable to infer object type"})
		return
	}
	switch {
	case r.Method == http.MethodPost && action == "search":
		c.search(w, r, kind)
	case r.Method == http.MethodPost && action == "batch/read":
		c.batch(w, r, kind)
	case r.Method == http.MethodPost && action == "gdpr-delete":
		if q, ok := read(w, r); ok {
			c.drop(kind, textOf(q["objectId"]))
			w.WriteHeader(http.StatusNoContent)
		}
	case r.Method == http.MethodGet && action == "":
		after := number(r, "after", 0)
		c.page(w, c.objects[kind], after, number(r, "limit", 10))
	case r.Method == http.MethodPatch:
		c.patch(w, r, kind, action)
	case r.Method == http.MethodDelete:
		c.drop(kind, action)
		w.WriteHeader(http.StatusNoContent)
	default:
		write(w, http.StatusMethodNotAllowed, Object{"status": "error"})
	}
}

func (c *CRM) page(w http.ResponseWriter, list []Object, after, size int) {
	answer := Object{"total": len(list), "results": slice(list, after, size)}
	if after+size < len(list) {
		answer["paging"] = Object{"next": Object{"after": strconv.Itoa(after + size)}}
	}
	write(w, http.StatusOK, answer)
}

// search understands one filter with the operator IN.
func (c *CRM) search(w http.ResponseWriter, r *http.Request, kind string) {
	q, ok := read(w, r)
	if !ok {
		return
	}
	filter, ok := firstFilter(q)
	values := texts(filter["values"])
	if !ok || textOf(filter["operator"]) != "IN" || len(values) == 0 || len(values) > 5 {
		write(w, http.StatusBadRequest, Object{"status": "error", "category": "VALIDATION_ERROR", "message": strings.Join(values, " ")})
		return
	}
	property := textOf(filter["propertyName"])
	hits := where(c.objects[kind], func(o Object) bool {
		have := textOf(propertiesOf(o)[property])
		return slices.ContainsFunc(values, func(v string) bool { return have != "" && strings.EqualFold(v, have) })
	})
	after, err := strconv.Atoi(textOf(q["after"]))
	if err != nil {
		after = 0
	}
	size := c.Page
	if size == 0 {
		size = 2
	}
	c.page(w, hits, after, size)
}

func firstFilter(q Object) (Object, bool) {
	var groups struct {
		FilterGroups []struct {
			Filters []Object `json:"filters"`
		} `json:"filterGroups"`
	}
	b, err := json.Marshal(q)
	if err != nil || json.Unmarshal(b, &groups) != nil || len(groups.FilterGroups) != 1 || len(groups.FilterGroups[0].Filters) != 1 {
		return nil, false
	}
	return groups.FilterGroups[0].Filters[0], true
}

// batch answers 207 when an object is missing, as the real one does.
func (c *CRM) batch(w http.ResponseWriter, r *http.Request, kind string) {
	q, ok := read(w, r)
	if !ok {
		return
	}
	inputs, _ := q["inputs"].([]any) //nolint:errcheck // none find nothing
	status, results := http.StatusOK, []Object{}
	for _, in := range inputs {
		one, isObject := in.(map[string]any)
		o, found := c.find(kind, textOf(one["id"]))
		if !isObject || !found {
			status = http.StatusMultiStatus
			continue
		}
		results = append(results, o)
	}
	write(w, status, Object{"status": "COMPLETE", "results": results})
}

func (c *CRM) patch(w http.ResponseWriter, r *http.Request, kind, id string) {
	o, found := c.find(kind, id)
	if !found {
		write(w, http.StatusNotFound, Object{"status": "error", "category": "OBJECT_NOT_FOUND"})
		return
	}
	if q, ok := read(w, r); ok {
		change, _ := q["properties"].(map[string]any) //nolint:errcheck // nothing changes nothing
		merge(propertiesOf(o), change)
		write(w, http.StatusOK, o)
	}
}
