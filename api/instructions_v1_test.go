package api_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

func TestACustomersProgramInstructsOnceAndForAllAndEndsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const path = "/v1/instructions"
	acme := b.keys[models.RoleController]
	require.Equal(t, "unknown_right", b.call("POST", path, acme, `{"right":"canary"}`).code(t))
	require.Equal(t, "role_forbidden", b.call("POST", path, b.keys[models.RoleDPO], `{"right":"erasure"}`).code(t))
	given := b.call("POST", path, acme, `{"right":"erasure"}`)
	require.Equal(t, 201, given.status, given.body)
	require.Equal(t, "acme", given.json(t)["controller"])
	require.NotContains(t, given.json(t), "ended_at")
	require.Equal(t, "standing_already", b.call("POST", path, acme, `{"right":"erasure"}`).code(t))

	f := b.verified(models.Erasure, "sam@example.com", models.AwaitingInstruction)
	ledger := b.call("GET", "/v1/requests/"+f.id.String()+"/ledger", acme, "")
	require.Contains(t, ledger.body, "instruction.followed")

	require.Len(t, b.call("GET", path, b.keys[models.RoleAuditor], "").json(t)["instructions"], 1)
	require.Empty(t, b.call("GET", path, b.globexK, "").json(t)["instructions"])
	end := path + "/" + given.json(t)["id"].(string) + "/end"
	require.Equal(t, "not_found", b.call("POST", end, b.globexK, "").code(t))
	ended := b.call("POST", end, acme, "")
	require.Equal(t, 200, ended.status, ended.body)
	require.Contains(t, ended.json(t), "ended_at")
	require.Equal(t, "not_found", b.call("POST", end, acme, "").code(t))
}
