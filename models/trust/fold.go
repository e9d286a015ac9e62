package trust

import (
	"slices"
	"time"

	"habeas/models"
	"habeas/models/calendar"
)

// Release is that everything up to an entry became public.
type Release struct {
	No    int
	UpTo  int64
	At    time.Time
	Actor models.Actor
}

// Version is an entry that became public.
type Version struct {
	Entry
	PublishedAt time.Time
}

// On is the day of a version, in the operator's zone.
func (v Version) On(zone *time.Location) calendar.Date {
	if !v.Facts.Dated.IsZero() {
		return v.Facts.Dated
	}
	return calendar.DateOf(v.PublishedAt.In(zone))
}

// Item is what the page shows of one item, the latest version first.
type Item struct {
	ID       models.ID
	Kind     Kind
	Versions []Version
}

// Content is all that was ever written for the page, each list in its order.
type Content struct {
	Entries  []Entry
	Releases []Release
}

// Public are the items that the public sees, by kind and in the order in which they came. Of what was written between two releases only the last
// was ever public; what was removed is gone with its versions.
func (c Content) Public() []Item { return c.at(c.Releases) }

// Preview are the items as they would be when all was published now.
func (c Content) Preview(now time.Time) []Item {
	return c.at(append(slices.Clone(c.Releases), Release{UpTo: c.Latest(), At: now}))
}

// Latest is the number of the last entry, 0 when there is none.
func (c Content) Latest() int64 {
	if len(c.Entries) == 0 {
		return 0
	}
	return c.Entries[len(c.Entries)-1].No
}

// Pending are the entries that are not public yet.
func (c Content) Pending() []Entry {
	published := int64(0)
	if n := len(c.Releases); n > 0 {
		published = c.Releases[n-1].UpTo
	}
	var out []Entry
	for _, e := range c.Entries {
		if e.No > published {
			out = append(out, e)
		}
	}
	return out
}

// Of are the entries of an item, the latest last.
func (c Content) Of(item models.ID) []Entry {
	var out []Entry
	for _, e := range c.Entries {
		if e.Item == item {
			out = append(out, e)
		}
	}
	return out
}

func (c Content) at(releases []Release) []Item {
	var out []Item
	index := map[models.ID]int{}
	from := 0
	for _, r := range releases {
		last := map[models.ID]Entry{}
		var order []models.ID
		for ; from < len(c.Entries) && c.Entries[from].No <= r.UpTo; from++ {
			e := c.Entries[from]
			if _, seen := last[e.Item]; !seen {
				order = append(order, e.Item)
			}
			last[e.Item] = e
		}
		for _, id := range order {
			if _, seen := index[id]; !seen {
				index[id] = len(out)
				out = append(out, Item{ID: id, Kind: last[id].Kind})
			}
			out[index[id]].add(Version{last[id], r.At})
		}
	}
	out = slices.DeleteFunc(out, func(i Item) bool { return len(i.Versions) == 0 })
	slices.SortStableFunc(out, func(a, b Item) int { return slices.Index(Kinds(), a.Kind) - slices.Index(Kinds(), b.Kind) })
	return out
}

// add puts a version before the others. One that offers the same as the last under other words takes its place.
func (i *Item) add(v Version) {
	if v.Removed {
		i.Versions = nil
		return
	}
	if len(i.Versions) > 0 && i.Versions[0].offers(v) {
		v.PublishedAt = i.Versions[0].PublishedAt
		i.Versions[0] = v
		return
	}
	i.Versions = append([]Version{v}, i.Versions...)
}

func (v Version) offers(w Version) bool {
	a, b := v.Facts, w.Facts
	return v.File.ID == w.File.ID && a.Link == b.Link && a.Version == b.Version && a.Dated == b.Dated
}

// Files are the files that the public may fetch.
func Files(items []Item) []File {
	var out []File
	for _, i := range items {
		for _, v := range i.Versions {
			if !v.File.ID.IsZero() {
				out = append(out, v.File)
			}
		}
	}
	return out
}
