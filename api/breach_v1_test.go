package api_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/breach/persons"
	"habeas/models/breach/register"
	"habeas/models/store"
)

// told is a breach as the JSON interface tells it.
type told struct {
	ID, Reference, State, Source, Recipient, Risk, Nature string
	Latest                                                int
	Persons                                               *int
	Duties                                                []struct {
		Duty, Controller, Missing string
		Done                      bool
	}
}

func (b *bundle) told(a answer, status int) (out told) {
	b.t.Helper()
	require.Equal(b.t, status, a.status, a.body)
	require.NoError(b.t, json.Unmarshal([]byte(a.body), &out))
	return out
}

// reported is a suspicion that the DPO has reported by the interface.
func (b *bundle) reported() string {
	b.t.Helper()
	return b.told(b.call(http.MethodPost, "/v1/breaches", b.keys[models.RoleDPO], `{"what":"A disk is gone."}`), http.StatusAccepted).ID
}

func (b *bundle) event(id string, role models.Role, body string) answer {
	b.t.Helper()
	return b.call(http.MethodPost, "/v1/breaches/"+id+"/events", b.keys[role], body)
}

func TestABreachIsHandledByTheInterfaceFromReportToEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.reported()
	b.clock(time.Minute)
	for _, body := range []string{
		`{"kind":"aware","aware_at":"` + start.Format(time.RFC3339) + `"}`,
		`{"kind":"found","persons":40,"records":0,"categories":["user.contact"],"person_kinds":["consignees"],"customers":["acme"],"consequences":"none likely","measures":"wiped","contact":"the DPO"}`,
		`{"kind":"assessed","inputs":{"data":[{"context":"simple"}],"identification":"limited"}}`,
		`{"kind":"decided","risk":"likely","reason":"addresses","seen":4}`,
		`{"kind":"submitted","authority":"BE","at":"` + start.Add(time.Second).Format(time.RFC3339) + `","final":true}`,
	} {
		b.told(b.event(id, models.RoleDPO, body), http.StatusAccepted)
	}
	closing := `{"kind":"closed","reason":"done"}`
	require.Equal(t, "duty_open", b.event(id, models.RoleDPO, closing).code(t), "the customer has not been told")
	require.Equal(t, "not_told", b.event(id, models.RoleController, `{"kind":"answered"}`).code(t))
	b.told(b.event(id, models.RoleDPO, `{"kind":"told","customer":"acme","at":"`+start.Add(time.Minute).Format(time.RFC3339)+`"}`), http.StatusAccepted)
	b.told(b.event(id, models.RoleController, `{"kind":"answered"}`), http.StatusAccepted)
	b.told(b.event(id, models.RoleDPO, closing), http.StatusAccepted)
	got := b.told(b.call(http.MethodGet, "/v1/breaches/"+id, b.keys[models.RoleAuditor], ""), http.StatusOK)
	require.Equal(t, "closed", got.State)
	require.Equal(t, "likely", got.Risk)
	require.Equal(t, 40, *got.Persons)
	require.Contains(t, b.call(http.MethodGet, "/v1/breaches?limit=1", b.keys[models.RoleOperator], "").body, got.Reference)
}

func TestBadEventsAreRefusedByTheirCodes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.reported()
	for body, code := range map[string]string{
		`{"kind":"aware","aware_at":"` + start.Add(24*time.Hour).Format(time.RFC3339) + `"}`: "aware_in_future",
		`{"kind":"aware","aware_at":"2026-03-27T10:00:00"}`:                                  "bad_instant",
		`{"kind":"aware","aware_at":"2026-03-27T10:00:00 CET"}`:                              "bad_instant",
		`{"kind":"aware"}`:                              "aware_missing",
		`{"kind":"found","customers":["nobody"]}`:       "unknown_controller",
		`{"kind":"decided","risk":"high","reason":"x"}`: "event_not_open",
		`{"kind":"assessed","inputs":{"data":[{"context":"secret"}],"identification":"limited"}}`: "bad_value",
		`{"kind":"decided","risk":"high","reason":"x","exceptions":["luck"]}`:                     "bad_value",
		`{"kind":"submitted","authority":"XX","at":"` + start.Format(time.RFC3339) + `"}`:         "unknown_authority",
		`{"kind":"none"}`:               "unknown_event",
		`{"kind":"found","persons":-1}`: "out_of_range",
		`{"kind":"found","canary":1}`:   "unknown_field",
	} {
		require.Equal(t, code, b.event(id, models.RoleDPO, body).code(t), body)
	}
	b.told(b.event(id, models.RoleDPO, `{"kind":"aware","aware_at":"`+start.Format(time.RFC3339)+`"}`), http.StatusAccepted)
	submitted := `{"kind":"submitted","authority":"BE","at":"` + start.Format(time.RFC3339) + `"}`
	require.Equal(t, "contact_point_missing", b.event(id, models.RoleDPO, submitted).code(t))
	require.Equal(t, "breach_changed", b.event(id, models.RoleDPO, `{"kind":"decided","risk":"high","reason":"x","seen":1}`).code(t))
	require.Equal(t, "event_forbidden", b.event(id, models.RoleHandler, `{"kind":"decided","risk":"high","reason":"x"}`).code(t))
}

