package subprocessor_test

import (
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/recipient"
	"habeas/models/subprocessor"
)

var (
	start = time.Date(2026, time.March, 2, 9, 30, 0, 0, time.UTC)
	dpo   = models.Actor{Role: models.RoleDPO, ID: models.ID{1}}
	acme  = subprocessor.Customer{ID: models.ID{10}, Slug: "acme", Days: 30, Zone: "America/New_York"}
	globe = subprocessor.Customer{ID: models.ID{11}, Slug: "globex", Days: 14, Zone: "Asia/Tokyo"}
)

// book is a record under a clock that the test moves.
type book struct {
	t *testing.T
	subprocessor.Record
	now time.Time
}

func open(t *testing.T) *book {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Brussels")
	require.NoError(t, err)
	return &book{t: t, Record: subprocessor.Fold(models.ID{9}, zone, nil), now: start}
}

func (b *book) note(e subprocessor.Event) error {
	b.t.Helper()
	noted, err := b.Note(e, b.now)
	if err == nil {
		b.Record = subprocessor.Fold(b.ID, b.Zone, append(b.Events, noted))
	}
	return err
}

func (b *book) noted(e subprocessor.Event) {
	b.t.Helper()
	require.NoError(b.t, b.note(e))
}

func (b *book) refused(code string, e subprocessor.Event) {
	b.t.Helper()
	require.Equal(b.t, code, models.CodeOf(b.note(e)), "%s", e.Kind)
}

func proposal() *subprocessor.Proposal {
	return &subprocessor.Proposal{
		Sort: subprocessor.Add, Slug: "mailer", Name: "Mailer", Country: "US", Transfer: "scc", Purposes: []string{"sending mail"}, Categories: []string{"user.contact"},
	}
}

func draft(p *subprocessor.Proposal) subprocessor.Event {
	return subprocessor.Event{Kind: subprocessor.Drafted, Actor: dpo, Facts: subprocessor.Facts{Proposal: p}, Words: subprocessor.Words{Reason: "cheaper", Address: "privacy@mailer.example"}}
}

func announce(list ...subprocessor.Customer) subprocessor.Event {
	return subprocessor.Event{Kind: subprocessor.Announced, Actor: dpo, Facts: subprocessor.Facts{Customers: list}}
}

func (b *book) told(list ...subprocessor.Customer) subprocessor.Event {
	e := subprocessor.Event{Kind: subprocessor.Told, Actor: models.System()}
	for _, c := range list {
		e.Facts.Told = append(e.Facts.Told, subprocessor.Telling{Customer: c.ID, At: b.now})
	}
	return e
}

func objection(c subprocessor.Customer) subprocessor.Event {
	return subprocessor.Event{
		Kind: subprocessor.Objected, Actor: models.Actor{Role: models.RoleController, ID: c.ID}, Facts: subprocessor.Facts{Customer: c.ID}, Words: subprocessor.Words{Reason: "no"},
	}
}

func answer(c subprocessor.Customer, a subprocessor.Answer) subprocessor.Event {
	return subprocessor.Event{Kind: subprocessor.Answered, Actor: dpo, Facts: subprocessor.Facts{Customer: c.ID, Answer: a}, Words: subprocessor.Words{Reason: "because"}}
}

func decide(day string) subprocessor.Event {
	on, err := calendar.ParseDate(day)
	if err != nil {
		panic(err)
	}
	return subprocessor.Event{Kind: subprocessor.Decided, Actor: dpo, Facts: subprocessor.Facts{EffectiveOn: on}, Words: subprocessor.Words{Reason: "all heard"}}
}

