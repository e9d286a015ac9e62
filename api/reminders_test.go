package api_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

func TestSeveralRequestsAreRemindedAtOnceAndThePageSaysOfEachWhatWasSent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	notified, _ := b.inReview("sam@example.com")
	b.notice(notified)
	unconfirmed := b.file(models.Access, "kim@example.com")
	require.NoError(t, b.VerificationSent(t.Context(), b.issue(unconfirmed).ID))
	reviewed, _ := b.inReview("lee@example.com")
	b.clock(25 * time.Hour)
	fresh := b.file(models.Access, "new@example.com")
	chosen := url.Values{"request": {notified.id.String(), unconfirmed.id.String(), reviewed.id.String(), fresh.id.String(), fresh.id.String()}}

	dpo := b.signIn(b.keys[models.RoleDPO])
	require.Contains(t, b.get(dpo, "/staff").body, `formaction="/staff/reminders"`)
	require.Contains(t, b.get(dpo, "/staff/requests/"+notified.id.String()).body, `action="/staff/reminders"`)
	require.NotContains(t, b.get(dpo, "/staff/requests/"+reviewed.id.String()).body, `action="/staff/reminders"`)

	review := b.post(dpo, "/staff/reminders", chosen)
	require.Equal(t, 200, review.status)
	for _, want := range []string{
		"2 reminders can be sent", "Parcel Analytics", "The person", "The request waits for nobody outside", "The first message is still on its way", "Send 2 reminders",
	} {
		require.Contains(t, review.body, want)
	}
	require.Empty(t, b.reminders(t, notified), "nothing is ordered before it was looked at")

	sent := b.post(dpo, "/staff/reminders/send", chosen)
	require.Equal(t, 200, sent.status)
	require.Contains(t, sent.body, "2 reminders are on their way")
	require.Len(t, b.reminders(t, notified), 1)
	require.Len(t, b.reminders(t, unconfirmed), 1)
	require.Empty(t, b.reminders(t, reviewed))

	again := b.post(dpo, "/staff/reminders/send", chosen)
	require.Contains(t, again.body, "0 reminders are on their way")
	require.Contains(t, again.body, "The last message is less than a day old")
	require.Len(t, b.reminders(t, notified), 1, "no more than one a day")

	require.Equal(t, 400, b.post(dpo, "/staff/reminders", url.Values{}).status)
	require.Equal(t, 404, b.post(dpo, "/staff/reminders/send", url.Values{"request": {models.ID{1}.String()}}).status)
	require.NotContains(t, b.log.String(), "example.com")
}

// reminders are the ledger's entries of reminders that were ordered about a request.
func (b *bundle) reminders(t *testing.T, f filed) (out []models.Actor) {
	t.Helper()
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Kind == "reminder.ordered" {
			out = append(out, e.Actor)
		}
	}
	return out
}