func TestAwarenessMovedEarlierMayHaveEndedThe72HoursAlready(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.reported()
	b.told(b.event(id, models.RoleDPO, `{"kind":"aware","aware_at":"`+start.Format(time.RFC3339)+`"}`), http.StatusAccepted)
	b.told(b.event(id, models.RoleDPO, `{"kind":"found","contact":"the DPO"}`), http.StatusAccepted)
	early := start.Add(-80 * time.Hour).Format(time.RFC3339)
	require.Equal(t, "reason_missing", b.event(id, models.RoleDPO, `{"kind":"aware","aware_at":"`+early+`"}`).code(t))
	b.told(b.event(id, models.RoleDPO, `{"kind":"aware","aware_at":"`+early+`","reason":"the night shift knew"}`), http.StatusAccepted)
	submitted := `{"kind":"submitted","authority":"BE","at":"` + start.Format(time.RFC3339) + `"`
	require.Equal(t, "reasons_for_delay_missing", b.event(id, models.RoleDPO, submitted+`}`).code(t))
	b.told(b.event(id, models.RoleDPO, submitted+`,"delay":"the night shift did not tell"}`), http.StatusAccepted)
}

func TestTheLetterToThePersonsIsToldInCounts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.reported()
	path := "/v1/breaches/" + id + "/letter"
	read := func() answer { return b.call(http.MethodGet, path, b.keys[models.RoleAuditor], "") }
	require.JSONEq(t, `{"state":"missing","listed":0,"persons":[],"unreached":[]}`, read().body)

	bid, err := models.ParseID(id)
	require.NoError(t, err)
	b.told(b.event(id, models.RoleDPO, `{"kind":"aware","aware_at":"`+start.Format(time.RFC3339)+`"}`), http.StatusAccepted)
	b.told(b.event(id, models.RoleDPO, `{"kind":"found","customers":["acme"],"consequences":"Burglary.","measures":"Wiped.","contact":"the DPO"}`), http.StatusAccepted)
	author, other := models.Actor{Role: models.RoleDPO, ID: models.ID{1}}, models.Actor{Role: models.RoleDPO, ID: models.ID{2}}
	list, err := b.BreachPersonList(t.Context(), bid)
	require.NoError(t, err)
	for _, email := range []models.Personal{"sam@example.com", "kim@example.com", "eve@example.com"} {
		require.NoError(t, list.Add(t.Context(), persons.Person{Email: email}))
	}
	require.NoError(t, list.Close(t.Context(), author))
	require.NoError(t, b.DraftBreachLetter(t.Context(), store.BreachLetter{BreachID: bid, Subject: "Your delivery", Body: "It was seen.", Plain: true, PerMinute: 60}, author))
	require.Contains(t, read().body, `"state":"draft"`)

	b.clock(time.Minute)
	b.told(b.event(id, models.RoleDPO, `{"kind":"decided","risk":"high","reason":"x"}`), http.StatusAccepted)
	require.NoError(t, b.ApproveBreachLetter(t.Context(), bid, other))
	people, err := b.ClaimBreachPersons(t.Context(), bid, 2)
	require.NoError(t, err)
	require.NoError(t, b.MarkBreachPersons(t.Context(), bid, []store.PersonOutcome{
		people[0].Outcome(store.PersonSent, ""), people[1].Outcome(store.PersonUnreached, "mail_broken"),
	}))
	a := read()
	var got struct {
		State, Subject, Body string
		Listed               int
		Persons, Unreached   json.RawMessage
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &got))
	require.Equal(t, "approved Your delivery It was seen. 3", got.State+" "+got.Subject+" "+got.Body+" "+strconv.Itoa(got.Listed))
	require.JSONEq(t, `[{"state":"waiting","persons":1},{"state":"sent","persons":1},{"state":"unreached","persons":1}]`, string(got.Persons))
	require.JSONEq(t, `[{"cause":"mail_broken","persons":1}]`, string(got.Unreached))
	require.NotContains(t, a.body, "@")

	b.told(b.event(id, models.RoleDPO, `{"kind":"retried","cause":"mail_broken","reason":"Up again."}`), http.StatusAccepted)
	require.Contains(t, read().body, `"unreached":[]`)
	for _, role := range []models.Role{models.RoleController, models.RoleOperator} {
		require.Equal(t, http.StatusForbidden, b.call(http.MethodGet, path, b.keys[role], "").status, "not %s, though it may know of the breach", role)
	}
}

