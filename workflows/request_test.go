package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
)

func TestAnErasureGoesThroughItsStatesInTheOrderThatProtectsThePerson(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.decide(time.Hour, request.Verify)
	r.decide(2*day, request.Approve)

	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, []models.State{
		models.Verifying, models.Locating, models.InReview, models.Executing, models.Notifying, models.Delivering, models.Closed,
	}, r.states())
	require.Equal(t, []string{
		"Open", "SendVerification", "RecordClock", "SendConfirmation", "Locate", "MakePlan", "Remind",
		"PrepareErasure", "Erase", "Erase", "ProveErased", "CreateDeferrals", "SignReceipt", "SendAnswer",
	}, r.names("Advance"))
}

func TestARequestThatIsNeverVerifiedLapsesAtItsInstant(t *testing.T) {
	t.Parallel()
	r := setup(t)
	require.Equal(t, models.Lapsed, r.end())
	calls := r.made()
	last := calls[len(calls)-1]
	require.Equal(t, received.Add(30*day), last.at)
	require.NotContains(t, r.names(), "Locate", "nobody's data is looked for before they are verified")
}

func TestARequestIsRefusedWhileItWaitsForThePerson(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.decide(3*day, request.Refuse)
	r.refused(4*day, request.Verify)
	require.Equal(t, models.Refused, r.end())
	require.Equal(t, []string{"Open", "SendVerification", "SendRefusal", "SignReceipt"}, r.names("Advance"))
	require.Equal(t, 3*day, r.called("SendRefusal"))
}

func TestARequestDoesNotLapseWhileItsVerificationIsOnItsWay(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.overtakenLapse()
	r.decide(31*day, request.Verify)
	r.decide(40*day, request.Approve)
	require.Equal(t, models.Fulfilled, r.end())
	require.Contains(t, r.names(), "Locate")
}

func TestAWithdrawalThatWasRecordedBeforeTheLapseDecidesTheOutcome(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.overtakenLapse()
	r.decide(31*day, request.Withdraw)
	require.Equal(t, models.Withdrawn, r.end())
}

func TestALateVerificationOfAVouchedRequestHoldsNothingUp(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	r.decide(time.Hour, request.Verify)
	r.decide(day, request.Approve)
	require.Equal(t, models.Fulfilled, r.end())
}

// overtakenLapse lets the database refuse to close the request as lapsed.
func (r *run) overtakenLapse() {
	r.env.OnActivity("Advance", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.Advance) error {
		r.note("Advance", in)
		if in.Outcome == models.Lapsed {
			return temporal.NewNonRetryableApplicationError("", activities.LapseOvertaken, nil)
		}
		return nil
	})
}

func TestAResendSendsAnotherVerification(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.decide(time.Hour, request.Resend)
	r.decide(2*time.Hour, request.Verify)
	r.decide(3*time.Hour, request.Withdraw)
	require.Equal(t, models.Withdrawn, r.end())
	sent := 0
	for _, name := range r.names() {
		if name == "SendVerification" {
			sent++
		}
	}
	require.Equal(t, 2, sent)
}

func TestRemindersComeBeforeTheLegalDateAndEscalationAfterIt(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	r.decide(33*day+time.Hour, request.Approve)
	r.end()
	require.Equal(t, []time.Duration{17 * day, 24 * day, 30 * day}, r.reminders(activities.RemindDueSoon))
	require.Equal(t, []time.Duration{31 * day, 32 * day, 33 * day}, r.reminders(activities.RemindOverdue))
}

func TestAnExtensionMovesTheRemindersToTheNewDate(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	moved := activities.Clock{DueBefore: received.Add(92 * day), Reminders: []time.Time{received.Add(91 * day)}}
	on(r, "RecordClock", func(in activities.ClockChange) (activities.Clock, error) {
		require.Contains(t, []activities.ClockCause{activities.CauseExtended, activities.CauseNotified}, in.Cause)
		return moved, nil
	})
	r.decide(10*day, request.Extend)
	r.decide(92*day+time.Hour, request.Approve)
	r.end()
	require.Equal(t, []time.Duration{91 * day}, r.reminders(activities.RemindDueSoon))
	require.Equal(t, []time.Duration{92 * day}, r.reminders(activities.RemindOverdue))
	require.Contains(t, r.names(), "SendExtension")
}

func TestAPausedClockRemindsNobody(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	on(r, "RecordClock", func(in activities.ClockChange) (activities.Clock, error) {
		if in.Cause == activities.CauseClarified {
			return activities.Clock{Paused: true}, nil
		}
		return activities.Clock{DueBefore: received.Add(71 * day), Reminders: []time.Time{received.Add(70 * day)}}, nil
	})
	r.decide(10*day, request.Clarify)
	r.decide(50*day, request.Answer)
	r.decide(70*day+time.Hour, request.Approve)
	r.end()
	require.Equal(t, []time.Duration{70 * day}, r.reminders(activities.RemindDueSoon))
	require.Empty(t, r.reminders(activities.RemindOverdue))
}

