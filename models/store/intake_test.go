package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

func TestSubmitWritesRequestSubmissionEntryAndOrderTogether(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.submission("ada@example.org"))

	r, err := b.Request(t.Context(), models.ScopeOperator(), out.RequestID)
	require.NoError(t, err)
	require.Equal(t, models.Received, r.State)
	require.Equal(t, out.Reference, r.Reference)
	require.Equal(t, "Europe/Brussels", r.Clock.Timezone)
	require.Equal(t, start, r.ReceivedAt)
	require.True(t, r.VerifiedAt.IsZero())

	subject, err := b.Subject(t.Context(), models.ScopeOperator(), out.RequestID)
	require.NoError(t, err)
	require.Equal(t, b.submission("ada@example.org").Subject, subject)

	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), out.RequestID)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	require.Equal(t, "request.received", entries[0].Kind)

	orders, err := b.ClaimOrders(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, orders, 1)
	require.Equal(t, store.OrderStart, orders[0].Kind)
	require.Equal(t, out.RequestID, orders[0].RequestID)
}

func TestParallelIdenticalSubmissionsOpenOneRequest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const n = 16
	var results [n]store.Submitted
	var group errgroup.Group
	for i := range n {
		group.Go(func() (err error) {
			results[i], err = b.Submit(t.Context(), b.submission(" Ada@Example.org"[i%2:]))
			return err
		})
	}
	require.NoError(t, group.Wait())

	tokens, repeated := map[string]bool{}, 0
	for _, r := range results {
		require.Equal(t, results[0].RequestID, r.RequestID)
		require.Equal(t, results[0].Reference, r.Reference)
		tokens[r.StatusToken] = true
		if r.Repeated {
			repeated++
		}
	}
	require.Len(t, tokens, n, "each submission has its own status token")
	require.Equal(t, n-1, repeated)
	require.Equal(t, 1, b.count("SELECT count(*) FROM requests"))
	require.Equal(t, n, b.count("SELECT count(*) FROM submissions"))
	require.Equal(t, 1, b.count("SELECT count(*) FROM orders WHERE kind = 'start'"))
	require.Equal(t, n-1, b.count("SELECT count(*) FROM ledger_entries WHERE kind = 'request.repeated'"))
}

func TestSubmissionsForAnotherRightControllerOrAfterClosingOpenAnother(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.submit(b.submission("ada@example.org"))
	access, customer := b.submission("ada@example.org"), b.submission("ada@example.org")
	access.Right, customer.Controller = models.Access, b.acme
	require.NotEqual(t, first.RequestID, b.submit(access).RequestID)
	require.NotEqual(t, first.RequestID, b.submit(customer).RequestID)

	require.NoError(t, b.Advance(t.Context(), first.RequestID, models.Closed, models.Lapsed))
	again := b.submit(b.submission("ada@example.org"))
	require.NotEqual(t, first.RequestID, again.RequestID)
	require.False(t, again.Repeated)
}

func TestReplayedIdempotencyKeyGivesTheSameAnswer(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := b.submission("ada@example.org")
	sub.Idempotency = &store.Idempotency{Scope: "public", Key: "k1", Fingerprint: [32]byte{1}}
	first := b.submit(sub)
	require.False(t, first.Replayed)

	again := b.submit(sub)
	require.True(t, again.Replayed)
	again.Replayed = false
	require.Equal(t, first, again)
	require.Equal(t, 1, b.count("SELECT count(*) FROM submissions"))

	require.NoError(t, b.Advance(t.Context(), first.RequestID, models.Closed, models.Lapsed))
	require.True(t, b.submit(sub).Replayed, "also after the request was closed")

	other := sub
	other.Idempotency = &store.Idempotency{Scope: "public", Key: "k1", Fingerprint: [32]byte{2}}
	_, err := b.Submit(t.Context(), other)
	requireCode(t, "idempotency_key_reused", err)
	other.Subject.Email = "bob@example.org"
	_, err = b.Submit(t.Context(), other)
	requireCode(t, "idempotency_key_reused", err)

	other.Idempotency.Scope = "another key's"
	require.False(t, b.submit(other).Replayed, "scopes do not meet")

	b.pass(73 * time.Hour)
	late := b.submit(sub)
	require.False(t, late.Replayed)
	require.NotEqual(t, first.RequestID, late.RequestID)
	purged, err := b.PurgeIdempotency(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, purged)
}

