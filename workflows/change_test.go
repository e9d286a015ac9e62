package workflows_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"habeas/activities"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/subprocessor"
	"habeas/workflows"
)

// changing is a change whose record the test keeps, under a clock that skips time.
type changing struct {
	*run
	book subprocessor.Record
	said []string
}

func change(t *testing.T) *changing {
	t.Helper()
	c := &changing{run: setup(t)}
	zone, err := time.LoadLocation("Europe/Brussels")
	require.NoError(t, err)
	at := time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	c.env.SetStartTime(at)
	c.book = subprocessor.Fold(models.ID{9}, zone, nil)
	customers := []subprocessor.Customer{{ID: models.ID{10}, Slug: "acme", Days: 30, Zone: "America/New_York"}, {ID: models.ID{11}, Slug: "globex", Days: 14, Zone: "Asia/Tokyo"}}
	p := &subprocessor.Proposal{Sort: subprocessor.Add, Slug: "mailer", Name: "Mailer", Country: "US", Purposes: []string{"mail"}, Categories: []string{"user"}}
	c.note(at, subprocessor.Event{Kind: subprocessor.Drafted, Facts: subprocessor.Facts{Proposal: p}, Words: subprocessor.Words{Reason: "x", Address: "a@b.example"}})
	c.note(at, subprocessor.Event{Kind: subprocessor.Announced, Facts: subprocessor.Facts{Customers: customers}})
	on(c.run, "NextChangeStep", func(in activities.ChangeRef) (activities.ChangeNext, error) {
		next := c.book.Next(in.After)
		return activities.ChangeNext{Over: c.book.Over(), Tell: len(c.book.Untold()) > 0, At: next.At.UTC(), Effect: next.Effect}, nil
	})
	on(c.run, "TellChangeCustomers", func(activities.ChangeRef) (activities.ChangeTold, error) {
		e := subprocessor.Event{Kind: subprocessor.Told, Actor: models.System()}
		for _, id := range c.book.Untold() {
			e.Facts.Told = append(e.Facts.Told, subprocessor.Telling{Customer: id, At: c.env.Now()})
		}
		c.note(c.env.Now(), e)
		return activities.ChangeTold{Told: len(e.Facts.Told)}, nil
	})
	doing(c.run, "RemindChange", func(in activities.ChangeRef) {
		require.True(t, c.env.Now().Equal(in.After), "%s at %s", in.After, c.env.Now())
		c.say("reminded")
	})
	doing(c.run, "PutChangeInForce", func(activities.ChangeRef) {
		c.say("in force")
		c.note(c.env.Now(), subprocessor.Event{Kind: subprocessor.InForce, Actor: models.System()})
	})
	return c
}

func (c *changing) say(what string) {
	c.said = append(c.said, c.env.Now().In(c.book.Zone).Format("2 Jan 15:04 ")+what)
}

func (c *changing) note(now time.Time, e subprocessor.Event) {
	if e.Actor.Role == "" {
		e.Actor = officer
	}
	e, err := c.book.Note(e, now)
	require.NoError(c.t, err)
	c.book = subprocessor.Fold(c.book.ID, c.book.Zone, append(c.book.Events, e))
}

// then notes an event after a time and tells the workflow.
func (c *changing) then(after time.Duration, e subprocessor.Event) {
	c.env.RegisterDelayedCallback(func() {
		c.note(c.env.Now(), e)
		c.env.UpdateWorkflow(workflows.ChangeNotedUpdate, fmt.Sprint(after), &testsuite.TestUpdateCallback{
			OnAccept: func() {}, OnReject: func(err error) { require.NoError(c.t, err) }, OnComplete: func(any, error) {},
		}, workflows.ChangeNoted{ChangeID: models.ID{9}})
	}, after)
}

func (c *changing) toEnd() {
	c.env.ExecuteWorkflow(workflows.SubprocessorChangeName, workflows.ChangeInput{ChangeID: models.ID{9}})
	require.True(c.t, c.env.IsWorkflowCompleted())
	require.NoError(c.t, c.env.GetWorkflowError())
}

func TestAChangeRemindsAtItsInstantsAndTakesEffectAtMidnightOfItsDay(t *testing.T) {
	t.Parallel()
	c := change(t)
	on, err := calendar.ParseDate("2026-06-01")
	require.NoError(t, err)
	acme := subprocessor.Facts{Customer: models.ID{10}}
	hours := func(days int) time.Duration { return time.Duration(days) * 24 * time.Hour }
	c.then(hours(2), subprocessor.Event{
		Kind: subprocessor.Objected, Actor: models.Actor{Role: models.RoleController, ID: models.ID{10}}, Facts: acme, Words: subprocessor.Words{Reason: "no"},
	})
	acme.Answer = subprocessor.Overrule
	c.then(hours(10), subprocessor.Event{Kind: subprocessor.Answered, Facts: acme, Words: subprocessor.Words{Reason: "yes"}})
	c.then(hours(40), subprocessor.Event{Kind: subprocessor.Decided, Facts: subprocessor.Facts{EffectiveOn: on}, Words: subprocessor.Words{Reason: "heard"}})
	c.toEnd()
	require.Equal(t, []string{
		"4 Mar 10:30 reminded", "11 Mar 10:30 reminded", // of the objection, at once and a week later
		"2 Apr 06:00 reminded", "9 Apr 06:00 reminded", // the last window ended at midnight in New York
		"1 Jun 00:00 in force",
	}, c.said)
}

func TestAWithdrawnChangeEndsItsWorkflow(t *testing.T) {
	t.Parallel()
	c := change(t)
	c.then(time.Hour, subprocessor.Event{Kind: subprocessor.Withdrawn, Words: subprocessor.Words{Reason: "x"}})
	c.toEnd()
	require.Empty(t, c.said)
	require.Equal(t, subprocessor.Abandoned, c.book.State)
}

func TestReviewsAreRemindedOfByTheirSchedule(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.env.OnActivity("RemindRecipientReviews", mock.Anything, mock.Anything).Return(func(context.Context, struct{}) (activities.ReviewsReminded, error) {
		return activities.ReviewsReminded{Due: 3}, nil
	}).Once()
	r.env.ExecuteWorkflow(workflows.RecipientReviewsName)
	require.NoError(t, r.env.GetWorkflowError())
	var out activities.ReviewsReminded
	require.NoError(t, r.env.GetWorkflowResult(&out))
	require.Equal(t, 3, out.Due)
}
