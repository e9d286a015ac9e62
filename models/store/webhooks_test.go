package store_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/calendar"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/subprocessor"
	"habeas/models/webhook"
)

const lease = time.Minute

// endpoint adds an endpoint of acme that wants every kind.
func (b *bundle) endpoint(url models.Personal) (store.Endpoint, models.Personal) {
	b.t.Helper()
	e, secret, err := b.AddEndpoint(b.t.Context(), models.ScopeOf(b.acme.ID), customer, store.Endpoint{ControllerID: b.acme.ID, URL: url, Events: webhook.Kinds()})
	require.NoError(b.t, err)
	return e, secret
}

// events are the kinds of an endpoint's messages, oldest first.
func (b *bundle) events(id models.ID) (kinds []webhook.Kind) {
	b.t.Helper()
	list, err := b.Deliveries(b.t.Context(), models.ScopeOperator(), id, 100)
	require.NoError(b.t, err)
	for i := len(list) - 1; i >= 0; i-- {
		kinds = append(kinds, list[i].Event)
	}
	return kinds
}

func (b *bundle) outbox() []store.Outgoing {
	b.t.Helper()
	out, err := b.ClaimDeliveries(b.t.Context(), 100, lease)
	require.NoError(b.t, err)
	return out
}

func TestAControllerIsToldOfEachChangeOfItsRequests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e, _ := b.endpoint("https://acme.example/hook?token=canary-in-an-address")
	sub := b.submission("canary@example.org")
	sub.Controller = b.acme
	id := b.verified(sub).RequestID
	b.advance(id, models.Verifying, models.AwaitingInstruction)
	require.NoError(t, b.decide(request.Decision{RequestID: id, Kind: request.Instruct, Actor: customer}))
	for range 2 { // a step may run twice
		require.NoError(t, b.NoteDueSoon(t.Context(), id, 0))
	}
	require.NoError(t, b.NoteDueSoon(t.Context(), id, 1))
	require.NoError(t, b.Advance(t.Context(), id, models.Closed, models.Refused))
	require.NoError(t, b.NoteDueSoon(t.Context(), id, 2), "nobody is told of a date that does not matter any more")
	require.Equal(t, []webhook.Kind{"request.created", "request.instructed", "request.due_soon", "request.due_soon", "request.closed"}, b.events(e.ID))

	other := b.verified(b.submission("ada@example.org")).RequestID // the operator's own
	require.NoError(t, b.Advance(t.Context(), other, models.Closed, models.Withdrawn))
	require.Len(t, b.events(e.ID), 5)

	first := b.outbox()
	require.Len(t, first, 1)
	require.NotContains(t, string(first[0].Body), "canary")
	var m struct {
		Type webhook.Kind
		At   time.Time `json:"timestamp"`
		Data webhook.Request
	}
	require.NoError(t, json.Unmarshal(first[0].Body, &m))
	require.Equal(t, webhook.RequestCreated, m.Type)
	require.Equal(t, id, m.Data.ID)
	require.Equal(t, models.Received, m.Data.State)
	require.True(t, m.At.Equal(start))
	require.Empty(t, b.leaks("canary-in-an-address"), "the address is sealed")
}

func TestARequestThatIsNotTakenInIsNotTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e, _ := b.endpoint("https://acme.example/hook")
	sub := b.submission("ada@example.org")
	sub.Controller = b.acme
	b.submit(sub)
	b.submit(sub)
	require.Equal(t, []webhook.Kind{"request.created"}, b.events(e.ID), "a repeated submission is no further request")
	b.exec("ALTER TABLE orders ADD CONSTRAINT broken CHECK (false) NOT VALID")
	sub.Subject.Email, sub.Subject.Identities = "grace@example.org", nil
	_, err := b.Submit(t.Context(), sub)
	require.Error(t, err)
	require.Len(t, b.events(e.ID), 1, "the message is written with what it tells, or not at all")
}

