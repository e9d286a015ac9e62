package activities_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/task"
)

func TestWhatNoConnectorCanRestrictIsSetApartByPeople(t *testing.T) {
	t.Parallel()
	for say, outcome := range map[request.DecisionKind]models.Outcome{request.Confirm: models.Fulfilled, request.Abandon: models.PartlyFulfilled} {
		t.Run(string(say), func(t *testing.T) {
			t.Parallel()
			w := setupPeople(t)
			id := w.submitted(models.Restriction, request.Statement{Ground: request.GroundClaims})
			do[activities.Located](w, w.acts.Locate, activities.RequestRef{RequestID: id})
			w.byHand(w.onlyTask(id, task.Locate), 4)
			do[activities.Planned](w, w.acts.MakePlan, activities.RequestRef{RequestID: id})
			w.advance(id, models.InReview)
			choices := map[string]models.Treatment{}
			for _, g := range w.plan(id).Groups {
				if len(g.Options) > 0 {
					choices[g.Collection] = models.TreatRestrict
				}
			}
			w.approve(id, choices, "")
			work := do[activities.RightWork](w, w.acts.PrepareRight, activities.RequestRef{RequestID: id})
			require.Equal(t, 1, work.Tasks, "the letters")
			for _, no := range work.Restrict {
				require.Equal(t, 1, do[activities.Done](w, w.acts.RestrictRows, activities.GroupRef{RequestID: id, Group: no}).Tasks, "the map has no mark for the customers and orders")
			}
			all, err := w.store.Tasks(t.Context(), models.ScopeOperator(), id)
			require.NoError(t, err)
			for _, one := range all {
				switch {
				case one.Action != task.Restrict:
				case say == request.Confirm:
					w.byHand(one, make([]int64, len(one.Collections))...)
				default:
					w.say(one, request.Abandon, second, nil)
				}
			}
			require.Zero(t, do[activities.Tasks](w, w.acts.SettleTasks, activities.Ending{RequestID: id}).Open)
			require.Equal(t, outcome, w.carryOut(id).Outcome)
			text := w.mails.last(t).mail.Text
			require.Contains(t, text, "Your letters: 4")
			require.Equal(t, say == request.Abandon, strings.Contains(text, "Not yet marked"))
		})
	}
}

func TestWhatNoConnectorCanCorrectIsCorrectedByPeople(t *testing.T) {
	t.Parallel()
	for say, outcome := range map[request.DecisionKind]models.Outcome{request.Confirm: models.Fulfilled, request.Abandon: models.PartlyFulfilled} {
		t.Run(string(say), func(t *testing.T) {
			t.Parallel()
			w := setupPeople(t)
			id := w.submitted(models.Rectification, request.Statement{Correct: "ada@new.example"})
			do[activities.Located](w, w.acts.Locate, activities.RequestRef{RequestID: id})
			w.byHand(w.onlyTask(id, task.Locate), 4)
			do[activities.Planned](w, w.acts.MakePlan, activities.RequestRef{RequestID: id})
			w.advance(id, models.InReview)
			w.correction(id, "letters", "email", "ada@new.example", "")
			w.approve(id, nil, "")
			work := do[activities.RightWork](w, w.acts.PrepareRight, activities.RequestRef{RequestID: id})
			require.Len(t, work.Rectify, 1)
			ref := activities.CorrectionRef{RequestID: id, CorrectionID: work.Rectify[0]}
			require.Equal(t, activities.Rectified{Tasks: 1}, do[activities.Rectified](w, w.acts.Rectify, ref))
			of := w.onlyTask(id, task.Rectify)
			if say == request.Confirm {
				w.byHand(of, 4)
			} else {
				w.say(of, request.Abandon, second, nil)
			}
			require.Zero(t, do[activities.Tasks](w, w.acts.SettleTasks, activities.Ending{RequestID: id}).Open)
			require.Equal(t, outcome, w.carryOut(id).Outcome)
			require.Equal(t, say == request.Abandon, strings.Contains(w.mails.last(t).mail.Text, "not be changed by hand"))
		})
	}
}
