package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// finds are the requests that a text finds within a scope.
func (b *bundle) finds(scope models.Scope, text string) []models.ID {
	b.t.Helper()
	page, _, err := b.Requests(b.t.Context(), scope, store.Filter{Find: models.Personal(text)}, "", 10)
	require.NoError(b.t, err)
	var out []models.ID
	for _, r := range page {
		out = append(out, r.ID)
	}
	return out
}

// known is a submission to acme that holds an identity of each kind.
func (b *bundle) known() store.Submission {
	sub := b.represented("ada@example.org")
	sub.Controller = b.acme
	sub.Subject.Identities = append(sub.Subject.Identities, request.Identity{Kind: "phone_number", Value: "+49 (0)40 123-456"})
	sub.Subject.Claimed = []request.Identity{
		{Kind: "customer_number", Value: "CN-0815/7"}, {Kind: "user_id", Value: "u_4711"}, {Kind: "shipment", Value: "1Z 999 AA1 0123"},
	}
	return sub
}

func TestARequestIsFoundByEachIdentityThatItHolds(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.known()).RequestID
	other := b.submission("bob@example.org")
	other.Controller = b.globex
	other.Subject.Claimed = []request.Identity{{Kind: "customer_number", Value: "CN-0815/7"}}
	globex := b.submit(other).RequestID

	for _, text := range []string{
		" ADA@Example.org", "robin@example.net", "+49 40 123456", "0049 40 12 34 56", "cn08157", "CN 0815-7", "u_4711", "1z999aa10123", id.String(),
	} {
		require.Contains(t, b.finds(models.ScopeOf(b.acme.ID), text), id, text)
		require.Contains(t, b.finds(models.ScopeOperator(), text), id, text)
		require.NotContains(t, b.finds(models.ScopeOf(b.globex.ID), text), id, text)
		require.Empty(t, b.finds(models.Scope{}, text), text)
	}
	for _, text := range []string{"ada@example", "example.org", "Ada Lovelace", "0815", "u_471", "-", "(0)"} {
		require.Empty(t, b.finds(models.ScopeOperator(), text), text)
	}
	require.ElementsMatch(t, []models.ID{id, globex}, b.finds(models.ScopeOperator(), "CN-0815/7"), "with each controller that holds it")
	require.Equal(t, 0, b.count("SELECT count(*) FROM request_identities a JOIN request_identities b USING (identity_index) WHERE a.request_id <> b.request_id"),
		"an identity has another index with each controller")

	again := b.known()
	again.Subject.Claimed = []request.Identity{{Kind: "customer_number", Value: "77"}}
	b.submit(again)
	require.Equal(t, []models.ID{id}, b.finds(models.ScopeOperator(), "77"), "what is said later counts too")
}

func TestARequestIsFoundByWhatOthersCallIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.submission("ada@example.org")).RequestID
	b.exec(`INSERT INTO opendsr_requests (controller_id, subject_request_id, request_id, submitted_at, received_at, expect_by, fingerprint, status)
		VALUES ($1, 'a7551968-d5d6-44b2-9831-815ac9017798', $2, now(), now(), now(), 'f', 'pending')`, b.operator.ID.String(), id.String())
	b.exec(`INSERT INTO drp_requests (id, controller_id, agent_id, business_id, agent_request_id, submission_id, denied, received_at, digest)
		SELECT '11111111-2222-4333-8444-555555555555', controller_id, 'agent', 'business', 'AG-17', id, '', now(), 'd' FROM submissions WHERE request_id = $1`, id.String())
	for _, text := range []string{"A7551968-d5d6-44b2-9831-815ac9017798", "AG-17", "11111111-2222-4333-8444-555555555555"} {
		require.Equal(t, []models.ID{id}, b.finds(models.ScopeOperator(), text), text)
		require.Empty(t, b.finds(models.ScopeOf(b.globex.ID), text), text)
	}
}

func TestNothingIsFoundOnceTheKeyIsDestroyed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.submit(b.known()).RequestID
	require.NoError(t, b.Advance(t.Context(), id, models.Closed, models.Lapsed))
	require.Equal(t, []models.ID{id}, b.finds(models.ScopeOperator(), "ada@example.org"), "closed is not forgotten")
	require.NoError(t, b.DestroyKey(t.Context(), id))
	require.Empty(t, b.finds(models.ScopeOperator(), "ada@example.org"))
	require.Equal(t, 0, b.count("SELECT count(*) FROM request_identities"))
}

func TestRequestsFromBeforeAreIndexedInBatches(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := make([]models.ID, 130) // more than a batch
	for i := range ids {
		sub := b.known()
		sub.Subject.Email = models.Personal(string(rune('a'+i%26)) + string(rune('a'+i/26)) + "@example.org")
		ids[i] = b.submit(sub).RequestID
	}
	require.NoError(t, b.Advance(t.Context(), ids[0], models.Closed, models.Lapsed))
	require.NoError(t, b.DestroyKey(t.Context(), ids[0]))
	indexed := b.count("SELECT count(*) FROM request_identities")
	b.exec("DELETE FROM request_identities")
	b.exec("UPDATE submissions SET indexed = false")
	require.Empty(t, b.finds(models.ScopeOperator(), "robin@example.net"))

	first, err := b.IndexIdentities(t.Context())
	require.NoError(t, err)
	require.Equal(t, 100, first)
	second, err := b.open(b.vault).IndexIdentities(t.Context()) // another process goes on
	require.NoError(t, err)
	require.Equal(t, 30, second)
	none, err := b.IndexIdentities(t.Context())
	require.NoError(t, err)
	require.Zero(t, none)
	require.Equal(t, indexed, b.count("SELECT count(*) FROM request_identities"))
	require.Len(t, b.finds(models.ScopeOperator(), "robin@example.net"), 10)
}
