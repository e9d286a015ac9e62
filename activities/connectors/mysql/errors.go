package mysql

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/go-sql-driver/mysql"

	"habeas/activities/connectors"
	"habeas/activities/connectors/relational"
	"habeas/models"
)

// Error numbers that are used in more than one place.
const (
	errNoDatabase = 1049
	errNoRight    = 1142
	errNoTable    = 1146
	errDeadlock   = 1213
)

// signalled is the SQLSTATE with which a trigger refuses.
const signalled = "45000"

// number is the server's number of an error, 0 for one that is not the server's.
func number(err error) uint16 {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return e.Number
	}
	return 0
}

// meant is what some errors mean.
type meant struct {
	numbers []uint16
	relational.Failure
}

// meanings are of the numbers whose SQLSTATE does not say enough.
var meanings = []meant{
	{[]uint16{1290, 1792, 1836, 3707}, relational.Failure{Kind: models.Conflict, Code: connectors.CodeReadOnly, Text: "is read-only; nothing was changed"}},
	{[]uint16{1205, errDeadlock, 1317, 1969, 3024, 3572, 1099, 1412}, relational.Failure{Kind: models.Unavailable, Code: connectors.CodeBusy, Text: "is busy; nothing was changed"}},
	{[]uint16{1045, 1698, 1862, 3118, 4151}, relational.Failure{Kind: models.Forbidden, Code: connectors.CodeCredentials, Text: "does not accept the credentials"}},
	{[]uint16{1044, errNoRight, 1143, 1227, 1370, 1419, 1356}, relational.Failure{Kind: models.Forbidden, Code: connectors.CodeRefused, Text: "refuses the rights that are needed"}},
	{[]uint16{1040, 1053, 1129, 1130, 1153, 1158, 1159, 1160, 1161, 1203, 1226, 1184, 1927, 3159}, relational.Failure{Kind: models.Unavailable, Code: connectors.CodeUnavailable, Text: "does not answer"}},
	{
		[]uint16{1048, errNoDatabase, 1051, 1054, 1064, 1136, errNoTable, 1264, 1265, 1292, 1364, 1366, 1406, 1411, 1305, 1690, 3140, 3141},
		relational.Failure{Kind: models.Invalid, Code: connectors.CodeMismatch, Text: "does not fit the data map"},
	},
}

// Failure says what an error means. The server's message is dropped, since it may quote a value, but for names of constraints.
func (dialect) Failure(err error) relational.Failure {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return relational.Failure{Kind: models.Unavailable, Code: connectors.CodeUnavailable, Text: "does not answer"}
	}
	f := meaning(e)
	f.Cause = fmt.Errorf("error %d, SQLSTATE %s", e.Number, e.SQLState[:])
	f.Again = e.Number == errDeadlock
	f.Blocked, f.Detail = blocked(e)
	return f
}

func meaning(e *mysql.MySQLError) relational.Failure {
	for _, m := range meanings {
		for _, n := range m.numbers {
			if n == e.Number {
				return m.Failure
			}
		}
	}
	switch state := string(e.SQLState[:]); {
	case strings.HasPrefix(state, "22"), strings.HasPrefix(state, "42"):
		return relational.Failure{Kind: models.Invalid, Code: connectors.CodeMismatch, Text: "does not fit the data map"}
	case strings.HasPrefix(state, "08"):
		return relational.Failure{Kind: models.Unavailable, Code: connectors.CodeUnavailable, Text: "does not answer"}
	default:
		return relational.Failure{Kind: models.Unavailable, Code: connectors.CodeFailed, Text: "failed"}
	}
}

// Names in messages, which come from the catalogue. A key's name is at the end, behind a value, and so is looked for from there.
var (
	foreignKey = regexp.MustCompile("fails \\(`(?:[^`]|``)*`\\.`((?:[^`]|``)+)`, CONSTRAINT `((?:[^`]|``)+)` FOREIGN KEY")
	uniqueKey  = regexp.MustCompile(`' for key '(?:[^'.]*\.)?(\w+)'$`)
	check      = regexp.MustCompile("^(?:CONSTRAINT `(?:(?:[^`]|``)+`\\.`)?((?:[^`]|``)+)` failed|Check constraint '([^']+)' is violated)")
)

// blocked is the code for an error that belongs to single rows, "" for any other.
func blocked(e *mysql.MySQLError) (code, detail string) {
	switch e.Number {
	case 1451, 1217, 1452, 1216:
		if m := foreignKey.FindStringSubmatch(e.Message); m != nil {
			detail = m[1] + " " + m[2]
		}
		return connectors.BlockedReferenced, detail
	case 1062, 1169, 1586, 1859:
		if m := uniqueKey.FindStringSubmatch(e.Message); m != nil {
			detail = m[1]
		}
		return connectors.BlockedUnique, detail
	case 4025, 3819:
		if m := check.FindStringSubmatch(e.Message); m != nil {
			detail = m[1] + m[2]
		}
		return connectors.BlockedRefused, detail
	}
	if string(e.SQLState[:]) == signalled {
		return connectors.BlockedRefused, ""
	}
	return "", ""
}
