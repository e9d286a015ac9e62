package recipient

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"habeas/models/calendar"
)

// column is one of the CSV file.
type column struct {
	name string
	get  func(Entry) string
	set  func(*Entry, string) error
}

// columns are all of them in their order. A list has an item a line within its cell.
var columns = []column{
	text("slug", func(e *Entry) *string { return &e.Slug }), text("name", func(e *Entry) *string { return &e.Name }),
	text("legal_name", func(e *Entry) *string { return &e.LegalName }),
	{"subprocessor", func(e Entry) string { return strconv.FormatBool(e.Subprocessor) }, setBool},
	text("country", func(e *Entry) *string { return &e.Country }),
	text("transfer", func(e *Entry) *string { return (*string)(&e.Transfer) }), text("safeguard", func(e *Entry) *string { return &e.Safeguard }),
	lines("purposes", func(e *Entry) *[]string { return &e.Purposes }), lines("categories", func(e *Entry) *[]string { return &e.Categories }),
	lines("identities", func(e *Entry) *[]string { return &e.Identities }),
	lines("controllers", func(e *Entry) *[]string { return &e.Controllers }), lines("former", func(e *Entry) *[]string { return &e.Former }),
	text("channel", func(e *Entry) *string { return &e.Channel }), text("address", func(e *Entry) *string { return &e.Address }),
	text("secret", func(e *Entry) *string { return &e.Secret }), text("protocol", func(e *Entry) *string { return &e.Protocol }),
	text("reminder_after", func(e *Entry) *string { return &e.Reminder }),
	{"response_days", func(e Entry) string { return strconv.Itoa(e.ResponseDays) }, setDays},
	text("contacts", func(e *Entry) *string { return &e.Contacts }),
	day("contract_on", func(e *Entry) *calendar.Date { return &e.ContractOn }), day("contract_until", func(e *Entry) *calendar.Date { return &e.ContractUntil }),
	day("reviewed_on", func(e *Entry) *calendar.Date { return &e.ReviewedOn }), day("next_review_on", func(e *Entry) *calendar.Date { return &e.NextReviewOn }),
	day("ended_on", func(e *Entry) *calendar.Date { return &e.EndedOn }),
	text("questionnaire", func(e *Entry) *string { return &e.Vetting.Version }),
	{"answers", getAnswers, setAnswers},
}

func text(name string, field func(*Entry) *string) column {
	return column{name, func(e Entry) string { return *field(&e) }, func(e *Entry, s string) error { *field(e) = s; return nil }}
}

func lines(name string, field func(*Entry) *[]string) column {
	return column{name, func(e Entry) string { return strings.Join(*field(&e), "\n") }, func(e *Entry, s string) error {
		if s != "" {
			*field(e) = strings.Split(s, "\n")
		}
		return nil
	}}
}

func day(name string, field func(*Entry) *calendar.Date) column {
	get := func(e Entry) string {
		if d := *field(&e); !d.IsZero() {
			return d.String()
		}
		return ""
	}
	return column{name, get, func(e *Entry, s string) (err error) {
		*field(e), err = ParseDate(name, s)
		return err
	}}
}

func setBool(e *Entry, s string) (err error) {
	if s != "" {
		e.Subprocessor, err = strconv.ParseBool(s)
	}
	return err
}

func setDays(e *Entry, s string) (err error) {
	if s != "" {
		e.ResponseDays, err = strconv.Atoi(s)
	}
	return err
}

func getAnswers(e Entry) string {
	if len(e.Vetting.Answers) == 0 {
		return ""
	}
	b, err := json.Marshal(e.Vetting.Answers)
	if err != nil { // strings only
		return ""
	}
	return string(b)
}

func setAnswers(e *Entry, s string) error {
	if s == "" {
		return nil
	}
	return json.Unmarshal([]byte(s), &e.Vetting.Answers)
}

// formulas begin a cell that a spreadsheet would compute. A cell that begins with one, or with the apostrophe itself, gets an apostrophe.
const formulas = "=+-@\t\r'"

func neutral(cell string) string {
	if cell != "" && strings.ContainsRune(formulas, rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func plain(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(formulas, rune(cell[1])) {
		return cell[1:]
	}
	return cell
}

// WriteCSV writes the register with a heading. No cell is a formula.
func WriteCSV(w io.Writer, list []Entry) error {
	out := csv.NewWriter(w)
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = c.name
	}
	if err := out.Write(row); err != nil {
		return err
	}
	for _, e := range list {
		for i, c := range columns {
			row[i] = neutral(c.get(e))
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// ReadCSV reads what WriteCSV wrote; columns may come in any order and may be left out. It fails with bad_file.
func ReadCSV(r io.Reader) ([]Entry, error) {
	in := csv.NewReader(r)
	heading, err := in.Read()
	if err != nil {
		return nil, badFile("it has no heading")
	}
	order := make([]column, len(heading))
	for i, name := range heading {
		at := slices.IndexFunc(columns, func(c column) bool { return c.name == strings.TrimPrefix(name, "\ufeff") })
		if at < 0 {
			return nil, badLine(1, "a column is unknown")
		}
		order[i] = columns[at]
	}
	var list []Entry
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		line, _ := in.FieldPos(0)
		if err != nil {
			return nil, badFile("a line cannot be read")
		}
		var e Entry
		for i, cell := range row {
			if err := order[i].set(&e, plain(cell)); err != nil {
				return nil, badLine(line, order[i].name+" cannot be read")
			}
		}
		list = append(list, e)
	}
}
