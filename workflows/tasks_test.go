package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
	"habeas/workflows"
)

// open lets tasks wait for people until the instant, relative to the receipt, at which they are settled.
func (r *run) open(until time.Duration) {
	on(r, "SettleTasks", func(activities.Ending) (activities.Tasks, error) {
		out := activities.Tasks{RemindEvery: 3 * day}
		if r.env.Now().Before(received.Add(until)) {
			out.Open = 2
		}
		return out, nil
	})
}

// located lets the search leave work to people.
func (r *run) located(tasks int) {
	on(r, "Locate", func(activities.RequestRef) (activities.Located, error) {
		return activities.Located{Rows: 3, Tasks: tasks}, nil
	})
}

// called is the instant of the first call of an activity, relative to the receipt.
func (r *run) called(name string) time.Duration {
	r.t.Helper()
	for _, c := range r.made() {
		if c.name == name {
			return c.at.Sub(received)
		}
	}
	require.Fail(r.t, "no call of "+name)
	return 0
}

func TestASearchByPeopleIsWaitedForAndStaffIsReminded(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	r.located(1)
	r.open(8 * day)
	r.decide(2*day, request.Complete)
	r.decide(8*day, request.Confirm)
	r.decide(9*day, request.Approve)
	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, []time.Duration{0, 3 * day, 6 * day}, r.reminders(activities.RemindTask), "a decision that settles nothing brings no reminder of its own")
	require.Equal(t, 8*day, r.called("MakePlan"), "the confirmation wakes it")
}

func TestATaskThatWasSettledWithoutAMessageIsFoundAtTheNextReminder(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	r.located(1)
	r.open(4 * day)
	r.decide(8*day, request.Approve)
	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, 6*day, r.called("MakePlan"))
}

func TestARequestThatWaitsForPeopleCanBeRefusedAndWithdrawn(t *testing.T) {
	t.Parallel()
	for kind, outcome := range map[request.DecisionKind]models.Outcome{request.Refuse: models.Refused, request.Withdraw: models.Withdrawn} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.opened.Verified = true
			r.located(1)
			r.open(1000 * day)
			r.decide(2*day, kind)
			require.Equal(t, outcome, r.end())
			require.NotContains(t, r.names(), "MakePlan")
		})
	}
}

func TestADecisionAboutATaskThatComesLateHoldsNothingUp(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	for _, kind := range []request.DecisionKind{request.Complete, request.Confirm, request.Return, request.Abandon} {
		r.decide(day, kind) // in review, where no task is open
	}
	r.decide(2*day, request.Approve)
	require.Equal(t, models.Fulfilled, r.end())
}

func TestAnErasureByHandIsWaitedForBeforeItIsProved(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]func(*run){
		"known before": func(r *run) {
			on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) {
				return activities.Work{Erase: []activities.EraseStep{{Group: 1}}, Tasks: 1}, nil
			})
		},
		"refused by a connector": func(r *run) {
			on(r, "Erase", func(activities.GroupRef) (activities.Done, error) { return activities.Done{Tasks: 1}, nil })
		},
		"a restriction": func(r *run) {
			on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) { return activities.Work{Restrict: []int{1}}, nil })
			on(r, "Restrict", func(activities.GroupRef) (activities.Done, error) { return activities.Done{Tasks: 1}, nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.opened.Verified = true
			from(r)
			r.open(5 * day)
			r.decide(day, request.Approve)
			r.decide(5*day, request.Confirm)
			require.Equal(t, models.Fulfilled, r.end())
			require.Equal(t, 5*day, r.called("ProveErased"))
			require.Equal(t, []time.Duration{day, 4 * day}, r.reminders(activities.RemindTask))
		})
	}
}

func TestWhatPeopleConfirmedAndIsStillThereGoesBackToThem(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	proofs := 0
	on(r, "ProveErased", func(activities.Ending) (activities.Proof, error) {
		if proofs++; proofs == 1 {
			return activities.Proof{Checked: 2, Left: 2, Tasks: 1}, nil
		}
		return activities.Proof{Checked: 2}, nil
	})
	r.open(3 * day)
	r.decide(day, request.Approve)
	r.decide(3*day, request.Confirm)
	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, 2, proofs)
	require.Empty(t, r.reminders(activities.RemindIncomplete))
}

func TestATaskThatTheDPOClosedMakesTheRequestPartlyFulfilled(t *testing.T) {
	t.Parallel()
	for _, right := range []models.Right{models.Erasure, models.Access} {
		t.Run(string(right), func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.opened.Right, r.opened.Verified = right, true
			on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) { return activities.Work{Tasks: 1}, nil })
			on(r, "SettleTasks", func(activities.Ending) (activities.Tasks, error) { return activities.Tasks{Refused: true}, nil })
			on(r, "BuildPackage", func(activities.RequestRef) (activities.Package, error) {
				return activities.Package{PackageID: models.ID{9}, ExpiresAt: r.env.Now().Add(14 * day), Partly: true}, nil
			})
			r.decide(day, request.Approve)
			require.Equal(t, models.PartlyFulfilled, r.end())
		})
	}
}

func TestACopyWaitsForWhatPeopleBring(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Right, r.opened.Verified = models.Access, true
	on(r, "BuildPackage", func(activities.RequestRef) (activities.Package, error) {
		if r.env.Now().Before(received.Add(6 * day)) {
			return activities.Package{Tasks: 1}, nil
		}
		return activities.Package{PackageID: models.ID{9}, ExpiresAt: r.env.Now().Add(14 * day)}, nil
	})
	r.open(6 * day)
	r.decide(day, request.Approve)
	r.refused(2*day, request.Withdraw)
	r.decide(6*day, request.Confirm)
	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, 6*day, r.called("SendPackageLink"))
}

