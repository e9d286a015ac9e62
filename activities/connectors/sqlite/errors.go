package sqlite

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"

	"habeas/activities/connectors"
	"habeas/activities/connectors/relational"
	"habeas/models"
)

// Result codes of SQLite, of which the lower byte is the class.
const (
	codeError      = 1
	codePerm       = 3
	codeBusy       = 5
	codeLocked     = 6
	codeReadOnly   = 8
	codeInterrupt  = 9
	codeFull       = 13
	codeCantOpen   = 14
	codeSchema     = 17
	codeTooBig     = 18
	codeConstraint = 19
	codeMismatch   = 20
	codeAuth       = 23
	codeNotADB     = 26

	codeCheck      = codeConstraint | 1<<8
	codeForeignKey = codeConstraint | 3<<8
	codePrimaryKey = codeConstraint | 6<<8
	codeTrigger    = codeConstraint | 7<<8
	codeUnique     = codeConstraint | 8<<8
	codeRowID      = codeConstraint | 10<<8
)

// codes are the class of an error and its exact code; zero for an error that is not SQLite's.
func codes(err error) (class, code int) {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return 0, 0
	}
	return e.Code() & 0xff, e.Code()
}

// Failure says what an error means. The message of SQLite is dropped: a trigger may put a value into it.
func (dialect) Failure(err error) relational.Failure {
	class, code := codes(err)
	if class == 0 {
		return relational.Failure{Kind: models.Unavailable, Code: connectors.CodeUnavailable, Text: "does not answer"}
	}
	f := meaning(class)
	f.Cause = fmt.Errorf("SQLite code %d", code)
	f.Blocked = map[int]string{
		codeForeignKey: connectors.BlockedReferenced, codePrimaryKey: connectors.BlockedUnique, codeUnique: connectors.BlockedUnique,
		codeRowID: connectors.BlockedUnique, codeCheck: connectors.BlockedRefused, codeTrigger: connectors.BlockedRefused,
	}[code]
	f.Again = class == codeSchema
	return f
}

func meaning(class int) relational.Failure {
	switch class {
	case codeReadOnly:
		return relational.Failure{Kind: models.Conflict, Code: connectors.CodeReadOnly, Text: "is read-only; nothing was changed"}
	case codeBusy, codeLocked, codeInterrupt:
		return relational.Failure{Kind: models.Unavailable, Code: connectors.CodeBusy, Text: "is busy; nothing was changed"}
	case codePerm, codeAuth:
		return relational.Failure{Kind: models.Forbidden, Code: connectors.CodeRefused, Text: "refuses the rights that are needed"}
	case codeError, codeConstraint, codeMismatch, codeTooBig, codeNotADB:
		return relational.Failure{Kind: models.Invalid, Code: connectors.CodeMismatch, Text: "does not fit the data map"}
	case codeCantOpen, codeFull:
		return relational.Failure{Kind: models.Unavailable, Code: connectors.CodeUnavailable, Text: "cannot be opened or written"}
	default:
		return relational.Failure{Kind: models.Unavailable, Code: connectors.CodeFailed, Text: "failed"}
	}
}
