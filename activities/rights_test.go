package activities_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/task"
)

// chatMap is a system in which each row can be marked as restricted, and messages are two people's.
const chatMap = `
dataset:
  - fides_key: chat
    habeas: {system: crm, purposes: [direct marketing, support], legal_basis: legitimate_interests}
    collections:
      - name: members
        description: Your membership
        data_categories: [user.name]
        habeas: {erase: delete, restrict: {column: restricted_at, set: now, clear: null}}
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
          - {name: name, description: Name, data_categories: [user.name], fides_meta: {data_type: string}}
          - {name: nick, data_categories: [user.name], fides_meta: {data_type: string}}
          - {name: born, data_categories: [user.demographic], fides_meta: {data_type: string}}
          - {name: code, data_categories: [user.unique_id], fides_meta: {data_type: string, read_only: true}}
          - {name: restricted_at}
      - name: messages
        description: Your messages
        data_categories: [user.content]
        habeas: {erase: mask, purpose: support, restrict: {column: restricted_at, set: now, clear: null}}
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: sender, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}, habeas: {erase: replace, value: "[erased]"}}
          - {name: recipient, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}, habeas: {erase: replace, value: "[erased]"}}
          - {name: body, data_categories: [user.content], fides_meta: {data_type: string}}
          - {name: remark, fides_meta: {data_type: string}}
          - {name: restricted_at}
`

// chatTables have Ada (1) and Bob (2), two messages between them, and one of Bob's to somebody else.
const chatTables = `
CREATE TABLE members (id integer PRIMARY KEY, email text NOT NULL, name text NOT NULL, nick text UNIQUE, born date, code text, restricted_at timestamptz);
CREATE TABLE messages (id integer PRIMARY KEY, sender text, recipient text, body text, remark text, restricted_at timestamptz);
INSERT INTO members VALUES (1, 'ada.canary@person.example', 'Ada Canari', 'ada', '1990-01-01', 'A', NULL), (2, 'bob.neighbour@person.example', 'Bob', 'bob', NULL, 'B', NULL);
INSERT INTO messages VALUES (1, 'ada.canary@person.example', 'bob.neighbour@person.example', 'Bob, is your cat well?', 'about Bob', NULL),
  (2, 'bob.neighbour@person.example', 'ada.canary@person.example', 'Ada, she is.', NULL, NULL),
  (3, 'bob.neighbour@person.example', 'carl@person.example', 'Carl, hello.', NULL, NULL);`

// chat is a world whose only data is chatTables.
func chat(t *testing.T) *world {
	t.Helper()
	w := setup(t)
	w.crm.exec(chatTables)
	w.crm.graph = compile(t, []byte(chatMap))
	w.deps.Graph = w.crm.graph
	w.rebuild()
	return w
}

// submitted is Ada's verified request with a statement.
func (w *world) submitted(right models.Right, s request.Statement) models.ID {
	w.t.Helper()
	out, err := w.store.Submit(w.t.Context(), store.Submission{
		Controller: w.owner, Right: right, Channel: request.ChannelPortal, Language: "en", Actor: models.Actor{Role: models.RoleSubject},
		Subject: request.Subject{Name: adaName, Email: adaEmail, Identities: []request.Identity{{Kind: "email", Value: adaEmail}}, Statement: s},
	})
	require.NoError(w.t, err)
	issued, err := w.store.IssueVerifications(w.t.Context(), out.RequestID)
	require.NoError(w.t, err)
	_, err = w.store.VerifyByToken(w.t.Context(), issued[0].Token)
	require.NoError(w.t, err)
	do[activities.Opened](w, w.acts.Open, activities.RequestRef{RequestID: out.RequestID})
	w.advance(out.RequestID, models.Verifying, models.Locating)
	return out.RequestID
}

