package models

import (
	"database/sql/driver"
	"encoding/hex"
	"fmt"
)

// ID identifies a row: 16 bytes, written as a lower-case UUID. Its zero value identifies nothing and is refused by the store.
type ID [16]byte

var errBadID = Errorf(Invalid, "bad_id", "The identifier is not a UUID.")

// ParseID reads the 36-character form; it fails with code bad_id.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, errBadID
	}
	plain := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36]
	if _, err := hex.Decode(id[:], []byte(plain)); err != nil {
		return ID{}, errBadID
	}
	return id, nil
}

// MustParseID is ParseID for constants in tests and fixtures; it panics on bad input.
func MustParseID(s string) ID {
	id, err := ParseID(s)
	if err != nil {
		panic(err)
	}
	return id
}

// IsZero reports whether id identifies nothing.
func (id ID) IsZero() bool { return id == ID{} }

func (id ID) String() string {
	b := hex.AppendEncode(make([]byte, 0, 36), id[:])
	return string(b[0:8]) + "-" + string(b[8:12]) + "-" + string(b[12:16]) + "-" + string(b[16:20]) + "-" + string(b[20:32])
}

// MarshalText writes the 36-character form.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads the 36-character form.
func (id *ID) UnmarshalText(b []byte) error {
	v, err := ParseID(string(b))
	*id = v
	return err
}

// Value stores the identifier as a uuid; the zero ID is stored as NULL.
func (id ID) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, nil
	}
	return id.String(), nil
}

// Scan reads a uuid column; NULL gives the zero ID.
func (id *ID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = ID{}
		return nil
	case string:
		return id.UnmarshalText([]byte(v))
	case []byte:
		if len(v) == 16 {
			copy(id[:], v)
			return nil
		}
		return id.UnmarshalText(v)
	case [16]byte:
		*id = v
		return nil
	}
	return fmt.Errorf("scan ID from %T", src)
}
