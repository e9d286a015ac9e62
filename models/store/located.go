package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store/vault"
)

// batchOfRows bounds how many located rows are read or written at once, and so the memory that any number of them takes.
const batchOfRows = 2000

// Found is the state of one request's walk, as activities/walk asks for it (whose own names for a stage and a query this package may not
// import): every call is one statement, takes effect at once and may be repeated. The number of rows held in memory is that of the call. It is not safe for concurrent use.
type Found struct {
	s         *Store
	requestID models.ID
	key       *vault.Key // unwrapped by the first call
	secret    []byte     // keys the rows' digests
}

// Found is the state of a request's walk. Its calls fail with not_found or key_destroyed when there is no such request or its data was shredded.
func (s *Store) Found(requestID models.ID) *Found { return &Found{s: s, requestID: requestID} }

func (f *Found) open(ctx context.Context) error {
	if f.key != nil {
		return nil
	}
	key, err := f.s.keyOf(f.s.read(ctx), f.requestID)
	if err != nil {
		return err
	}
	f.key, f.secret = key, key.Digest("located_rows.digest", nil)
	return nil
}

func (f *Found) digest(a datamap.Address, key datamap.Key) []byte {
	sum := key.Digest(f.secret, a)
	return sum[:]
}

// digests are what the rows of the keys are looked for by: keyed with this request's secret and made of the address too, they match no
// row of another request or collection.
func (f *Found) digests(a datamap.Address, keys []datamap.Key) [][]byte {
	out := make([][]byte, len(keys))
	for i, k := range keys {
		out[i] = f.digest(a, k)
	}
	return out
}

// rowPlace binds a sealed row to its digest, so that two rows of a request cannot be swapped.
func rowPlace(digest []byte) string { return "located_rows/" + hex.EncodeToString(digest) }

// sealRow seals what is personal of a row.
func sealRow(key *vault.Key, digest []byte, r datamap.FoundRow) []byte {
	b := binary.AppendUvarint([]byte{codecVersion}, uint64(len(r.Key)))
	b = appendValues(b, r.Key)
	b = appendTexts(b, r.Links.Columns)
	b = appendValues(b, r.Links.Values)
	b = binary.AppendUvarint(b, uint64(len(r.Anchors)))
	for _, a := range r.Anchors {
		b = appendDate(appendText(b, a.Column), a.Date)
	}
	return key.Seal(rowPlace(digest), appendTexts(b, r.Path))
}

func openRow(key *vault.Key, digest, sealed []byte, r *datamap.FoundRow) error {
	plain, err := key.Open(rowPlace(digest), sealed)
	if err != nil {
		return err
	}
	d := &decoder{text: string(plain)}
	d.bad = d.byte() != codecVersion
	r.Key = make(datamap.Key, d.count())
	d.values(r.Key)
	r.Links.Columns = d.strings()
	r.Links.Values = make([]datamap.Value, len(r.Links.Columns))
	d.values(r.Links.Values)
	if n := d.count(); n > 0 {
		r.Anchors = make([]datamap.AnchorDate, n)
	}
	for i := range r.Anchors {
		r.Anchors[i] = datamap.AnchorDate{Column: d.string(), Date: d.date()}
	}
	r.Path = d.strings()
	return d.done()
}

const addRowsSQL = `
INSERT INTO located_rows (request_id, system, dataset, collection, digest, controller, own, owned, shared, reason, via_dataset,
                          via_collection, sealed)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::boolean[], $8::boolean[], $9::boolean[],
                         $10::text[], $11::text[], $12::text[], $13::bytea[])
ON CONFLICT DO NOTHING`

// Add keeps the rows that are not there yet, at stage 0, and returns how many these were.
func (f *Found) Add(ctx context.Context, rows []datamap.FoundRow) (int, error) {
	if err := f.open(ctx); err != nil {
		return 0, err
	}
	added := 0
	for len(rows) > 0 {
		n, err := f.add(ctx, rows[:min(len(rows), batchOfRows)])
		if err != nil {
			return added, err
		}
		added += n
		rows = rows[min(len(rows), batchOfRows):]
	}
	return added, nil
}

