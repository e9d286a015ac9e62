package recipient

import (
	"encoding/json"
	"fmt"
	"io"

	"habeas/models"
)

// Schema names the form of the register's JSON file.
const Schema = "habeas/recipients/1"

// Entry is a recipient as a file of the register has it. The secret of a webhook is never written; where it is left out, the one that is known
// is kept.
type Entry struct {
	Slug       string   `json:"slug"`
	Name       string   `json:"name"`
	Channel    string   `json:"channel"`
	Address    string   `json:"address"`
	Secret     string   `json:"secret,omitempty"`
	Categories []string `json:"categories"`
	Country    string   `json:"country,omitempty"`
	Safeguard  string   `json:"safeguard,omitempty"`
	Reminder   string   `json:"reminder_after"` // a duration like 72h
	Facts
	Contacts string      `json:"contacts,omitempty"`
	Vetting  vettingForm `json:"vetting,omitzero"`
}

type vettingForm struct {
	Version string       `json:"questionnaire"`
	Answers []answerForm `json:"answers,omitempty"`
}

type answerForm struct {
	Question string `json:"question"`
	Value    string `json:"answer"`
	Note     string `json:"note,omitempty"`
}

func formOf(v Vetting) vettingForm {
	out := vettingForm{Version: v.Version}
	for _, a := range v.Answers {
		out.Answers = append(out.Answers, answerForm{a.Question, a.Value, a.Note.Reveal()})
	}
	return out
}

func (f vettingForm) vetting() Vetting {
	out := Vetting{Version: f.Version}
	for _, a := range f.Answers {
		out.Answers = append(out.Answers, Answer{a.Question, a.Value, models.Personal(a.Note)})
	}
	return out
}

// WithVetting puts the answers of a questionnaire into the entry.
func (e Entry) WithVetting(v Vetting) Entry {
	e.Vetting = formOf(v)
	return e
}

// Vetted are the answers of the entry.
func (e Entry) Vetted() Vetting { return e.Vetting.vetting() }

// MarshalVetting writes answers so that they can be sealed; UnmarshalVetting reads them.
func MarshalVetting(v Vetting) ([]byte, error) { return json.Marshal(formOf(v)) }

// UnmarshalVetting reads what MarshalVetting wrote.
func UnmarshalVetting(b []byte) (Vetting, error) {
	var f vettingForm
	err := json.Unmarshal(b, &f)
	return f.vetting(), err
}

type file struct {
	Schema     string  `json:"schema"`
	Recipients []Entry `json:"recipients"`
}

// WriteJSON writes the register.
func WriteJSON(w io.Writer, list []Entry) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if list == nil {
		list = []Entry{}
	}
	return enc.Encode(file{Schema, list})
}

// ReadJSON reads a register; an unknown field is an error. It fails with bad_file.
func ReadJSON(r io.Reader) ([]Entry, error) {
	dec := json.NewDecoder(r)
	dec.DisallowUnknownFields()
	var f file
	if err := dec.Decode(&f); err != nil {
		return nil, badFile("the JSON cannot be read").Because(err)
	}
	if f.Schema != Schema {
		return nil, badFile("its schema is not " + Schema)
	}
	return f.Recipients, nil
}

func badFile(why string) *models.Error {
	return models.Errorf(models.Invalid, "bad_file", "The file is no register of recipients: %s.", why)
}

func badLine(line int, why string) error { return badFile(fmt.Sprintf("line %d: %s", line, why)) }
