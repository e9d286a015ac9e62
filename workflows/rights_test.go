package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
	"habeas/workflows"
)

func TestARightIsSettledBeforeItsRecipientsAreToldAndThePersonIsAnswered(t *testing.T) {
	t.Parallel()
	for right, outcome := range map[models.Right]models.Outcome{
		models.Restriction: models.PartlyFulfilled, models.Rectification: models.Fulfilled, models.Objection: models.Fulfilled,
	} {
		t.Run(string(right), func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.opened.Right, r.opened.Verified = right, true
			on(r, "PrepareRight", func(activities.RequestRef) (activities.RightWork, error) {
				return activities.RightWork{Restrict: []int{2, 1}, Rectify: []models.ID{{1}}}, nil
			})
			on(r, "RestrictRows", func(activities.GroupRef) (activities.Done, error) { return activities.Done{Restricted: 1}, nil })
			on(r, "Rectify", func(activities.CorrectionRef) (activities.Rectified, error) {
				return activities.Rectified{Rows: 1}, nil
			})
			on(r, "SettleRight", func(activities.RequestRef) (activities.Settled, error) {
				return activities.Settled{Outcome: outcome, Notices: []models.ID{{3}}}, nil
			})
			r.decide(day, request.Approve)
			r.answerNotice(2*day, models.ID{3}, request.Acknowledge)
			require.Equal(t, outcome, r.end())
			require.Equal(t, []string{
				"Open", "SendConfirmation", "Locate", "MakePlan", "PrepareRight", "RestrictRows", "RestrictRows", "Rectify", "SettleRight", "SendNotice",
				"SignReceipt", "SendAnswer",
			}, r.names("Advance", "Remind"))
			require.Equal(t, []models.State{
				models.Locating, models.InReview, models.Executing, models.Notifying, models.Delivering, models.Closed,
			}, r.states())
		})
	}
}

func TestARightIsSettledOnlyWhenPeopleHaveDoneWhatNoConnectorCan(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Right, r.opened.Verified = models.Rectification, true
	on(r, "PrepareRight", func(activities.RequestRef) (activities.RightWork, error) {
		return activities.RightWork{Restrict: []int{1}, Rectify: []models.ID{{1}}, RectifyOn: []activities.Queue{""}}, nil
	})
	on(r, "RestrictRows", func(activities.GroupRef) (activities.Done, error) { return activities.Done{}, nil })
	on(r, "Rectify", func(activities.CorrectionRef) (activities.Rectified, error) {
		return activities.Rectified{Tasks: 1}, nil
	})
	on(r, "SettleRight", func(activities.RequestRef) (activities.Settled, error) {
		return activities.Settled{Outcome: models.Fulfilled}, nil
	})
	r.decide(day, request.Approve)
	r.open(4 * day)
	r.decide(4*day, request.Confirm)
	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, []string{
		"Open", "SendConfirmation", "Locate", "MakePlan", "PrepareRight", "RestrictRows", "Rectify", "SettleTasks", "SettleTasks", "SettleRight",
		"SignReceipt", "SendAnswer",
	}, r.names("Advance", "Remind"))
}

func TestALiftedRestrictionIsToldBeforeTheMarksGo(t *testing.T) {
	t.Parallel()
	r := setup(t)
	on(r, "OpenLifting", func(activities.RequestRef) (activities.LiftWork, error) {
		return activities.LiftWork{Groups: []int{4, 5}}, nil
	})
	on(r, "LiftRows", func(activities.GroupRef) (activities.Done, error) { return activities.Done{Lifted: 1}, nil })
	does[activities.DecisionRef](r, "SendLifting")
	does[activities.DecisionRef](r, "FinishLifting")
	r.env.ExecuteWorkflow(workflows.LiftingWorkflowName, workflows.LiftingInput{RequestID: requestID, DecisionID: models.ID{7}})
	require.NoError(t, r.env.GetWorkflowError())
	require.Equal(t, []string{"SendLifting", "OpenLifting", "LiftRows", "LiftRows", "FinishLifting"}, r.names())
}
