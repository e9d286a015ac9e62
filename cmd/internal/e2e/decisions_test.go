package e2e_test

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/devserver/actor"
	"habeas/cmd/internal/devserver/mailbox"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// housemates are two people at one address, so that an erasure of the first needs a decision.
func (h *house) housemates(t *testing.T, name string) person {
	t.Helper()
	p := h.party(t, name, "")
	other := stranger(name + " Mitbewohner")
	h.insert(t, "parties", statement{
		`INSERT INTO parties VALUES ($1, $2, $3, $4, NULL, NULL, $5, '{}', NULL, '2024-01-01')`,
		[]any{other.ID, "E2E-" + strconv.FormatInt(other.ID, 10), other.Name.Reveal(), other.Email.Reveal(), p.ID},
	})
	return p
}

func TestAPlanThatChangedSinceItWasShownIsNotApproved(t *testing.T) {
	t.Parallel()
	h := shared
	p := h.housemates(t, "Jolanthe Planwechsel")
	asked := h.ask(t, models.Erasure, p)
	_, err := h.dpo.AwaitState(within(t), asked.ID, models.InReview)
	require.NoError(t, err)
	shown, err := h.dpo.Plan(within(t), asked.ID)
	require.NoError(t, err)
	choices := map[string]string{}
	for _, g := range shown.Groups {
		if g.Treatment == string(models.TreatRefer) {
			require.Equal(t, "addresses", g.Collection)
			require.NotEmpty(t, g.SharedWith)
			choices[strconv.Itoa(g.No)] = g.Options[0]
		}
	}
	require.NotEmpty(t, choices)
	approve := func(digest string) error {
		return h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "approve", PlanDigest: digest, Choices: choices})
	}
	requireProblem(t, h.customer.Decide(within(t), asked.ID, actor.Decision{Kind: "approve", PlanDigest: shown.Digest}), 404, "not_found")
	requireProblem(t, h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "approve", PlanDigest: shown.Digest}), 400, "choice_missing")

	change := actor.Decision{Kind: "change", PlanDigest: shown.Digest, Choices: choices, Reason: "The other one still lives there."}
	require.NoError(t, h.dpo.Decide(within(t), asked.ID, change))
	requireProblem(t, approve(shown.Digest), http.StatusConflict, "plan_changed")
	requireProblem(t, h.dpo.Decide(within(t), asked.ID, change), http.StatusConflict, "plan_changed")
	changed, err := h.dpo.Plan(within(t), asked.ID)
	require.NoError(t, err)
	require.Greater(t, changed.Version, shown.Version)
	require.NotEqual(t, shown.Digest, changed.Digest)
	require.NoError(t, approve(changed.Digest))
	refuse := actor.Decision{Kind: "refuse", Reason: "Too late."}
	requireProblem(t, h.dpo.Decide(within(t), asked.ID, refuse), http.StatusConflict, "already_decided", "decision_not_open")
	r, err := h.dpo.AwaitState(within(t), asked.ID, models.Closed)
	require.NoError(t, err)
	require.Contains(t, []string{string(models.Fulfilled), string(models.PartlyFulfilled)}, r.Outcome)
	require.Equal(t, 1, h.count(t, "parties", `SELECT count(*) FROM parties WHERE address_id = $1`, p.ID), "the housemate is untouched")
	h.erased(t, p)
}

func TestARowThatTheSystemWillNotLetGoIsToldToTheDPOAndNotCalledErased(t *testing.T) {
	t.Parallel()
	h := shared
	p := h.housemates(t, "Quirin Blockiert")
	asked := h.ask(t, models.Erasure, p)
	_, err := h.dpo.AwaitState(within(t), asked.ID, models.InReview)
	require.NoError(t, err)
	plan, err := h.dpo.Plan(within(t), asked.ID)
	require.NoError(t, err)
	choices := map[string]string{}
	for _, g := range plan.Groups {
		if g.Treatment == string(models.TreatRefer) {
			choices[strconv.Itoa(g.No)] = string(models.TreatErase) // though the housemate's row refers to it
		}
	}
	require.NoError(t, h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "approve", PlanDigest: plan.Digest, Choices: choices}))
	_, err = h.Mailbox.Wait(within(t), func(m mailbox.Message) bool {
		return m.For(h.Config.DPOEmail.Reveal()) && m.Subject == "Erasure incomplete: request "+asked.Reference
	})
	require.NoError(t, err)
	r, err := h.dpo.Request(within(t), asked.ID)
	require.NoError(t, err)
	require.Equal(t, string(models.Executing), r.State)
	require.Equal(t, 1, h.count(t, "parties", `SELECT count(*) FROM addresses WHERE id = $1`, p.ID))
}

