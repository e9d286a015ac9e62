package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store/vault"
)

func copyPlace(digest []byte) string { return "row_values/" + hex.EncodeToString(digest) }

// KeepValues keeps copies of located rows of a collection, sealed with the request's key, for somebody to decide about them; those that are there
// are replaced. They go when the plan is decided. keys are those of the rows. It fails with not_found or key_destroyed.
func (s *Store) KeepValues(ctx context.Context, requestID models.ID, collection datamap.Address, keys []datamap.Key, rows []datamap.Row) error {
	f := s.Found(requestID)
	if err := f.open(ctx); err != nil {
		return err
	}
	batch := &pgx.Batch{}
	for i, digest := range f.digests(collection, keys) {
		plain, err := json.Marshal(rows[i])
		if err != nil {
			return err
		}
		batch.Queue(`INSERT INTO row_values (row_digest, request_id, sealed) VALUES ($1, $2, $3) ON CONFLICT (row_digest) DO UPDATE SET sealed = excluded.sealed`,
			digest, requestID, f.key.Seal(copyPlace(digest), plain))
	}
	return unavailable(s.pool.SendBatch(ctx, batch).Close())
}

// forgetValues removes the copies of a request's rows, in the transaction that decides about them.
func forgetValues(tx *gorm.DB, requestID models.ID) error {
	return tx.Exec("DELETE FROM row_values WHERE request_id = ?", requestID).Error
}

// Details are the rows of the keys as they were located, with their links and why they are shared, in the keys' order; the zero row for a key that
// was not located. It fails with not_found or key_destroyed.
func (s *Store) Details(ctx context.Context, requestID models.ID, collection datamap.Address, keys []datamap.Key) ([]datamap.FoundRow, error) {
	f := s.Found(requestID)
	if err := f.open(ctx); err != nil {
		return nil, err
	}
	digests := f.digests(collection, keys)
	at := map[string]int{}
	for i, digest := range digests {
		at[string(digest)] = i
	}
	out := make([]datamap.FoundRow, len(keys))
	err := s.eachRow(ctx, f.key, selectRows+` WHERE digest = ANY($1)`, func(r LocatedRow) error {
		out[at[string(f.digest(collection, r.Row.Key))]] = r.Row
		return nil
	}, digests)
	return out, err
}

// ShownRow is a located row as staff sees it. Name stands for it in decisions and says nothing of anyone. Values is nil unless it was asked for and a
// copy is there; it is personal data, and other people's too.
type ShownRow struct {
	ID     int64 // place in the list
	Name   string
	Status RowStatus
	Row    datamap.FoundRow
	Values *datamap.Row
}

// RowsAsked is which rows of a group somebody looks at: at most Limit with an ID above After.
type RowsAsked struct {
	RequestID  models.ID
	PlanDigest string // of the plan whose rows they are to be; empty: of the latest, whichever that is
	Group      int
	After      int64
	Limit      int
	Values     bool // what is in them, too
}

// RowsShown is a page of the rows of a group of the latest plan. There are none once the request's key is destroyed.
type RowsShown struct {
	Plan    plan.Plan
	Decided bool
	Group   plan.Group
	Rows    []ShownRow
	More    bool // rows follow
}

