package store

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/ledger"
)

// sealLock is the advisory lock under which the chain grows; sealBatch bounds the entries of one transaction.
const (
	sealLock  = 0x6861_6265_6173 // "habeas"
	sealBatch = 1000
)

// unsealedAfter is how long an entry may wait for its seal before verification reports it.
const unsealedAfter = time.Minute

type chainRow struct {
	Seq      int64 `gorm:"primaryKey;autoIncrement:false"`
	EntryID  models.ID
	PrevHash []byte
	Hash     []byte
}

func (chainRow) TableName() string { return "ledger_chain" }

type checkpointRow struct {
	Size      int64 `gorm:"primaryKey;autoIncrement:false"`
	Body      []byte
	KID       string `gorm:"column:kid"`
	Signature []byte
}

func (checkpointRow) TableName() string { return "ledger_checkpoints" }

// Seal chains the entries that no seal has chained yet, oldest first, with a signed checkpoint after each batch, and says how many. Any number of
// processes may call it; they take turns.
func (s *Store) Seal(ctx context.Context) (sealed int, err error) {
	for {
		n, err := s.sealSome(ctx)
		sealed += n
		if err != nil || n < sealBatch {
			return sealed, err
		}
	}
}

func (s *Store) sealSome(ctx context.Context) (n int, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		n = 0
		if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", sealLock).Error; err != nil {
			return err
		}
		var entries []entryRow
		err := tx.Select("ledger_entries.id", "ledger_entries.body").Joins("JOIN ledger_pending p ON p.entry_id = ledger_entries.id").
			Order("ledger_entries.at, ledger_entries.id").Limit(sealBatch).Find(&entries).Error
		if err != nil || len(entries) == 0 {
			return err
		}
		n = len(entries)
		return s.chain(tx, entries)
	})
	return n, err
}

// chain appends entries to the chain and signs its new head; the transaction holds the lock.
func (s *Store) chain(tx *gorm.DB, entries []entryRow) error {
	head := chainRow{Hash: ledger.Genesis}
	if err := tx.Order("seq DESC").Limit(1).Find(&head).Error; err != nil {
		return err
	}
	links := make([]chainRow, len(entries))
	ids := make([]models.ID, len(entries))
	for i, e := range entries {
		head = chainRow{Seq: head.Seq + 1, EntryID: e.ID, PrevHash: head.Hash, Hash: ledger.Hash(head.Hash, e.Body)}
		links[i], ids[i] = head, e.ID
	}
	if err := tx.Create(&links).Error; err != nil {
		return err
	}
	c, err := ledger.NewCheckpoint(s.vault.Signer(), head.Seq, head.Hash, s.now())
	if err != nil {
		return err
	}
	row := checkpointRow{Size: c.Size, Body: c.Body, KID: c.KID, Signature: c.Signature}
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	return tx.Where("entry_id IN ?", ids).Delete(&pendingRow{}).Error
}

// VerifyLedger recomputes the whole ledger from its stored bytes, in one snapshot, with the public keys of a JWK set, and compares it with
// anchors kept elsewhere. It fails with a *ledger.Fault that names the first bad entry, or with bad_jwks.
func (s *Store) VerifyLedger(ctx context.Context, jwks []byte, anchors ...ledger.Anchor) (report ledger.Report, err error) {
	keys, err := ledger.ParseJWKS(jwks)
	if err != nil {
		return report, err
	}
	snapshot := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, s.pool, snapshot, func(tx pgx.Tx) error {
		// A long ledger takes longer to read than an ordinary statement may.
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0"); err != nil {
			return err
		}
		tail, err := checkpointsBeyond(ctx, tx)
		if err != nil {
			return err
		}
		if report, err = ledger.Verify(linksOf(ctx, tx), tail, keys, anchors...); err != nil {
			return err
		}
		return unsealed(ctx, tx, s.now().Add(-unsealedAfter))
	})
	return report, unavailable(err)
}

func checkpointsBeyond(ctx context.Context, tx pgx.Tx) ([]ledger.Checkpoint, error) {
	rows, err := tx.Query(ctx, `SELECT size, body, kid, signature FROM ledger_checkpoints
		WHERE size > (SELECT coalesce(max(seq), 0) FROM ledger_chain) ORDER BY size`)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c ledger.Checkpoint, err error) {
		return c, row.Scan(&c.Size, &c.Body, &c.KID, &c.Signature)
	})
}

// linksOf streams the chain in order, each place with its entry and checkpoint.
func linksOf(ctx context.Context, tx pgx.Tx) iter.Seq2[ledger.Link, error] {
	return func(yield func(ledger.Link, error) bool) {
		rows, err := tx.Query(ctx, `SELECT c.seq, c.entry_id, c.prev_hash, c.hash,
				e.id, e.at, e.controller_id, e.request_id, e.kind, e.body, p.size, p.body, p.kid, p.signature
			FROM ledger_chain c
			LEFT JOIN ledger_entries e ON e.id = c.entry_id
			LEFT JOIN ledger_checkpoints p ON p.size = c.seq
			ORDER BY c.seq`)
		if err != nil {
			yield(ledger.Link{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			link, err := scanLink(rows)
			if !yield(link, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(ledger.Link{}, err)
		}
	}
}

func scanLink(rows pgx.Rows) (ledger.Link, error) {
	var (
		l         ledger.Link
		e         ledger.Stored
		c         ledger.Checkpoint
		at        *time.Time
		kind, kid *string
		size      *int64
	)
	err := rows.Scan(&l.Seq, &l.EntryID, &l.Prev, &l.Hash, &e.ID, &at, &e.ControllerID, &e.RequestID, &kind, &e.Body,
		&size, &c.Body, &kid, &c.Signature)
	if err != nil {
		return l, err
	}
	if at != nil {
		e.At, e.Kind = at.UTC(), *kind
		l.Entry = &e
	}
	if size != nil {
		c.Size, c.KID = *size, *kid
		l.Checkpoint = &c
	}
	return l, nil
}

// unsealed finds the oldest entry that should have been chained long ago.
func unsealed(ctx context.Context, tx pgx.Tx, before time.Time) error {
	fault := ledger.Fault{Problem: ledger.Unsealed, Detail: "it was written but never chained"}
	err := tx.QueryRow(ctx, `SELECT e.id FROM ledger_entries e
		WHERE e.at < $1 AND NOT EXISTS (SELECT FROM ledger_chain c WHERE c.entry_id = e.id)
		ORDER BY e.at, e.id LIMIT 1`, before).Scan(&fault.EntryID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return &fault
}

// JWKS is the document at /.well-known/habeas-keys.json: the public key that checkpoints and receipts are signed with.
func (s *Store) JWKS() ([]byte, error) { return ledger.JWKS(s.vault.Signer().Public()) }
