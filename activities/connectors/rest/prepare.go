package rest

import (
	"slices"
	"strings"
)

// prepare reads all templates, and names the first thing that is wrong in the settings.
func (s *System) prepare() error {
	if s.set.Ping != nil {
		fill(&s.set.Ping.Method, "GET")
		if err := s.shape(s.set.Ping, "ping", nil, false); err != nil {
			return err
		}
	}
	for name, c := range s.set.Collections {
		if c == nil || len(c.Fields) == 0 {
			return bad("The collection %s of the system %s has no fields.", name, s.name)
		}
		for field, f := range c.Fields {
			if f == nil || f.Path == "" {
				return bad("The field %s.%s of the system %s has no path.", name, field, s.name)
			}
			if _, ok := kindOf[f.Type]; !ok {
				return bad("The field %s.%s of the system %s has the unknown type %s.", name, field, s.name, f.Type)
			}
		}
		for _, f := range c.finds() {
			if err := s.prepareFind(name, c, f); err != nil {
				return err
			}
		}
		for _, a := range append(slices.Clone(c.Delete), c.Update) {
			if a == nil {
				continue
			}
			if err := s.prepareAction(name, c, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *System) prepareFind(name string, c *collection, f *find) error {
	where := name + " find by " + listed(f.By)
	if f.list {
		where = name + " list"
	}
	switch {
	case slices.ContainsFunc(f.By, func(n string) bool { return c.Fields[n] == nil }):
		return bad("The request %s of the system %s searches by what is no field.", where, s.name)
	case f.list != (len(f.By) == 0):
		return bad("The request %s of the system %s: a find names its fields in by, a list has none.", where, s.name)
	case f.Case != "" && f.Case != "ignore" && f.Case != "exact":
		return bad("The request %s of the system %s: case is ignore or exact.", where, s.name)
	case f.Row != nil && (f.Rows != "" || f.Batch > 1 || f.list):
		return bad("The request %s of the system %s: one row has no list, batch or rows.", where, s.name)
	case !slices.Contains([]string{"", byPage, byOffset, byCursor, byLink}, f.Paging.Kind):
		return bad("The request %s of the system %s has an unknown kind of paging.", where, s.name)
	case f.Detail && c.detail(f) == nil:
		return bad("The request %s of the system %s wants details, but no find with row: serves its rows.", where, s.name)
	}
	if err := s.shape(&f.request, where, f.By, false); err != nil {
		return err
	}
	batched, lone := false, ""
	f.shape.parts(func(p part, _ place, repeated bool) {
		if batched = batched || p.all || repeated; !p.all && !repeated {
			lone = p.field
		}
	})
	if (f.Batch > 1) != batched || batched && lone != "" {
		return bad("The request %s of the system %s: a batch needs {field...} or $each for all its values, and these need batch.", where, s.name)
	}
	return nil
}

func (s *System) prepareAction(name string, c *collection, a *action) error {
	where := name + " " + strings.ToLower(a.Method)
	fields := make([]string, 0, len(c.Fields))
	for field := range c.Fields {
		fields = append(fields, field)
	}
	if err := s.shape(&a.request, where, fields, true); err != nil {
		return err
	}
	if p := a.Accepted; p != nil && p.Path != "" {
		poll := request{Method: "GET", Path: p.Path}
		if err := s.shape(&poll, where+" accepted", nil, true); err != nil {
			return err
		}
		p.shape = poll.shape
	}
	if p := a.Accepted; p != nil && (p.State == "" || len(p.Done) == 0 || p.Header == "" && p.URL == "" && p.Path == "") {
		return bad("The request %s of the system %s: accepted needs where to ask (header, url or path), state and done.", where, s.name)
	}
	return nil
}

// shape reads a request's template, in which only the given fields, and paths of the row if allowed, may stand.
func (s *System) shape(r *request, where string, fields []string, paths bool) error {
	var err error
	if r.shape, err = newShape(r); err != nil {
		return bad("The request %s of the system %s: %s.", where, s.name, err)
	}
	wrong := ""
	r.shape.parts(func(p part, _ place, _ bool) {
		if p.field != "" && !slices.Contains(fields, p.field) || p.path != "" && !paths {
			wrong = p.field + p.path
		}
	})
	if wrong != "" {
		return bad("The request %s of the system %s has no value for {%s}.", where, s.name, wrong)
	}
	return nil
}
