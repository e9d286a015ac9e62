package calendar

import (
	"encoding/json"
	"errors"
	"io"
	"slices"

	"habeas/models"
)

// LocalDay is a day that a deployment adds to a calendar; ParseLocalDays makes it.
type LocalDay struct {
	country, subdivision string
	entry                *entry
}

// localFile is the form of a deployment's own days: records like those of data/, each with its place.
type localFile struct {
	Days []struct {
		Country     string `json:"country"`
		Subdivision string `json:"subdivision,omitempty"`
		Record
	} `json:"days"`
}

// ParseLocalDays reads a deployment's own days, for example the feast of a municipality:
//
//	{"days": [{"country": "IT", "subdivision": "25", "name": "Saint Ambrose", "rule": "12-07", "source": "patron of Milan"}]}
//
// A record has the fields of Record, except "in". It fails with bad_local_days, bad_rule, bad_holiday, unknown_country or
// unknown_subdivision.
func ParseLocalDays(r io.Reader) ([]LocalDay, error) {
	var file localFile
	in := json.NewDecoder(r)
	in.DisallowUnknownFields()
	err := in.Decode(&file)
	if err == nil && !errors.Is(in.Decode(&struct{}{}), io.EOF) {
		err = errors.New("there is more after the object")
	}
	if err != nil {
		return nil, models.Errorf(models.Invalid, "bad_local_days", "The file of local days is not in the documented form.").Because(err)
	}
	var out []LocalDay
	for _, d := range file.Days {
		cal, err := For(d.Country, d.Subdivision)
		if err != nil {
			return nil, err
		}
		if len(d.In) > 0 {
			return nil, badRecord(d.Record, "a local day names its place by country and subdivision")
		}
		e, err := d.parse()
		if err != nil {
			return nil, err
		}
		out = append(out, LocalDay{cal.country, cal.subdivision, &e})
	}
	return out, nil
}

// WithLocalDays is a calendar like c in which days count as well; days of another country or subdivision are left out.
func (c *Calendar) WithLocalDays(days ...LocalDay) *Calendar {
	entries := slices.Clone(c.entries)
	for _, d := range days {
		if d.country == c.country && (d.subdivision == "" || slices.Contains(c.chain, d.subdivision)) {
			entries = append(entries, d.entry)
		}
	}
	if len(entries) == len(c.entries) {
		return c
	}
	local := newCalendar(c.country, c.subdivision, entries)
	local.chain = c.chain
	return local
}
