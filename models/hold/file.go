package hold

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"habeas/models"
	"habeas/models/calendar"
)

// maxFile bounds a deployment's rule file.
const maxFile = 4 << 20

// FileExample is a rule file with the two forms of start.
const FileExample = `[
  {
    "code": "ACME_CLAIMS", "citation": "§ 195, 199 BGB", "jurisdiction": "DE", "start": "claim_arose_on",
    "period": "P3Y", "computation": "end_of_calendar_year", "exemption": "art_17_3_e"
  },
  {
    "code": "ACME_CMR", "law": "CMR", "citation": "Art. 32(1) CMR", "jurisdiction": "EU",
    "start": [{"field": "delivered_on", "event": {"en": "the goods were delivered", "de": "die Ware abgeliefert wurde"}}, "agreed_delivery_on"],
    "period": "P1Y", "computation": "from_the_day", "exemption": "art_17_3_e",
    "valid_from": "1961-07-02", "certainty": "medium", "note": "Three years in case of wilful misconduct."
  }
]`

// fileRule is the JSON form of a rule.
type fileRule struct {
	Code         string        `json:"code"`
	Law          string        `json:"law,omitempty"`
	Citation     string        `json:"citation"`
	Jurisdiction string        `json:"jurisdiction"`
	Start        fileStarts    `json:"start"`
	Period       string        `json:"period"`
	Computation  Computation   `json:"computation"`
	Exemption    Exemption     `json:"exemption"`
	MustDelete   bool          `json:"must_delete,omitempty"`
	ValidFrom    calendar.Date `json:"valid_from,omitzero"`
	ValidTo      calendar.Date `json:"valid_to,omitzero"`
	Certainty    string        `json:"certainty,omitempty"`
	Note         string        `json:"note,omitempty"`
}

// fileStarts is a field, or a list of fields, each alone or with its event in words.
type fileStarts []Start

// UnmarshalJSON accepts "field", ["field", …] and [{"field":…, "event":…}, …], where an
// event is words in English or an object of words by language.
func (f *fileStarts) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '[' {
		var list []json.RawMessage
		if err := json.Unmarshal(b, &list); err != nil {
			return err
		}
		for _, item := range list {
			s, err := parseStart(item)
			if err != nil {
				return err
			}
			*f = append(*f, s)
		}
		return nil
	}
	s, err := parseStart(b)
	*f = fileStarts{s}
	return err
}

func parseStart(b []byte) (Start, error) {
	if len(b) > 0 && b[0] == '"' {
		var s Start
		err := json.Unmarshal(b, &s.Field)
		return s, err
	}
	var s struct {
		Field string `json:"field"`
		Event event  `json:"event"`
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	err := dec.Decode(&s)
	if len(s.Event) == 0 {
		return Start{Field: s.Field}, err
	}
	return Start{Field: s.Field, Event: s.Event["en"], Events: s.Event}, err
}

// event is what happened in words: in English, or by language.
type event map[string]string

// UnmarshalJSON accepts "the goods were delivered" and {"en": …, "de": …}, which must have English.
func (e *event) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		var text string
		err := json.Unmarshal(b, &text)
		*e = event{"en": text}
		return err
	}
	var all map[string]string
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	if all["en"] == "" {
		return errors.New("an event needs words in English")
	}
	*e = all
	return nil
}

// ParseRules reads a deployment's rules: a JSON array of objects with code, citation, jurisdiction, start, period (ISO 8601),
// computation, exemption, and optionally law, must_delete, valid_from, valid_to, certainty, note. Unknown keys are refused. It
// fails with bad_rules_file, bad_period or bad_rule; Catalogue.With checks the rest.
func ParseRules(r io.Reader) ([]Rule, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read retention rules: %w", err)
	}
	bad := models.Errorf(models.Invalid, "bad_rules_file", "The file is not a JSON array of retention rules.")
	if len(data) > maxFile {
		return nil, bad
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var list []fileRule
	if err := dec.Decode(&list); err != nil {
		return nil, bad.Because(err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, bad
	}
	rules := make([]Rule, 0, len(list))
	for i, f := range list {
		p, err := ParsePeriod(f.Period)
		if err != nil {
			return nil, errPeriod.At(fmt.Sprintf("/%d/period", i))
		}
		rule := Rule{
			Code: f.Code, Law: f.Law, Citation: f.Citation, Jurisdiction: f.Jurisdiction, Starts: f.Start, Period: p,
			Computation: f.Computation, Exemption: f.Exemption, MustDelete: f.MustDelete,
			ValidFrom: f.ValidFrom, ValidTo: f.ValidTo, Certainty: f.Certainty, Note: f.Note,
		}
		if err := rule.check(); err != nil {
			return nil, err
		}
		rules = append(rules, rule)
	}
	return rules, nil
}
