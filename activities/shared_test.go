package activities_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
)

var dpo = models.Actor{Role: models.RoleDPO}

// shown are the rows of the only group of a collection by the value of their id.
func (w *world) shown(id models.ID, collection string) map[string]store.ShownRow {
	w.t.Helper()
	page, err := w.store.ShowRows(w.t.Context(), models.ScopeOperator(), dpo, store.RowsAsked{RequestID: id, Group: w.group(id, collection).No, Limit: 100, Values: true})
	require.NoError(w.t, err)
	out := map[string]store.ShownRow{}
	for _, r := range page.Rows {
		require.NotNil(w.t, r.Values, "a copy to look at")
		v, _ := r.Values.Get("id")
		out[v.Text()] = r
	}
	return out
}

func (w *world) separate(id models.ID, d store.Separation) error {
	w.t.Helper()
	d.RequestID, d.PlanDigest, d.Actor, d.All = id, w.plan(id).Digest(), dpo, len(d.Rows) == 0
	if d.Reason == "" {
		d.Reason = "I have looked at them."
	}
	_, err := w.store.Separate(w.t.Context(), models.ScopeOperator(), d)
	return err
}

func TestMessagesBetweenTwoPeopleAreRedactedAndTheSubjectsOwnStays(t *testing.T) {
	t.Parallel()
	w := chat(t)
	id := w.stated(models.Access, request.Statement{})
	g := w.group(id, "messages")
	require.Equal(t, models.TreatRefer, g.Treatment(), "never disclosed silently")
	rows := w.shown(id, "messages")
	require.Len(t, rows, 2)
	require.Equal(t, "other_identity", rows["1"].Row.Reason.Code)
	require.Equal(t, "chat.messages", rows["1"].Row.Reason.Via.String())

	require.Equal(t, "unknown_field", models.CodeOf(w.separate(id, store.Separation{Group: g.No, Treatment: models.TreatRedact, Marked: []string{"sender"}})), "identifiers are told apart row by row")
	require.Equal(t, "unknown_row", models.CodeOf(w.separate(id, store.Separation{Group: g.No, Rows: []string{"abcd"}, Treatment: models.TreatRedact})))
	require.Equal(t, "choice_not_offered", models.CodeOf(w.separate(id, store.Separation{Group: g.No, Treatment: models.TreatErase})))
	require.NoError(t, w.separate(id, store.Separation{Group: g.No, Rows: []string{rows["1"].Name}, Treatment: models.TreatRedact, Marked: []string{"remark"}}))
	require.NoError(t, w.separate(id, store.Separation{Group: g.No, Treatment: models.TreatRedact}))
	require.Empty(t, w.plan(id).Undecided())
	w.approve(id, nil, "")
	data := string(w.fetched(build(w, id))["data/chat.messages.json"])
	require.Contains(t, data, adaEmail)
	require.NotContains(t, data, bobEmail, "another's identifier, whichever field it is in")
	require.NotContains(t, data, "about Bob", "marked by hand")
	require.Contains(t, data, "Bob, is your cat well?", "her own words: the DPO left them")
	require.NotContains(t, data, "Ada, she is.", "not marked by hand: all that may tell of another is blank")
	require.Zero(t, w.sql("SELECT count(*) FROM row_values"))
}

func TestAnExportOfASharedRowIsRedactedToo(t *testing.T) {
	t.Parallel()
	w := chat(t)
	w.crm.graph = compile(t, []byte(portable(chatMap)))
	w.deps.Graph = w.crm.graph
	w.rebuild()
	id := w.stated(models.Export, request.Statement{})
	w.approve(id, map[string]models.Treatment{"messages": models.TreatRedact}, "")
	files := w.fetched(build(w, id))
	for _, name := range []string{"data/chat.messages.json", "data/chat.messages.csv"} {
		require.Contains(t, string(files[name]), adaEmail, name)
		require.NotContains(t, string(files[name]), bobEmail, name)
	}
}

func TestMaskingASharedRowTakesTheSubjectsOwnFieldsOnly(t *testing.T) {
	t.Parallel()
	w := chat(t)
	foreign := w.crm.text("SELECT md5(string_agg(m::text, '|')) FROM messages m WHERE id = 3")
	member := w.crm.text("SELECT md5(string_agg(m::text, '|')) FROM members m WHERE id = 2")
	id := w.stated(models.Erasure, request.Statement{})
	g := w.group(id, "messages")
	require.Equal(t, []models.Treatment{models.TreatKeep, models.TreatMask, models.TreatErase}, g.Options)
	rows := w.shown(id, "messages")
	require.NoError(t, w.separate(id, store.Separation{Group: g.No, Rows: []string{rows["1"].Name}, Treatment: models.TreatMask, Marked: []string{"body"}}))
	w.approve(id, map[string]models.Treatment{"messages": models.TreatMask}, "")
	work := w.prepared(id)
	for _, s := range work.Erase {
		twice[activities.Done](w, id, w.acts.Erase, activities.GroupRef{RequestID: id, Group: s.Group, Index: s.Index})
	}
	require.Zero(t, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}).Left)
	require.Equal(t, "[erased]/"+bobEmail+"/", w.crm.text("SELECT sender || '/' || recipient || '/' || coalesce(body, '') FROM messages WHERE id = 1"))
	require.Equal(t, bobEmail+"/[erased]/Ada, she is.", w.crm.text("SELECT sender || '/' || recipient || '/' || body FROM messages WHERE id = 2"), "Bob's own words stay")
	require.Equal(t, foreign, w.crm.text("SELECT md5(string_agg(m::text, '|')) FROM messages m WHERE id = 3"))
	require.Equal(t, member, w.crm.text("SELECT md5(string_agg(m::text, '|')) FROM members m WHERE id = 2"))
	w.crm.exec("UPDATE messages SET sender = $1 WHERE id = 1", adaEmail)
	require.EqualValues(t, 1, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}).Left, "the proof looks at the own fields")
}