func TestWhatBecomesMoreOrOtherIsAnnouncedFirst(t *testing.T) {
	t.Parallel()
	known := subprocessor.Matters{
		AtWork: true, Name: "Mailer", LegalName: "Mailer Inc.", Country: "IE", Transfer: "none", Purposes: []string{"mail", "bounces"},
		Categories: []string{"user.contact", "user.name"}, Customers: []string{"acme", "globex"},
	}
	own := known
	own.Customers = nil
	for field, after := range map[string]func(*subprocessor.Matters){
		"":             func(*subprocessor.Matters) {},
		"subprocessor": func(m *subprocessor.Matters) { m.AtWork = false },
		"name":         func(m *subprocessor.Matters) { m.Name = "Other" },
		"legal_name":   func(m *subprocessor.Matters) { m.LegalName = "Other Inc." },
		"country":      func(m *subprocessor.Matters) { m.Country = "" },
		"transfer":     func(m *subprocessor.Matters) { m.Transfer = "scc" },
		"safeguard":    func(m *subprocessor.Matters) { m.Safeguard = "module two" },
		"purposes":     func(m *subprocessor.Matters) { m.Purposes = []string{"mail", "profiling"} },
		"categories":   func(m *subprocessor.Matters) { m.Categories = []string{"user"} },
		"controllers":  func(m *subprocessor.Matters) { m.Customers = []string{"acme", "initech"} },
	} {
		m := known
		after(&m)
		var want []string
		if field != "" {
			want = []string{field}
		}
		require.Equal(t, want, known.Unannounced(m), field)
		if m.AtWork {
			mine := m
			mine.Customers = nil
			require.Empty(t, own.Unannounced(mine), "the operator's own: %s", field)
			require.Equal(t, []string{"subprocessor"}, own.Unannounced(m), field)
		}
	}
	less := known
	less.Purposes, less.Categories, less.Customers = []string{"mail"}, []string{"user.contact.email"}, []string{"acme"}
	require.Empty(t, known.Unannounced(less), "less is nothing to object to")
	unnamed := known
	unnamed.LegalName = ""
	require.Empty(t, unnamed.Unannounced(known), "a legal name that nobody had written down")
	require.Empty(t, known.Unannounced(own), "the last customer has left")
	require.True(t, own.Begins(known) && !known.Begins(known) && !known.Begins(own))
}