func TestARefusalExplainsItselfAndErasesNothing(t *testing.T) {
	t.Parallel()
	h := shared
	p := h.housemates(t, "Konrad Abgelehnt")
	asked := h.ask(t, models.Erasure, p)
	_, err := h.dpo.AwaitState(within(t), asked.ID, models.InReview)
	require.NoError(t, err)
	requireProblem(t, h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "refuse"}), 400, "reason_missing")
	const reason = "The same was asked and answered last week."
	require.NoError(t, h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "refuse", Reason: reason}))
	h.closed(t, asked.ID, models.Refused)
	letter := h.mail(t, p, "complaint")
	require.Contains(t, letter.Text, "answered last week")
	require.Equal(t, 2, h.count(t, "parties", `SELECT count(*) FROM parties WHERE address_id = $1`, p.ID))
	h.verifyReceipts(t, asked, 1)
}

func TestARecipientThatNeverAnswersIsWaivedWithAReason(t *testing.T) {
	t.Parallel()
	h := shared
	_, err := h.store.PutRecipient(within(t), store.Recipient{
		Slug: "silent-archive", Name: "Silent Archive Ltd", Channel: store.ChannelMail, Address: "nobody@silent-archive.example", Country: "IE",
		Categories: []string{"user.account.username"}, Purpose: "Archive", ReminderAfter: time.Hour, // only this person has an account
	})
	require.NoError(t, err)
	p := stranger("Leopold Schweigsam")
	h.insert(t, "logins", statement{`INSERT INTO accounts VALUES (gen_random_uuid(), NULL, $1, $2, 'x', '{}', '2024-01-01', NULL)`, []any{p.Email.Reveal(), p.Name.Reveal()}})
	asked := h.ask(t, models.Erasure, p)
	_, err = h.dpo.AwaitState(within(t), asked.ID, models.Notifying)
	require.NoError(t, err)
	notices, err := h.dpo.Notices(within(t), asked.ID)
	require.NoError(t, err)
	for _, n := range notices {
		if n.Recipient != "Silent Archive Ltd" {
			continue
		}
		requireProblem(t, h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "waive", NoticeID: n.ID}), 400, "reason_missing")
		requireProblem(t, h.customer.Decide(within(t), asked.ID, actor.Decision{Kind: "waive", NoticeID: n.ID, Reason: "Not mine."}), 404, "not_found")
		require.NoError(t, h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "waive", NoticeID: n.ID, Reason: "Out of business."}))
	}
	h.closed(t, asked.ID, models.Fulfilled)
	require.Equal(t, 1, h.count(t, "habeas", `SELECT count(*) FROM notices WHERE request_id = $1 AND state = 'waived'`, asked.ID.String()))
}

func TestARowThatChangedOrWentSinceThePlanDoesNotStopTheErasure(t *testing.T) {
	t.Parallel()
	h := shared
	p := h.housemates(t, "Margarethe Unterwegs")
	asked := h.ask(t, models.Erasure, p)
	_, err := h.dpo.AwaitState(within(t), asked.ID, models.InReview)
	require.NoError(t, err)
	h.insert(t, "logins", statement{`DELETE FROM login_attempts WHERE id = $1`, []any{p.ID}})
	h.insert(t, "parties", statement{`UPDATE parties SET phone = '+49 30 23125 999' WHERE id = $1`, []any{p.ID}})
	_, err = h.dpo.Approve(within(t), asked.ID)
	require.NoError(t, err)
	_, err = h.dpo.AwaitState(within(t), asked.ID, models.Closed)
	require.NoError(t, err)
	h.erased(t, p)
	rows := map[string]int64{}
	r := h.verifyReceipts(t, asked, 1)[0]
	for _, x := range r.Rows {
		rows[x.Status] += x.Rows
	}
	require.Equal(t, map[string]int64{"erased": 1, "missing": 1, "kept": 1}, rows, "what went before the erasure began is not called erased")
}

