package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/store"
	"habeas/models/subprocessor"
)

func drafting(sort subprocessor.Sort, slug, old string) subprocessor.Event {
	return subprocessor.Event{
		Actor: officer,
		Facts: subprocessor.Facts{Proposal: &subprocessor.Proposal{
			Sort: sort, Slug: slug, Old: old, Name: "New " + slug, Country: "US", Transfer: "scc", Purposes: []string{"mailing"}, Categories: []string{"user.contact"},
		}},
		Words: subprocessor.Words{Reason: "because of " + canary, Address: "desk@" + models.Personal(slug) + ".example"},
	}
}

func (b *bundle) draft(sort subprocessor.Sort, slug, old string) store.Change {
	b.t.Helper()
	c, err := b.DraftChange(b.t.Context(), drafting(sort, slug, old))
	require.NoError(b.t, err)
	return c
}

func (b *bundle) change(id models.ID, kind subprocessor.Kind, facts subprocessor.Facts) store.Change {
	b.t.Helper()
	by := officer
	if kind == subprocessor.Told || kind == subprocessor.InForce {
		by = models.System()
	}
	c, err := b.NoteChange(b.t.Context(), id, 0, subprocessor.Event{Kind: kind, Actor: by, Facts: facts, Words: subprocessor.Words{Reason: "x"}})
	require.NoError(b.t, err)
	return c
}

// announced is a change of which every customer was told.
func (b *bundle) announced(sort subprocessor.Sort, slug, old string) store.Change {
	b.t.Helper()
	c := b.draft(sort, slug, old)
	c = b.change(c.ID, subprocessor.Announced, subprocessor.Facts{})
	var told []subprocessor.Telling
	for _, id := range c.Untold() {
		told = append(told, subprocessor.Telling{Customer: id, At: b.now()})
	}
	if len(told) > 0 {
		c = b.change(c.ID, subprocessor.Told, subprocessor.Facts{Told: told})
	}
	return c
}

// carriedOut lets the windows pass, decides, and lets the day come.
func (b *bundle) carriedOut(id models.ID) store.Change {
	b.t.Helper()
	b.pass(40 * 24 * time.Hour)
	on := calendar.DateOf(b.now()).AddDays(3)
	c := b.change(id, subprocessor.Decided, subprocessor.Facts{EffectiveOn: on})
	b.pass(4 * 24 * time.Hour)
	c = b.change(c.ID, subprocessor.InForce, subprocessor.Facts{})
	require.Equal(b.t, subprocessor.Effective, c.State)
	return c
}

func (b *bundle) objects(c store.Change, who models.ID, answer subprocessor.Answer) {
	b.t.Helper()
	token, err := b.ChangeToken(b.t.Context(), c.ID, who)
	require.NoError(b.t, err)
	require.NoError(b.t, b.ObjectByToken(b.t.Context(), token, "we mind, "+canary))
	requireCode(b.t, "already_objected", b.ObjectByToken(b.t.Context(), token, "again"))
	b.change(c.ID, subprocessor.Answered, subprocessor.Facts{Customer: who, Answer: answer})
}

func TestAnAddedSubprocessorComesIntoTheRegisterOnItsDayButForThoseWhoWereSpared(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.announced(subprocessor.Add, "mailer", "")
	require.Equal(t, subprocessor.Counts{Concerned: 2, Told: 2, Silent: 2}, c.Count())
	b.objects(c, b.acme.ID, subprocessor.Accept)
	_, err := b.RecipientBySlug(t.Context(), "mailer")
	requireCode(t, "not_found", err)
	c = b.carriedOut(c.ID)
	r, err := b.RecipientBySlug(t.Context(), "mailer")
	require.NoError(t, err)
	require.Equal(t, []string{"globex", "northwind"}, r.Facts.Controllers)
	require.Empty(t, r.Facts.Former, "acme's data never went there")
	require.Equal(t, []any{true, "US", "desk@mailer.example", c.EffectiveOn}, []any{r.Facts.Subprocessor, r.Country, r.Address.Reveal(), r.Facts.ContractOn})
	list, err := b.PublicChanges(t.Context(), 10)
	require.NoError(t, err)
	require.Equal(t, []store.PublicChange{{On: c.EffectiveOn, Sort: "add", Name: "New mailer", Country: "US", Purposes: []string{"mailing"}}}, list)
	require.Empty(t, b.leaks(canary))
	require.ErrorContains(t, b.try("DELETE FROM subprocessor_change_events"), "append-only")
}

func TestAReplacedSubprocessorStaysForThoseWhoWereSparedAndIsStillToldOfErasures(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := b.PutRecipient(t.Context(), mailed("older"))
	require.NoError(t, err)
	c := b.announced(subprocessor.Replace, "newer", "older")
	b.objects(c, b.globex.ID, subprocessor.Accept)
	b.carriedOut(c.ID)
	older, err := b.RecipientBySlug(t.Context(), "older")
	require.NoError(t, err)
	require.Equal(t, []string{"globex"}, older.Facts.Controllers)
	require.NotEmpty(t, older.Affected("acme", []string{"user.contact"}))
	require.Empty(t, older.Facts.EndedOn)

	c = b.announced(subprocessor.Remove, "older", "")
	require.Equal(t, 1, c.Count().Concerned)
	c = b.carriedOut(c.ID)
	older, err = b.RecipientBySlug(t.Context(), "older")
	require.NoError(t, err)
	require.Equal(t, c.EffectiveOn, older.Facts.EndedOn)
	_, err = b.DraftChange(t.Context(), drafting(subprocessor.Remove, "older", ""))
	requireCode(t, "unknown_recipient", err)
}

