package webhook_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/subprocessor"
	"habeas/models/webhook"
)

func TestAnEndpointCanAskForEachKindAndForNoOther(t *testing.T) {
	t.Parallel()
	seen := map[webhook.Kind]bool{}
	for _, k := range webhook.Kinds() {
		require.True(t, k.Known())
		require.Regexp(t, `^[a-z_]+\.[a-z_]+$`, string(k), "as Standard Webhooks proposes")
		require.False(t, seen[k], "%s is named twice", k)
		seen[k] = true
	}
	for _, k := range []webhook.Kind{webhook.Test, "", "request", "request.*", "Request.Created"} {
		require.False(t, k.Known(), "%q", k)
	}
}

func TestWhatIsReturnedOfTheKindsIsTheCallersOwn(t *testing.T) {
	t.Parallel()
	webhook.Kinds()[0] = "changed"
	require.Equal(t, webhook.RequestCreated, webhook.Kinds()[0])
}

func TestABodyHasTypeTimestampAndData(t *testing.T) {
	t.Parallel()
	berlin := time.FixedZone("", 3600)
	id := models.MustParseID("11111111-1111-4111-8111-111111111111")
	body, err := webhook.Body(webhook.RequestClosed, time.Date(2027, 2, 19, 15, 5, 0, 0, berlin), webhook.Request{
		ID: id, Reference: "7K3F-9QXM-2T", Right: models.Erasure, State: models.Closed, Outcome: models.Fulfilled, Channel: "portal",
		ReceivedAt: time.Date(2027, 2, 1, 9, 0, 0, 0, time.UTC), DueBefore: time.Date(2027, 3, 1, 23, 0, 0, 0, time.UTC),
	})
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"request.closed","timestamp":"2027-02-19T14:05:00Z","data":{"request_id":"11111111-1111-4111-8111-111111111111",
		"reference":"7K3F-9QXM-2T","right":"erasure","state":"closed","outcome":"fulfilled","channel":"portal","received_at":"2027-02-01T09:00:00Z",
		"due_before":"2027-03-01T23:00:00Z"}}`, string(body))

	body, err = webhook.Body(webhook.BreachTold, time.Date(2027, 2, 19, 14, 5, 0, 0, time.UTC), webhook.Breach{ID: id, Reference: "B-1", Update: 2})
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"breach.told","timestamp":"2027-02-19T14:05:00Z","data":{"breach_id":"11111111-1111-4111-8111-111111111111","reference":"B-1","update":2}}`, string(body))
}

func TestAChangeOfSubprocessorsIsToldByItsStateAndDay(t *testing.T) {
	t.Parallel()
	c := webhook.Change{Reference: "C-1", Sort: subprocessor.Add, State: subprocessor.Open, Name: "Mailer Inc."}
	body, err := webhook.Body(webhook.SubprocessorChange, time.Date(2027, 2, 19, 14, 5, 0, 0, time.UTC), c)
	require.NoError(t, err)
	require.JSONEq(t, `{"type":"subprocessor.change","timestamp":"2027-02-19T14:05:00Z","data":{"change_id":"00000000-0000-0000-0000-000000000000","reference":"C-1",
		"kind":"add","state":"`+string(subprocessor.Open)+`","name":"Mailer Inc."}}`, string(body))
	c.EffectiveOn = calendar.Date{Year: 2027, Month: time.April, Day: 1}
	body, err = webhook.Body(webhook.SubprocessorChange, time.Unix(0, 0), c)
	require.NoError(t, err)
	require.Contains(t, string(body), `"effective_on":"2027-04-01"`)
}

func TestARequestWithoutADateOrAnOutcomeLeavesThemOut(t *testing.T) {
	t.Parallel()
	body, err := webhook.Body(webhook.RequestCreated, time.Unix(0, 0), webhook.Request{State: models.Received})
	require.NoError(t, err)
	var m struct{ Data map[string]any }
	require.NoError(t, json.Unmarshal(body, &m))
	require.NotContains(t, m.Data, "due_before")
	require.NotContains(t, m.Data, "outcome")
	require.Contains(t, m.Data, "received_at")
}

// TestNoEventHasRoomForAnythingPersonal looks at the types of the members: identifiers, enums, numbers and instants, and the reference.
func TestNoEventHasRoomForAnythingPersonal(t *testing.T) {
	t.Parallel()
	plain := map[string]bool{"reference": true, "channel": true, "name": true} // made by Habeas; one of three words; a company's
	for _, data := range []any{webhook.Request{}, webhook.Breach{}, webhook.Change{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(data)) {
			switch f.Type {
			case reflect.TypeFor[models.ID](), reflect.TypeFor[models.Right](), reflect.TypeFor[models.State](), reflect.TypeFor[models.Outcome](),
				reflect.TypeFor[time.Time](), reflect.TypeFor[int](), reflect.TypeFor[subprocessor.Sort](), reflect.TypeFor[subprocessor.State](),
				reflect.TypeFor[calendar.Date]():
			default:
				require.True(t, plain[f.Tag.Get("json")], "%s of %T", f.Name, data)
			}
		}
	}
}
