package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
	"habeas/workflows"
)

// answerNotice delivers a recipient's or the DPO's decision to a notice's workflow.
func (r *run) answerNotice(after time.Duration, notice models.ID, kind request.DecisionKind) {
	in := workflows.DecisionInput{DecisionID: models.ID{8}, Kind: kind}
	r.env.RegisterDelayedCallback(func() {
		err := r.env.UpdateWorkflowByID(workflows.NoticeWorkflowID(notice), string(kind), notice.String(), &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { require.NoError(r.t, err) }, OnComplete: func(any, error) {},
		}, in)
		require.NoError(r.t, err)
	}, after)
}

func TestARequestIsNotDoneUntilEveryRecipientHasAnsweredOrIsWaived(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	quick, slow := models.ID{1}, models.ID{2}
	on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) {
		return activities.Work{Notices: []models.ID{quick, slow}}, nil
	})
	r.decide(time.Hour, request.Approve)
	r.answerNotice(day, quick, request.Acknowledge)
	r.answerNotice(15*day, slow, request.Waive)
	require.Equal(t, models.Fulfilled, r.end())

	attempts := map[models.ID][]time.Duration{}
	var delivered time.Duration
	for _, c := range r.made() {
		if in, ok := c.in.(activities.NoticeRef); ok {
			attempts[in.NoticeID] = append(attempts[in.NoticeID], c.at.Sub(received)-time.Hour)
		}
		if in, ok := c.in.(activities.Advance); ok && in.To == models.Delivering {
			delivered = c.at.Sub(received)
		}
	}
	require.Equal(t, []time.Duration{0}, attempts[quick])
	require.Equal(t, []time.Duration{0, 3 * day, 6 * day, 9 * day, 12 * day}, attempts[slow])
	require.Equal(t, 15*day, delivered)
	require.Equal(t, []time.Duration{9*day + time.Hour, 12*day + time.Hour}, r.reminders(activities.RemindNotice), "the DPO is told from the fourth message on")
}

func TestANoticeThatNobodyTakesIsTriedAtOnceAgainAndToldToTheDPO(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	notice := models.ID{1}
	on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) {
		return activities.Work{Notices: []models.ID{notice}}, nil
	})
	on(r, "SendNotice", func(in activities.NoticeRef) (activities.NoticeSent, error) {
		if in.Attempt < 6 { // the activity has waited for as long as it would for an answer
			return activities.NoticeSent{}, nil
		}
		return activities.NoticeSent{ReminderAfter: 3 * day}, nil
	})
	r.decide(time.Hour, request.Approve)
	r.answerNotice(2*day, notice, request.Acknowledge)
	require.Equal(t, models.Fulfilled, r.end())
	var attempts []int
	for _, c := range r.made() {
		if in, ok := c.in.(activities.NoticeRef); ok {
			attempts = append(attempts, in.Attempt)
		}
	}
	require.Equal(t, []int{1, 2, 3, 4, 5, 6}, attempts)
	require.Len(t, r.reminders(activities.RemindNotice), 3, "from the fourth on")
}

func TestADeferralErasesProvesTellsAndSigns(t *testing.T) {
	t.Parallel()
	r := setup(t)
	notice := models.ID{3}
	on(r, "OpenDeferral", func(activities.DeferralRef) (activities.DeferralWork, error) {
		return activities.DeferralWork{RequestID: requestID, Erase: []activities.EraseStep{{Group: 4}}, Notices: []models.ID{notice}}, nil
	})
	does[activities.DeferralRef](r, "FinishDeferral")
	does[activities.Ending](r, "SendDeferralDone")
	r.defaults()
	r.answerNotice(day, notice, request.Acknowledge)
	r.env.ExecuteWorkflow(workflows.DeferralWorkflowName, workflows.DeferralInput{DeferralID: models.ID{6}})
	require.NoError(t, r.env.GetWorkflowError())
	require.Equal(t, []string{
		"OpenDeferral", "Erase", "ProveErased", "SendNotice", "FinishDeferral", "SignReceipt", "SendDeferralDone",
	}, r.names())
}

func TestADeferralUnderAnotherHoldErasesNothing(t *testing.T) {
	t.Parallel()
	r := setup(t)
	on(r, "OpenDeferral", func(activities.DeferralRef) (activities.DeferralWork, error) {
		return activities.DeferralWork{RequestID: requestID, Held: true}, nil
	})
	r.defaults()
	r.env.ExecuteWorkflow(workflows.DeferralWorkflowName, workflows.DeferralInput{DeferralID: models.ID{6}})
	require.NoError(t, r.env.GetWorkflowError())
	require.Equal(t, []string{"OpenDeferral"}, r.names())
}

func TestTheSweepStartsEachDueDeferral(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.env.OnActivity("FindDueDeferrals", mock.Anything, mock.Anything).Return(func(context.Context, struct{}) (activities.DueDeferrals, error) {
		return activities.DueDeferrals{IDs: []models.ID{{1}, {2}}}, nil
	})
	on(r, "OpenDeferral", func(activities.DeferralRef) (activities.DeferralWork, error) {
		return activities.DeferralWork{RequestID: requestID, Held: true}, nil
	})
	r.env.ExecuteWorkflow(workflows.DeferralSweepName)
	require.NoError(t, r.env.GetWorkflowError())
	var out workflows.SweepResult
	require.NoError(t, r.env.GetWorkflowResult(&out))
	require.Equal(t, 2, out.Started)
}

func TestACallOfAProcessorBringsTheQuestionForwardAndIsNoSilence(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	notice := models.ID{1}
	on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) {
		return activities.Work{Notices: []models.ID{notice}}, nil
	})
	var asked []time.Duration
	on(r, "SendNotice", func(in activities.NoticeRef) (activities.NoticeSent, error) {
		require.Equal(t, len(asked)+1, in.Attempt)
		asked = append(asked, r.env.Now().Sub(received)-time.Hour)
		return activities.NoticeSent{ReminderAfter: 3 * day, Answered: len(asked) == 8}, nil
	})
	r.decide(time.Hour, request.Approve)
	for _, after := range []time.Duration{day, 2 * day, 12 * day} {
		r.env.RegisterDelayedCallback(func() {
			err := r.env.UpdateWorkflowByID(workflows.NoticeWorkflowID(notice), workflows.ProcessorCalledUpdate, after.String(), &testsuite.TestUpdateCallback{
				OnAccept: func() {}, OnReject: func(err error) { require.NoError(r.t, err) }, OnComplete: func(any, error) {},
			}, workflows.ProcessorCalled{ID: notice})
			require.NoError(r.t, err)
		}, time.Hour+after)
	}
	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, []time.Duration{0, day, 2 * day, 5 * day, 8 * day, 11 * day, 12 * day, 15 * day}, asked)
	require.Equal(t, []time.Duration{11*day + time.Hour, 12*day + time.Hour}, r.reminders(activities.RemindNotice), "the fourth time that was let pass")
}