func TestACustomerIsToldOfABreachWhenItsNoticeIsNoted(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e, _ := b.endpoint("https://acme.example/hook")
	stranger, _, err := b.AddEndpoint(t.Context(), models.ScopeOperator(), dpo, store.Endpoint{ControllerID: b.globex.ID, URL: "https://globex.example/", Events: webhook.Kinds()})
	require.NoError(t, err)
	for _, drill := range []bool{false, true} {
		br, err := b.ReportBreach(t.Context(), register.Event{Actor: dpo, Facts: register.Facts{Source: register.Sources()[0], Drill: drill}, Words: register.Words{What: "canary"}})
		require.NoError(t, err)
		for _, event := range []register.Event{
			{Kind: register.Aware, Actor: dpo, Facts: register.Facts{At: start, AwareAt: start}, Words: register.Words{Reason: "Seen."}},
			{Kind: register.Found, Actor: dpo, Facts: register.Facts{Customers: []register.Customer{{ID: b.acme.ID}}}, Words: register.Words{What: "canary"}},
			{Kind: register.Told, Actor: models.System(), Facts: register.Facts{Customer: b.acme.ID, At: start}},
		} {
			_, err = b.NoteBreach(t.Context(), br.ID, 0, event)
			require.NoError(t, err, event.Kind)
		}
	}
	require.Equal(t, []webhook.Kind{"breach.told"}, b.events(e.ID), "not of an exercise")
	require.Empty(t, b.events(stranger.ID))
	require.NotContains(t, string(b.outbox()[0].Body), "canary")
}

func TestTheCustomersConcernedAreToldOfAChangeOfSubprocessors(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e, _ := b.endpoint("https://acme.example/hook")
	operators, _, err := b.AddEndpoint(t.Context(), models.ScopeOperator(), dpo, store.Endpoint{ControllerID: b.operator.ID, URL: "https://northwind.example/", Events: webhook.Kinds()})
	require.NoError(t, err)
	drafted := b.draft(subprocessor.Add, "dropped", "")
	b.change(drafted.ID, subprocessor.Withdrawn, subprocessor.Facts{})
	require.Empty(t, b.events(e.ID), "what was never announced is not told")

	c := b.announced(subprocessor.Add, "mailer", "")
	told := func() webhook.Change {
		list := b.outbox()
		require.Len(t, list, 1)
		require.NoError(t, b.Delivered(t.Context(), list[0].ID, 200))
		require.NotContains(t, string(list[0].Body), canary, "reasons are no part of it")
		var m struct{ Data webhook.Change }
		require.NoError(t, json.Unmarshal(list[0].Body, &m))
		return m.Data
	}
	want := webhook.Change{ID: c.ID, Reference: c.Reference, Sort: subprocessor.Add, State: subprocessor.Open, Name: "New mailer"}
	require.Equal(t, want, told())
	b.objects(c, b.acme.ID, subprocessor.Overrule)
	b.pass(40 * 24 * time.Hour)
	want.State, want.EffectiveOn = subprocessor.Scheduled, calendar.DateOf(b.now()).AddDays(3)
	b.change(c.ID, subprocessor.Decided, subprocessor.Facts{EffectiveOn: want.EffectiveOn})
	require.Equal(t, want, told())
	b.pass(4 * 24 * time.Hour)
	b.change(c.ID, subprocessor.InForce, subprocessor.Facts{})
	want.State = subprocessor.Effective
	require.Equal(t, want, told())
	require.Empty(t, b.events(operators.ID), "it is the operator's own change")
}

func TestAnotherControllerSeesNoWebhook(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	e, secret := b.endpoint("https://acme.example/hook")
	require.True(t, strings.HasPrefix(secret.Reveal(), "whsec_"))
	require.NoError(t, b.TestEndpoint(ctx, models.ScopeOf(b.acme.ID), e.ID))
	list, err := b.Deliveries(ctx, models.ScopeOf(b.acme.ID), e.ID, 10)
	require.NoError(t, err)
	calls := map[string]func(models.Scope) error{
		"AddEndpoint": func(s models.Scope) error {
			_, _, err := b.AddEndpoint(ctx, s, customer, store.Endpoint{ControllerID: b.acme.ID, URL: "https://x.example", Events: webhook.Kinds()})
			return err
		},
		"Endpoint":       func(s models.Scope) error { _, err := b.Endpoint(ctx, s, e.ID); return err },
		"RotateEndpoint": func(s models.Scope) error { _, err := b.RotateEndpoint(ctx, s, customer, e.ID); return err },
		"SwitchEndpoint": func(s models.Scope) error { return b.SwitchEndpoint(ctx, s, customer, e.ID, true) },
		"TestEndpoint":   func(s models.Scope) error { return b.TestEndpoint(ctx, s, e.ID) },
		"Deliveries":     func(s models.Scope) error { _, err := b.Deliveries(ctx, s, e.ID, 1); return err },
		"Replay":         func(s models.Scope) error { return b.Replay(ctx, s, customer, list[0].ID) },
	}
	for name, call := range calls {
		requireCode(t, "not_found", call(models.ScopeOf(b.globex.ID)))
		requireCode(t, "not_found", call(models.Scope{}))
		require.NoError(t, call(models.ScopeOf(b.acme.ID)), name)
	}
	for scope, want := range map[models.Scope]int{models.ScopeOf(b.globex.ID): 0, {}: 0, models.ScopeOf(b.acme.ID): 2, models.ScopeOperator(): 2} {
		list, err := b.Endpoints(ctx, scope)
		require.NoError(t, err)
		require.Len(t, list, want)
	}
}

