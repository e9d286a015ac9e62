package persons

import (
	"bufio"
	"errors"
	"io"
	"net/mail"
	"strings"
	"unicode"

	"habeas/models"
	"habeas/models/datamap"
)

// Person is somebody who can be written to.
type Person struct {
	Email models.Personal // as it was given, without blanks around it
	Name  models.Personal // may be empty
}

// Index is the form in which two addresses are the same person's.
func (p Person) Index() string { return datamap.Fold(datamap.IdentityEmail, p.Email.Reveal()) }

// Reachable reports whether the person's address can be written to.
func (p Person) Reachable() bool {
	a, err := mail.ParseAddress(p.Email.Reveal())
	return err == nil && a.Address == p.Email.Reveal() && a.Name == "" && len(a.Address) <= 254
}

// Report counts the lines of a list.
type Report struct {
	Lines      int   // that are not blank
	Persons    int   // handed on
	Duplicates int   // of an address further up in the same list
	Broken     []int // numbers of lines without an address that can be written to; at most MaxBroken of them
	BrokenAll  int
}

// MaxBroken is how many broken lines a report names.
const MaxBroken = 50

// MaxLine is the most bytes of a line.
const MaxLine = 4 << 10

// Read reads a list: a line a person, the address alone or a table of a spreadsheet (CSV) with a column called email and perhaps one called name.
// It calls each for every person once and streams: its memory grows by an address a person. It fails with line_too_long, and with each's error.
func Read(r io.Reader, each func(Person) error) (Report, error) {
	var out Report
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, MaxLine), MaxLine)
	seen := map[string]bool{}
	var table *columns
	for no := 1; in.Scan(); no++ {
		line := strings.TrimFunc(strings.TrimPrefix(in.Text(), "\ufeff"), unicode.IsSpace)
		if line == "" {
			continue
		}
		if out.Lines == 0 && table == nil {
			if table = header(line); table != nil {
				continue
			}
		}
		out.Lines++
		p, ok := table.person(line)
		switch {
		case !ok:
			if out.BrokenAll++; len(out.Broken) < MaxBroken {
				out.Broken = append(out.Broken, no)
			}
			continue
		case seen[p.Index()]:
			out.Duplicates++
			continue
		}
		seen[p.Index()] = true
		out.Persons++
		if err := each(p); err != nil {
			return out, err
		}
	}
	if errors.Is(in.Err(), bufio.ErrTooLong) {
		return out, models.Errorf(models.Invalid, "line_too_long", "A line of the list is longer than %d bytes.", MaxLine)
	}
	return out, in.Err()
}

// columns says where a table has its addresses and names; nil is a list of addresses alone.
type columns struct {
	separator   string
	email, name int
}

// header reads the first line of a table; nil when it is a person already.
func header(line string) *columns {
	if strings.Contains(line, "@") {
		return nil
	}
	for _, separator := range []string{",", ";", "\t"} {
		c := &columns{separator: separator, email: -1, name: -1}
		for i, cell := range strings.Split(line, separator) {
			switch strings.ToLower(unquote(cell)) {
			case "email", "e-mail", "mail", "address":
				c.email = i
			case "name":
				c.name = i
			}
		}
		if c.email >= 0 {
			return c
		}
	}
	return nil
}

func (c *columns) person(line string) (Person, bool) {
	var p Person
	if c == nil {
		p.Email = models.Personal(unquote(line))
	} else {
		cells := cellsOf(line, c.separator)
		if c.email >= len(cells) {
			return p, false
		}
		p.Email = models.Personal(cells[c.email])
		if c.name >= 0 && c.name < len(cells) {
			p.Name = models.Personal(cells[c.name])
		}
	}
	return p, p.Reachable()
}

// cellsOf splits a line of CSV; a cell in quotes may hold the separator and doubled quotes.
func cellsOf(line, separator string) []string {
	var out []string
	var cell strings.Builder
	quoted := false
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '"' && quoted && i+1 < len(line) && line[i+1] == '"':
			cell.WriteByte('"')
			i++
		case line[i] == '"':
			quoted = !quoted
		case string(line[i]) == separator && !quoted:
			out = append(out, strings.TrimSpace(cell.String()))
			cell.Reset()
		default:
			cell.WriteByte(line[i])
		}
	}
	return append(out, strings.TrimSpace(cell.String()))
}

func unquote(s string) string { return strings.Trim(strings.TrimSpace(s), `"`) }
