package sqlite

import (
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"strings"

	"modernc.org/sqlite"

	"habeas/activities/connectors/relational"
	"habeas/models/datamap"
)

// register gives statements what SQLite itself can do for ASCII only, or not at all.
func register(d *sqlite.Driver) error {
	for name, fn := range map[string]struct {
		args int32
		call func(args []driver.Value) driver.Value
	}{
		"habeas_fold":  {1, fold},
		"habeas_holds": {2, holds},
		"habeas_bytes": {1, unpack},
	} {
		err := d.RegisterDeterministicScalarFunction(name, fn.args, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
			return fn.call(args), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fold is the form in which e-mail addresses are compared.
func fold(args []driver.Value) driver.Value {
	if args[0] == nil {
		return nil
	}
	return datamap.Fold(datamap.IdentityEmail, relational.String(args[0]))
}

// separator stands in no identifier; SQLite ends texts at a zero byte.
const separator = "\x1f"

// holds reports whether a value contains one of the texts, which are in lower case and separated by separator.
func holds(args []driver.Value) driver.Value {
	text := relational.String(args[0])
	if strings.Contains(text, `\`) {
		text += unescaped(text)
	}
	text = strings.ToLower(text)
	for one := range strings.SplitSeq(relational.String(args[1]), separator) {
		if strings.Contains(text, one) {
			return int64(1)
		}
	}
	return int64(0)
}

// unescaped is a document with its letters written out; empty for what is no document.
func unescaped(text string) string {
	var document any
	if json.Unmarshal([]byte(text), &document) != nil {
		return ""
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(document) != nil {
		return ""
	}
	return b.String()
}

// The marks of what a column of bytes holds: bytes in hexadecimal, or a text.
const (
	markBytes = "x"
	markText  = "t"
)

// unpack makes bytes or text of a marked form.
func unpack(args []driver.Value) driver.Value {
	form, ok := args[0].(string)
	if !ok || form == "" {
		return nil
	}
	if form[:1] == markText {
		return form[1:]
	}
	b, err := hex.DecodeString(form[1:])
	if err != nil {
		return nil
	}
	if b == nil {
		b = []byte{}
	}
	return b
}