func TestAnEndpointNeedsAnAddressAndKnownEvents(t *testing.T) {
	t.Parallel()
	b := setup(t)
	add := func(url models.Personal, kinds ...webhook.Kind) error {
		_, _, err := b.AddEndpoint(t.Context(), models.ScopeOf(b.acme.ID), customer, store.Endpoint{ControllerID: b.acme.ID, URL: url, Events: kinds})
		return err
	}
	for _, url := range []models.Personal{"", "acme.example", "ftp://acme.example", "https://", "https://u:canary@acme.example", "https://acme.example/#x", models.Personal("https://acme.example/" + strings.Repeat("x", 2000))} {
		requireCode(t, "bad_url", add(url, webhook.RequestClosed))
	}
	requireCode(t, "bad_events", add("https://acme.example"))
	requireCode(t, "bad_events", add("https://acme.example", "request.lost"))
	requireCode(t, "bad_events", add("https://acme.example", webhook.Test))
	requireCode(t, "bad_events", add("https://acme.example", webhook.RequestClosed, webhook.RequestClosed))
	for range 20 {
		require.NoError(t, add("https://acme.example", webhook.RequestClosed))
	}
	requireCode(t, "too_many_endpoints", add("https://acme.example", webhook.RequestClosed))
}

func TestARotatedSecretSignsForADayMore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e, first := b.endpoint("https://acme.example/hook")
	second, err := b.RotateEndpoint(t.Context(), models.ScopeOf(b.acme.ID), customer, e.ID)
	require.NoError(t, err)
	require.NotEqual(t, first, second)
	message := func() []models.Personal {
		require.NoError(t, b.TestEndpoint(t.Context(), models.ScopeOf(b.acme.ID), e.ID))
		got := b.outbox()
		require.Len(t, got, 1)
		require.NoError(t, b.Delivered(t.Context(), got[0].ID, 200))
		return got[0].Secrets
	}
	require.Equal(t, []models.Personal{second, first}, message())
	b.pass(24*time.Hour - time.Second)
	require.Equal(t, []models.Personal{second, first}, message())
	b.pass(time.Second)
	require.Equal(t, []models.Personal{second}, message())
	third, err := b.RotateEndpoint(t.Context(), models.ScopeOf(b.acme.ID), customer, e.ID)
	require.NoError(t, err)
	require.Equal(t, []models.Personal{third, second}, message())
}

func TestAMessageIsTriedForThreeDaysAndThenGivenUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e, _ := b.endpoint("https://acme.example/hook")
	require.NoError(t, b.TestEndpoint(t.Context(), models.ScopeOf(b.acme.ID), e.ID))
	shown := func() store.Delivery {
		list, err := b.Deliveries(t.Context(), models.ScopeOf(b.acme.ID), e.ID, 1)
		require.NoError(t, err)
		return list[0]
	}
	m := b.outbox()[0]
	require.Empty(t, b.outbox(), "it is leased")
	b.pass(lease)
	again := b.outbox()
	require.Len(t, again, 1, "whoever had it has died")
	require.Equal(t, m.ID, again[0].ID)
	require.Equal(t, 2, again[0].Attempts)
	require.NoError(t, b.Missed(t.Context(), m.ID, b.now().Add(time.Hour), "webhook_unavailable", 503))
	require.Equal(t, store.DeliveryWaiting, shown().State)
	require.Equal(t, 503, shown().Status)
	require.Empty(t, b.outbox())
	b.pass(time.Hour)
	require.Len(t, b.outbox(), 1)
	require.NoError(t, b.Missed(t.Context(), m.ID, start.Add(72*time.Hour), "webhook_unavailable", 0))
	require.Equal(t, store.DeliveryFailed, shown().State)
	require.NoError(t, b.Delivered(t.Context(), m.ID, 200), "an answer that comes late")
	require.Equal(t, store.DeliveryFailed, shown().State)

	b.pass(100 * time.Hour)
	require.Empty(t, b.outbox())
	require.NoError(t, b.Replay(t.Context(), models.ScopeOf(b.acme.ID), customer, m.ID))
	replayed := b.outbox()
	require.Len(t, replayed, 1)
	require.Equal(t, m.ID, replayed[0].ID, "a receiver knows it by its identifier")
	require.NoError(t, b.Delivered(t.Context(), m.ID, 204))
	require.Equal(t, store.DeliveryDelivered, shown().State)
}

