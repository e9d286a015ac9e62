package datamap

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"habeas/models/calendar"
)

// Row is an ordered list of columns and their values. Columns may be shared between rows and must not be changed.
type Row struct {
	Columns []string `json:"columns"`
	Values  []Value  `json:"values"`
}

// Get is the value of a column; false when the row has no such column.
func (r Row) Get(column string) (Value, bool) {
	for i, c := range r.Columns {
		if c == column {
			return r.Values[i], true
		}
	}
	return Null, false
}

// Pick is the values of the given columns, NULL for one that the row does not have.
func (r Row) Pick(columns []string) Key {
	key := make(Key, len(columns))
	for i, c := range columns {
		key[i], _ = r.Get(c)
	}
	return key
}

// Key is the values of a list of columns, in the list's order.
type Key []Value

// HasNull reports whether a value is absent.
func (k Key) HasNull() bool {
	for _, v := range k {
		if v.IsNull() {
			return true
		}
	}
	return false
}

// Digest identifies a row of a collection by its key without revealing it to anyone who lacks the secret: HMAC-SHA256 over
// the address and the values' text. The kinds do not enter, so that 1 and "1" are the same key.
func (k Key) Digest(secret []byte, address Address) [32]byte {
	mac := hmac.New(sha256.New, secret)
	write := func(s string) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		mac.Write(n[:])
		mac.Write([]byte(s))
	}
	write(address.Dataset)
	write(address.Collection)
	for _, v := range k {
		if v.IsNull() {
			mac.Write([]byte{0})
			continue
		}
		mac.Write([]byte{1})
		write(v.text)
	}
	return [32]byte(mac.Sum(nil))
}

// FoundRow is a row that the walk located for the subject. Key, Links and Path's start are personal data and are stored
// encrypted; the rest is not.
type FoundRow struct {
	System     string       `json:"system"`
	Address    Address      `json:"address"`
	Key        Key          `json:"key"`                  // values of the node's Key columns
	Links      Row          `json:"links"`                // values of the node's Links columns: what its references hold
	Controller string       `json:"controller,omitempty"` // slug of the customer whose row it is; empty: the operator's own
	Own        bool         `json:"own,omitempty"`        // carries one of the subject's identities
	Owned      bool         `json:"owned,omitempty"`      // own, or refers to an owned row
	Shared     bool         `json:"shared,omitempty"`
	Reason     ShareReason  `json:"reason,omitzero"` // why it is shared
	Anchors    []AnchorDate `json:"anchors,omitempty"`
	Path       []string     `json:"path"` // from the identity, one entry an edge: "email > crm.customer.email", …
}

// AnchorDate is the date that a column named by a hold contains; the zero date when it is NULL or no date.
type AnchorDate struct {
	Column string        `json:"column"`
	Date   calendar.Date `json:"date"`
}

// Dates are the start dates of a hold in this row, in the order of the hold's anchors; zero dates where there is none.
func (r *FoundRow) Dates(h Hold) []calendar.Date {
	dates := make([]calendar.Date, len(h.Anchors))
	for i, a := range h.Anchors {
		for _, d := range r.Anchors {
			if d.Column == a.Column {
				dates[i] = d.Date
			}
		}
	}
	return dates
}

// ShareReason says why a row counts as shared: a code, and the collection through which the other person is linked.
type ShareReason struct {
	Code string  `json:"code"`
	Via  Address `json:"via"`
}

// The codes of a ShareReason.
const (
	SharedOtherPerson   = "other_person"   // it refers to a row that is not the subject's, and so belongs to another person too
	SharedForeignRow    = "foreign_row"    // a row that is not the subject's refers to it
	SharedOtherIdentity = "other_identity" // it carries an identity that is another person's, or of a kind that the subject has not given
	SharedBySpread      = "shared_row"     // a shared row leads to it
	SharedByMap         = "map"            // the map says shared: always
)
