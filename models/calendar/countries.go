package calendar

import "slices"

// Country is a state whose holidays are known.
type Country struct {
	Code         string   // ISO 3166-1 alpha-2
	Name         string   // in English
	Aliases      []string // codes that For accepts as well, such as UK and EL
	Notes        []string // what does not count in this state, and why
	Subdivisions []Subdivision
	Records      []Record // the rules themselves, for documentation
}

// Subdivision is a part of a country, by its ISO 3166-2 code without the country's prefix; where the law is finer than ISO (Catholic
// communities in Bavaria) the code is Habeas' own and has a parent.
type Subdivision struct {
	Code    string   `json:"code"`
	Name    string   `json:"name"`
	Parent  string   `json:"parent,omitempty"` // the subdivision whose days count here too; empty for the country itself
	Aliases []string `json:"aliases,omitempty"`
}

// Countries lists the states whose holidays are known, by code. The slices are the caller's own.
func Countries() []Country {
	var out []Country
	for _, c := range known().list {
		out = append(out, Country{
			Code: c.Code, Name: c.Name, Aliases: slices.Clone(c.Aliases), Notes: slices.Clone(c.Notes),
			Subdivisions: slices.Clone(c.Subdivisions), Records: slices.Clone(c.Days),
		})
	}
	return out
}

// Revision names the version of the holiday data: the day it was last reviewed and a digest of its text.
func Revision() string { return known().revision }
