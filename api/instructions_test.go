package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

func TestACustomerGivesAStandingInstructionAndEndsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	acme, globex, dpo := b.signIn(b.keys[models.RoleController]), b.signIn(b.globexK), b.signIn(b.keys[models.RoleDPO])
	require.Contains(t, b.get(acme, "/staff/instructions").body, "There is no standing instruction")
	form := url.Values{"right": {"erasure"}}
	require.Equal(t, http.StatusSeeOther, b.post(acme, "/staff/instructions", form).status)
	require.Equal(t, http.StatusConflict, b.post(acme, "/staff/instructions", form).status)
	require.Equal(t, 403, b.post(dpo, "/staff/instructions", form).status)

	f := b.verified(models.Erasure, "sam@example.com", models.AwaitingInstruction)
	page := b.get(dpo, "/staff/requests/"+f.id.String())
	require.Contains(t, page.body, "instruction.followed")
	require.Contains(t, b.get(dpo, "/staff/instructions").body, "Company acme")
	require.NotContains(t, b.get(dpo, "/staff/instructions").body, "End it")

	list, err := b.StandingInstructions(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	path := "/staff/instructions/" + list[0].ID.String() + "/end"
	require.NotContains(t, b.get(globex, "/staff/instructions").body, "in force")
	require.Equal(t, 404, b.post(globex, path, nil).status)
	require.Equal(t, http.StatusSeeOther, b.post(acme, path, nil).status)
	require.Contains(t, b.get(acme, "/staff/instructions").body, "ended 1 February 2027")
}
