package store

import (
	"bytes"
	"slices"

	"habeas/models/datamap"
)

// RowStatus is what became of a located row.
type RowStatus string

const (
	RowLocated    RowStatus = "located"    // nothing was done yet
	RowRestricted RowStatus = "restricted" // marked in its system, Art. 18
	RowErased     RowStatus = "erased"
	RowMasked     RowStatus = "masked" // some fields were overwritten
	RowKept       RowStatus = "kept"
	RowMissing    RowStatus = "missing" // it was gone already
	RowBlocked    RowStatus = "blocked" // its system refuses; a person must look
)

// LocatedRow is a located row in its group of the plan. Row.Key, Row.Links and Row.Path are personal data.
type LocatedRow struct {
	ID     int64            // once it is in a group; the order in which the rows were found
	Row    datamap.FoundRow // in a group only what an erasure needs: address, controller, key and anchors
	Status RowStatus
	Begun  bool // its erasure was begun before, and what came of it is not known
}

// statusLetters are the statuses in their stored form, a letter a row.
var statusLetters = map[RowStatus]byte{
	RowLocated: 'l', RowRestricted: 'r', RowErased: 'e', RowMasked: 'm', RowKept: 'k', RowMissing: 'g', RowBlocked: 'b',
}

func statusOf(letter byte) RowStatus {
	for status, l := range statusLetters {
		if l == letter {
			return status
		}
	}
	return ""
}

// statuses are those of a chunk's rows: one for all of them, or a letter a row.
type statuses struct {
	all     RowStatus
	letters []byte
	rows    int
}

func (s *statuses) of(i int) RowStatus {
	if s.letters == nil {
		return s.all
	}
	return statusOf(s.letters[i])
}

// set gives a row a status unless it stays as it is: what is erased or was missing stays so, and what is masked can only be erased.
func (s *statuses) set(i int, to RowStatus) (changed bool) {
	from := s.of(i)
	if from == to || from == RowErased || from == RowMissing || from == RowMasked && to != RowErased {
		return false
	}
	if s.letters == nil {
		s.letters = bytes.Repeat([]byte{statusLetters[s.all]}, s.rows)
	}
	s.letters[i] = statusLetters[to]
	return true
}

// settle keeps one status instead of equal letters.
func (s *statuses) settle() {
	if s.letters != nil && !slices.ContainsFunc(s.letters, func(l byte) bool { return l != s.letters[0] }) {
		s.all, s.letters = statusOf(s.letters[0]), nil
	}
}

// count adds the rows of each status.
func (s *statuses) count(into map[RowStatus]int64) {
	if s.letters == nil {
		into[s.all] += int64(s.rows)
		return
	}
	var n [256]int64
	for _, l := range s.letters {
		n[l]++
	}
	for status, l := range statusLetters {
		if n[l] > 0 {
			into[status] += n[l]
		}
	}
}
