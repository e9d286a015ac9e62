package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/subprocessor"
)

func TestAnAnnouncedSubprocessorIsToldOfAndComesIntoTheRegisterByItself(t *testing.T) {
	t.Parallel()
	h := shared
	dpo := models.Actor{Role: models.RoleDPO, ID: models.ID{7}}
	note := func(id models.ID, e subprocessor.Event) {
		t.Helper()
		e.Actor, e.Words.Reason = dpo, "The old one closes."
		_, err := h.store.NoteChange(within(t), id, 0, e)
		require.NoError(t, err)
	}
	controllers, err := h.store.Controllers(within(t), models.ScopeOperator())
	require.NoError(t, err)
	customer := controllers[len(controllers)-1]
	require.False(t, customer.Operator)
	c, err := h.store.DraftChange(within(t), subprocessor.Event{
		Actor: dpo, Words: subprocessor.Words{Reason: "The old one closes.", Address: "privacy@fjord-post.example"},
		Facts: subprocessor.Facts{Proposal: &subprocessor.Proposal{
			Sort: subprocessor.Add, Slug: "fjord-post", Name: "Fjord Post", Country: "NO", Purposes: []string{"letters"}, Categories: []string{"user.unheard_of"},
			Controllers: []string{customer.Slug},
		}},
	})
	require.NoError(t, err)
	note(c.ID, subprocessor.Event{Kind: subprocessor.Announced})
	read := func() subprocessor.Record {
		found, err := h.store.Change(within(t), models.ScopeOperator(), c.ID)
		require.NoError(t, err)
		return found.Record
	}
	eventually(t, func() bool { r := read(); return r.Count().Told == 1 }, "the customer is told")
	require.Equal(t, 1, h.count(t, "habeas", `SELECT count(*) FROM register_mails WHERE key LIKE 'change/' || $1 || '/told/%' AND sent_at IS NOT NULL`, c.ID.String()))
	r := read()
	end, told := r.WindowsEnd()
	require.True(t, told)
	if end.After(h.Clock.Now()) {
		note(c.ID, subprocessor.Event{Kind: subprocessor.Withdrawn})
		eventually(t, func() bool { r := read(); return r.Over() }, "the change is over")
		return
	}
	note(c.ID, subprocessor.Event{Kind: subprocessor.Decided, Facts: subprocessor.Facts{EffectiveOn: calendar.DateOf(h.Clock.Now().In(r.Zone))}})
	eventually(t, func() bool { r := read(); return r.State == subprocessor.Effective }, "the change is in force")
}
