package walk

import (
	"context"

	"habeas/models/datamap"
)

// Stage is how far the walk has got with a row. A row enters at stage 0; the stages are worked off in their order, each for all
// rows, so that the result does not depend on the order in which rows are found.
type Stage int

const (
	// StageOwned: of an owned row, the rows that refer to it have been looked up, which are owned too.
	StageOwned Stage = iota + 1
	// StageReferred: of an owned row, the rows that it refers to have been looked up.
	StageReferred
	// StageReached: of any other row, the rows that it leads to have been looked up.
	StageReached
	// StageClaimed: it is known whether the row refers to a row that is not the subject's.
	StageClaimed
	// StageInherited: if it does, the rows that refer to it have been marked.
	StageInherited
	// StageChecked: it is known whether a row that is not the subject's refers to the row.
	StageChecked
	// StageSpread: if the row is shared, the rows that it leads to have been marked.
	StageSpread
)

// Found keeps the rows that a walk has located for one request; it is the walk's whole state, so that another process can
// continue it. A row is known by its collection and key. Its calls come from one goroutine. All take effect at once and are
// safe to repeat.
type Found interface {
	// Add keeps the rows that are not there yet, at stage 0, and returns how many these were; those already there stay as they are.
	Add(ctx context.Context, rows []datamap.FoundRow) (int, error)
	// Has reports for each key whether its row is there.
	Has(ctx context.Context, collection datamap.Address, keys []datamap.Key) ([]bool, error)
	// Pending returns at most limit rows of one collection whose stage is below q.Stage, but not below q.From, and which are as q asks;
	// none when the work of that stage is done.
	Pending(ctx context.Context, q PendingQuery) ([]datamap.FoundRow, error)
	// Advance sets the stage of rows; it never lowers one.
	Advance(ctx context.Context, collection datamap.Address, keys []datamap.Key, to Stage) error
	// Share marks those of the keys that are there, are not Own and not shared yet, and not Owned if spareOwned; it returns how many.
	// A marked row gives its reason.
	Share(ctx context.Context, collection datamap.Address, keys []datamap.Key, reason datamap.ShareReason, spareOwned bool) (int, error)
	// Each streams the rows of one collection in a stable order, and ends with yield's error.
	Each(ctx context.Context, collection datamap.Address, yield func(datamap.FoundRow) error) error
}

// PendingQuery selects rows that wait for a stage.
type PendingQuery struct {
	Collection datamap.Address
	From       Stage
	Stage      Stage
	Owned      bool // only owned rows
	Shared     bool // only shared rows
	Limit      int
}
