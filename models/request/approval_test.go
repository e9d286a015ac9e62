package request_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
)

func TestFourEyesAreAskedByRight(t *testing.T) {
	t.Parallel()
	for f, want := range map[request.FourEyes][2]bool{
		request.FourEyesInherit: {false, false}, request.FourEyesNone: {false, false}, request.FourEyesErasure: {true, false}, request.FourEyesEvery: {true, true},
	} {
		require.True(t, f.Known())
		require.Equal(t, want, [2]bool{f.Asks(models.Deletion), f.Asks(models.Access)}, f)
	}
	require.False(t, request.FourEyes("six").Known())
}

func TestACaseHandlerIsOneOfTwoAndNeverTheOnlyOne(t *testing.T) {
	t.Parallel()
	require.NoError(t, request.AllowedOfTwo(request.Approve, models.RoleHandler, models.InReview))
	require.Equal(t, "decision_not_open", models.CodeOf(request.AllowedOfTwo(request.Approve, models.RoleHandler, models.Executing)))
	require.Equal(t, "decision_forbidden", models.CodeOf(request.AllowedOfTwo(request.Refuse, models.RoleHandler, models.InReview)))
	require.Equal(t, "decision_forbidden", models.CodeOf(request.AllowedOfTwo(request.Approve, models.RoleController, models.InReview)))
	require.NoError(t, request.AllowedOfTwo(request.Approve, models.RoleDPO, models.InReview))
	require.Equal(t, "decision_forbidden", models.CodeOf(request.Allowed(request.Approve, models.RoleHandler, models.InReview)))
}

func TestTheSecondApprovalIsAnotherPersonsAndOfTheSamePlan(t *testing.T) {
	t.Parallel()
	officer, handler := models.Actor{Role: models.RoleDPO, ID: models.ID{1}}, models.Actor{Role: models.RoleHandler, ID: models.ID{2}}
	for name, c := range map[string]struct {
		first, second models.Actor
		digest, code  string
	}{
		"officer, then handler":        {officer, handler, "d", ""},
		"handler, then officer":        {handler, officer, "d", ""},
		"the same person":              {officer, officer, "d", "approved_already"},
		"the same in another role":     {officer, models.Actor{Role: models.RoleHandler, ID: officer.ID}, "d", "approved_already"},
		"two handlers":                 {handler, models.Actor{Role: models.RoleHandler, ID: models.ID{3}}, "d", "needs_dpo"},
		"something else is to be done": {officer, handler, "e", "approval_differs"},
	} {
		err := request.Approval{Digest: "d", Actor: c.first}.Second(c.second, c.digest)
		if c.code == "" {
			require.NoError(t, err, name)
			continue
		}
		require.Equal(t, c.code, models.CodeOf(err), name)
	}
}
