package e2e_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/devserver/actor"
	"habeas/cmd/internal/devserver/demo"
	"habeas/cmd/internal/devserver/mailbox"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

func TestARestrictionMarksTellsAndIsLiftedAfterTheLetter(t *testing.T) {
	t.Parallel()
	h := shared
	p := h.reader(t, "Severin Gesperrt", 3)
	p.Statement.Ground = request.GroundAccuracy
	asked := h.ask(t, models.Restriction, p)
	h.closed(t, asked.ID, models.Fulfilled)
	const marked = `SELECT count(*) FROM campaign_sends s JOIN contacts c ON c.id = s.contact_id WHERE c.id = $1 AND s.restricted_at IS NOT NULL AND c.restricted_at IS NOT NULL`
	require.Equal(t, 3, h.count(t, "marketing", marked, p.ID))
	require.Contains(t, h.mail(t, p, "Restricted").Text, "Letters sent: 3")
	notices, err := h.dpo.Notices(within(t), asked.ID)
	require.NoError(t, err)
	require.NotEmpty(t, notices)
	for _, n := range notices {
		require.Equal(t, "done", n.Answer, n.Recipient)
	}
	r := h.verifyReceipts(t, asked, 1)[0]
	require.Equal(t, "Art. 18(1)(a) GDPR", r.Request.Ground)

	lift := actor.Decision{Kind: "lift", Reason: "Everything was checked and is correct."}
	requireProblem(t, h.customer.Decide(within(t), asked.ID, lift), http.StatusNotFound, "not_found")
	requireProblem(t, h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "lift"}), http.StatusBadRequest, "reason_missing")
	require.NoError(t, h.dpo.Decide(within(t), asked.ID, lift))
	requireProblem(t, h.dpo.Decide(within(t), asked.ID, lift), http.StatusConflict, "not_restricted")
	require.Contains(t, h.mail(t, p, "The reason:").Text, "Everything was checked")
	eventually(t, func() bool { return h.has(t, asked, "restriction.lifted") }, "the restriction is lifted")
	require.Zero(t, h.count(t, "marketing", marked, p.ID))
	h.nowhere(t, p)
}

// has reports whether the ledger has an entry of a kind about a request.
func (h *house) has(t *testing.T, a actor.Asked, kind string) bool {
	t.Helper()
	entries, err := h.dpo.Ledger(within(t), a.ID)
	require.NoError(t, err)
	for _, e := range entries {
		if e.Kind == kind {
			return true
		}
	}
	return false
}

func TestARectificationCorrectsWhatTheDPOHasMappedAndSaysWhatNot(t *testing.T) {
	t.Parallel()
	h := shared
	p := h.party(t, "Thekla Falschgeschrieben", "")
	const right = "Thekla Richtiggeschrieben"
	p.Statement = request.Statement{Wrong: "My name.", Correct: right, Corrections: []request.Said{{Field: "name", Value: right}}}
	asked := h.ask(t, models.Rectification, p)
	_, err := h.dpo.AwaitState(within(t), asked.ID, models.InReview)
	require.NoError(t, err)
	plan, err := h.dpo.Plan(within(t), asked.ID)
	require.NoError(t, err)
	requireProblem(t, h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "approve", PlanDigest: plan.Digest}), http.StatusBadRequest, "no_corrections")
	c := actor.Correction{PlanDigest: plan.Digest, Field: "full_name", Value: right}
	for _, g := range plan.Groups {
		if g.Collection == "parties" {
			c.Group = g.No
		}
	}
	requireProblem(t, h.customer.Correct(within(t), asked.ID, c), http.StatusNotFound, "not_found")
	require.NoError(t, h.dpo.Correct(within(t), asked.ID, c))
	requireProblem(t, h.dpo.Correct(within(t), asked.ID, c), http.StatusConflict, "plan_changed")
	requireProblem(t, h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "approve", PlanDigest: plan.Digest}), http.StatusConflict, "plan_changed")
	plan, err = h.dpo.Plan(within(t), asked.ID)
	require.NoError(t, err)
	require.NoError(t, h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "approve", PlanDigest: plan.Digest, Reason: "The log of your visits stays as it was written."}))
	h.closed(t, asked.ID, models.PartlyFulfilled)
	require.Equal(t, 1, h.count(t, "parties", `SELECT count(*) FROM parties WHERE id = $1 AND full_name = $2`, p.ID, right))
	require.Equal(t, 1, h.count(t, "parties", `SELECT count(*) FROM parties WHERE full_name = $1`, right))
	answer := h.mail(t, p, "Corrected")
	require.Contains(t, answer.Text, "The log of your visits")
	require.NotContains(t, answer.Text, right)
	notice, err := h.Mailbox.Wait(within(t), func(m mailbox.Message) bool {
		return strings.HasPrefix(m.Subject, "Notice of rectification "+asked.Reference)
	})
	require.NoError(t, err)
	require.Contains(t, notice.Text, "- Name")
	require.NotContains(t, notice.Text, "Richtiggeschrieben")
	h.verifyReceipts(t, asked, 1)
	h.nowhere(t, p)
	for _, database := range []string{"temporal", "temporal_visibility", "habeas"} {
		found, _, err := demo.Leaks(within(t), h.Postgres.DSN(database), "Richtiggeschrieben")
		require.NoError(t, err)
		require.Empty(t, found, "tables of %s", database)
	}
}

func TestAnObjectionIsHeededBeforeAnybodyIsWrittenToEvenAfterAnErasure(t *testing.T) {
	t.Parallel()
	h := shared
	p := h.reader(t, "Ulrike Widerspruch", 2)
	p.Statement.Purposes = []request.Purpose{request.DirectMarketing}
	operator, err := h.store.Operator(within(t))
	require.NoError(t, err)
	secret, _, err := h.store.CreateKey(within(t), store.KeySpec{Role: models.RoleController, ControllerID: operator.ID, Name: "Newsletter"})
	require.NoError(t, err)
	newsletter := actor.Client{Base: h.Config.BaseURL, Key: secret}
	suppressed := func(c actor.Client, purpose string) bool {
		got, err := c.Suppressed(within(t), purpose, "nobody@people.example", strings.ToUpper(p.Email.Reveal()))
		require.NoError(t, err)
		require.Len(t, got, 2)
		require.False(t, got[0])
		return got[1]
	}
	require.False(t, suppressed(newsletter, "direct_marketing"))
	asked := h.ask(t, models.Objection, p)
	h.closed(t, asked.ID, models.Fulfilled)
	require.Contains(t, h.mail(t, p, "No longer used").Text, "direct marketing")
	require.True(t, suppressed(newsletter, "direct_marketing"))
	require.False(t, suppressed(newsletter, "research"))
	require.False(t, suppressed(h.customer, "direct_marketing"), "another company learns nothing of it")
	_, err = actor.Client{Base: h.Config.BaseURL}.Suppressed(within(t), "direct_marketing", p.Email.Reveal())
	requireProblem(t, err, http.StatusUnauthorized, "key_missing")
	_, err = newsletter.Suppressed(within(t), "world_peace", p.Email.Reveal())
	requireProblem(t, err, http.StatusBadRequest, "unknown_purpose")
	r := h.verifyReceipts(t, asked, 1)[0]
	require.Equal(t, []string{"direct_marketing"}, r.Request.Purposes)

	p.Statement = request.Statement{}
	erasure := h.ask(t, models.Erasure, p)
	h.closed(t, erasure.ID, models.Fulfilled)
	h.erased(t, p)
	require.True(t, suppressed(newsletter, "direct_marketing"))
	h.nowhere(t, p)
}
