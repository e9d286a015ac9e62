package store_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/request"
)

// jwks is the published key.
func (b *bundle) jwks() []byte {
	b.t.Helper()
	set, err := b.JWKS()
	require.NoError(b.t, err)
	return set
}

func (b *bundle) seal() int {
	b.t.Helper()
	n, err := b.Seal(b.t.Context())
	require.NoError(b.t, err)
	return n
}

// fault is what verification finds.
func (b *bundle) fault() *ledger.Fault {
	b.t.Helper()
	_, err := b.VerifyLedger(b.t.Context(), b.jwks())
	fault, ok := errors.AsType[*ledger.Fault](err)
	require.True(b.t, ok, "verification gave %v", err)
	return fault
}

func TestLedgerTablesRefuseChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.submit(b.submission("ada@example.org"))
	b.seal()
	for _, table := range []string{"ledger_entries", "ledger_chain", "ledger_checkpoints"} {
		column := map[string]string{"ledger_entries": "kind", "ledger_chain": "hash", "ledger_checkpoints": "kid"}[table]
		for _, sql := range []string{
			"UPDATE " + table + " SET " + column + " = " + column, "DELETE FROM " + table, "TRUNCATE " + table, "TRUNCATE " + table + " CASCADE",
		} {
			require.ErrorContains(t, b.try(sql), "append-only", sql)
		}
	}
}

func TestSealChainsEveryEntryOnceAndVerifies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 5 {
		b.submit(b.submission(fmt.Sprintf("p%d@example.org", i)))
	}
	require.Equal(t, 5, b.seal())
	require.Equal(t, 0, b.seal())
	b.verified(b.submission("ada@example.org"))
	require.Equal(t, 4, b.seal())
	report, err := b.VerifyLedger(t.Context(), b.jwks())
	require.NoError(t, err)
	require.EqualValues(t, 9, report.Entries)
	require.EqualValues(t, 2, report.Checkpoints)
	require.Equal(t, start, report.SealedTo)
	require.Len(t, report.Head, 64)
}

func TestEmptyLedgerVerifies(t *testing.T) {
	t.Parallel()
	b := setup(t)
	report, err := b.VerifyLedger(t.Context(), b.jwks())
	require.NoError(t, err)
	require.Zero(t, report.Entries)
	_, err = b.VerifyLedger(t.Context(), []byte("{}"))
	requireCode(t, "bad_jwks", err)
}