func TestADeferralWaitsForPeopleToo(t *testing.T) {
	t.Parallel()
	r := setup(t)
	deferral := models.ID{6}
	on(r, "OpenDeferral", func(activities.DeferralRef) (activities.DeferralWork, error) {
		return activities.DeferralWork{RequestID: requestID, Tasks: 1}, nil
	})
	does[activities.DeferralRef](r, "FinishDeferral")
	does[activities.Ending](r, "SendDeferralDone")
	r.open(2 * day)
	r.decide(2*day, request.Confirm)
	r.defaults()
	r.env.ExecuteWorkflow(workflows.DeferralWorkflowName, workflows.DeferralInput{DeferralID: deferral})
	require.NoError(t, r.env.GetWorkflowError())
	require.Equal(t, 2*day, r.called("ProveErased"))
	for _, c := range r.made() {
		if in, ok := c.in.(activities.Reminder); ok {
			require.Equal(t, deferral, in.DeferralID)
		}
	}
}

func TestTheStepsOfASystemRunOnItsQueue(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	r.opened.Queues = []activities.Queue{"", "far"}
	on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) {
		return activities.Work{
			Restrict: []int{3, 4}, RestrictOn: []activities.Queue{"", "far"}, Queues: []activities.Queue{"far"},
			Erase: []activities.EraseStep{{Group: 1, Queue: "far"}, {Group: 2, Index: 1}},
		}, nil
	})
	r.decide(day, request.Approve)
	require.Equal(t, models.Fulfilled, r.end())
	require.NotContains(t, r.names(), "Locate")
	far := workflows.SystemQueue("far")
	require.Equal(t, "habeas-far", far)
	own := r.queues("MakePlan")[0]
	require.NotEqual(t, far, own)
	require.Equal(t, []string{own, far}, r.queues("Restrict"))
	require.Equal(t, []string{far, own}, r.queues("Erase"))
	require.Equal(t, []string{own, far}, r.queues("ProveErased"))
	require.Equal(t, []string{own, far}, r.queues("LocateStage")[:2])
}

// queues are the task queues of the calls of an activity.
func (r *run) queues(name string) (out []string) {
	for _, c := range r.made() {
		if c.name == name {
			out = append(out, c.queue)
		}
	}
	return out
}

func TestASearchOverQueuesGoesRoundUntilNoRowWaits(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	r.opened.Queues = []activities.Queue{"", "far", "near"}
	rounds := map[int]int{}
	on(r, "LocateStage", func(in activities.LocateStage) (activities.LocatedStage, error) {
		require.Equal(t, r.opened.Queues, in.Queues)
		if in.Part == 1 {
			rounds[in.Stage]++
		}
		return activities.LocatedStage{Left: in.Part == 1 || in.Stage == 2 && rounds[2] < 3}, nil // only the last one's word counts
	})
	r.decide(day, request.Approve)
	require.Equal(t, models.Fulfilled, r.end())
	for stage := range activities.LastStage + 1 {
		want := 1
		if stage == 2 {
			want = 3
		}
		require.Equal(t, want, rounds[stage], "stage %d", stage)
	}
	names := r.names()
	require.Less(t, index(names, "FinishLocate"), index(names, "MakePlan"))
}

func TestAProcessorIsFollowedAtLongerAndLongerIntervals(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Right, r.opened.Verified = models.Access, true
	on(r, "MakePlan", func(activities.RequestRef) (activities.Planned, error) {
		return activities.Planned{Version: 1, Undecided: 1, Fetch: true}, nil
	})
	on(r, "PrepareCopy", func(activities.RequestRef) (activities.CopyWork, error) {
		return activities.CopyWork{
			Queues: []activities.Queue{"far"}, Delegations: []activities.DelegationStep{{DelegationID: models.ID{1}}, {DelegationID: models.ID{2}, Queue: "far"}},
		}, nil
	})
	var asked []time.Duration
	on(r, "FollowDelegation", func(in activities.DelegationRef) (activities.Delegated, error) {
		at := r.env.Now().Sub(received) - day
		if in.DelegationID == (models.ID{1}) {
			asked = append(asked, at)
		}
		return activities.Delegated{Over: at >= 3*day}, nil
	})
	r.decide(day, request.Approve)
	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, []time.Duration{0, time.Minute, 3 * time.Minute, 7 * time.Minute, 15 * time.Minute}, asked[:5])
	require.Equal(t, 6*time.Hour, asked[len(asked)-1]-asked[len(asked)-2], "never longer than that")
	require.Less(t, len(asked), 25)
	names := r.names()
	require.Less(t, index(names, "ExportParts"), index(names, "BuildPackage"))
	require.Less(t, index(names, "FollowDelegation"), index(names, "BuildPackage"))
}

func TestAProcessorsFailureIsNotSwallowed(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) {
		return activities.Work{Delegations: []activities.DelegationStep{{DelegationID: models.ID{1}}}}, nil
	})
	r.env.OnActivity("FollowDelegation", mock.Anything, mock.Anything).Return(activities.Delegated{}, temporal.NewNonRetryableApplicationError("", "not_found", nil))
	r.decide(day, request.Approve)
	r.defaults()
	r.env.ExecuteWorkflow(workflows.RequestWorkflowName, workflows.RequestInput{RequestID: requestID})
	require.Error(t, r.env.GetWorkflowError())
	require.NotContains(t, r.names(), "ProveErased")
}