func TestACustomersDataWaitsForItsInstruction(t *testing.T) {
	t.Parallel()
	h := shared
	other, err := h.store.PutController(within(t), request.Controller{
		Slug: "rival-retail", Name: "Rival Retail S.A.", Regime: "EU_GDPR", Timezone: "Europe/Paris", Country: "FR", ContactEmail: "privacy@rival.example",
	})
	require.NoError(t, err)
	secret, _, err := h.store.CreateKey(within(t), store.KeySpec{Role: models.RoleController, ControllerID: other.ID, Name: "Rival's desk"})
	require.NoError(t, err)
	rival := actor.Client{Base: h.Config.BaseURL, Key: secret}

	p := h.party(t, "Nepomuk Empfaenger", "brightline-retail")
	nordkais := h.party(t, "Ottilie Eigen", "") // the same address elsewhere is another controller's data
	asked := h.askOf(t, models.Erasure, "brightline-retail", p)
	_, err = h.dpo.AwaitState(within(t), asked.ID, models.AwaitingInstruction)
	require.NoError(t, err)

	instruct := actor.Decision{Kind: "instruct"}
	requireProblem(t, rival.Decide(within(t), asked.ID, instruct), http.StatusNotFound, "not_found")
	_, err = rival.Request(within(t), asked.ID)
	requireProblem(t, err, http.StatusNotFound, "not_found")
	_, err = rival.Plan(within(t), asked.ID)
	requireProblem(t, err, http.StatusNotFound, "not_found")
	_, err = rival.Ledger(within(t), asked.ID)
	requireProblem(t, err, http.StatusNotFound, "not_found")
	requireProblem(t, h.dpo.Decide(within(t), asked.ID, instruct), http.StatusForbidden, "decision_forbidden")
	r, err := h.customer.Request(within(t), asked.ID)
	require.NoError(t, err)
	require.Equal(t, string(models.AwaitingInstruction), r.State)

	require.NoError(t, h.customer.Decide(within(t), asked.ID, instruct))
	_, err = h.dpo.Settle(within(t), asked.ID)
	require.NoError(t, err)
	h.closed(t, asked.ID, models.Fulfilled)
	h.erased(t, p)
	require.Equal(t, 1, h.count(t, "parties", `SELECT count(*) FROM parties WHERE id = $1`, nordkais.ID))
}

func TestACustomerFilesForAPersonItVouchesForAndNothingIsWaitedFor(t *testing.T) {
	t.Parallel()
	h := shared
	p := h.party(t, "Pankraz Verbuergt", "brightline-retail")
	asked, err := h.customer.Ask(within(t), models.Erasure, "", p.Subject)
	require.NoError(t, err)
	_, err = h.dpo.Settle(within(t), asked.ID)
	require.NoError(t, err)
	h.closed(t, asked.ID, models.Fulfilled)
	h.erased(t, p)
	entries, err := h.customer.Ledger(within(t), asked.ID)
	require.NoError(t, err)
	for _, e := range entries {
		require.NotContains(t, []string{"state.verifying", "state.awaiting_instruction"}, e.Kind)
	}
	for _, m := range h.Mailbox.Messages(p.Email.Reveal()) {
		require.Empty(t, m.Code(), "nobody asks the person to prove what the customer vouched for")
	}
	_, err = h.customer.Ask(within(t), models.Erasure, "nordkai", p.Subject)
	requireProblem(t, err, 400, "unknown_controller")
}