func (f *Found) add(ctx context.Context, rows []datamap.FoundRow) (int, error) {
	var system, dataset, collection, controller, reason, viaDataset, viaCollection []string
	var own, owned, shared []bool
	var digests, sealed [][]byte
	for _, r := range rows {
		digest := f.digest(r.Address, r.Key)
		digests, sealed = append(digests, digest), append(sealed, sealRow(f.key, digest, r))
		system, dataset, collection = append(system, r.System), append(dataset, r.Address.Dataset), append(collection, r.Address.Collection)
		controller, reason = append(controller, r.Controller), append(reason, r.Reason.Code)
		viaDataset, viaCollection = append(viaDataset, r.Reason.Via.Dataset), append(viaCollection, r.Reason.Via.Collection)
		own, owned, shared = append(own, r.Own), append(owned, r.Owned), append(shared, r.Shared)
	}
	return f.exec(ctx, addRowsSQL, f.requestID, system, dataset, collection, digests, controller, own, owned, shared, reason, viaDataset,
		viaCollection, sealed)
}

// exec runs one statement under the request's advisory lock, which both get to the database at once and in one transaction: a worker that
// was given up for dead may still be writing the same rows in another order, and the two would deadlock.
func (f *Found) exec(ctx context.Context, sql string, args ...any) (int, error) {
	batch := &pgx.Batch{}
	batch.Queue(`SELECT pg_advisory_xact_lock(hashtextextended('located rows ' || $1, 0))`, f.requestID.String())
	var changed int64
	batch.Queue(sql, args...).Exec(func(tag pgconn.CommandTag) error {
		changed = tag.RowsAffected()
		return nil
	})
	err := f.s.pool.SendBatch(ctx, batch).Close()
	return int(changed), unavailable(err)
}

// Has reports for each key whether its row is there.
func (f *Found) Has(ctx context.Context, collection datamap.Address, keys []datamap.Key) ([]bool, error) {
	if err := f.open(ctx); err != nil {
		return nil, err
	}
	digests := f.digests(collection, keys)
	rows, err := f.s.pool.Query(ctx, `
SELECT digest FROM located_rows WHERE digest = ANY($1)`, digests)
	if err != nil {
		return nil, unavailable(err)
	}
	there := map[string]bool{}
	var digest []byte
	_, err = pgx.ForEachRow(rows, []any{&digest}, func() error {
		there[string(digest)] = true
		return nil
	})
	out := make([]bool, len(keys))
	for i, d := range digests {
		out[i] = there[string(d)]
	}
	return out, unavailable(err)
}

// PendingQuery selects rows of a walk that wait for a stage.
type PendingQuery struct {
	Collection datamap.Address
	From       int
	Stage      int
	Owned      bool // only owned rows
	Shared     bool // only shared rows
	Limit      int
}

// Pending returns at most q.Limit rows of one collection whose stage is below q.Stage, but not below q.From, and which are as q asks.
func (f *Found) Pending(ctx context.Context, q PendingQuery) ([]datamap.FoundRow, error) {
	if err := f.open(ctx); err != nil {
		return nil, err
	}
	var out []datamap.FoundRow
	err := f.s.eachRow(ctx, f.key, pendingSQL(q),
		func(r LocatedRow) error {
			out = append(out, r.Row)
			return nil
		}, f.requestID, q.Collection.Dataset, q.Collection.Collection, q.Stage, q.Limit, q.From)
	return out, err
}