// stated is such a request, located, planned and in review.
func (w *world) stated(right models.Right, s request.Statement) models.ID {
	w.t.Helper()
	id := w.submitted(right, s)
	ref := activities.RequestRef{RequestID: id}
	do[activities.Located](w, w.acts.Locate, ref)
	do[activities.Planned](w, w.acts.MakePlan, ref)
	w.advance(id, models.InReview)
	return id
}

// approve approves the plan as it is, with choices by collection and a remark.
func (w *world) approve(id models.ID, choices map[string]models.Treatment, remark models.Personal) {
	w.t.Helper()
	w.decide(id, request.Approve, models.RoleDPO, func(d *request.Decision) {
		p := w.plan(id)
		d.PlanDigest, d.Choices, d.Reason = p.Digest(), map[int]models.Treatment{}, remark
		for _, g := range p.Groups {
			if choice, ok := choices[g.Collection]; ok {
				d.Choices[g.No] = choice
			}
		}
	})
	w.advance(id, models.Executing)
}

// carryOut runs what was approved, each step twice, and answers.
func (w *world) carryOut(id models.ID) activities.Settled {
	w.t.Helper()
	ref := activities.RequestRef{RequestID: id}
	_, work := twice[activities.RightWork](w, id, w.acts.PrepareRight, ref)
	for _, no := range work.Restrict {
		twice[activities.Done](w, id, w.acts.RestrictRows, activities.GroupRef{RequestID: id, Group: no})
	}
	for _, c := range work.Rectify {
		twice[activities.Rectified](w, id, w.acts.Rectify, activities.CorrectionRef{RequestID: id, CorrectionID: c})
	}
	first, second := twice[activities.Settled](w, id, w.acts.SettleRight, ref)
	require.Equal(w.t, first, second, "the same notices")
	end := activities.Ending{RequestID: id, Outcome: first.Outcome}
	w.advance(id, models.Notifying, models.Delivering)
	do[none](w, w.acts.SignReceipt, end)
	twice[none](w, id, w.acts.SendAnswer, end)
	return first
}

func (w *world) close(id models.ID, outcome models.Outcome) {
	w.t.Helper()
	do[none](w, w.acts.Advance, activities.Advance{RequestID: id, To: models.Closed, Outcome: outcome})
}