func TestRepeatedSubmissionIsReplayedAsRepeated(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.submit(b.submission("ada@example.org"))
	sub := b.submission("ada@example.org")
	sub.Idempotency = &store.Idempotency{Scope: "public", Key: "k", Fingerprint: [32]byte{1}}
	first := b.submit(sub)
	require.True(t, first.Repeated)
	again := b.submit(sub)
	require.True(t, again.Replayed && again.Repeated)
	require.Equal(t, first.StatusToken, again.StatusToken)
}

func TestParallelCallsWithOneIdempotencyKeyWriteOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const n = 16
	var results [n]store.Submitted
	var group errgroup.Group
	for i := range n {
		group.Go(func() (err error) {
			sub := b.submission("ada@example.org")
			sub.Idempotency = &store.Idempotency{Scope: "public", Key: "k", Fingerprint: [32]byte{7}}
			results[i], err = b.Submit(t.Context(), sub)
			return err
		})
	}
	require.NoError(t, group.Wait())
	for _, r := range results {
		require.Equal(t, results[0].StatusToken, r.StatusToken)
	}
	require.Equal(t, 1, b.count("SELECT count(*) FROM submissions"))
}

func TestSubmissionWithoutIdentityIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := b.submission("")
	sub.Subject = request.Subject{Name: "Ada Lovelace"}
	_, err := b.Submit(t.Context(), sub)
	requireCode(t, "email_missing", err)
}

func TestVouchedSubmissionIsVerified(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := b.submission("ada@example.org")
	sub.Controller, sub.Vouched, sub.Channel = b.acme, true, request.ChannelController
	sub.Actor = models.Actor{Role: models.RoleController, ID: models.MustParseID("6b0f3c6e-33f4-4a52-9f02-0d4b3f1d6a11")}
	r, err := b.Request(t.Context(), models.ScopeOf(b.acme.ID), b.submit(sub).RequestID)
	require.NoError(t, err)
	require.Equal(t, start, r.VerifiedAt)
}

func TestVouchedSubmissionVerifiesTheOpenRequestItJoins(t *testing.T) {
	t.Parallel()
	b := setup(t)
	portal := b.submission("ada@example.org")
	portal.Controller = b.acme
	first := b.submit(portal)
	vouched := portal
	vouched.Vouched, vouched.Channel, vouched.Subject.Name = true, request.ChannelController, "Ada King"
	vouched.Actor = models.Actor{Role: models.RoleController, ID: models.MustParseID("6b0f3c6e-33f4-4a52-9f02-0d4b3f1d6a11")}
	require.True(t, b.submit(vouched).Repeated)

	r, err := b.Request(t.Context(), models.ScopeOperator(), first.RequestID)
	require.NoError(t, err)
	require.Equal(t, start, r.VerifiedAt)
	subject, err := b.Subject(t.Context(), models.ScopeOperator(), first.RequestID)
	require.NoError(t, err)
	require.EqualValues(t, "Ada King", subject.Name, "what was vouched for counts")
	require.Equal(t, 1, b.count("SELECT count(*) FROM orders WHERE kind = 'update' AND name = 'verify'"))
}

func TestReferencesAreReadAsPeopleWriteThem(t *testing.T) {
	t.Parallel()
	b := setup(t)
	reference := b.submit(b.submission("ada@example.org")).Reference
	require.Regexp(t, `^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{3}$`, reference)
	for _, spelled := range []string{reference, " " + reference[:4] + reference[5:], reference[:9] + " " + reference[10:]} {
		got, err := store.ParseReference(spelled)
		require.NoError(t, err)
		require.Equal(t, reference, got)
	}
	for i := range reference {
		if reference[i] == '-' {
			continue
		}
		mistyped := []byte(reference)
		mistyped[i] = '0'
		if reference[i] == '0' {
			mistyped[i] = '1'
		}
		_, err := store.ParseReference(string(mistyped))
		requireCode(t, "bad_reference", err)
	}
}

func TestStrangerCannotPileUpSubmissionsOfSomebodysAddress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sub := b.submission("ada@example.org")
	for range 20 {
		b.submit(sub)
	}
	_, err := b.Submit(t.Context(), sub)
	requireCode(t, "too_many_submissions", err)
	vouched := sub
	vouched.Vouched, vouched.Actor = true, customer
	b.submit(vouched)
	b.pass(25 * time.Hour)
	require.True(t, b.submit(sub).Repeated)
}
