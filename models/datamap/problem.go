package datamap

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity says whether a problem refuses the map.
type Severity string

const (
	// Fault refuses the map.
	Fault Severity = "error"
	// Warning lets the map pass.
	Warning Severity = "warning"
)

// Problem is something wrong with a data map, in itself or against a live system.
type Problem struct {
	Severity Severity `json:"severity"`
	Code     string   `json:"code"` // stable, snake_case
	File     string   `json:"file,omitempty"`
	Line     int      `json:"line,omitempty"`   // from 1; 0 when unknown
	Column   int      `json:"column,omitempty"` // from 1; 0 when unknown
	Where    string   `json:"where"`            // dataset, dataset.collection or dataset.collection.field
	Message  string   `json:"message"`          // one sentence
	Advice   string   `json:"advice"`           // what to do, one sentence
}

func (p Problem) String() string {
	at := ""
	if p.File != "" {
		at = fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	}
	return fmt.Sprintf("%s%s: %s: %s %s [%s]", at, p.Severity, p.Where, p.Message, p.Advice, p.Code)
}

// Refused reports whether one of the problems is an error.
func Refused(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return p.Severity == Fault })
}

// SortProblems orders problems by file, line, column and code.
func SortProblems(problems []Problem) {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Code, b.Code))
	})
}

func problem(severity Severity, code string, pos Pos, where, message, advice string) Problem {
	return Problem{severity, code, pos.File, pos.Line, pos.Column, where, message, advice}
}
