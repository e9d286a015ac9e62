package e2e_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"habeas/cmd/internal/devserver/actor"
	"habeas/models"
	"habeas/models/opendsr"
	"habeas/models/store"
	"habeas/workflows"
)

// refusesForgedCalls calls the controller about a request that it has handed over, by somebody else than its processor, and about one that nobody knows, by
// the processor itself.
func (h *house) refusesForgedCalls(t *testing.T, f files, asked actor.Asked) {
	t.Helper()
	var list []store.Delegation
	eventually(t, func() bool {
		var err error
		list, err = h.store.Delegations(within(t), models.ScopeOperator(), asked.ID)
		require.NoError(t, err)
		return len(list) == 1
	}, "the request is planned to be handed over")
	own, err := os.ReadFile(f.key)
	require.NoError(t, err)
	block, _ := pem.Decode(own)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	forged := h.call(t, &opendsr.Processor{Domain: processorDomain, Key: stranger}, list[0].ID)
	require.Equal(t, forged, h.call(t, &opendsr.Processor{Domain: processorDomain, Key: key.(*ecdsa.PrivateKey)}, asked.ID), "the answer tells what exists")
	require.Equal(t, "callback_unproven", forged)
}

// call calls the controller back and gives the code of its refusal.
func (h *house) call(t *testing.T, by *opendsr.Processor, id models.ID) string {
	t.Helper()
	body, err := json.Marshal(opendsr.StatusReport{
		Controller: "brightline-retail", CallbackURL: opendsr.CallbackURL(h.Config.BaseURL), ID: id.String(), Status: string(opendsr.Completed),
	})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(within(t), http.MethodPost, opendsr.CallbackURL(h.Config.BaseURL), bytes.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, by.Seal(req.Header, body, false))
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { require.NoError(t, res.Body.Close()) }()
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	said, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var problem struct{ Code string }
	require.NoError(t, json.Unmarshal(said, &problem))
	return problem.Code
}

// called counts the statuses that the ledger of a request says that the processor has called back about a delegation.
func (h *house) called(t *testing.T, asked actor.Asked, d store.Delegation) map[any]int {
	t.Helper()
	entries, err := h.store.Ledger(within(t), models.ScopeOperator(), asked.ID)
	require.NoError(t, err)
	out := map[any]int{}
	for _, e := range entries {
		if e.Kind == "processor.called" {
			require.Equal(t, d.ID.String(), e.Data["delegation_id"])
			require.Equal(t, processorDomain, e.Data["domain"])
			out[e.Data["status"]]++
		}
	}
	return out
}

// movedByCall requires that the controller asked its processor for the last time because that had called, and not because time had passed: since the
// question before, a call came to the workflow and the timer set then did not end. That of an earlier question may: it ends though a call has come.
func (h *house) movedByCall(t *testing.T, asked actor.Asked) {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: h.Temporal.Address, Namespace: h.Temporal.Namespace})
	require.NoError(t, err)
	defer c.Close()
	var since []*historypb.HistoryEvent // the last question but one, or the one that handed the request over
	var last []*historypb.HistoryEvent
	events := c.GetWorkflowHistory(within(t), workflows.RequestWorkflowID(asked.ID), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		if e.GetActivityTaskScheduledEventAttributes().GetActivityType().GetName() == "FollowDelegation" {
			last, since = since, nil
		}
		since = append(since, e)
	}
	require.NotEmpty(t, last, "it was asked at least twice")
	calls, set := 0, map[int64]bool{}
	for _, e := range last {
		if e.GetEventType() == enumspb.EVENT_TYPE_TIMER_STARTED {
			set[e.GetEventId()] = true
		}
		require.False(t, set[e.GetTimerFiredEventAttributes().GetStartedEventId()], "it was asked by itself")
		if e.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest().GetInput().GetName() == workflows.ProcessorCalledUpdate {
			calls++
		}
	}
	require.Positive(t, calls)
}