func TestNoDetourOfEditsLeadsToWhatMustBeAnnounced(t *testing.T) {
	t.Parallel()
	some := func(of ...string) *rapid.Generator[[]string] {
		return rapid.SliceOfDistinct(rapid.SampledFrom(of), rapid.ID[string])
	}
	whichever := rapid.Custom(func(t *rapid.T) subprocessor.Matters {
		word := func(label string) string { return rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, label) }
		return subprocessor.Matters{
			AtWork: rapid.Bool().Draw(t, "at work"), Name: word("name"), LegalName: word("legal name"), Country: word("country"), Safeguard: word("safeguard"),
			Transfer: rapid.SampledFrom([]recipient.Transfer{"", recipient.NoTransfer, recipient.Clauses}).Draw(t, "transfer"), Purposes: some("mail", "profiling").Draw(t, "purposes"),
			Categories: some("user", "user.contact", "user.contact.email").Draw(t, "categories"), Customers: some("acme", "globex").Draw(t, "customers"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		first := whichever.Draw(t, "first")
		now := first
		for range 12 {
			next, other := now, whichever.Draw(t, "other")
			switch rapid.IntRange(0, 8).Draw(t, "field") {
			case 0:
				next.AtWork = other.AtWork
			case 1:
				next.Name = other.Name
			case 2:
				next.LegalName = other.LegalName
			case 3:
				next.Country = other.Country
			case 4:
				next.Safeguard, next.Transfer = other.Safeguard, other.Transfer
			case 5:
				next.Purposes = other.Purposes
			case 6:
				next.Categories = other.Categories
			case 7:
				next.Customers = other.Customers
			default:
				next = other
			}
			if len(now.Unannounced(next)) == 0 {
				now = next
			}
		}
		if now.AtWork && len(now.Customers) > 0 {
			require.Empty(t, first.Unannounced(now), "%+v came of %+v", now, first)
		}
	})
}

func TestAnEmergencyReplacementIsInForceWithItsAnnouncementAndIsHeardAfterwards(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := proposal()
	p.Emergency = true
	b.refused("bad_proposal", draft(p))
	p.Sort, p.Old = subprocessor.Replace, "older"
	unsaid := draft(p)
	unsaid.Words.Reason = ""
	b.refused("reason_missing", unsaid)
	b.noted(draft(p))
	require.False(t, b.Early())
	b.noted(announce(acme))
	require.True(t, b.Early())
	require.Equal(t, "2026-03-02", b.EffectiveOn.String())
	end := subprocessor.Event{Kind: subprocessor.Withdrawn, Actor: dpo, Words: subprocessor.Words{Reason: "x"}}
	b.refused("in_force_already", end)
	b.noted(b.told(acme))
	b.noted(objection(acme))
	late := decide("2026-05-01")
	b.refused("window_open", late)
	b.now = start.AddDate(0, 2, 0)
	b.refused("objection_open", late)
	b.noted(answer(acme, subprocessor.Accept))
	late.Facts.EffectiveOn = calendar.Date{}
	b.noted(late)
	require.Equal(t, "2026-03-02", b.EffectiveOn.String(), "it has been in force since then")
	b.noted(subprocessor.Event{Kind: subprocessor.InForce, Actor: models.System()})
	require.Equal(t, subprocessor.Effective, b.State)
}

func TestAChangeGoesFromItsDraftToItsDay(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.refused("event_not_open", announce(acme))
	b.noted(draft(proposal()))
	b.noted(draft(proposal()))
	b.noted(announce(acme, globe))
	require.Equal(t, []models.ID{acme.ID, globe.ID}, b.Untold())
	b.refused("event_not_open", draft(proposal()))
	b.noted(b.told(acme))
	b.refused("already_told", b.told(acme))
	b.refused("untold", decide("2026-05-01"))
	b.noted(subprocessor.Event{Kind: subprocessor.Unreached, Actor: models.System(), Facts: subprocessor.Facts{Customer: globe.ID}})
	require.Empty(t, b.Untold())
	b.refused("untold", decide("2026-05-01"))
	by := b.told(globe)
	by.Actor = dpo
	b.noted(by) // by telephone
	b.refused("window_open", decide("2026-05-01"))
	b.noted(objection(acme))
	b.refused("already_objected", objection(acme))

	b.now = start.AddDate(0, 1, 0)
	b.noted(objection(globe))
	require.True(t, b.Standing(globe.ID).Objection.Late)
	require.Equal(t, subprocessor.Counts{Concerned: 2, Told: 2, Objected: 1, Late: 1}, b.Count())
	b.refused("objection_open", decide("2026-05-01"))
	b.refused("bad_answer", answer(acme, "perhaps"))
	b.noted(answer(acme, subprocessor.Accept))
	b.refused("already_answered", answer(acme, subprocessor.Overrule))
	b.refused("bad_date", decide("2026-04-01"))
	b.noted(decide("2026-05-01"))
	require.Equal(t, []string{"acme"}, b.Spared())
	b.refused("decided_already", answer(globe, subprocessor.Accept))
	b.noted(answer(globe, subprocessor.Overrule))

	effect := subprocessor.Event{Kind: subprocessor.InForce, Actor: models.System()}
	b.refused("too_early", effect)
	require.Equal(t, time.Date(2026, time.April, 30, 22, 0, 0, 0, time.UTC), b.EffectiveFrom().UTC())
	b.now = b.EffectiveFrom()
	b.noted(effect)
	require.True(t, b.Over())
	b.refused("event_not_open", subprocessor.Event{Kind: subprocessor.Withdrawn, Actor: dpo, Words: subprocessor.Words{Reason: "x"}})
}

func TestOnlyWhoMayAndWhatSaysEnoughIsNoted(t *testing.T) {
	t.Parallel()
	b := open(t)
	for field, change := range map[string]func(*subprocessor.Proposal){
		"/sort": func(p *subprocessor.Proposal) { p.Sort = "rename" }, "/slug": func(p *subprocessor.Proposal) { p.Slug = "a b" },
		"/old": func(p *subprocessor.Proposal) { p.Old = "older" }, "/name": func(p *subprocessor.Proposal) { p.Purposes = nil },
		"/transfer": func(p *subprocessor.Proposal) { p.Transfer = "hope" },
	} {
		p := proposal()
		change(p)
		_, err := b.Note(draft(p), b.now)
		var fault *models.Error
		require.ErrorAs(t, err, &fault)
		require.Equal(t, field, fault.Field)
	}
	nobody := draft(proposal())
	nobody.Words.Address = "mailer"
	b.refused("bad_proposal", nobody)
	nobody.Words.Reason = " "
	b.refused("reason_missing", nobody)
	b.noted(draft(proposal()))
	by := announce(acme)
	by.Actor = models.System()
	b.refused("event_forbidden", by)
	b.refused("bad_customer", announce(acme, acme))
	b.refused("bad_customer", announce(subprocessor.Customer{ID: models.ID{7}, Zone: "Mars/Olympus"}))
	b.noted(announce(acme))
	b.refused("not_found", objection(globe))
	b.refused("no_objection", answer(acme, subprocessor.Accept))
	b.refused("unknown_event", subprocessor.Event{Kind: "x"})
	b.noted(subprocessor.Event{Kind: subprocessor.Withdrawn, Actor: dpo, Words: subprocessor.Words{Reason: "x"}})
	require.Equal(t, subprocessor.Abandoned, b.State)
	require.Empty(t, b.Untold())
}

func TestAnAcceptedObjectionToAChangeOfOneHindersIt(t *testing.T) {
	t.Parallel()
	b := open(t)
	p := proposal()
	p.Sort = subprocessor.Change
	b.noted(draft(p))
	b.noted(announce(acme))
	b.noted(b.told(acme))
	b.noted(objection(acme))
	b.noted(answer(acme, subprocessor.Accept))
	b.now = start.AddDate(0, 2, 0)
	b.refused("objection_accepted", decide("2026-06-01"))
}

func TestAWindowEndsWithItsLastDayInTheCustomersZone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		zone, told, last, until string
		days                    int
	}{
		{"Europe/Brussels", "2026-03-02T09:30:00Z", "2026-04-01", "2026-04-01T22:00:00Z", 30}, // across the change of the clocks
		{"America/New_York", "2026-03-02T04:59:59Z", "2026-03-31", "2026-04-01T04:00:00Z", 30},
		{"America/New_York", "2026-03-02T05:00:00Z", "2026-04-01", "2026-04-02T04:00:00Z", 30},
		{"Asia/Tokyo", "2026-12-31T15:00:00Z", "2027-01-15", "2027-01-15T15:00:00Z", 14},
		{"UTC", "2028-02-28T23:59:59Z", "2028-02-29", "2028-03-01T00:00:00Z", 1},
		{"UTC", "2026-05-01T12:00:00Z", "2026-05-01", "2026-05-02T00:00:00Z", 0},
	} {
		zone, err := time.LoadLocation(c.zone)
		require.NoError(t, err)
		told, err := time.Parse(time.RFC3339, c.told)
		require.NoError(t, err)
		w := subprocessor.WindowOf(told, c.days, zone)
		require.Equal(t, c.last, w.Last.String())
		require.Equal(t, c.until, w.Until.UTC().Format(time.RFC3339), c.told)
		require.True(t, w.Open(w.Until.Add(-time.Nanosecond)))
		require.False(t, w.Open(w.Until))
		for _, s := range w.Steps {
			require.NotEmpty(t, s.Citation)
		}
	}
}