func TestWhatIsRestrictedIsMarkedAndToldAndNothingOfOthersIsTouched(t *testing.T) {
	t.Parallel()
	w := chat(t)
	carrier := w.recipient("carrier", store.ChannelMail, "user.content")
	carrier.Facts.Identities = []string{"email"}
	_, err := w.store.PutRecipient(t.Context(), carrier)
	require.NoError(t, err)
	id := w.stated(models.Restriction, request.Statement{Ground: request.GroundAccuracy})
	require.Equal(t, []models.Treatment{models.TreatRestrict, models.TreatKeep}, w.group(id, "messages").Options)
	w.approve(id, map[string]models.Treatment{"messages": models.TreatRestrict}, "")
	got := w.carryOut(id)
	require.Equal(t, models.Fulfilled, got.Outcome)
	require.Len(t, got.Notices, 1)
	require.Equal(t, "2", w.crm.text("SELECT count(*) FROM messages WHERE restricted_at IS NOT NULL"))
	require.Equal(t, "NULL", w.crm.text("SELECT restricted_at FROM messages WHERE id = 3"), "not Ada's")
	require.Equal(t, "NULL", w.crm.text("SELECT restricted_at FROM members WHERE id = 2"), "Bob's")
	letter := w.mails.last(t)
	require.Contains(t, letter.mail.Text, "Your membership: 1")
	require.Contains(t, letter.mail.Text, "Art. 18(1)(a)")
	require.Contains(t, letter.mail.Text, "before it is lifted")
	do[activities.NoticeSent](w, w.acts.SendNotice, activities.NoticeRef{NoticeID: got.Notices[0], RequestID: id, Attempt: 1})
	require.Contains(t, w.mails.last(t).mail.Text, "restricted")
	receipts, err := w.store.Receipts(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	require.Contains(t, string(receipts[0].Body), `"ground": "Art. 18(1)(a) GDPR"`)
}

func TestRowsThatCannotBeMarkedAreNeverCalledRestricted(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.crm.exec(records)
	id := w.stated(models.Restriction, request.Statement{Ground: request.GroundClaims})
	require.Equal(t, plan.ReasonNoMark, w.group(id, "orders").Reason)
	w.approve(id, map[string]models.Treatment{"addresses": models.TreatKeep}, "")
	got := w.carryOut(id)
	require.Equal(t, models.PartlyFulfilled, got.Outcome)
	require.Equal(t, map[string]int{"blocked": 2}, w.rows(id, "orders"))
	require.Contains(t, w.kinds(id), "restriction.impossible")
	require.Contains(t, w.rows(id, "invoices"), "restricted")
	text := w.mails.last(t).mail.Text
	require.Contains(t, text, "Not yet marked")
	require.Contains(t, text, "Your orders: 2")
	require.Contains(t, w.onlyTask(id, task.Restrict).Collections, "crm.orders")
}

func TestALiftedRestrictionIsToldFirstAndLeavesTheMarksOfOtherReasons(t *testing.T) {
	t.Parallel()
	w := chat(t)
	ids := make([]models.ID, 2)
	for i := range ids {
		id := w.stated(models.Restriction, request.Statement{Ground: request.GroundAccuracy})
		choices := map[string]models.Treatment{"messages": models.TreatRestrict}
		if i == 1 {
			choices["messages"] = models.TreatKeep // the second one restricts the membership only
		}
		w.approve(id, choices, "")
		w.close(id, w.carryOut(id).Outcome)
		ids[i] = id
	}
	w.pass(200 * day)
	over, err := w.store.Shreddable(t.Context(), w.now(), 10)
	require.NoError(t, err)
	require.Empty(t, over, "without its key a restriction could not be lifted")
	require.Equal(t, "restriction_in_force", models.CodeOf(w.store.DestroyKey(t.Context(), ids[0])))

	lift := w.decide(ids[0], request.Lift, models.RoleDPO, func(d *request.Decision) { d.Reason = "The data is correct." })
	_, err = w.store.Decide(t.Context(), models.ScopeOperator(), request.Decision{
		RequestID: ids[0], Kind: request.Lift, Actor: models.Actor{Role: models.RoleDPO}, Reason: "Again.",
	})
	require.Equal(t, "not_restricted", models.CodeOf(err))
	_, err = w.store.Decide(t.Context(), models.ScopeOperator(), request.Decision{
		RequestID: ids[1], Kind: request.Lift, Actor: models.Actor{Role: models.RoleHandler}, Reason: "Mine.",
	})
	require.Equal(t, "decision_forbidden", models.CodeOf(err))

	ref := activities.DecisionRef{RequestID: ids[0], DecisionID: lift}
	twice[none](w, ids[0], w.acts.SendLifting, ref)
	require.Contains(t, w.mails.last(t).mail.Text, "The data is correct.")
	require.Equal(t, "2", w.crm.text("SELECT count(*) FROM messages WHERE restricted_at IS NOT NULL"), "told before")
	work := do[activities.LiftWork](w, w.acts.OpenLifting, activities.RequestRef{RequestID: ids[0]})
	for _, no := range work.Groups {
		twice[activities.Done](w, ids[0], w.acts.LiftRows, activities.GroupRef{RequestID: ids[0], Group: no})
	}
	twice[none](w, ids[0], w.acts.FinishLifting, ref)
	require.Equal(t, "0", w.crm.text("SELECT count(*) FROM messages WHERE restricted_at IS NOT NULL"))
	require.Equal(t, "1", w.crm.text("SELECT count(*) FROM members WHERE restricted_at IS NOT NULL"), "the second request still restricts it")
	require.Contains(t, w.kinds(ids[0]), "restriction.lifted")
	w.pass(day)
	over, err = w.store.Shreddable(t.Context(), w.now(), 10)
	require.NoError(t, err)
	require.Equal(t, []models.ID{ids[0]}, over)
}

func TestAnErasureGoesThroughARestriction(t *testing.T) {
	t.Parallel()
	w := chat(t)
	restricted := w.stated(models.Restriction, request.Statement{Ground: request.GroundUnlawful})
	w.approve(restricted, map[string]models.Treatment{"messages": models.TreatRestrict}, "")
	w.close(restricted, w.carryOut(restricted).Outcome)
	id := w.approved(models.Erasure, map[string]models.Treatment{"messages": models.TreatMask})
	w.eraseAll(id, w.prepared(id).Erase)
	require.Zero(t, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}).Left)
	require.Equal(t, "0", w.crm.text("SELECT count(*) FROM members WHERE id = 1"))
	lift := w.decide(restricted, request.Lift, models.RoleDPO, func(d *request.Decision) { d.Reason = "Erased." })
	for _, no := range do[activities.LiftWork](w, w.acts.OpenLifting, activities.RequestRef{RequestID: restricted}).Groups {
		do[activities.Done](w, w.acts.LiftRows, activities.GroupRef{RequestID: restricted, Group: no})
	}
	do[none](w, w.acts.FinishLifting, activities.DecisionRef{RequestID: restricted, DecisionID: lift})
}

