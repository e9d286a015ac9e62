package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
)

func TestARecipientThatDeclinesSaysWhy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	token, id := b.notice(f)
	c := b.browser()
	require.Contains(t, b.get(c, "/notices/"+token).body, "We decline")
	without := b.post(c, "/notices/"+token, url.Values{"answer": {"declined"}, "note": {" "}})
	require.Equal(t, 400, without.status)
	require.Contains(t, without.body, "Write the reason")
	require.Equal(t, http.StatusSeeOther, b.post(c, "/notices/"+token, url.Values{"answer": {"declined"}, "note": {"We are a controller of our own."}}).status)
	after := b.get(c, "/notices/"+token)
	require.Contains(t, after.body, "Thank you")
	require.NotContains(t, after.body, "sam@example.com")
	require.Equal(t, http.StatusConflict, b.post(c, "/notices/"+token, url.Values{"answer": {"erased"}}).status)

	dpo := b.signIn(b.keys[models.RoleDPO])
	page := b.get(dpo, "/staff/requests/"+f.id.String()).body
	require.Contains(t, page, "Declined: decide")
	require.Contains(t, page, "We are a controller of our own.")
	require.Contains(t, page, "Waive this notice", "it is for the DPO to end it")
	n, err := b.Notice(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.False(t, n.Closed())
}

func TestStaffRecordAnAnswerThatCameByAnotherWay(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	token, id := b.notice(f)
	path := "/staff/requests/" + f.id.String()
	auditor := b.signIn(b.keys[models.RoleAuditor])
	require.NotContains(t, b.get(auditor, path).body, "Record an answer")
	form := url.Values{"kind": {"acknowledge"}, "notice_id": {id.String()}, "answer": {"not_held"}, "reason": {""}}
	handler := b.signIn(b.keys[models.RoleHandler])
	require.Contains(t, b.get(handler, path).body, "Record an answer")
	require.Equal(t, 400, b.post(handler, path+"/decisions", form).status)
	form.Set("reason", "By telephone, from their privacy desk.")
	require.Equal(t, http.StatusSeeOther, b.post(handler, path+"/decisions", form).status)
	page := b.get(handler, path).body
	require.Contains(t, page, "We hold no data about this person")
	require.Contains(t, page, "By telephone, from their privacy desk.")
	require.NotContains(t, page, "Record an answer")
	require.Contains(t, page, "<strong>Recipient answered</strong>: Parcel Analytics", "and the decision says which recipient it is about")
	c := b.browser()
	require.Equal(t, http.StatusConflict, b.post(c, "/notices/"+token, url.Values{"answer": {"erased"}}).status)
	require.Equal(t, 409, b.call("POST", "/v1/requests/"+f.id.String()+"/decisions", b.keys[models.RoleDPO],
		`{"kind":"acknowledge","notice_id":"`+id.String()+`","answer":"erased","reason":"Again."}`).status)
}

func TestTheJSONAPIRecordsAnAnswerForARecipientAndRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	_, id := b.notice(f)
	decide := func(key, said string) answer {
		return b.call("POST", "/v1/requests/"+f.id.String()+"/decisions", key, `{"kind":"acknowledge","notice_id":"`+id.String()+`","answer":"`+said+`","reason":"A letter."}`)
	}
	for _, wrong := range []string{"", "declined", "done", "gone"} {
		a := decide(b.keys[models.RoleDPO], wrong)
		require.Equal(t, 400, a.status, wrong)
		require.Contains(t, a.body, "unknown_answer")
	}
	require.Equal(t, 403, decide(b.keys[models.RoleController], "erased").status, "it is not the customer's to say")
	require.Equal(t, 202, decide(b.keys[models.RoleDPO], "erased").status)
	n, err := b.Notice(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Equal(t, store.AnswerErased, n.Answer)
}

func TestThePersonMayAskWhoWasToldAndNobodyElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	status := "/status/" + f.token
	c := b.browser()
	require.Contains(t, b.get(c, status+"/recipients").body, "Nobody had received")
	require.NotContains(t, b.get(c, status).body, "Who was told of this")
	token, _ := b.notice(f)
	require.Contains(t, b.get(c, status).body, status+"/recipients")
	page := b.get(c, status+"/recipients").body
	require.Contains(t, page, "Parcel Analytics")
	require.Contains(t, page, "It has not answered yet.")
	require.Equal(t, http.StatusSeeOther, b.post(b.browser(), "/notices/"+token, url.Values{"answer": {"retained_by_law"}, "note": {"A secret of theirs."}}).status)
	page = b.get(c, status+"/recipients").body
	require.Contains(t, page, "a law requires it to keep the data")
	for _, none := range []string{"A secret of theirs", "privacy@analytics.example", token} {
		require.NotContains(t, page, none)
	}
	require.Equal(t, 404, b.get(c, "/status/nonsense/recipients").status)
	unverified := b.file(models.Erasure, "kim@example.com").token
	masked := b.get(c, "/status/"+unverified+"/recipients")
	require.Equal(t, http.StatusSeeOther, masked.status, "whoever is not verified learns nothing")
	require.Empty(t, masked.body)
}