// Whatever happens in whatever order: customers are told once, nothing takes effect before every window is over and every objection in time is
// answered, and what was kept can be read again to the same record.
func TestNoOrderOfEventsTakesARightToObjectAway(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		zone, err := time.LoadLocation("Europe/Brussels")
		require.NoError(rt, err)
		b := &book{t: t, Record: subprocessor.Fold(models.ID{9}, zone, nil), now: start}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			b.now = b.now.Add(time.Duration(rapid.IntRange(0, 200).Draw(rt, "hours")) * time.Hour)
			c := rapid.SampledFrom([]subprocessor.Customer{acme, globe}).Draw(rt, "who")
			e := rapid.SampledFrom([]subprocessor.Event{
				draft(proposal()), announce(acme, globe), b.told(c), b.told(acme, globe), objection(c), answer(c, subprocessor.Accept), answer(c, subprocessor.Overrule),
				decide(b.now.AddDate(0, 0, 2).Format(time.DateOnly)),
				{Kind: subprocessor.InForce, Actor: models.System()},
				{Kind: subprocessor.Unreached, Actor: models.System(), Facts: subprocessor.Facts{Customer: c.ID}},
			}).Draw(rt, "event")
			before := b.Latest()
			if b.note(e) != nil {
				require.Equal(rt, before, b.Latest())
			}
		}
		n := b.Count()
		require.Equal(rt, n.Concerned, n.Silent+n.Objected+n.Late)
		if b.State != subprocessor.Scheduled && b.State != subprocessor.Effective {
			return
		}
		end, told := b.WindowsEnd()
		require.True(rt, told)
		require.False(rt, b.DecidedAt.Before(end))
		require.Equal(rt, n.Concerned, n.Told)
		for _, c := range b.Customers {
			require.True(rt, c.Objection == nil || c.Objection.Late || (c.Objection.Answer != "" && !c.Objection.AnsweredAt.After(b.DecidedAt)))
		}
		if b.State == subprocessor.Effective {
			require.False(rt, b.ClosedAt.Before(b.EffectiveFrom()))
		}
	})
}

func TestTheOfficerIsRemindedOfWhatOnlyTheyCanDo(t *testing.T) {
	t.Parallel()
	b := open(t)
	b.noted(draft(proposal()))
	require.Zero(t, b.Next(b.now))
	b.noted(announce(acme))
	require.Zero(t, b.Next(b.now))
	b.noted(b.told(acme))
	end, _ := b.WindowsEnd()
	require.Equal(t, subprocessor.Next{At: end}, b.Next(b.now))
	require.Equal(t, subprocessor.Next{At: end.Add(7 * 24 * time.Hour)}, b.Next(end))
	require.Equal(t, subprocessor.Next{At: end.Add(14 * 24 * time.Hour)}, b.Next(end.Add(8*24*time.Hour)))
	b.now = start.Add(time.Hour)
	b.noted(objection(acme))
	require.Equal(t, b.now, b.Next(start).At)
	require.Equal(t, b.now.Add(7*24*time.Hour), b.Next(b.now).At)
	b.noted(answer(acme, subprocessor.Overrule))
	b.now = end
	b.noted(decide("2026-06-01"))
	require.Equal(t, subprocessor.Next{At: b.EffectiveFrom(), Effect: true}, b.Next(end))
}