func TestMessagesThatAreLongOverAreDroppedAndNoOthers(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e, _ := b.endpoint("https://acme.example/hook")
	scope := models.ScopeOf(b.acme.ID)
	order := func() models.ID {
		require.NoError(t, b.TestEndpoint(t.Context(), scope, e.ID))
		return b.outbox()[0].ID
	}
	require.NoError(t, b.Delivered(t.Context(), order(), 200))
	failed := order()
	require.NoError(t, b.Missed(t.Context(), failed, b.now().Add(100*time.Hour), "webhook_unavailable", 0))
	again := order()
	require.NoError(t, b.Missed(t.Context(), again, b.now().Add(100*time.Hour), "webhook_unavailable", 0))
	waiting := order()

	purge := func(limit int, want int64) {
		t.Helper()
		n, err := b.PurgeDeliveries(t.Context(), limit)
		require.NoError(t, err)
		require.Equal(t, want, n)
	}
	b.pass(92 * 24 * time.Hour)
	require.NoError(t, b.Replay(t.Context(), scope, customer, again))
	purge(10, 0)
	require.NoError(t, b.Delivered(t.Context(), again, 200))
	b.pass(2 * 24 * time.Hour)
	purge(1, 1)
	purge(10, 1)
	purge(10, 0)
	list, err := b.Deliveries(t.Context(), scope, e.ID, 10)
	require.NoError(t, err)
	var left []models.ID
	for _, d := range list {
		left = append(left, d.ID)
	}
	require.Equal(t, []models.ID{waiting, again}, left, "one that waits, and one that was sent again")
}

func TestAnEndpointThatIsOffGetsNothingAndOneThatHangsHoldsUpNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	scope := models.ScopeOf(b.acme.ID)
	slow, _ := b.endpoint("https://slow.example/")
	quick, _ := b.endpoint("https://quick.example/")
	for range 3 {
		require.NoError(t, b.TestEndpoint(t.Context(), scope, slow.ID))
		require.NoError(t, b.TestEndpoint(t.Context(), scope, quick.ID))
	}
	require.Len(t, b.outbox(), 2, "one an address at a time")
	require.Empty(t, b.outbox())
	require.NoError(t, b.SwitchEndpoint(t.Context(), scope, customer, slow.ID, false))
	b.pass(lease)
	got := b.outbox()
	require.Len(t, got, 1)
	require.Equal(t, models.Personal("https://quick.example/"), got[0].URL)
	requireCode(t, "endpoint_disabled", b.TestEndpoint(t.Context(), scope, slow.ID))
	list, err := b.Deliveries(t.Context(), scope, slow.ID, 10)
	require.NoError(t, err)
	requireCode(t, "endpoint_disabled", b.Replay(t.Context(), scope, customer, list[0].ID))
	require.NoError(t, b.SwitchEndpoint(t.Context(), scope, customer, slow.ID, true))
	require.Len(t, b.outbox(), 1, "what waited is sent")
	require.NoError(t, b.SwitchEndpoint(t.Context(), scope, customer, slow.ID, false))
	b.pass(73 * time.Hour)
	b.outbox()
	list, err = b.Deliveries(t.Context(), scope, slow.ID, 10)
	require.NoError(t, err)
	for _, d := range list {
		require.Equal(t, store.DeliveryFailed, d.State)
	}
}
