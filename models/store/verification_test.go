package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// issue gives the one verification of a request that is to be mailed, and records that it was.
func (b *bundle) issue(id models.ID) store.Issued {
	b.t.Helper()
	issued, err := b.IssueVerifications(b.t.Context(), id)
	require.NoError(b.t, err)
	require.Len(b.t, issued, 1)
	require.NoError(b.t, b.VerificationSent(b.t.Context(), issued[0].ID))
	return issued[0]
}

func TestVerificationIsGivenUntilItsMailWasHandedOver(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.submission("ada@example.org"))
	first, err := b.IssueVerifications(t.Context(), out.RequestID)
	require.NoError(t, err)
	require.Len(t, first, 1)
	require.EqualValues(t, "ada@example.org", first[0].To)
	require.Equal(t, "Company northwind", first[0].Controller)
	require.Equal(t, out.Reference, first[0].Reference)
	require.Equal(t, start.Add(24*time.Hour), first[0].ExpiresAt)
	require.Regexp(t, `^\d{4}-\d{4}$`, first[0].Code)
	require.Len(t, first[0].Token, 43)

	again, err := b.IssueVerifications(t.Context(), out.RequestID)
	require.NoError(t, err)
	require.Equal(t, first, again, "a retry mails the same link and code")

	require.NoError(t, b.VerificationSent(t.Context(), first[0].ID))
	none, err := b.IssueVerifications(t.Context(), out.RequestID)
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestLinkVerifiesOnceAndDecides(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.submission("ada@example.org"))
	issued := b.issue(out.RequestID)

	for range 2 { // looking does not use it
		view, err := b.PeekVerification(t.Context(), issued.Token)
		require.NoError(t, err)
		require.Equal(t, store.VerificationLive, view.State)
		require.Equal(t, out.StatusToken, view.StatusToken)
	}
	page, err := b.VerifyByToken(t.Context(), issued.Token)
	require.NoError(t, err)
	require.NotEqual(t, out.StatusToken, page)
	status, err := b.StatusByToken(t.Context(), page)
	require.NoError(t, err)
	require.False(t, status.Masked)
	letters, err := b.StatusToken(t.Context(), out.RequestID)
	require.NoError(t, err)
	require.Equal(t, page, letters)

	r, err := b.Request(t.Context(), models.ScopeOperator(), out.RequestID)
	require.NoError(t, err)
	require.Equal(t, start, r.VerifiedAt)
	require.Equal(t, models.Received, r.State, "only the workflow moves the state")
	require.Equal(t, 1, b.count("SELECT count(*) FROM orders WHERE kind = 'update' AND name = 'verify'"))

	_, err = b.VerifyByToken(t.Context(), issued.Token)
	requireCode(t, "link_used", err)
	requireCode(t, "link_used", b.VerifyByCode(t.Context(), out.StatusToken, issued.Code))
	view, err := b.PeekVerification(t.Context(), issued.Token)
	require.NoError(t, err)
	require.Equal(t, store.VerificationUsed, view.State)
	require.Equal(t, page, view.StatusToken)

	_, err = b.VerifyByToken(t.Context(), "unknown")
	requireCode(t, "not_found", err)
	_, err = b.PeekVerification(t.Context(), "")
	requireCode(t, "not_found", err)
}

func TestParallelUsesOfALinkVerifyOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.submission("ada@example.org"))
	issued := b.issue(out.RequestID)
	var group errgroup.Group
	codes := make([]string, 8)
	for i := range codes {
		group.Go(func() error {
			if _, err := b.VerifyByToken(t.Context(), issued.Token); err != nil {
				codes[i] = models.CodeOf(err)
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, 7, strings.Count(fmt.Sprint(codes), "link_used"))
	require.Equal(t, 1, b.count("SELECT count(*) FROM decisions"))
}

func TestLinkExpiresAndALaterMailReplacesIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.submission("ada@example.org"))
	first := b.issue(out.RequestID)
	b.pass(24 * time.Hour)
	_, err := b.VerifyByToken(t.Context(), first.Token)
	requireCode(t, "link_expired", err)
	requireCode(t, "link_expired", b.VerifyByCode(t.Context(), out.StatusToken, first.Code))

	second := b.issue(out.RequestID)
	require.NotEqual(t, first.Token, second.Token)
	_, err = b.DecideByStatusToken(t.Context(), out.StatusToken, request.Resend, "")
	require.NoError(t, err)
	third := b.issue(out.RequestID)
	view, err := b.PeekVerification(t.Context(), second.Token)
	require.NoError(t, err)
	require.Equal(t, store.VerificationSuperseded, view.State)
	_, err = b.VerifyByToken(t.Context(), second.Token)
	requireCode(t, "link_expired", err)
	_, err = b.VerifyByToken(t.Context(), third.Token)
	require.NoError(t, err)
}

