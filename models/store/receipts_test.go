package store_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/ledger"
	"habeas/models/plan"
	"habeas/models/receipt"
	"habeas/models/request"
)

func TestReceiptIsIssuedOnceAndVerifiesWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, p := b.inReview()
	require.NoError(t, b.decide(request.Decision{
		RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: p.Digest(), Choices: map[int]models.Treatment{2: models.TreatKeep},
	}))
	issued, err := b.IssueReceipt(t.Context(), id, models.ID{}, models.Fulfilled)
	require.NoError(t, err)

	got, err := receipt.Verify(issued.Body, b.jwks())
	require.NoError(t, err)
	require.Equal(t, id, got.Request.ID)
	require.Equal(t, models.Fulfilled, got.Request.Outcome, "known before the request is closed")
	require.Equal(t, "northwind", got.Request.Controller)
	require.Equal(t, models.TreatKeep, got.Plan.Groups[1].Treatment())
	require.EqualValues(t, b.count("SELECT count(*) FROM ledger_chain"), got.Ledger.Size)
	kinds := map[string]bool{}
	for _, e := range got.Entries {
		kinds[b.text("SELECT kind FROM ledger_entries e JOIN ledger_chain c ON c.entry_id = e.id WHERE c.seq = $1", e.Seq)] = true
	}
	require.True(t, kinds["request.received"] && kinds["decision.approve"] && kinds["state.in_review"])

	b.pass(time.Hour)
	again, err := b.IssueReceipt(t.Context(), id, models.ID{}, models.Fulfilled)
	require.NoError(t, err)
	require.Equal(t, issued, again)
	require.NoError(t, b.SaveReceipt(t.Context(), id, models.ID{}, []byte("another")))
	all, err := b.Receipts(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, issued, all[0])
	require.Len(t, all, 1)

	changed := bytes.Replace(issued.Body, []byte(`"approve"`), []byte(`"refuse"`), 1)
	changed = bytes.Replace(changed, []byte(`"kind": "decision.approve"`), []byte(`"kind": "decision.refuse"`), 1)
	_, err = receipt.Verify(changed, b.jwks())
	require.ErrorContains(t, err, "entries: entry")
}

func TestReceiptTellsALedgerThatWasCutWithAllItsTraces(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.inReview()
	issued, err := b.IssueReceipt(t.Context(), id, models.ID{}, models.Fulfilled)
	require.NoError(t, err)
	got, err := receipt.Verify(issued.Body, b.jwks())
	require.NoError(t, err)
	b.submit(b.submission("bob@example.org"))
	b.seal()
	_, err = b.VerifyLedger(t.Context(), b.jwks(), got.Anchors()...)
	require.NoError(t, err)

	// Everything after the third entry goes, and a fresh checkpoint cannot be told from a genuine one: the signing key was stolen too.
	b.exec(`SET session_replication_role = replica;
		DELETE FROM ledger_chain WHERE seq > 3; DELETE FROM ledger_checkpoints;
		DELETE FROM ledger_entries WHERE id NOT IN (SELECT entry_id FROM ledger_chain); DELETE FROM ledger_pending`)
	b.submit(b.submission("carol@example.org"))
	b.seal()
	_, err = b.VerifyLedger(t.Context(), b.jwks())
	require.NoError(t, err)
	_, err = b.VerifyLedger(t.Context(), b.jwks(), got.Anchors()...)
	fault, ok := errors.AsType[*ledger.Fault](err)
	require.True(t, ok)
	require.Equal(t, ledger.AnchorWrong, fault.Problem)
	require.EqualValues(t, 4, fault.Seq)
}

func TestReceiptOfADeferralStandsBesideTheRequests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.inReview()
	deferral := models.MustParseID("00000000-0000-4000-8000-00000000000d")
	for _, d := range []models.ID{{}, deferral} {
		_, err := b.IssueReceipt(t.Context(), id, d, models.Fulfilled)
		require.NoError(t, err)
	}
	all, err := b.Receipts(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, 2, b.count("SELECT count(*) FROM ledger_entries WHERE kind = 'receipt.issued'"))
}

func TestDestroyedKeyLeavesNothingReadableAndTheEvidenceWhole(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.verified(b.submission("ada@example.org"))
	b.advance(out.RequestID, models.Verifying, models.Locating)
	require.NoError(t, b.decide(request.Decision{RequestID: out.RequestID, Kind: request.Refuse, Actor: dpo, Reason: "excessive"}))
	requireCode(t, "request_open", b.DestroyKey(t.Context(), out.RequestID))
	require.NoError(t, b.Advance(t.Context(), out.RequestID, models.Closed, models.Refused))
	issued, err := b.IssueReceipt(t.Context(), out.RequestID, models.ID{}, models.Fulfilled)
	require.NoError(t, err)

	b.pass(24 * time.Hour)
	ids, err := b.Shreddable(t.Context(), b.now(), 10)
	require.NoError(t, err)
	require.Equal(t, []models.ID{out.RequestID}, ids)
	for range 2 {
		require.NoError(t, b.DestroyKey(t.Context(), out.RequestID))
	}
	ids, err = b.Shreddable(t.Context(), b.now(), 10)
	require.NoError(t, err)
	require.Empty(t, ids)

	_, err = b.Subject(t.Context(), models.ScopeOperator(), out.RequestID)
	requireCode(t, "key_destroyed", err)
	decisions, err := b.Decisions(t.Context(), models.ScopeOperator(), out.RequestID)
	require.NoError(t, err)
	require.Len(t, decisions, 2)
	require.Empty(t, decisions[1].Reason)
	status, err := b.StatusByToken(t.Context(), out.StatusToken)
	require.NoError(t, err)
	require.Equal(t, models.Refused, status.Outcome)
	require.Equal(t, 0, b.count("SELECT count(*) FROM requests WHERE subject_index IS NOT NULL OR wrapped_key IS NOT NULL"))
	require.Equal(t, 0, b.count("SELECT count(*) FROM verifications WHERE address_index IS NOT NULL"))
	require.Equal(t, 1, b.count("SELECT count(*) FROM ledger_entries WHERE kind = 'key.destroyed'"))

	_, err = receipt.Verify(issued.Body, b.jwks())
	require.NoError(t, err)
	b.seal()
	_, err = b.VerifyLedger(t.Context(), b.jwks())
	require.NoError(t, err)
	require.False(t, b.submit(b.submission("ada@example.org")).Repeated, "the person may ask again")
}

func TestKeyIsKeptWhileADeferralNeedsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.verified(b.submission("ada@example.org")).RequestID
	require.NoError(t, b.CreateDeferrals(t.Context(), id, []plan.Group{{No: 1, ErasableOn: calendar.Date{Year: 2030, Month: 1, Day: 1}}}))
	require.NoError(t, b.Advance(t.Context(), id, models.Closed, models.Withdrawn))
	b.pass(time.Hour)
	ids, err := b.Shreddable(t.Context(), b.now(), 10)
	require.NoError(t, err)
	require.Empty(t, ids)
	requireCode(t, "deferral_pending", b.DestroyKey(t.Context(), id))

	deferrals, err := b.Deferrals(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.NoError(t, b.FinishDeferral(t.Context(), deferrals[0].ID))
	ids, err = b.Shreddable(t.Context(), b.now(), 10)
	require.NoError(t, err)
	require.Empty(t, ids, "who is told of it is sealed with the key")
	b.pass(time.Second)
	ids, err = b.Shreddable(t.Context(), b.now(), 10)
	require.NoError(t, err)
	require.Equal(t, []models.ID{id}, ids)
	require.NoError(t, b.DestroyKey(t.Context(), id))
}
