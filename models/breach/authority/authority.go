package authority

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"slices"
	"sync"
)

// Authority is one supervisory authority (Art. 51).
type Authority struct {
	Code        string `json:"code"`                  // ISO 3166 of the place it is competent for: FR, DE-BE; stable
	Country     string `json:"country"`               // ISO 3166-1
	Subdivision string `json:"subdivision,omitempty"` // ISO 3166-2 without the country, where competence is divided
	Name        string `json:"name"`                  // in its own language
	English     string `json:"english"`               // in English
	Site        string `json:"site"`                  // where it says how a breach is notified
	Email       string `json:"email,omitempty"`       // general address; most authorities want their own form instead
	Address     string `json:"address,omitempty"`     // for letters
	Complaint   string `json:"complaint,omitempty"`   // where its site takes complaints of persons (Art. 77); its site says so where this is empty
	Note        string `json:"note,omitempty"`        // e.g. for which bodies it is competent
	Private     bool   `json:"private"`               // competent for companies
}

//go:embed authorities.json
var data []byte

var all = sync.OnceValue(func() []Authority {
	var list []Authority
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&list); err != nil {
		panic(err) // the file is part of the program
	}
	return list
})

// Reviewed is the day on which the register was last looked through. Addresses change; the DPO checks them before use.
const Reviewed = "2026-11-26"

// All is the register, by code. The slice is the caller's own.
func All() []Authority { return slices.Clone(all()) }

// ByCode is the authority of a code.
func ByCode(code string) (Authority, bool) {
	for _, a := range all() {
		if a.Code == code {
			return a, true
		}
	}
	return Authority{}, false
}

// Countries are those whose authorities are in the register, by code.
func Countries() []string {
	var out []string
	for _, a := range all() {
		if !slices.Contains(out, a.Country) {
			out = append(out, a.Country)
		}
	}
	return out
}

// For proposes the authorities competent for a company established in a place, the finest first: the one of the subdivision where competence is
// divided, else those of the country. It is empty outside the EU and EEA.
func For(country, subdivision string) []Authority {
	var fine, rest []Authority
	for _, a := range all() {
		switch {
		case a.Country != country || !a.Private:
		case a.Subdivision != "" && a.Subdivision == subdivision:
			fine = append(fine, a)
		case a.Subdivision == "" || subdivision == "":
			rest = append(rest, a)
		}
	}
	if len(fine) > 0 {
		return fine
	}
	return rest
}