func TestAChangedSubprocessorIsAsWasAnnounced(t *testing.T) {
	t.Parallel()
	b := setup(t)
	old, err := b.PutRecipient(t.Context(), mailed("mailer", "acme"))
	require.NoError(t, err)
	c := b.announced(subprocessor.Change, "mailer", "")
	require.Equal(t, b.acme.ID, c.Customers[0].ID)
	require.Len(t, c.Customers, 1)
	b.objects(c, b.acme.ID, subprocessor.Overrule)
	b.carriedOut(c.ID)
	r, err := b.RecipientBySlug(t.Context(), "mailer")
	require.NoError(t, err)
	require.Equal(t, []any{"US", "mailing", 2, old.Address, []string{"acme"}}, []any{r.Country, r.Purpose, r.Version, r.Address, r.Facts.Controllers})
	history, err := b.RecipientHistory(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"name", "country", "transfer", "purposes"}, history[0].Changed)
}

func TestASecondChangeOfASubprocessorIsRefusedWhileTheFirstIsOpen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, slug := range []string{"older", "mailer"} {
		_, err := b.PutRecipient(t.Context(), mailed(slug))
		require.NoError(t, err)
	}
	errs := make([]error, 8)
	var group errgroup.Group
	for i := range errs {
		group.Go(func() error {
			_, errs[i] = b.DraftChange(t.Context(), drafting(subprocessor.Change, "mailer", ""))
			return nil
		})
	}
	require.NoError(t, group.Wait())
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		requireCode(t, "change_open", err)
	}
	require.Equal(t, 1, made)
	_, err := b.DraftChange(t.Context(), drafting(subprocessor.Replace, "newest", "mailer"))
	requireCode(t, "change_open", err)
	list, err := b.Changes(t.Context(), models.ScopeOperator(), 10)
	require.NoError(t, err)
	b.change(list[0].ID, subprocessor.Withdrawn, subprocessor.Facts{})
	again := b.draft(subprocessor.Replace, "newest", "mailer")
	_, err = b.NoteChange(t.Context(), again.ID, 0, func() subprocessor.Event {
		e := drafting(subprocessor.Replace, "newest", "older")
		e.Kind = subprocessor.Drafted
		return e
	}())
	require.NoError(t, err)
	b.draft(subprocessor.Change, "mailer", "") // another draft let it go
}

func TestACustomerSeesItsOwnPartOfAnnouncedChangesOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	draft := b.draft(subprocessor.Add, "mailer", "")
	acme := models.ScopeOf(b.acme.ID)
	_, err := b.Change(t.Context(), acme, draft.ID)
	requireCode(t, "not_found", err)
	b.change(draft.ID, subprocessor.Withdrawn, subprocessor.Facts{})

	_, err = b.PutRecipient(t.Context(), mailed("cloud", "acme", "globex"))
	require.NoError(t, err)
	c := b.announced(subprocessor.Change, "cloud", "")
	b.objects(c, b.globex.ID, subprocessor.Overrule)
	seen, err := b.Change(t.Context(), acme, c.ID)
	require.NoError(t, err)
	require.Len(t, seen.Customers, 1)
	require.Equal(t, b.acme.ID, seen.Customers[0].ID)
	require.Empty(t, seen.Events)
	for scope, want := range map[models.Scope]int{acme: 1, {}: 0, models.ScopeOperator(): 2} {
		list, err := b.Changes(t.Context(), scope, 10)
		require.NoError(t, err)
		require.Len(t, list, want)
	}
	stranger := b.controller("initech", false)
	requireCode(t, "not_found", b.Object(t.Context(), models.ScopeOf(stranger.ID), c.ID, customer, "no"))
	requireCode(t, "event_forbidden", b.Object(t.Context(), models.ScopeOperator(), c.ID, officer, "no"))
	require.NoError(t, b.Object(t.Context(), acme, c.ID, customer, "no"))
	_, _, err = b.ChangeByToken(t.Context(), "nonsense")
	requireCode(t, "not_found", err)
}

func TestOfTwoWhoDecideAboutAChangeOneLooksAgain(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.draft(subprocessor.Add, "mailer", "")
	event := subprocessor.Event{Kind: subprocessor.Announced, Actor: officer}
	_, err := b.NoteChange(t.Context(), c.ID, 1, event)
	require.NoError(t, err)
	event.Kind, event.Words.Reason = subprocessor.Withdrawn, "x"
	_, err = b.NoteChange(t.Context(), c.ID, 1, event)
	requireCode(t, "change_changed", err)
	orders, err := b.ClaimOrders(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, orders, 1)
	require.Equal(t, []any{c.ID, store.OrderStart}, []any{orders[0].ChangeID, orders[0].Kind})
}