func TestCodesAreLimitedInAttempts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.submission("ada@example.org"))
	issued := b.issue(out.RequestID)
	for left := 4; left > 0; left-- {
		err := b.VerifyByCode(t.Context(), out.StatusToken, "0000-000x")
		requireCode(t, "wrong_code", err)
		require.Contains(t, err.Error(), fmt.Sprintf("Attempts left: %d", left))
	}
	requireCode(t, "too_many_attempts", b.VerifyByCode(t.Context(), out.StatusToken, "0000-000x"))
	requireCode(t, "too_many_attempts", b.VerifyByCode(t.Context(), out.StatusToken, issued.Code))
	requireCode(t, "not_found", b.VerifyByCode(t.Context(), "unknown", issued.Code))

	fresh := b.issue(out.RequestID)
	require.NoError(t, b.VerifyByCode(t.Context(), out.StatusToken, strings.ReplaceAll(fresh.Code, "-", " ")))
}

func TestMailsToAnAddressAreLimitedPerDay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	out := b.submit(b.submission("ada@example.org"))
	for range 4 {
		b.issue(out.RequestID)
		_, err := b.DecideByStatusToken(t.Context(), out.StatusToken, request.Resend, "")
		require.NoError(t, err)
	}
	elsewhere := b.submission("ADA@example.org") // another controller, the same mailbox
	elsewhere.Controller = b.acme
	other := b.submit(elsewhere)
	b.issue(other.RequestID)

	for _, id := range []models.ID{out.RequestID, other.RequestID} {
		_, err := b.DecideByStatusToken(t.Context(), out.StatusToken, request.Resend, "")
		require.NoError(t, err)
		issued, err := b.IssueVerifications(t.Context(), id)
		require.NoError(t, err)
		require.Empty(t, issued)
	}
	b.pass(25 * time.Hour)
	b.issue(out.RequestID)
}

func TestStatusIsMaskedUntilItsOwnSubmissionIsVerified(t *testing.T) {
	t.Parallel()
	b := setup(t)
	person := b.verified(b.submission("ada@example.org"))
	b.advance(person.RequestID, models.Verifying, models.Locating)
	stranger := b.submit(b.submission("ada@example.org"))
	require.Equal(t, person.RequestID, stranger.RequestID)

	masked, err := b.StatusByToken(t.Context(), stranger.StatusToken)
	require.NoError(t, err)
	require.True(t, masked.Masked)
	require.Equal(t, models.Verifying, masked.State)
	require.False(t, masked.CanWithdraw)
	require.Len(t, masked.Timeline, 1)
	fresh := b.submit(b.submission("bob@example.org"))
	unknown, err := b.StatusByToken(t.Context(), fresh.StatusToken)
	require.NoError(t, err)
	unknown.RequestID, unknown.Reference = masked.RequestID, masked.Reference
	require.Equal(t, unknown, masked, "a stranger sees what they would see of an address without a request")

	_, err = b.DecideByStatusToken(t.Context(), stranger.StatusToken, request.Withdraw, "")
	requireCode(t, "not_verified", err)

	open, err := b.StatusByToken(t.Context(), person.StatusToken)
	require.NoError(t, err)
	require.False(t, open.Masked)
	require.Equal(t, models.Locating, open.State)
	require.True(t, open.CanWithdraw)
	kinds := []string{}
	for _, e := range open.Timeline {
		kinds = append(kinds, e.Kind)
	}
	require.Equal(t, []string{"request.received", "submission.verified", "state.verifying", "state.locating"}, kinds)

	// The owner of the mailbox may click the link that the stranger has caused: they see the request then, and the stranger still does not.
	issued := b.issue(person.RequestID)
	page, err := b.VerifyByToken(t.Context(), issued.Token)
	require.NoError(t, err)
	late, err := b.StatusByToken(t.Context(), page)
	require.NoError(t, err)
	require.Equal(t, models.Locating, late.State)
	masked, err = b.StatusByToken(t.Context(), stranger.StatusToken)
	require.NoError(t, err)
	require.True(t, masked.Masked)
	_, err = b.DecideByStatusToken(t.Context(), stranger.StatusToken, request.Withdraw, "")
	requireCode(t, "not_verified", err)
	requireCode(t, "link_used", b.VerifyByCode(t.Context(), stranger.StatusToken, issued.Code))
	require.Equal(t, 1, b.count("SELECT count(*) FROM decisions WHERE kind = 'verify'"))
}

func TestSubjectOfTheVerifiedSubmissionCounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	forged := b.submission("ada@example.org")
	forged.Subject.Identities = append(forged.Subject.Identities, request.Identity{Kind: "customer_number", Value: "someone else's"})
	first := b.submit(forged)
	second := b.submit(b.submission("ada@example.org"))
	issued, err := b.IssueVerifications(t.Context(), first.RequestID)
	require.NoError(t, err)
	require.Len(t, issued, 2)
	for _, i := range issued {
		view, err := b.PeekVerification(t.Context(), i.Token)
		require.NoError(t, err)
		if view.StatusToken == second.StatusToken {
			_, err := b.VerifyByToken(t.Context(), i.Token)
			require.NoError(t, err)
		}
	}
	subject, err := b.Subject(t.Context(), models.ScopeOperator(), first.RequestID)
	require.NoError(t, err)
	require.Equal(t, b.submission("ada@example.org").Subject, subject)
}