func (w *world) correction(id models.ID, collection, field string, value models.Personal, row string) models.ID {
	w.t.Helper()
	c, err := w.store.EnterCorrection(w.t.Context(), models.ScopeOperator(), models.Actor{Role: models.RoleDPO}, w.plan(id).Digest(), request.Correction{
		RequestID: id, Group: w.group(id, collection).No, Field: field, Value: value, Row: row,
	})
	require.NoError(w.t, err)
	return c.ID
}

func TestACorrectionIsMadeProvedAndToldWithoutItsValue(t *testing.T) {
	t.Parallel()
	w := chat(t)
	knows := w.recipient("carrier", store.ChannelWebhook, "user.name", "user.contact.email")
	w.recipient("archive", store.ChannelMail, "user.name")          // knows nobody by anything
	w.recipient("printer", store.ChannelMail, "user.contact.email") // got nothing of what was corrected
	others := w.crm.text("SELECT md5(string_agg(m::text, '|' ORDER BY id)) FROM members m WHERE id <> 1")
	id := w.stated(models.Rectification, request.Statement{Correct: "Ada Canary", Corrections: []request.Said{{Field: "name", Value: "Ada Canary"}}})
	_, err := w.store.Decide(t.Context(), models.ScopeOperator(), request.Decision{
		RequestID: id, Kind: request.Approve, Actor: models.Actor{Role: models.RoleDPO}, PlanDigest: w.plan(id).Digest(),
	})
	require.Equal(t, "no_corrections", models.CodeOf(err), "a plan that changes nothing is a refusal")

	w.correction(id, "members", "name", "Ada Canary", "")
	w.correction(id, "members", "born", "1815-12-10", "")
	w.correction(id, "members", "nick", "bob", "")                // is taken: unique
	w.correction(id, "members", "email", "", "")                  // cannot be empty
	w.correction(id, "members", "restricted_at", "yesterday", "") // is no time
	w.approve(id, nil, "The messages are as they were written.")
	got := w.carryOut(id)
	require.Equal(t, models.PartlyFulfilled, got.Outcome)
	require.Equal(t, "Ada Canary", w.crm.text("SELECT name FROM members WHERE id = 1"))
	require.Equal(t, "1815-12-10", w.crm.text("SELECT born FROM members WHERE id = 1"))
	require.Equal(t, "ada", w.crm.text("SELECT nick FROM members WHERE id = 1"))
	require.Equal(t, others, w.crm.text("SELECT md5(string_agg(m::text, '|' ORDER BY id)) FROM members m WHERE id <> 1"))

	list, err := w.store.Corrections(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	status := map[string]request.CorrectionStatus{}
	for _, c := range list {
		status[c.Field] = c.Status
	}
	require.Equal(t, map[string]request.CorrectionStatus{
		"name": request.CorrectionDone, "born": request.CorrectionDone, "nick": request.CorrectionRefused, "email": request.CorrectionRefused,
		"restricted_at": request.CorrectionRefused,
	}, status)
	letter := w.mails.last(t).mail.Text
	require.Contains(t, letter, "Name (Your membership): 1")
	require.Contains(t, letter, "nick (Your membership)")
	require.Contains(t, letter, "> The messages are as they were written.")
	require.NotContains(t, letter, "1815")

	require.Len(t, got.Notices, 2)
	for _, notice := range got.Notices {
		do[activities.NoticeSent](w, w.acts.SendNotice, activities.NoticeRef{NoticeID: notice, RequestID: id, Attempt: 1})
	}
	require.Len(t, w.hooks.posted, 1, "one recipient got the name and knows the person")
	var body struct {
		Type string
		Data struct {
			Fields []string `json:"corrected_fields"`
		}
	}
	require.NoError(t, json.Unmarshal(w.hooks.posted[0].body, &body))
	require.Equal(t, "rectification.notice", body.Type)
	require.Equal(t, []string{"Name"}, body.Data.Fields)
	require.NotContains(t, string(w.hooks.posted[0].body), "Ada Canary", "no value goes out")
	require.NotEmpty(t, knows.ID)
	require.Contains(t, w.kinds(id), "notice.escalated", "the other knows the person by nothing that it could be told: people have to")
	require.Equal(t, "dpo@northwind.example", w.mails.last(t).to)
	entries, err := w.store.Ledger(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	for _, e := range entries {
		b, err := e.Body()
		require.NoError(t, err)
		w.noCanary(string(b))
		require.NotContains(t, string(b), "1815")
	}
}

func TestOneRowIsCorrectedAndKeysNever(t *testing.T) {
	t.Parallel()
	w := chat(t)
	id := w.stated(models.Rectification, request.Statement{Correct: "See below."})
	dpo := models.Actor{Role: models.RoleDPO}
	group := w.group(id, "messages").No
	for field, code := range map[string]string{"id": "field_fixed", "nothing": "unknown_field"} {
		_, err := w.store.EnterCorrection(t.Context(), models.ScopeOperator(), dpo, w.plan(id).Digest(), request.Correction{RequestID: id, Group: group, Field: field})
		require.Equal(t, code, models.CodeOf(err), field)
	}
	_, err := w.store.EnterCorrection(t.Context(), models.ScopeOperator(), dpo, w.plan(id).Digest(), request.Correction{RequestID: id, Group: w.group(id, "members").No, Field: "code"})
	require.Equal(t, "field_fixed", models.CodeOf(err), "read-only")
	_, err = w.store.EnterCorrection(t.Context(), models.ScopeOperator(), dpo, w.plan(id).Digest(), request.Correction{RequestID: id, Group: group, Field: "remark", Row: "00ff"})
	require.Equal(t, "unknown_row", models.CodeOf(err))
	_, err = w.store.EnterCorrection(t.Context(), models.ScopeOperator(), dpo, "stale", request.Correction{RequestID: id, Group: group, Field: "remark"})
	require.Equal(t, "plan_changed", models.CodeOf(err))

	page, err := w.store.ShowRows(t.Context(), models.ScopeOperator(), dpo, store.RowsAsked{RequestID: id, Group: group, Limit: 10, Values: true})
	require.NoError(t, err)
	for _, r := range page.Rows {
		require.NotNil(t, r.Values)
		if v, _ := r.Values.Get("id"); v.Text() == "2" {
			w.correction(id, "messages", "remark", "about the cat", r.Name)
		}
	}
	w.approve(id, nil, "")
	require.Equal(t, models.Fulfilled, w.carryOut(id).Outcome)
	require.Equal(t, "about Bob/about the cat/", w.crm.text("SELECT string_agg(coalesce(remark, ''), '/' ORDER BY id) FROM messages"))
	require.Zero(t, w.sql("SELECT count(*) FROM row_values"), "the copies went with the decision")
}

func TestAnObjectionToMarketingNeedsNobodyAndOutlivesTheKey(t *testing.T) {
	t.Parallel()
	w := chat(t)
	w.recipient("mailer", store.ChannelMail, "user.name")
	id := w.stated(models.Objection, request.Statement{Purposes: []request.Purpose{request.DirectMarketing}})
	p := w.plan(id)
	require.False(t, p.NeedsDecision)
	require.Empty(t, p.Undecided())
	require.Equal(t, models.TreatSuppress, w.group(id, "members").Treatment())
	require.Equal(t, plan.ReasonOtherPurpose, w.group(id, "messages").Reason, "its own purpose is support")
	require.NoError(t, w.store.ApproveByPolicy(t.Context(), id, p.Digest()))
	w.advance(id, models.Executing)
	got := w.carryOut(id)
	require.Equal(t, models.Fulfilled, got.Outcome)
	require.Len(t, got.Notices, 1)
	require.Contains(t, w.mails.last(t).mail.Text, "direct marketing")
	w.close(id, got.Outcome)
	require.NoError(t, w.store.DestroyKey(t.Context(), id))
	ask := func(c request.Controller, purposes ...request.Purpose) bool {
		got, err := w.store.Suppressed(t.Context(), models.ScopeOperator(), c.ID, []request.Identity{{Kind: "email", Value: " " + models.Personal(strings.ToUpper(adaEmail))}}, purposes...)
		require.NoError(t, err)
		return got[0]
	}
	require.True(t, ask(w.owner, request.DirectMarketing))
	require.False(t, ask(w.owner, request.Research), "she objected to nothing else")
	require.False(t, ask(w.owner), "and was not erased")
	require.False(t, ask(w.acme, request.DirectMarketing), "another controller's list is another's")
	require.Zero(t, w.sql("SELECT count(*) FROM suppressions WHERE encode(identity_index, 'escape') LIKE '%canary%'"))
}

func TestAWeighedObjectionNeedsTheDPO(t *testing.T) {
	t.Parallel()
	w := chat(t)
	w.deps.Policy.ApproveUndecided = true
	w.rebuild()
	s := request.Statement{Purposes: []request.Purpose{request.LegitimateInterests}, Situation: "I am being stalked."}
	id := w.stated(models.Objection, s)
	p := w.plan(id)
	require.True(t, p.NeedsDecision)
	require.Equal(t, plan.ReasonWeigh, w.group(id, "members").Reason)
	require.Equal(t, "choice_missing", models.CodeOf(w.store.ApproveByPolicy(t.Context(), id, p.Digest())))
	w.approve(id, map[string]models.Treatment{"members": models.TreatKeep, "messages": models.TreatKeep}, "Fraud is being investigated.")
	require.Equal(t, models.PartlyFulfilled, w.carryOut(id).Outcome)
	require.Zero(t, w.sql("SELECT count(*) FROM suppressions"))
	require.Contains(t, w.mails.last(t).mail.Text, "> Fraud is being investigated.")
	w.close(id, models.PartlyFulfilled)

	id = w.stated(models.Objection, s)
	w.approve(id, map[string]models.Treatment{"members": models.TreatRestrict, "messages": models.TreatSuppress}, "")
	require.Equal(t, models.Fulfilled, w.carryOut(id).Outcome)
	require.Equal(t, 1, w.sql("SELECT count(*) FROM suppressions WHERE purpose = 'legitimate_interests'"))
	require.Equal(t, "1", w.crm.text("SELECT count(*) FROM members WHERE restricted_at IS NOT NULL"))
}
