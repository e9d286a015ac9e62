package contractend_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/contractend"
)

var (
	start    = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	zone     = must(time.LoadLocation("Europe/Amsterdam"))
	customer = models.Actor{Role: models.RoleController, ID: models.ID{1}}
	officer  = models.Actor{Role: models.RoleDPO, ID: models.ID{2}}
	another  = models.Actor{Role: models.RoleDPO, ID: models.ID{3}}
	lastDay  = calendar.Date{Year: 2026, Month: time.March, Day: 31}
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

type book struct {
	contractend.Record
	t   *testing.T
	now time.Time
}

func ordered(t *testing.T, back bool) *book {
	t.Helper()
	b := &book{t: t, now: start, Record: contractend.Fold(models.ID{8}, models.ID{9}, zone, nil)}
	b.note(customer, contractend.Ordered, contractend.Facts{LastDay: lastDay, GraceDays: 14, Return: back})
	return b
}

func (b *book) try(by models.Actor, kind contractend.Kind, f contractend.Facts) error {
	e, err := b.Note(contractend.Event{Kind: kind, Actor: by, Facts: f, Reason: "because"}, b.now)
	if err == nil {
		b.Record = contractend.Fold(b.ID, b.Controller, zone, append(b.Events, e))
	}
	return err
}

func (b *book) note(by models.Actor, kind contractend.Kind, f contractend.Facts) {
	b.t.Helper()
	require.NoError(b.t, b.try(by, kind, f), "%s", kind)
}

func (b *book) refused(code string, by models.Actor, kind contractend.Kind, f contractend.Facts) {
	b.t.Helper()
	require.Equal(b.t, code, models.CodeOf(b.try(by, kind, f)), "%s", kind)
}

var request = contractend.Facts{RequestID: models.ID{7}}

func at(text string) time.Time { return must(time.ParseInLocation(time.DateTime, text, zone)) }

func TestDataIsReturnedAfterTheLastDayAndErasedAfterTheGraceWhenItWasFetched(t *testing.T) {
	t.Parallel()
	b := ordered(t, true)
	require.Equal(t, contractend.Waiting, b.State)
	b.note(officer, contractend.Approved, contractend.Facts{})
	next := b.Next(time.Time{})
	require.Equal(t, contractend.Give, next.Step)
	require.True(t, next.At.Equal(at("2026-04-01 00:00:00")))
	b.refused("too_early", models.System(), contractend.Returning, request)
	b.now = next.At
	b.refused("bad_request", models.System(), contractend.Returning, contractend.Facts{})
	b.note(models.System(), contractend.Returning, request)
	require.Equal(t, contractend.Next{}, b.Next(time.Time{}), "the customer has to fetch it")
	b.refused("event_not_open", models.System(), contractend.Erasing, request)
	b.note(models.System(), contractend.Fetched, contractend.Facts{})
	next = b.Next(time.Time{})
	require.Equal(t, contractend.Erase, next.Step)
	require.True(t, next.At.Equal(at("2026-04-15 00:00:00")))
	b.refused("too_early", models.System(), contractend.Erasing, request)
	b.now = next.At
	b.note(models.System(), contractend.Erasing, request)
	b.refused("event_not_open", customer, contractend.Withdrawn, contractend.Facts{})
	b.note(models.System(), contractend.Ended, contractend.Facts{Keys: 2})
	require.True(t, b.Closed())
	require.Equal(t, contractend.Next{}, b.Next(time.Time{}))
}

func TestWhatNobodyFetchedIsErasedOnlyWhenTheOfficerReleasesIt(t *testing.T) {
	t.Parallel()
	b := ordered(t, true)
	b.note(officer, contractend.Approved, contractend.Facts{})
	b.now = at("2026-05-01 10:00:00")
	b.note(models.System(), contractend.Returning, request)
	b.note(models.System(), contractend.Unfetched, contractend.Facts{})
	b.refused("already_noted", models.System(), contractend.Unfetched, contractend.Facts{})
	require.Equal(t, contractend.Next{Step: contractend.Remember, At: b.now}, b.Next(time.Time{}))
	require.Equal(t, b.now.AddDate(0, 0, 7), b.Next(b.now).At)
	b.refused("event_forbidden", customer, contractend.Released, contractend.Facts{})
	b.note(officer, contractend.Released, contractend.Facts{})
	require.Equal(t, contractend.Erase, b.Next(b.now).Step)
}

func TestWhoDoesNotWantTheDataBackHasItErasedAfterTheGrace(t *testing.T) {
	t.Parallel()
	b := ordered(t, false)
	b.note(officer, contractend.Approved, contractend.Facts{})
	require.Equal(t, contractend.Erase, b.Next(time.Time{}).Step)
	b.refused("no_return", officer, contractend.Released, contractend.Facts{})
	b.now = at("2026-04-15 00:00:00")
	b.note(models.System(), contractend.Erasing, request)
	b.note(models.System(), contractend.Stopped, contractend.Facts{})
	require.Equal(t, contractend.Abandoned, b.State)
}

func TestAReturnThatIsPendingHoldsUpTheErasureUnlessReleased(t *testing.T) {
	t.Parallel()
	b := ordered(t, true)
	b.note(officer, contractend.Approved, contractend.Facts{})
	b.now = at("2026-06-01 00:00:00")
	b.refused("return_pending", models.System(), contractend.Erasing, request)
	b.note(officer, contractend.Released, contractend.Facts{})
	b.note(models.System(), contractend.Erasing, request)
}

func TestFourEyesLookAtTheEndOfAContract(t *testing.T) {
	t.Parallel()
	b := &book{t: t, now: start, Record: contractend.Fold(models.ID{8}, models.ID{9}, zone, nil)}
	b.note(officer, contractend.Ordered, contractend.Facts{LastDay: lastDay})
	b.refused("same_person", officer, contractend.Approved, contractend.Facts{})
	b.refused("event_forbidden", customer, contractend.Approved, contractend.Facts{})
	b.note(another, contractend.Approved, contractend.Facts{})
	b.note(customer, contractend.Withdrawn, contractend.Facts{})
	require.True(t, b.Closed())
}

func TestAnOrderSaysWhenTheContractEnds(t *testing.T) {
	t.Parallel()
	for code, f := range map[string]contractend.Facts{
		"bad_date":  {},
		"bad_grace": {LastDay: lastDay, GraceDays: -1},
	} {
		b := &book{t: t, now: start, Record: contractend.Fold(models.ID{8}, models.ID{9}, zone, nil)}
		b.refused(code, customer, contractend.Ordered, f)
	}
	b := &book{t: t, now: start, Record: contractend.Fold(models.ID{8}, models.ID{9}, zone, nil)}
	b.refused("bad_date", customer, contractend.Ordered, contractend.Facts{LastDay: lastDay.AddDays(20 * 365)})
	b.refused("bad_grace", customer, contractend.Ordered, contractend.Facts{LastDay: lastDay, GraceDays: 366})
	_, err := b.Note(contractend.Event{Kind: contractend.Ordered, Actor: customer, Facts: contractend.Facts{LastDay: lastDay}}, start)
	require.Equal(t, "reason_missing", models.CodeOf(err))
}

func TestOnlyWhoMayNotesAnEventWhereItIsOpen(t *testing.T) {
	t.Parallel()
	roles := []models.Role{models.RoleSystem, models.RoleController, models.RoleDPO, models.RoleHandler, models.RoleAuditor, models.RoleOperator, models.RoleSubject, models.RoleRecipient}
	states := []contractend.State{"", contractend.Waiting, contractend.Agreed, contractend.Giving, contractend.Given, contractend.Deleting, contractend.Over, contractend.Abandoned}
	allowed := map[contractend.Kind]int{}
	for _, kind := range contractend.Kinds() {
		for _, role := range roles {
			for _, state := range states {
				if contractend.Allowed(kind, role, state) == nil {
					allowed[kind]++
					require.NotContains(t, []contractend.State{contractend.Over, contractend.Abandoned}, state)
				}
			}
		}
	}
	require.Equal(t, map[contractend.Kind]int{
		contractend.Ordered: 2, contractend.Approved: 1, contractend.Returning: 1, contractend.Fetched: 1, contractend.Unfetched: 1, contractend.Released: 2,
		contractend.Erasing: 2, contractend.Ended: 1, contractend.Stopped: 1, contractend.Withdrawn: 8,
	}, allowed)
	require.Equal(t, "unknown_event", models.CodeOf(contractend.Allowed("burnt", models.RoleDPO, contractend.Waiting)))
}
