package e2e_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"habeas/api/client"
	"habeas/cmd/internal/devserver/actor"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

// programs makes a client of the JSON interface with a key of its own.
func (h *house) programs(t *testing.T, spec store.KeySpec) (*client.ClientWithResponses, actor.Client) {
	t.Helper()
	secret, _, err := h.store.CreateKey(within(t), spec)
	require.NoError(t, err)
	c, err := client.Open(h.Config.BaseURL, secret, &http.Client{Timeout: time.Minute})
	require.NoError(t, err)
	return c, actor.Client{Base: h.Config.BaseURL, Key: secret}
}

func TestWhatACustomerLeavesOutOfAnErasureStaysAndTwoPersonsApproveTheRest(t *testing.T) {
	t.Parallel()
	h := shared
	c, err := h.store.PutController(within(t), request.Controller{
		Slug: "careful-retail", Name: "Careful Retail S.A.", Regime: "EU_GDPR", Timezone: "Europe/Paris", Country: "FR", ContactEmail: "privacy@careful.example",
		FourEyes: request.FourEyesErasure,
	})
	require.NoError(t, err)
	customer, _ := h.programs(t, store.KeySpec{Role: models.RoleController, ControllerID: c.ID, Name: "Careful's desk"})
	_, second := h.programs(t, store.KeySpec{Role: models.RoleHandler, Name: "Second pair of eyes", Holder: h.Account(models.RoleHandler).ID})
	p := h.party(t, "Quirin Ausgenommen", c.Slug)
	asked := h.askOf(t, models.Erasure, c.Slug, p)
	_, err = h.dpo.AwaitState(within(t), asked.ID, models.AwaitingInstruction)
	require.NoError(t, err)

	parts, err := customer.GetPartsWithResponse(within(t), asked.ID.String())
	require.NoError(t, err)
	var names []string
	for _, part := range parts.JSON200.Parts {
		names = append(names, part.Collection)
	}
	require.Contains(t, names, "parties.addresses")
	require.NotContains(t, names, "marketing.contacts", "the operator's own data is none of the customer's")
	const reason = "Addresses belong to the households we deliver to, says Quirin Ausgenommen."
	_, err = customer.DecideWithResponse(within(t), asked.ID.String(), &client.DecideParams{IdempotencyKey: uuid.NewString()}, client.NewDecision{
		Kind: "instruct", Reason: reason, Narrow: &client.Narrow{LeaveOut: &client.Named{Categories: []string{"user.contact.address"}}},
	})
	require.NoError(t, err)

	shown, err := h.dpo.Approve(within(t), asked.ID)
	require.NoError(t, err)
	r, err := h.dpo.Request(within(t), asked.ID)
	require.NoError(t, err)
	require.Equal(t, string(models.InReview), r.State)
	requireProblem(t, h.dpo.Decide(within(t), asked.ID, actor.Decision{Kind: "approve", PlanDigest: shown.Digest}), http.StatusConflict, "approved_already")
	require.Equal(t, 1, h.count(t, "parties", `SELECT count(*) FROM parties WHERE id = $1`, p.ID), "one approval erases nothing")
	require.NoError(t, second.Decide(within(t), asked.ID, actor.Decision{Kind: "approve", PlanDigest: shown.Digest}))

	h.closed(t, asked.ID, models.PartlyFulfilled)
	h.erased(t, p)
	require.Equal(t, 1, h.count(t, "parties", `SELECT count(*) FROM addresses WHERE id = $1 AND street = 'Kirchweg 9' AND city = 'Bremen'`, p.ID))
	got := h.verifyReceipts(t, asked, 1)[0]
	require.Empty(t, got.Deferrals)
	var left []plan.Group
	for _, g := range got.Plan.Groups {
		if g.LeftOut() {
			left = append(left, g)
		}
	}
	require.Len(t, left, 1)
	require.Equal(t, "parties.addresses", left[0].Name())
	require.EqualValues(t, 1, left[0].Rows)
	require.NotNil(t, got.Plan.Narrowed, "the receipt names who left it out")
	require.Equal(t, c.Slug, got.Plan.Narrowed.Controller)
	written, err := json.Marshal(got)
	require.NoError(t, err)
	require.NotContains(t, string(written), "Quirin")

	m := h.mail(t, p, "Left out by the controller")
	require.Contains(t, m.Text, "Careful Retail S.A. decides on this data")
	require.Contains(t, m.Text, "Delivery addresses, which several persons may share: 1")
}
