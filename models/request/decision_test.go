package request_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
)

func TestWhoMayDecideWhatAndWhen(t *testing.T) {
	t.Parallel()
	cases := []struct {
		kind  request.DecisionKind
		role  models.Role
		state models.State
		code  string
	}{
		{request.Verify, models.RoleSubject, models.Verifying, ""},
		{request.Verify, models.RoleSubject, models.Locating, "decision_not_open"},
		{request.Verify, models.RoleDPO, models.Verifying, "decision_forbidden"},
		{request.Resend, models.RoleSubject, models.Notifying, ""},
		{request.Resend, models.RoleSubject, models.Closed, "decision_not_open"},
		{request.Withdraw, models.RoleSubject, models.InReview, ""},
		{request.Withdraw, models.RoleSubject, models.Executing, "decision_not_open"},
		{request.Instruct, models.RoleController, models.AwaitingInstruction, ""},
		{request.Instruct, models.RoleDPO, models.AwaitingInstruction, "decision_forbidden"},
		{request.Approve, models.RoleDPO, models.InReview, ""},
		{request.Approve, models.RoleHandler, models.InReview, "decision_forbidden"},
		{request.Approve, models.RoleDPO, models.Closed, "decision_not_open"},
		{request.Refuse, models.RoleDPO, models.Verifying, ""},
		{request.Refuse, models.RoleDPO, models.Received, "decision_not_open"},
		{request.Refuse, models.RoleDPO, models.Executing, "decision_not_open"},
		{request.Extend, models.RoleHandler, models.Locating, ""},
		{request.Acknowledge, models.RoleRecipient, models.Closed, ""},
		{request.Waive, models.RoleAuditor, models.Notifying, "decision_forbidden"},
		{"destroy", models.RoleDPO, models.InReview, "unknown_decision"},
	}
	for _, c := range cases {
		err := request.Allowed(c.kind, c.role, c.state)
		if c.code == "" {
			require.NoError(t, err, "%s by %s in %s", c.kind, c.role, c.state)
			continue
		}
		require.Equal(t, c.code, models.CodeOf(err), "%s by %s in %s", c.kind, c.role, c.state)
	}
}

func TestNoDecisionIsOpenToTheAuditorOrTheSystem(t *testing.T) {
	t.Parallel()
	for _, kind := range request.DecisionKinds() {
		for _, state := range models.States() {
			require.Error(t, request.Allowed(kind, models.RoleAuditor, state))
			require.Error(t, request.Allowed(kind, models.RoleSystem, state))
		}
	}
}

func TestEveryKindIsOpenSomewhere(t *testing.T) {
	t.Parallel()
	for _, kind := range request.DecisionKinds() {
		open := false
		for _, state := range models.States() {
			open = open || request.OpenIn(kind, state) == nil
		}
		require.True(t, open, "%s is never open", kind)
	}
}
