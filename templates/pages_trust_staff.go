package templates

import (
	"time"

	"habeas/models/calendar"
)

// TrustContentView is what the public page says beside the register, for those who write it; a customer sees what is public.
type TrustContentView struct {
	Staff, CanEdit bool
	Groups         []TrustGroup
	Pending        int       // entries that are not public yet
	Latest         int64     // number of the last entry
	PublishedAt    time.Time // the last time; zero: never
	Subscribers    int
	History        []TrustEntryRow
	Flash, Failure string
}

// TrustGroup is one kind of items.
type TrustGroup struct {
	Kind  string
	Items []TrustItem
	Full  bool // there is one of the kind, and it is there
}

// TrustItem is one item as it was written last.
type TrustItem struct {
	Path     string // of its versions; empty for who may not see them
	Kind     string
	Title    string
	Label    string   // of the version
	Lines    []string // what else it says
	State    string   // public, changed, new
	File     TrustVersion
	Until    calendar.Date // of a certificate
	Expired  bool
	Versions int // that were public
}

// TrustEntryRow is one entry of the history.
type TrustEntryRow struct {
	No       int64
	At       time.Time
	By       string // role
	Kind     string
	Title    string
	Label    string
	Removed  bool
	Released time.Time // when it became public; zero: not yet, or never
	File     TrustVersion
}

// TrustItemView is one item with all that was ever written for it.
type TrustItemView struct {
	TrustItem
	Seen    int64
	CanEdit bool
	Entries []TrustEntryRow
	Failure string
}

// TrustFormView is the form of an item, with what was typed when it is sent back. A file has to be chosen again.
type TrustFormView struct {
	Kind    string
	Action  string
	Back    string
	New     bool
	Seen    int64
	Fields  map[string]string
	File    TrustVersion // the present one
	Failure string
}

// The console's pages about the public page.
var (
	TrustContent = &Page[TrustContentView]{"staff/trust", []TrustContentView{trustContentExample(), {Groups: trustContentExample().Groups}, {Staff: true, CanEdit: true, Groups: []TrustGroup{{Kind: "page"}, {Kind: "document"}}}}}
	TrustOne     = &Page[TrustItemView]{"staff/trust_item", []TrustItemView{
		{TrustItem: trustItemExample(), Seen: 4, CanEdit: true, Entries: trustEntriesExample(), Failure: "Somebody has changed this since you looked; look again and decide then."},
		{TrustItem: TrustItem{Kind: "page"}, Entries: trustEntriesExample()[2:]},
	}}
	TrustForm = &Page[TrustFormView]{"staff/trust_form", trustFormExamples()}
)

func trustItemExample() TrustItem {
	return TrustItem{
		Path: "/staff/trust/items/sample", Kind: "document", Title: "Data processing agreement with the Donaudampfschifffahrtsgesellschaft", Label: "2.1", State: "changed",
		File: TrustVersion{Path: "/staff/trust/files/sample", Size: 181_000}, Versions: 2,
	}
}

func trustEntriesExample() []TrustEntryRow {
	file := TrustVersion{Path: "/staff/trust/files/sample", Size: 181_000}
	return []TrustEntryRow{
		{No: 7, At: exampleTime, By: "dpo", Kind: "certificate", Title: "ISO 9001", Removed: true},
		{No: 6, At: exampleTime, By: "dpo", Kind: "document", Title: "Data processing agreement", Label: "2.1", File: file},
		{No: 1, At: exampleTime, By: "dpo", Kind: "page", Released: exampleTime},
	}
}

func trustContentExample() TrustContentView {
	certificate := TrustItem{Path: "/staff/trust/items/c", Kind: "certificate", Title: "ISO/IEC 27001:2022", Lines: []string{"Certifier GmbH"}, State: "public", Until: calendar.Date{Year: 2026, Month: time.May, Day: 1}, Expired: true, Versions: 1}
	return TrustContentView{
		Staff: true, CanEdit: true, Pending: 2, Latest: 7, PublishedAt: exampleTime, Subscribers: 12, History: trustEntriesExample(), Flash: "trust.saved", Failure: "All that was written is public already.",
		Groups: []TrustGroup{
			{Kind: "page", Full: true, Items: []TrustItem{{Path: "/staff/trust/items/p", Kind: "page", Lines: []string{"We move parcels, and not your data."}, State: "public", Versions: 1}}},
			{Kind: "document", Items: []TrustItem{trustItemExample(), {Path: "/staff/trust/items/n", Kind: "document", Title: "Privacy notice", State: "new", File: TrustVersion{Link: "https://www.nordkai.example/a-long-path/of-the-privacy-notice"}}}},
			{Kind: "certificate", Items: []TrustItem{certificate}},
			{Kind: "location"},
		},
	}
}

func trustFormExamples() []TrustFormView {
	fields := map[string]string{"title": "Data processing agreement", "version": "2.1", "dated": "2026-05-01", "intro": "We move parcels.", "country": "DE", "valid_until": "2027-01-31"}
	file := TrustVersion{Path: "/staff/trust/files/sample", Size: 181_000}
	return []TrustFormView{
		{Kind: "document", Action: "/staff/trust/items/sample", Back: "/staff/trust/items/sample", Seen: 3, Fields: fields, File: file, Failure: "Give a file or a link, and not both."},
		{Kind: "page", Action: "/staff/trust/items", Back: "/staff/trust", New: true, Fields: fields},
		{Kind: "certificate", Action: "/staff/trust/items", Back: "/staff/trust", New: true, Fields: fields},
		{Kind: "location", Action: "/staff/trust/items", Back: "/staff/trust", New: true, Fields: fields},
	}
}

// Lines are the form's fields of one line, by the kind of item.
func (v TrustFormView) Lines() []string {
	return map[string][]string{"document": {"title", "version"}, "certificate": {"title", "issuer"}, "location": {"country", "region", "provider", "what"}}[v.Kind]
}

// Days are the form's fields that take a day.
func (v TrustFormView) Days() []string {
	return map[string][]string{"document": {"dated"}, "certificate": {"valid_until"}}[v.Kind]
}

// Proses are the form's fields of several lines.
func (v TrustFormView) Proses() []string {
	return map[string][]string{"page": {"intro", "contact"}}[v.Kind]
}

// Offers reports whether the item has a file or a link.
func (v TrustFormView) Offers() bool { return v.Kind == "document" || v.Kind == "certificate" }
