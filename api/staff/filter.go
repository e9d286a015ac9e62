package staff

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// choice is one list of the inbox's filter: all that the model has, so that nothing can be left out.
type choice struct {
	name    string // of the parameter
	options []templates.Option
	set     func(f *store.ViewFilter, value string)
	get     func(f store.ViewFilter) string
}

// choices are the lists of the filter in the order in which they are shown. words is the key of an option's name, with its value for the star.
func choices(controllers []request.Controller) []choice {
	out := []choice{
		choiceOf("due", "inbox.due.*", store.Dues(), func(f *store.ViewFilter) *string { return &f.Due }),
		choiceOf("waits", "waits.*", request.Parties(), func(f *store.ViewFilter) *request.Party { return &f.Waits }),
		choiceOf("state", "state.*", models.States(), func(f *store.ViewFilter) *models.State { return &f.State }),
		choiceOf("outcome", "outcome.*", models.Outcomes(), func(f *store.ViewFilter) *models.Outcome { return &f.Outcome }),
		choiceOf("right", "right.*.short", models.AllRights(), func(f *store.ViewFilter) *models.Right { return &f.Right }),
		choiceOf("with", "inbox.with.*", store.Withs(), func(f *store.ViewFilter) *string { return &f.With }),
		choiceOf("channel", "inbox.channel.*", request.Channels(), func(f *store.ViewFilter) *request.Channel { return &f.Channel }),
		languageChoice(),
	}
	if len(controllers) > 1 {
		out = append(out, companies(controllers))
	}
	return out
}

// choiceOf is a list of the model's words.
func choiceOf[T ~string](name, words string, values []T, field func(*store.ViewFilter) *T) choice {
	c := choice{
		name: name,
		set:  func(f *store.ViewFilter, value string) { *field(f) = T(value) },
		get:  func(f store.ViewFilter) string { return string(*field(&f)) },
	}
	before, after, _ := strings.Cut(words, "*")
	for _, v := range values {
		c.options = append(c.options, templates.Option{Value: string(v), Words: before + string(v) + after})
	}
	return c
}

func languageChoice() choice {
	var tags []string
	for _, l := range templates.Languages() {
		tags = append(tags, l.Tag)
	}
	c := choiceOf("language", "", tags, func(f *store.ViewFilter) *string { return &f.Language })
	for i, l := range templates.Languages() {
		c.options[i].Words, c.options[i].Label = "", l.Name
	}
	return c
}

func companies(controllers []request.Controller) choice {
	ids := map[string]models.ID{}
	c := choice{
		name: "controller",
		set:  func(f *store.ViewFilter, value string) { f.ControllerID = ids[value] },
		get: func(f store.ViewFilter) string {
			for slug, id := range ids {
				if id == f.ControllerID {
					return slug
				}
			}
			return ""
		},
	}
	for _, one := range controllers {
		ids[one.Slug] = one.ID
		c.options = append(c.options, templates.Option{Value: one.Slug, Label: one.Name})
	}
	return c
}

// kept is the part of the parameters that a view keeps.
func kept(q url.Values, controllers []request.Controller) store.ViewFilter {
	f := store.ViewFilter{}
	if o := q.Get("open"); o == "closed" || o == "all" {
		f.Open = o
	}
	for _, c := range choices(controllers) {
		value := q.Get(c.name)
		if slices.ContainsFunc(c.options, func(o templates.Option) bool { return o.Value == value }) {
			c.set(&f, value)
		}
	}
	if q.Get("overdue") == "true" {
		f.Due = store.DueOverdue
	}
	return f
}

// params are the parameters of a filter.
func params(f store.ViewFilter, controllers []request.Controller) url.Values {
	q := url.Values{}
	if f.Open != "" {
		q.Set("open", f.Open)
	}
	for _, c := range choices(controllers) {
		if value := c.get(f); value != "" {
			q.Set(c.name, value)
		}
	}
	return q
}

func filter(q url.Values, controllers []request.Controller, now time.Time) store.Filter {
	v := kept(q, controllers)
	f := store.Filter{
		State: v.State, Right: v.Right, ControllerID: v.ControllerID, Waits: v.Waits, Outcome: v.Outcome, Channel: v.Channel, Language: v.Language,
		Reference: q.Get("reference"), Overdue: v.Due == store.DueOverdue, Paused: v.Due == store.DuePaused, Extended: v.Due == store.DueExtended,
		Held: v.With == store.WithHold, Represented: v.With == store.WithAgent,
	}
	if v.Due == store.DueSoon {
		f.DueBefore = now.Add(store.Soon)
	}
	open := v.Open != "closed"
	if v.Open != "all" {
		f.Open = &open
	}
	return f
}

func inboxView(q url.Values, controllers []request.Controller) templates.InboxView {
	f := kept(q, controllers)
	v := templates.InboxView{Open: "open", Reference: q.Get("reference"), All: q.Get("select") == "all", Flash: inboxFlash[q.Get("done")]}
	if f.Open != "" {
		v.Open = f.Open
	}
	for _, c := range choices(controllers) {
		one := templates.InboxChoice{Name: c.name, Options: c.options}
		for i, o := range one.Options {
			one.Options[i].Selected = o.Value == c.get(f)
		}
		v.Choices = append(v.Choices, one)
	}
	v.Filtered = f != store.ViewFilter{} || v.Reference != ""
	v.CanSave = f != store.ViewFilter{}
	return v
}
