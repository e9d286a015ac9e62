package intake

import (
	"slices"
	"strings"
	"unicode/utf8"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/request"
)

// Statement is what a right needs to be said besides, as it was typed.
type Statement struct {
	Ground      string
	Purposes    []string
	Situation   string
	Wrong       string
	Correct     string
	Corrections []Said
}

// Said is a correction as field and value, as it was typed.
type Said struct{ Field, Value string }

// Longest texts and list of corrections.
const (
	maxSaid        = 50
	maxField       = 100
	maxCorrection  = 1000
	separatorOfSay = "="
)

// Lines reads corrections that were typed as lines of the form "field = value"; what has another form comes back with an empty field, which Check
// refuses.
func Lines(text string) []Said {
	var out []Said
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		field, value, ok := strings.Cut(line, separatorOfSay)
		if !ok {
			field = ""
		}
		out = append(out, Said{strings.TrimSpace(field), strings.TrimSpace(value)})
	}
	return out
}

// statement checks what the right needs and refuses what belongs to another.
func statement(right models.Right, raw Statement, faults *problem.Faults) request.Statement {
	c := statementCheck{faults: faults}
	switch right {
	case models.Restriction:
		c.ground(raw)
		raw.Ground = ""
	case models.Objection:
		c.purposes(raw)
		raw.Purposes, raw.Situation = nil, ""
	case models.Rectification:
		c.corrections(raw)
		raw.Wrong, raw.Correct, raw.Corrections = "", "", nil
	default: // needs nothing more to be said
	}
	for field, given := range map[string]bool{
		"/ground": raw.Ground != "", "/purposes": len(raw.Purposes) > 0, "/situation": raw.Situation != "", "/wrong": raw.Wrong != "",
		"/correct": raw.Correct != "", "/corrections": len(raw.Corrections) > 0,
	} {
		if given && right != "" {
			c.add(field, "not_of_this_right", "This member belongs to another right.")
		}
	}
	return c.out
}

type statementCheck struct {
	out    request.Statement
	faults *problem.Faults
}

func (c *statementCheck) add(field, code, message string) {
	*c.faults = append(*c.faults, models.Errorf(models.Invalid, code, "%s", message).At(field))
}

func (c *statementCheck) text(field, typed string) models.Personal {
	if utf8.RuneCountInString(typed) > maxMessage {
		c.add(field, "too_long", "The text is too long.")
	}
	return models.Personal(strings.TrimSpace(typed))
}

func (c *statementCheck) ground(raw Statement) {
	ground := strings.TrimSpace(raw.Ground)
	if ground == "" {
		c.add("/ground", "missing_ground", "Say why the data is to be restricted: accuracy, unlawful, claims or objection.")
		return
	}
	g, err := request.ParseGround(ground)
	if err != nil {
		c.add("/ground", "unknown_ground", "The ground must be one of accuracy, unlawful, claims, objection.")
	}
	c.out.Ground = g
}

func (c *statementCheck) purposes(raw Statement) {
	for _, typed := range raw.Purposes {
		p, err := request.ParsePurpose(strings.TrimSpace(typed))
		if err != nil {
			c.add("/purposes", "unknown_purpose", "A purpose must be one of direct_marketing, profiling, legitimate_interests, research.")
			return
		}
		c.out.Purposes = append(c.out.Purposes, p)
	}
	slices.Sort(c.out.Purposes)
	c.out.Purposes = slices.Compact(c.out.Purposes)
	if len(c.out.Purposes) == 0 {
		c.add("/purposes", "missing_purpose", "Name at least one purpose that the data is not to be used for.")
	}
	c.out.Situation = c.text("/situation", raw.Situation)
	if c.out.Weighed() && c.out.Situation == "" {
		c.add("/situation", "missing_situation", "Say what it is in your situation; only an objection to direct marketing needs no reason.")
	}
}

func (c *statementCheck) corrections(raw Statement) {
	c.out.Wrong, c.out.Correct = c.text("/wrong", raw.Wrong), c.text("/correct", raw.Correct)
	if len(raw.Corrections) > maxSaid {
		c.add("/corrections", "too_many_items", "There are too many corrections; send the rest as another request.")
		return
	}
	for _, s := range raw.Corrections {
		field, value := clean(s.Field), strings.TrimSpace(s.Value)
		if field == "" || utf8.RuneCountInString(field) > maxField || utf8.RuneCountInString(value) > maxCorrection {
			c.add("/corrections", "bad_correction", "Write each correction as the name of a field and the value that is right.")
			return
		}
		c.out.Corrections = append(c.out.Corrections, request.Said{Field: models.Personal(field), Value: models.Personal(value)})
	}
	if c.out.Correct == "" && len(c.out.Corrections) == 0 {
		c.add("/correct", "missing_correction", "Say what is right.")
	}
}
