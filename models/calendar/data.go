package calendar

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"habeas/models"
)

//go:embed data/*.json
var dataFiles embed.FS

// reviewed is the day on which the data was last checked against the laws; change it with the data.
const reviewed = "2026-11-22"

// country is one file of data/.
type country struct {
	Code         string        `json:"code"`
	Name         string        `json:"name"`
	Notes        []string      `json:"notes,omitempty"` // what does not count, and why
	Aliases      []string      `json:"aliases,omitempty"`
	Subdivisions []Subdivision `json:"subdivisions,omitempty"`
	Days         []Record      `json:"days"`

	calendars map[string]*Calendar // by subdivision, aliases included; "" is the whole country
}

type holidayData struct {
	list     []*country
	byCode   map[string]*country
	revision string
}

// known is the embedded data, read once. A fault in it is a fault of the build, and a test reads it, so it panics.
var known = sync.OnceValue(func() *holidayData {
	d, err := readData()
	if err != nil {
		panic(err)
	}
	return d
})

func readData() (*holidayData, error) {
	files, err := dataFiles.ReadDir("data")
	if err != nil {
		return nil, err
	}
	d := &holidayData{byCode: map[string]*country{}}
	sum := sha256.New()
	for _, f := range files {
		text, err := dataFiles.ReadFile(path.Join("data", f.Name()))
		if err != nil {
			return nil, err
		}
		sum.Write(text)
		c, err := parseCountry(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name(), err)
		}
		d.list = append(d.list, c)
		for _, code := range append(c.Aliases, c.Code) {
			if d.byCode[code] != nil {
				return nil, fmt.Errorf("%s: code %s twice", f.Name(), code)
			}
			d.byCode[code] = c
		}
	}
	d.revision = reviewed + "+" + hex.EncodeToString(sum.Sum(nil))[:12]
	return d, nil
}

func parseCountry(text []byte) (*country, error) {
	c := &country{calendars: map[string]*Calendar{}}
	in := json.NewDecoder(bytes.NewReader(text))
	in.DisallowUnknownFields()
	if err := in.Decode(c); err != nil {
		return nil, err
	}
	parents := map[string]string{}
	for _, s := range c.Subdivisions {
		parents[s.Code] = s.Parent
	}
	entries := make([]*entry, len(c.Days))
	for i, r := range c.Days {
		e, err := r.parse()
		if err != nil {
			return nil, err
		}
		for _, code := range r.In {
			if _, ok := parents[code]; !ok {
				return nil, badRecord(r, "it names an unknown subdivision")
			}
		}
		entries[i] = &e
	}
	c.calendars[""] = newCalendar(c.Code, "", entriesIn(entries, nil))
	for _, s := range c.Subdivisions {
		if err := c.addSubdivision(s, parents, entries); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *country) addSubdivision(s Subdivision, parents map[string]string, entries []*entry) error {
	chain := []string{s.Code}
	for p := s.Parent; p != ""; p = parents[p] {
		if _, ok := parents[p]; !ok || len(chain) > 3 {
			return fmt.Errorf("subdivision %s has no such parent %s", s.Code, p)
		}
		chain = append(chain, p)
	}
	cal := newCalendar(c.Code, s.Code, entriesIn(entries, chain))
	cal.chain = chain
	for _, code := range append(s.Aliases, s.Code) {
		if c.calendars[code] != nil {
			return fmt.Errorf("subdivision %s twice", code)
		}
		c.calendars[code] = cal
	}
	return nil
}

// entriesIn are those of the whole country and of the subdivisions in chain.
func entriesIn(entries []*entry, chain []string) []*entry {
	var out []*entry
	for _, e := range entries {
		here := len(e.In) == 0
		for _, code := range chain {
			here = here || slices.Contains(e.In, code)
		}
		if here {
			out = append(out, e)
		}
	}
	return out
}

// find is the calendar of a country and subdivision; the codes of errors are For's.
func (d *holidayData) find(countryCode, subdivision string) (*Calendar, error) {
	c := d.byCode[countryCode]
	if c == nil {
		return nil, models.Errorf(models.Invalid, "unknown_country",
			"The country is not one whose public holidays are known; use the two-letter code of an EU or EEA state, GB or CH.")
	}
	if rest, ok := strings.CutPrefix(subdivision, countryCode+"-"); ok && c.calendars[rest] != nil && rest != "" {
		return c.calendars[rest], nil
	}
	cal := c.calendars[subdivision]
	if cal == nil {
		return nil, models.Errorf(models.Invalid, "unknown_subdivision",
			"The subdivision is not one of this country's; use its ISO 3166-2 code, or none.")
	}
	return cal, nil
}
