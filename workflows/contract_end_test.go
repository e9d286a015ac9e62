package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"habeas/activities"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/contractend"
	"habeas/workflows"
)

// parting is the end of a contract whose record the test keeps, under a clock that skips time.
type parting struct {
	*run
	book contractend.Record
	said []string
}

func ending(t *testing.T, back bool) *parting {
	t.Helper()
	c := &parting{run: setup(t)}
	zone, err := time.LoadLocation("Europe/Amsterdam")
	require.NoError(t, err)
	at := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	c.env.SetStartTime(at)
	c.book = contractend.Fold(models.ID{9}, models.ID{10}, zone, nil)
	c.note(at, models.Actor{Role: models.RoleController, ID: models.ID{10}}, contractend.Ordered, contractend.Facts{
		LastDay: calendar.Date{Year: 2026, Month: time.March, Day: 28}, GraceDays: 30, Return: back,
	})
	on(c.run, "NextContractStep", func(in activities.ContractRef) (activities.ContractNext, error) {
		next := c.book.Next(in.After)
		return activities.ContractNext{Over: c.book.Closed(), Step: next.Step, At: next.At.UTC()}, nil
	})
	doing(c.run, "RemindContractEnd", func(in activities.ContractRef) { c.say("reminded") })
	doing(c.run, "OpenContractRequest", func(in activities.ContractStep) {
		c.say(string(in.Step))
		kind := contractend.Erasing
		if in.Step == contractend.Give {
			kind = contractend.Returning
		}
		c.note(c.env.Now(), models.System(), kind, contractend.Facts{RequestID: models.ID{11}})
	})
	return c
}

func (c *parting) say(what string) {
	c.said = append(c.said, c.env.Now().In(c.book.Zone).Format("2 Jan 15:04 ")+what)
}

func (c *parting) note(now time.Time, by models.Actor, kind contractend.Kind, f contractend.Facts) {
	e, err := c.book.Note(contractend.Event{Kind: kind, Actor: by, Facts: f, Reason: "because"}, now)
	require.NoError(c.t, err)
	c.book = contractend.Fold(c.book.ID, c.book.Controller, c.book.Zone, append(c.book.Events, e))
}

// then notes an event after some days and tells the workflow.
func (c *parting) then(days int, by models.Actor, kind contractend.Kind) {
	after := time.Duration(days) * day
	c.env.RegisterDelayedCallback(func() {
		c.note(c.env.Now(), by, kind, contractend.Facts{})
		c.env.UpdateWorkflow(workflows.ContractEndNotedUpdate, fmt.Sprint(after), &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { require.NoError(c.t, err) }, OnComplete: func(any, error) {},
		}, workflows.ContractEndNoted{ContractEndID: models.ID{9}})
	}, after)
}

func (c *parting) toEnd() {
	c.env.ExecuteWorkflow(workflows.ContractEndName, workflows.ContractEndInput{ContractEndID: models.ID{9}})
	require.True(c.t, c.env.IsWorkflowCompleted())
	require.NoError(c.t, c.env.GetWorkflowError())
}

func TestDataIsReturnedAtTheEndAndErasedAfterTheGraceThoughItWasFetchedBefore(t *testing.T) {
	t.Parallel()
	c := ending(t, true)
	c.then(9, officer, contractend.Approved)
	c.then(35, models.System(), contractend.Fetched)
	c.then(80, models.System(), contractend.Ended)
	c.toEnd()
	require.Equal(t, []string{"2 Mar 10:30 reminded", "9 Mar 10:30 reminded", "29 Mar 00:00 return", "28 Apr 00:00 erase"}, c.said)
	require.Equal(t, contractend.Over, c.book.State)
}

func TestDataThatNobodyFetchesIsNotErasedBeforeTheOfficerReleasesIt(t *testing.T) {
	t.Parallel()
	c := ending(t, true)
	c.then(1, officer, contractend.Approved)
	c.then(60, models.System(), contractend.Unfetched)
	c.then(90, officer, contractend.Released)
	c.then(95, models.System(), contractend.Ended)
	c.toEnd()
	require.Equal(t, []string{
		"2 Mar 10:30 reminded", "29 Mar 00:00 return",
		"1 May 11:30 reminded", "8 May 11:30 reminded", "15 May 11:30 reminded", "22 May 11:30 reminded", "29 May 11:30 reminded", "31 May 11:30 erase",
	}, c.said)
}

func TestAContractThatGoesOnEndsTheWorkflowAndNothingIsErased(t *testing.T) {
	t.Parallel()
	c := ending(t, false)
	c.then(1, officer, contractend.Approved)
	c.then(30, models.Actor{Role: models.RoleController, ID: models.ID{10}}, contractend.Withdrawn)
	c.toEnd()
	require.Equal(t, []string{"2 Mar 10:30 reminded"}, c.said)
	require.Equal(t, contractend.Abandoned, c.book.State)
}