func TestParallelSealsAndWritersKeepOneChain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var group errgroup.Group
	for w := range 4 {
		group.Go(func() error {
			for i := range 20 {
				if _, err := b.Submit(t.Context(), b.submission(fmt.Sprintf("p%d.%d@example.org", w, i))); err != nil {
					return err
				}
			}
			return nil
		})
		group.Go(func() error {
			for range 10 {
				if _, err := b.Seal(t.Context()); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	b.seal()
	report, err := b.VerifyLedger(t.Context(), b.jwks())
	require.NoError(t, err)
	require.EqualValues(t, 80, report.Entries)
	require.Equal(t, 0, b.count("SELECT count(*) FROM ledger_pending"))
}

func TestUnsealedEntriesAreReportedAfterAMinute(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.submit(b.submission("ada@example.org"))
	_, err := b.VerifyLedger(t.Context(), b.jwks())
	require.NoError(t, err, "a fresh entry may wait for its seal")
	b.pass(time.Minute + time.Second)
	require.Equal(t, ledger.Unsealed, b.fault().Problem)
}

// flip changes one bit of one byte of a bytea column.
func flip(column string) string {
	return fmt.Sprintf("%[1]s = set_byte(%[1]s, 3, get_byte(%[1]s, 3) # 1)", column)
}

func TestEveryTamperingIsFoundAndNamed(t *testing.T) {
	t.Parallel()
	const third = "(SELECT entry_id FROM ledger_chain WHERE seq = 3)"
	entry := func(set string) string { return "UPDATE ledger_entries SET " + set + " WHERE id = " + third }
	for name, c := range map[string]struct {
		sql     string
		problem ledger.Problem
		seq     int64
	}{
		"a byte of a body":            {entry(flip("body")), ledger.EntryChanged, 3},
		"an entry's time":             {entry("at = at + interval '1 microsecond'"), ledger.ColumnChanged, 3},
		"an entry's kind":             {entry("kind = 'state.closed'"), ledger.ColumnChanged, 3},
		"an entry's request":          {entry("request_id = gen_random_uuid()"), ledger.ColumnChanged, 3},
		"an entry's controller":       {entry("controller_id = NULL"), ledger.ColumnChanged, 3},
		"an entry's identifier":       {entry("id = gen_random_uuid()"), ledger.EntryMissing, 3},
		"an entry deleted":            {"DELETE FROM ledger_entries WHERE id = " + third, ledger.EntryMissing, 3},
		"a link deleted":              {"DELETE FROM ledger_chain WHERE seq = 3", ledger.LinkMissing, 3},
		"the first link deleted":      {"DELETE FROM ledger_chain WHERE seq = 1", ledger.LinkMissing, 1},
		"a byte of a hash":            {"UPDATE ledger_chain SET " + flip("hash") + " WHERE seq = 3", ledger.EntryChanged, 3},
		"a byte of a previous hash":   {"UPDATE ledger_chain SET " + flip("prev_hash") + " WHERE seq = 3", ledger.ChainBroken, 3},
		"a byte of a checkpoint":      {"UPDATE ledger_checkpoints SET " + flip("body") + " WHERE size = 4", ledger.CheckpointBad, 4},
		"a byte of a signature":       {"UPDATE ledger_checkpoints SET " + flip("signature") + " WHERE size = 4", ledger.CheckpointBad, 4},
		"a checkpoint's key":          {"UPDATE ledger_checkpoints SET kid = 'x' WHERE size = 4", ledger.CheckpointBad, 4},
		"a checkpoint moved":          {"UPDATE ledger_checkpoints SET size = 2 WHERE size = 4", ledger.CheckpointBad, 2},
		"the last checkpoint deleted": {"DELETE FROM ledger_checkpoints WHERE size = 6", ledger.CheckpointBad, 6},
		"the end cut off": {
			"DELETE FROM ledger_chain WHERE seq > 4; DELETE FROM ledger_entries WHERE id NOT IN (SELECT entry_id FROM ledger_chain)", ledger.ChainCut, 5,
		},
		"two links swapped": {
			`UPDATE ledger_chain SET seq = seq + 100 WHERE seq IN (2, 3);
			 UPDATE ledger_chain SET seq = CASE seq WHEN 102 THEN 3 ELSE 2 END WHERE seq > 100`, ledger.ChainBroken, 2,
		},
		"an end made anew": { // the body changed and everything after it hashed again: only the signature is beyond reach
			`UPDATE ledger_entries SET body = convert_to(replace(convert_from(body, 'UTF8'), 'portal', 'letter'), 'UTF8') WHERE id = ` + third + `;
			 UPDATE ledger_chain c SET hash = sha256(c.prev_hash || e.body) FROM ledger_entries e WHERE e.id = c.entry_id AND c.seq = 3;
			 UPDATE ledger_chain c SET prev_hash = p.hash FROM ledger_chain p WHERE c.seq = 4 AND p.seq = 3;
			 UPDATE ledger_chain c SET hash = sha256(c.prev_hash || e.body) FROM ledger_entries e WHERE e.id = c.entry_id AND c.seq = 4;
			 UPDATE ledger_chain c SET prev_hash = p.hash FROM ledger_chain p WHERE c.seq = 5 AND p.seq = 4;
			 UPDATE ledger_chain c SET hash = sha256(c.prev_hash || e.body) FROM ledger_entries e WHERE e.id = c.entry_id AND c.seq = 5;
			 UPDATE ledger_chain c SET prev_hash = p.hash FROM ledger_chain p WHERE c.seq = 6 AND p.seq = 5;
			 UPDATE ledger_chain c SET hash = sha256(c.prev_hash || e.body) FROM ledger_entries e WHERE e.id = c.entry_id AND c.seq = 6`,
			ledger.CheckpointWrong, 4,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			for i := range 6 {
				b.submit(b.submission(fmt.Sprintf("p%d@example.org", i)))
				if i >= 3 {
					b.seal() // checkpoints of sizes 4, 5 and 6
				}
			}
			_, err := b.VerifyLedger(t.Context(), b.jwks())
			require.NoError(t, err)
			named := b.text("SELECT entry_id::text FROM ledger_chain WHERE seq = $1", c.seq)

			b.exec("SET session_replication_role = replica; " + c.sql) // without the triggers, as a superuser can
			fault := b.fault()
			require.Equal(t, c.problem, fault.Problem, fault.Error())
			require.Equal(t, c.seq, fault.Seq)
			if !fault.EntryID.IsZero() && c.problem != ledger.ChainBroken {
				require.Equal(t, named, fault.EntryID.String(), "the entry is named")
			}
		})
	}
}

func TestAnotherKeyDoesNotVerify(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.submit(b.submission("ada@example.org"))
	b.seal()
	foreign, err := ledger.JWKS(newVault(t).Signer().Public())
	require.NoError(t, err)
	_, err = b.VerifyLedger(t.Context(), foreign)
	fault, ok := errors.AsType[*ledger.Fault](err)
	require.True(t, ok)
	require.Equal(t, ledger.CheckpointBad, fault.Problem)
}

func TestAppendedEntryIsReadBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	require.NoError(t, b.Append(t.Context(), id, "walk.done", map[string]any{"rows": 3, "system": "crm"}))
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, "walk.done", entries[1].Kind)
	require.Equal(t, "crm", entries[1].Data["system"])
	require.Equal(t, models.RoleSystem, entries[1].Actor.Role)
	requireCode(t, "not_found", b.Append(t.Context(), models.MustParseID("00000000-0000-4000-8000-00000000ffff"), "walk.done", nil))
}

func TestLedgerVerifiesWhenTimePassesWithinATransaction(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.ticks.Store(true)
	id, p := b.inReview()
	b.submit(b.submission("ada@example.org"))
	require.NoError(t, b.decide(request.Decision{
		RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: p.Digest(), Choices: map[int]models.Treatment{2: models.TreatKeep},
	}))
	require.NoError(t, b.RecordClock(t.Context(), id, due(30), "received"))
	_, err := b.IssueReceipt(t.Context(), id, models.ID{}, models.Fulfilled)
	require.NoError(t, err)
	b.seal()
	report, err := b.VerifyLedger(t.Context(), b.jwks())
	require.NoError(t, err)
	require.Greater(t, report.Entries, int64(8))
}