func TestASharedAddressIsMaskedOnlyByFieldsThatTheDPOMarks(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec("UPDATE customers SET address_id = 1 WHERE id = 2")
	id := w.planned(models.Erasure)
	g := w.group(id, "addresses")
	require.Equal(t, plan.ReasonShared, g.Reason)
	_, err := w.store.Decide(t.Context(), models.ScopeOperator(), request.Decision{
		RequestID: id, Kind: request.Approve, Actor: dpo, PlanDigest: w.plan(id).Digest(), Choices: map[int]models.Treatment{g.No: models.TreatMask},
	})
	require.Equal(t, "fields_missing", models.CodeOf(err), "nothing in the row says which field is whose")
	_, err = w.store.Separate(t.Context(), models.ScopeOperator(), store.Separation{RequestID: id, Group: g.No})
	require.Equal(t, "reason_missing", models.CodeOf(err))
	require.NoError(t, w.separate(id, store.Separation{Group: g.No, Treatment: models.TreatKeep}))
	before := w.crm.text("SELECT md5(a::text || c::text) FROM addresses a JOIN customers c ON c.address_id = a.id WHERE c.id = 2")
	w.approve(id, nil, "")
	w.eraseAll(id, w.prepared(id).Erase)
	require.Equal(t, before, w.crm.text("SELECT md5(a::text || c::text) FROM addresses a JOIN customers c ON c.address_id = a.id WHERE c.id = 2"))
	require.Equal(t, "0", w.crm.text("SELECT count(*) FROM customers WHERE id = 1"))
}

func TestASharedRowThatTheMapKeepsIsKeptAndNotDisclosedUnasked(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.graph = compile(t, keepShared(crmMap))
	w.deps.Graph = w.crm.graph
	w.rebuild()
	w.crm.exec("UPDATE customers SET address_id = 1 WHERE id = 2")
	erasure := w.planned(models.Erasure)
	require.Equal(t, models.TreatKeep, w.group(erasure, "addresses").Treatment())
	w.decide(erasure, request.Withdraw, models.RoleSubject)
	access := w.stated(models.Access, request.Statement{})
	require.Equal(t, models.TreatRefer, w.group(access, "addresses").Treatment(), "the map says nothing of disclosing it")
}

func TestWhoLooksAtSharedRowsIsRecordedAndNotEverybodyMay(t *testing.T) {
	t.Parallel()
	w := chat(t)
	id := w.stated(models.Access, request.Statement{})
	group := w.group(id, "messages").No
	for _, role := range []models.Role{models.RoleAuditor, models.RoleController, models.RoleOperator} {
		_, err := w.store.ShowRows(t.Context(), models.ScopeOperator(), models.Actor{Role: role}, store.RowsAsked{RequestID: id, Group: group, Limit: 10, Values: true})
		require.Equal(t, "values_forbidden", models.CodeOf(err), role)
	}
	_, err := w.store.ShowRows(t.Context(), models.ScopeOf(w.acme.ID), dpo, store.RowsAsked{RequestID: id, Group: group, Limit: 10})
	require.Equal(t, "not_found", models.CodeOf(err))
	page, err := w.store.ShowRows(t.Context(), models.ScopeOperator(), models.Actor{Role: models.RoleAuditor}, store.RowsAsked{RequestID: id, Group: group, Limit: 1})
	require.NoError(t, err)
	require.Len(t, page.Rows, 1)
	require.Nil(t, page.Rows[0].Values)
	require.NotContains(t, w.kinds(id), "rows.viewed")
	w.shown(id, "messages")
	require.Contains(t, w.kinds(id), "rows.viewed")
	require.Positive(t, w.sql("SELECT count(*) FROM row_values"))
	require.Zero(t, w.sql("SELECT count(*) FROM row_values WHERE encode(sealed, 'escape') LIKE '%canary%'"), "sealed")
}

// portable is the map with everything in it portable.
func portable(text string) string {
	return strings.NewReplacer("habeas: {erase: delete, ", "habeas: {portable: true, erase: delete, ", "habeas: {erase: mask, ", "habeas: {portable: true, erase: mask, ").Replace(text)
}

// keepShared is the map with shared addresses kept unasked.
func keepShared(text []byte) []byte {
	return bytes.Replace(text, []byte("data_categories: [user.contact.address]\n        habeas: {erase: delete}"),
		[]byte("data_categories: [user.contact.address]\n        habeas: {erase: delete, shared: keep}"), 1)
}
