package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"habeas/activities/outbound/credentials"
)

// settings are those of one API. Docs: docs/connectors/rest.md.
type settings struct {
	URL         string                 `json:"url"`
	Auth        credentials.Settings   `json:"auth"`
	Private     []string               `json:"private"`
	CAFile      string                 `json:"ca_file"`
	Headers     map[string]string      `json:"headers"`
	PerSecond   float64                `json:"requests_per_second"`
	Timeout     duration               `json:"timeout"`
	MaxWait     duration               `json:"max_wait"`
	MaxAnswer   int64                  `json:"max_answer_bytes"`
	MaxPages    int                    `json:"max_pages"`
	Retries     *int                   `json:"retries"`
	Paging      paging                 `json:"paging"`
	Ping        *request               `json:"ping"`
	Collections map[string]*collection `json:"collections"`
}

// collection says how one collection of the API is reached; its name in the settings is the map's table.
type collection struct {
	Fields map[string]*field `json:"fields"`
	Find   []*find           `json:"find"`
	List   *find             `json:"list"`
	Delete []*action         `json:"delete"`
	Update *action           `json:"update"`
}

// field says where a field of the map stands in a row. A text in the settings is its path.
type field struct {
	Path   string  `json:"path"`
	Write  string  `json:"write"` // where an update puts it; the path when left out
	Type   string  `json:"type"`
	Empty  *string `json:"empty"` // the text that stands for no value
	Length int     `json:"length"`
}

// request is one request, with {field} where a value goes.
type request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Query   map[string]string `json:"query"`
	Form    map[string]string `json:"form"`
	Body    any               `json:"body"`
	Headers map[string]string `json:"headers"`
	shape   *shape
}

// find is a request that finds rows.
type find struct {
	request
	By            []string `json:"by"`
	Batch         int      `json:"batch"` // most values in one request; 0: one
	Case          string   `json:"case"`  // how it compares e-mail addresses: ignore or exact
	Rows          string   `json:"rows"`  // path to the list; "" when the answer is the list
	Row           *string  `json:"row"`   // path to the one row, instead of rows
	None          []int    `json:"none"`  // statuses that mean: no such row
	Detail        bool     `json:"detail"`
	Paging        *paging  `json:"paging"`
	ServesLookups bool     `json:"serves_lookups"` // list only: search by reading everything
	list          bool
}

// action is a request that changes or deletes one row.
type action struct {
	request
	Done       []int    `json:"done"`
	Gone       []int    `json:"gone"`
	Referenced []int    `json:"still_referenced"`
	NotUnique  []int    `json:"not_unique"`
	Refused    []int    `json:"refused"`
	IfMatch    string   `json:"if_match"` // header, or {.path} of the row
	Look       bool     `json:"look"`     // find the row first
	Under      string   `json:"under"`    // update: path below which the changed fields are put
	Whole      bool     `json:"whole"`    // update: send the whole row, as PUT wants it
	Accepted   *pending `json:"accepted"`
}

// pending says how an API that only accepts a deletion tells that it is done.
type pending struct {
	Status int      `json:"status"` // 202 when left out
	Header string   `json:"header"` // header with the address to ask, or
	URL    string   `json:"url"`    // path in the answer to it, or
	Path   string   `json:"path"`   // a path with {.name} of the answer
	State  string   `json:"state"`  // path to the state in what that address answers
	Done   []string `json:"done"`
	Failed []string `json:"failed"`
	Every  duration `json:"every"`
	Tries  int      `json:"tries"`
	shape  *shape
}

// duration is written as 500ms, 10s or 2m.
type duration time.Duration

func (d *duration) UnmarshalJSON(b []byte) error {
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(text)
	if err != nil || parsed < 0 {
		return fmt.Errorf("%q is not a duration", text)
	}
	*d = duration(parsed)
	return nil
}

// UnmarshalJSON takes a path alone for the field that has nothing else to say.
func (f *field) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &f.Path) == nil {
		return nil
	}
	type plain field
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields() // a method of its own loses the outer decoder's strictness
	return dec.Decode((*plain)(f))
}

// defaults of what the settings leave out.
func (s *settings) complete() {
	fill(&s.Timeout, duration(30*time.Second))
	fill(&s.MaxWait, duration(30*time.Second))
	fill(&s.MaxAnswer, 10<<20)
	fill(&s.MaxPages, 1000)
	if s.Retries == nil {
		s.Retries = new(2)
	}
	for _, c := range s.Collections {
		if c != nil {
			c.complete(s.Paging)
		}
	}
}

func (c *collection) complete(inherited paging) {
	c.Find = slices.DeleteFunc(c.Find, func(f *find) bool { return f == nil })
	c.Delete = slices.DeleteFunc(c.Delete, func(a *action) bool { return a == nil })
	if c.List != nil {
		c.List.list = true
	}
	for _, f := range c.finds() {
		if f.Paging == nil {
			f.Paging = new(inherited)
		}
		if f.Paging.First == nil {
			f.Paging.First = new(1)
		}
		if f.Row != nil {
			f.Paging = &paging{First: new(1)}
		}
		if f.Row != nil && f.None == nil {
			f.None = []int{404, 410}
		}
		fill(&f.Method, "GET")
	}
	for _, a := range c.Delete {
		fill(&a.Method, "DELETE")
		fillList(&a.Referenced, 409)
		a.complete()
	}
	if c.Update != nil {
		fill(&c.Update.Method, "PATCH")
		fillList(&c.Update.NotUnique, 409)
		c.Update.complete()
	}
}

func (a *action) complete() {
	fillList(&a.Done, 200, 204)
	fillList(&a.Gone, 404, 410)
	if p := a.Accepted; p != nil {
		fill(&p.Status, 202)
		fill(&p.Every, duration(time.Second))
		fill(&p.Tries, 10)
	}
}

// finds are the collection's ways to find rows; the list is the last.
func (c *collection) finds() []*find {
	if c.List == nil {
		return c.Find
	}
	return append(c.Find[:len(c.Find):len(c.Find)], c.List)
}

func fill[T comparable](value *T, otherwise T) {
	var zero T
	if *value == zero {
		*value = otherwise
	}
}

func fillList(list *[]int, otherwise ...int) {
	if *list == nil {
		*list = otherwise
	}
}