// ShowRows shows a page of the rows of a group, and what is in them to the DPO and case handlers only, of which it records in the ledger who looked.
// It fails with not_found, values_forbidden or plan_changed.
func (s *Store) ShowRows(ctx context.Context, scope models.Scope, actor models.Actor, asked RowsAsked) (RowsShown, error) {
	r, err := findRequest(s.read(ctx), scope, asked.RequestID)
	if err != nil {
		return RowsShown{}, err
	}
	if asked.Values && actor.Role != models.RoleDPO && actor.Role != models.RoleHandler {
		return RowsShown{}, models.Errorf(models.Forbidden, "values_forbidden", "Your role may not see what is in the records.")
	}
	row, err := latestPlan(s.read(ctx), r.ID) // before the rows: a decision that names it is refused when they are of a later one
	if err != nil {
		return RowsShown{}, err
	}
	out := RowsShown{Plan: row.Body, Decided: row.DecidedAt != nil}
	if asked.PlanDigest != "" && asked.PlanDigest != out.Plan.Digest() {
		return RowsShown{}, planChanged()
	}
	i := slices.IndexFunc(out.Plan.Groups, func(g plan.Group) bool { return g.No == asked.Group })
	if i < 0 {
		return RowsShown{}, notFound("group")
	}
	out.Group = out.Plan.Groups[i]
	located, err := s.someRows(ctx, r.ID, asked.Group, asked.After, asked.Limit+1)
	if models.CodeOf(err) == "key_destroyed" {
		return out, nil
	}
	if err != nil || len(located) == 0 {
		return out, err
	}
	out.More = len(located) > asked.Limit
	out.Rows, err = s.shown(ctx, r, actor, asked, located[:min(len(located), asked.Limit)])
	return out, err
}

// someRows is RowsOf that gives fewer rows than limit only when there are no more.
func (s *Store) someRows(ctx context.Context, requestID models.ID, group int, after int64, limit int) ([]LocatedRow, error) {
	var out []LocatedRow
	for len(out) < limit {
		rows, err := s.RowsOf(ctx, requestID, group, after, limit-len(out))
		if err != nil || len(rows) == 0 {
			return out, err
		}
		out, after = append(out, rows...), rows[len(rows)-1].ID
	}
	return out, nil
}

// shown are located rows of one group, all of one collection.
func (s *Store) shown(ctx context.Context, r requestRow, actor models.Actor, asked RowsAsked, located []LocatedRow) ([]ShownRow, error) {
	f := s.Found(r.ID)
	if err := f.open(ctx); err != nil {
		return nil, err
	}
	address, keys := located[0].Row.Address, make([]datamap.Key, len(located))
	for i, l := range located {
		keys[i] = l.Row.Key
	}
	rows, err := s.Details(ctx, r.ID, address, keys)
	if err != nil {
		return nil, err
	}
	digests := f.digests(address, keys)
	out := make([]ShownRow, len(located))
	for i, l := range located {
		out[i] = ShownRow{ID: l.ID, Name: hex.EncodeToString(digests[i]), Status: l.Status, Row: rows[i]}
	}
	if !asked.Values {
		return out, nil
	}
	err = s.tx(ctx, func(tx *gorm.DB) error {
		return s.record(tx, r, actor, "rows.viewed", map[string]any{"group": asked.Group, "rows": len(out)})
	})
	if err != nil {
		return nil, err
	}
	return out, s.addValues(ctx, f.key, digests, out)
}

func (s *Store) addValues(ctx context.Context, key *vault.Key, digests [][]byte, shown []ShownRow) error {
	at := map[string]int{}
	for i, digest := range digests {
		at[string(digest)] = i
	}
	rows, err := s.pool.Query(ctx, `SELECT row_digest, sealed FROM row_values WHERE row_digest = ANY($1)`, digests)
	if err != nil {
		return unavailable(err)
	}
	var digest, sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&digest, &sealed}, func() error {
		plain, err := key.Open(copyPlace(digest), sealed)
		if err != nil {
			return err
		}
		var row datamap.Row
		if err := json.Unmarshal(plain, &row); err != nil {
			return err
		}
		shown[at[string(digest)]].Values = &row
		return nil
	})
	return unavailable(err)
}

// NamesOf are the names of located rows in decisions and corrections, by their keys. It fails with not_found or key_destroyed.
func (s *Store) NamesOf(ctx context.Context, requestID models.ID, collection datamap.Address, keys []datamap.Key) ([]string, error) {
	f := s.Found(requestID)
	if err := f.open(ctx); err != nil {
		return nil, err
	}
	out := make([]string, len(keys))
	for i, digest := range f.digests(collection, keys) {
		out[i] = hex.EncodeToString(digest)
	}
	return out, nil
}
