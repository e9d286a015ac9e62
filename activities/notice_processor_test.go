package activities_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/store"
)

func TestAProcessorIsHandedANoticeOnceAndItsStatusIsItsAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := &processor{orders: map[models.ID]connectors.Delegation{}, now: connectors.Delegated{State: connectors.DelegatedPending}, fails: unreachable}
	w.deps.Systems["ads"] = p
	w.rebuild()
	_, err := w.store.PutRecipient(t.Context(), store.Recipient{
		Slug: "ads", Name: "Ads", Channel: store.ChannelOpenDSR, Address: "ads", Categories: []string{"user.contact"}, ReminderAfter: 3 * day,
	})
	require.NoError(t, err)
	id := w.approved(models.Erasure, nil)
	ref := activities.NoticeRef{NoticeID: w.prepared(id).Notices[0], RequestID: id, Attempt: 1}
	_, err = try[activities.NoticeSent](w, w.acts.SendNotice, ref)
	requireFailure(t, err, connectors.CodeUnavailable, false)
	p.fails = nil
	out, _ := twice[activities.NoticeSent](w, id, w.acts.SendNotice, ref)
	require.Equal(t, activities.NoticeSent{ReminderAfter: 3 * day}, out)
	require.Equal(t, connectors.Delegation{
		ID: ref.NoticeID, Right: connectors.RightErase, Received: start, Identities: []connectors.DelegatedIdentity{{Kind: "email", Value: adaEmail}},
	}, p.orders[ref.NoticeID])
	require.Equal(t, store.NoticeSent, w.notice(ref.NoticeID).State)

	for _, fault := range []error{unreachable, models.Errorf(models.Invalid, "answer_unproven", "The answer has no valid signature.")} {
		p.fails, p.now = fault, connectors.Delegated{State: connectors.DelegatedDone}
		ref.Attempt = 2
		twice[activities.NoticeSent](w, id, w.acts.SendNotice, ref, "notice.failed")
		require.Equal(t, store.NoticeSent, w.notice(ref.NoticeID).State, "what is not proved is no answer")
	}
	p.fails, p.now = nil, connectors.Delegated{State: connectors.DelegatedDone, Proof: []byte(`{"signed":"canary"}`)}
	ref.Attempt = 3
	out, _ = twice[activities.NoticeSent](w, id, w.acts.SendNotice, ref)
	require.True(t, out.Answered)
	require.Equal(t, 2, p.submitted, "the one that was lost, and the one that was not")
	require.Equal(t, store.AnswerErased, w.notice(ref.NoticeID).Answer)
	require.Contains(t, w.kinds(id), "notice.proved")
	proof, err := w.store.NoticeProof(t.Context(), models.ScopeOperator(), ref.NoticeID)
	require.NoError(t, err)
	require.JSONEq(t, `{"signed":"canary"}`, string(proof))
	require.Zero(t, w.mails.count())
}

func TestAProcessorThatRefusesANoticeHasDeclined(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]connectors.Delegated{
		"refused":   {State: connectors.DelegatedRefused, Reason: "not_ours"},
		"cancelled": {State: connectors.DelegatedCancelled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			w.deps.Systems["ads"] = &processor{orders: map[models.ID]connectors.Delegation{}, now: now}
			w.rebuild()
			_, err := w.store.PutRecipient(t.Context(), store.Recipient{
				Slug: "ads", Name: "Ads", Channel: store.ChannelOpenDSR, Address: "ads", Categories: []string{"user.contact"}, ReminderAfter: 3 * day,
			})
			require.NoError(t, err)
			id := w.approved(models.Erasure, nil)
			ref := activities.NoticeRef{NoticeID: w.prepared(id).Notices[0], RequestID: id, Attempt: 1}
			require.Equal(t, activities.NoticeSent{}, do[activities.NoticeSent](w, w.acts.SendNotice, ref), "the DPO hears of it at once")
			n := w.notice(ref.NoticeID)
			require.Equal(t, store.NoticeDeclined, n.State)
			require.Equal(t, models.Personal(strings.TrimSpace("OpenDSR: "+name+" "+now.Reason)), models.Personal(strings.TrimSpace(n.Note.Reveal())))
			ref.Attempt = 2
			twice[activities.NoticeSent](w, id, w.acts.SendNotice, ref)
			require.Contains(t, w.mails.last(t).mail.Subject, "declines")
		})
	}
}