func TestACustomerReportsAndSeesOnlyWhatConcernsIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	body := `{"what":"Your portal shows us the parcels of others."}`
	first := b.call(http.MethodPost, "/v1/breaches", b.keys[models.RoleController], body, "Idempotency-Key", "k1")
	got := b.told(first, http.StatusAccepted)
	require.Equal(t, first.body, b.call(http.MethodPost, "/v1/breaches", b.keys[models.RoleController], body, "Idempotency-Key", "k1").body)
	require.Equal(t, "idempotency_key_reused", b.call(http.MethodPost, "/v1/breaches", b.keys[models.RoleController], `{"what":"else"}`, "Idempotency-Key", "k1").code(t))
	require.Equal(t, "event_forbidden", b.call(http.MethodPost, "/v1/breaches", b.keys[models.RoleController], `{"what":"x","drill":true}`).code(t))
	path := "/v1/breaches/" + got.ID
	require.Equal(t, "not_found", b.call(http.MethodGet, path, b.keys[models.RoleController], "").code(t))
	require.Equal(t, "customer", b.told(b.call(http.MethodGet, path, b.keys[models.RoleDPO], ""), http.StatusOK).Source)
	b.told(b.event(got.ID, models.RoleDPO, `{"kind":"found","customers":["acme","globex"]}`), http.StatusAccepted)
	seen := b.told(b.call(http.MethodGet, path, b.keys[models.RoleController], ""), http.StatusOK)
	require.Empty(t, seen.Source)
	require.Len(t, seen.Duties, 1, "no other customer's")
	require.Equal(t, "acme", seen.Duties[0].Controller)
	require.Equal(t, "event_forbidden", b.event(got.ID, models.RoleController, `{"kind":"found","persons":1}`).code(t))
}

func TestASubprocessorReportsWithItsSignatureAndAnybodyElseLearnsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	secret := "whsec_" + base64.StdEncoding.EncodeToString([]byte("a secret of thirty-two bytes ..."))
	_, err := b.PutRecipient(t.Context(), store.Recipient{
		Slug: "cloud", Name: "Cloud", Channel: store.ChannelWebhook, Address: "https://cloud.example/hook", Secret: models.Personal(secret),
		Categories: []string{"user"}, Country: "DE", Purpose: "hosting", ReminderAfter: time.Hour,
	})
	require.NoError(t, err)
	hook, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	body := `{"what":"A volume was copied.","contact":"soc@cloud.example"}`
	send := func(slug, id string, at time.Time, signed, sent string) answer {
		signature, err := hook.Sign(id, at, []byte(signed))
		require.NoError(t, err)
		b.clock(time.Second)
		return b.call(http.MethodPost, "/v1/breach-reports/"+slug, "", sent, "webhook-id", id, "webhook-timestamp", strconv.FormatInt(at.Unix(), 10), "webhook-signature", signature)
	}
	first := send("cloud", "m1", start, body, body)
	require.Equal(t, http.StatusAccepted, first.status, first.body)
	require.Equal(t, first.body, send("cloud", "m1", start, body, body).body, "sent again by a sender that has not heard the answer")
	require.Equal(t, "idempotency_key_reused", send("cloud", "m1", start, body+" ", body+" ").code(t))
	list, err := b.Breaches(t.Context(), models.ScopeOperator(), 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, register.FromSubprocessor, list[0].Source)
	got := b.told(b.call(http.MethodGet, "/v1/breaches/"+list[0].ID.String(), b.keys[models.RoleDPO], ""), http.StatusOK)
	require.Equal(t, "cloud", got.Recipient)

	problemOf := func(a answer) string { // without the identifier of the call
		before, _, _ := strings.Cut(a.body, `"instance"`)
		return strconv.Itoa(a.status) + before
	}
	wrong := send("cloud", "m2", start, body, strings.Replace(body, "A", "B", 1))
	require.Equal(t, "bad_signature", wrong.code(t))
	for name, a := range map[string]answer{
		"an unknown recipient": send("nobody", "m3", start, body, body),
		"an old signature":     send("cloud", "m4", start.Add(-6*time.Minute), body, body),
		"one of the future":    send("cloud", "m5", start.Add(6*time.Minute), body, body),
	} {
		require.Equal(t, problemOf(wrong), problemOf(a), name)
	}
	require.NotContains(t, b.log.String(), "soc@")
}
