package file

import (
	"maps"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"habeas/models/datamap"
)

var tag = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// language is a text that must look like the tag of a language.
func (r *reader) language(n *yaml.Node, where string) string {
	text := r.text(n, where)
	if text != "" && !tag.MatchString(text) {
		r.bad(n, where, "This is no language.", "Write its tag, such as en or de.")
		return ""
	}
	return text
}

// paired refuses purposes in another language of which nobody can say which is which.
func (r *reader) paired(n *yaml.Node, d datamap.Dataset) {
	for _, lang := range slices.Sorted(maps.Keys(d.Translations)) {
		if t := d.Translations[lang]; len(t.Purposes) > 0 && len(t.Purposes) != len(d.Purposes) {
			r.bad(n, d.Key, "The purposes in "+lang+" are not as many as the dataset has.", "Write them in the same order, one for each.")
		}
	}
}

// translations are what a person reads in other languages, by language.
func (r *reader) translations(n *yaml.Node, where string, place Place) datamap.Translations {
	if n == nil {
		return nil
	}
	var out datamap.Translations
	all := r.object(n, where)
	for _, lang := range slices.Sorted(maps.Keys(all)) {
		if !tag.MatchString(lang) {
			r.bad(n, where, "This is no language: "+lang+".", "Write its tag, such as en or de.")
			continue
		}
		m := r.own(all[lang], where, place)
		if out == nil {
			out = datamap.Translations{}
		}
		out[lang] = datamap.Translation{
			Name: r.text(m["name"], where), Description: r.text(m["description"], where), Purposes: r.texts(m["purposes"], where),
			Source: r.text(m["source"], where), Purpose: r.text(m["purpose"], where), StoragePeriod: r.text(m["storage_period"], where),
		}
	}
	return out
}
