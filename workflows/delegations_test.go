package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
	"habeas/workflows"
)

// callsBack has the processor of a delegation call back after a delay of workflow time.
func (r *run) callsBack(after time.Duration, delegation models.ID) {
	r.env.RegisterDelayedCallback(func() {
		r.env.UpdateWorkflow(workflows.ProcessorCalledUpdate, after.String(), &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { require.NoError(r.t, err) }, OnComplete: func(any, error) {},
		}, workflows.ProcessorCalled{ID: delegation})
	}, after)
}

func TestAProcessorThatCallsBackIsAskedAtOnceAndRarelyByItself(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.opened.Verified = true
	calling, silent := models.ID{1}, models.ID{2}
	on(r, "PrepareErasure", func(activities.RequestRef) (activities.Work, error) {
		return activities.Work{Delegations: []activities.DelegationStep{{DelegationID: calling}, {DelegationID: silent}}}, nil
	})
	asked := map[models.ID][]time.Duration{}
	on(r, "FollowDelegation", func(in activities.DelegationRef) (activities.Delegated, error) {
		at := r.env.Now().Sub(received) - day
		asked[in.DelegationID] = append(asked[in.DelegationID], at)
		return activities.Delegated{Over: at >= 7*time.Hour}, nil
	})
	r.decide(day, request.Approve)
	r.callsBack(day+10*time.Second, calling)
	r.callsBack(day+7*time.Hour, calling)
	r.callsBack(day+8*time.Hour, calling) // late: it is done
	require.Equal(t, models.Fulfilled, r.end())
	require.Equal(t, []time.Duration{0, 10 * time.Second, 6*time.Hour + 10*time.Second, 7 * time.Hour}, asked[calling])
	require.Equal(t, []time.Duration{0, time.Minute, 3 * time.Minute, 7 * time.Minute}, asked[silent][:4], "another one's call moves nothing")
}