// pendingSQL asks for each combination of the flags by itself, which is one range of the index each. One condition that leaves a flag open
// would read past all rows of the other value again and again.
func pendingSQL(q PendingQuery) string {
	var parts []string
	for _, owned := range either(q.Owned) {
		for _, shared := range either(q.Shared) {
			parts = append(parts, "("+selectRows+`
WHERE request_id = $1 AND dataset = $2 AND collection = $3 AND owned = `+owned+` AND shared = `+shared+` AND stage < $4 AND stage >= $6 LIMIT $5)`)
		}
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return strings.Join(parts, " UNION ALL ") + " LIMIT $5"
}

// either is the values that a flag may have: only true when it is asked for, any when it is not.
func either(asked bool) []string {
	if asked {
		return []string{"true"}
	}
	return []string{"true", "false"}
}

// Advance sets the stage of rows; it never lowers one.
func (f *Found) Advance(ctx context.Context, collection datamap.Address, keys []datamap.Key, to int) error {
	if err := f.open(ctx); err != nil {
		return err
	}
	_, err := f.exec(ctx, `
UPDATE located_rows SET stage = $2 WHERE digest = ANY($1) AND stage < $2`, f.digests(collection, keys), to)
	return err
}

// Share marks those of the keys that are there, are not the subject's own and not shared yet, and not owned if spareOwned; it returns
// how many. A marked row gives its reason.
func (f *Found) Share(ctx context.Context, collection datamap.Address, keys []datamap.Key, reason datamap.ShareReason, spareOwned bool) (int, error) {
	if err := f.open(ctx); err != nil {
		return 0, err
	}
	return f.exec(ctx, `
UPDATE located_rows SET shared = true, reason = $2, via_dataset = $3, via_collection = $4
WHERE digest = ANY($1) AND NOT own AND NOT shared AND NOT (owned AND $5)`,
		f.digests(collection, keys), reason.Code, reason.Via.Dataset, reason.Via.Collection, spareOwned)
}

// wholeName is a collection as the index for streaming has it; a dataset's key holds no slash.
func wholeName(a datamap.Address) string { return a.Dataset + "/" + a.Collection }

// Each streams the rows of one collection in the order in which they were found, in batches, and ends with yield's error. No connection is
// held while yield runs.
func (f *Found) Each(ctx context.Context, collection datamap.Address, yield func(datamap.FoundRow) error) error {
	if err := f.open(ctx); err != nil {
		return err
	}
	var last int64
	for {
		var batch []LocatedRow
		err := f.s.eachRow(ctx, f.key, selectRows+`
WHERE request_id = $1 AND dataset || '/' || collection = $2 AND id > $3 ORDER BY id LIMIT $4`,
			func(r LocatedRow) error {
				batch, last = append(batch, r), r.ID
				return nil
			}, f.requestID, wholeName(collection), last, batchOfRows)
		if err != nil {
			return err
		}
		for _, r := range batch {
			if err := yield(r.Row); err != nil {
				return err
			}
		}
		if len(batch) < batchOfRows {
			return nil
		}
	}
}

// selectRows begins every query that eachRow reads.
const selectRows = `
SELECT id, system, dataset, collection, digest, controller, own, owned, shared, reason, via_dataset, via_collection, sealed
FROM located_rows`

// eachRow runs a query that begins with selectRows and calls fn with each row, opened.
func (s *Store) eachRow(ctx context.Context, key *vault.Key, sql string, fn func(LocatedRow) error, args ...any) error {
	rows, err := s.pool.Query(ctx, sql, args...)
	if err != nil {
		return unavailable(err)
	}
	defer rows.Close()
	for rows.Next() {
		var l LocatedRow
		var digest, sealed []byte
		r := &l.Row
		err := rows.Scan(&l.ID, &r.System, &r.Address.Dataset, &r.Address.Collection, &digest, &r.Controller, &r.Own, &r.Owned, &r.Shared,
			&r.Reason.Code, &r.Reason.Via.Dataset, &r.Reason.Via.Collection, &sealed)
		if err == nil {
			err = openRow(key, digest, sealed, r)
		}
		if err == nil {
			err = fn(l)
		}
		if err != nil {
			return err
		}
	}
	return unavailable(rows.Err())
}