func TestAReminderThatIsOrderedBringsTheNextOneForward(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified, r.opened.Instruction = true, true
	r.callsBack(day, requestID)
	r.callsBack(day+time.Hour, models.ID{9}) // a processor's call is none
	r.decide(12*day, request.Instruct)
	r.decide(13*day, request.Approve)
	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, []time.Duration{0, day, 6 * day, 11 * day}, r.reminders(activities.RemindInstruction))
}

func TestACustomersDataWaitsForItsInstruction(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified, r.opened.Instruction = true, true
	r.refused(time.Hour, request.Approve)
	r.decide(11*day, request.Instruct)
	r.decide(12*day, request.Approve)
	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, models.AwaitingInstruction, r.states()[0])
	require.Equal(t, []time.Duration{0, 5 * day, 10 * day}, r.reminders(activities.RemindInstruction))
}

func TestACustomerThatDeclinesEndsTheRequestWithALetter(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified, r.opened.Instruction = true, true
	r.decide(day, request.Decline)
	require.Equal(t, models.Refused, r.end())
	require.Equal(t, []string{"Open", "SendConfirmation", "Remind", "SendRefusal", "SignReceipt"}, r.names("Advance"))
}

func TestNothingIsWithdrawnOnceItIsBeingErased(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	notice := models.ID{5}
	on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) {
		return activities.Work{Notices: []models.ID{notice}}, nil
	})
	r.decide(day, request.Approve)
	r.refused(2*day, request.Withdraw)
	r.refused(2*day+1, request.Refuse)
	r.answerNotice(3*day, notice, request.Acknowledge)
	require.Equal(t, models.Fulfilled, r.end())
}

func TestWithdrawingStopsASearchUnderWay(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	r.env.OnActivity("Locate", mock.Anything, mock.Anything).After(3*day).Return(activities.Located{}, nil)
	r.decide(day, request.Withdraw)
	require.Equal(t, models.Withdrawn, r.end())
	calls := r.made()
	require.Equal(t, received.Add(day), calls[len(calls)-1].at)
	require.NotContains(t, r.names(), "MakePlan")
	require.Equal(t, models.Closed, r.states()[len(r.states())-1])
}

func TestAPlanWithNothingToDecideNeedsNoClick(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	on(r, "MakePlan", func(activities.RequestRef) (activities.Planned, error) {
		return activities.Planned{Version: 1, Approved: true}, nil
	})
	require.Equal(t, models.Fulfilled, r.end())
	require.Empty(t, r.reminders(activities.RemindReview))
}

func TestACopyWaitsToBeFetchedAndIsShredded(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		collect bool
	}{{"fetched", true}, {"expired", false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.opened.Right, r.opened.Verified = models.Access, true
			r.decide(day, request.Approve)
			if c.collect {
				r.decide(2*day, request.Collect)
			}
			require.Equal(t, models.Fulfilled, r.end())
			require.Equal(t, []models.State{models.Locating, models.InReview, models.Executing, models.Delivering, models.Closed}, r.states())
			calls := r.made()
			i := len(calls) - 1
			for calls[i].name != "ShredPackage" {
				i--
			}
			want := received.Add(2 * day)
			if !c.collect {
				want = received.Add(15 * day)
			}
			require.Equal(t, want, calls[i].at)
		})
	}
}

func TestWhatIsLeftAfterAnErasureIsTriedAgainAndThenTold(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	proofs := 0
	on(r, "ProveErased", func(activities.Ending) (activities.Proof, error) {
		proofs++
		if proofs <= 4 {
			return activities.Proof{Checked: 2, Left: 1}, nil
		}
		return activities.Proof{Checked: 2}, nil
	})
	r.decide(time.Hour, request.Approve)
	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, 5, proofs)
	require.Equal(t, []time.Duration{time.Hour, time.Hour + day}, r.reminders(activities.RemindIncomplete))
}

func TestSomethingRetainedMakesItPartlyFulfilled(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) {
		return activities.Work{Retained: true, Restrict: []int{3}, Erase: []activities.EraseStep{{Group: 1}}}, nil
	})
	r.decide(time.Hour, request.Approve)
	require.Equal(t, models.PartlyFulfilled, r.end())
	names := r.names("Advance")
	require.Less(t, index(names, "Restrict"), index(names, "Erase"))
	require.Less(t, index(names, "ProveErased"), index(names, "CreateDeferrals"))
}

func index(list []string, want string) int {
	for i, s := range list {
		if s == want {
			return i
		}
	}
	return -1
}
