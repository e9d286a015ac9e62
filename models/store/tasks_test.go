package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/receipt"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/task"
)

// handler does tasks, and dpo confirms them.
var handler = models.Actor{Role: models.RoleHandler, ID: models.MustParseID("00000000-0000-4000-8000-000000000003")}

var letters = []string{"archive.letters"}

// searching is a request that waits in locating with a task to search an archive.
func (b *bundle) searching(email string) task.Task {
	b.t.Helper()
	id := b.verified(b.submission(email)).RequestID
	b.advance(id, models.Verifying, models.Locating)
	return b.task(task.Spec{RequestID: id, System: "archive", Action: task.Locate, Reason: task.Unsupported, Collections: letters, Instructions: "Ask at the desk."})
}

func (b *bundle) task(spec task.Spec) task.Task {
	b.t.Helper()
	t, err := b.EnsureTask(b.t.Context(), spec)
	require.NoError(b.t, err)
	return t
}

// say takes a decision about a task.
func (b *bundle) say(t task.Task, kind request.DecisionKind, by models.Actor, counts map[string]int64) error {
	b.t.Helper()
	d := request.Decision{RequestID: t.RequestID, TaskID: t.ID, Kind: kind, Actor: by, Counts: counts}
	if request.NeedsReason(kind) {
		d.Reason = "Cabinet 3, by name."
	}
	_, err := b.Decide(b.t.Context(), models.ScopeOperator(), d)
	return err
}

func (b *bundle) settled(t task.Task, n int64) {
	b.t.Helper()
	require.NoError(b.t, b.say(t, request.Complete, handler, map[string]int64{t.Collections[0]: n}))
	require.NoError(b.t, b.say(t, request.Confirm, dpo, nil))
}

func (b *bundle) again(t task.Task) task.Task {
	b.t.Helper()
	out, err := b.Task(b.t.Context(), models.ScopeOperator(), t.ID)
	require.NoError(b.t, err)
	return out
}

// ledgerOf are the kinds of entries about a request that begin with a word.
func (b *bundle) ledgerOf(id models.ID, word string) (out []string) {
	b.t.Helper()
	entries, err := b.Ledger(b.t.Context(), models.ScopeOperator(), id)
	require.NoError(b.t, err)
	for _, e := range entries {
		if strings.HasPrefix(e.Kind, word) {
			out = append(out, e.Kind)
		}
	}
	return out
}

func TestATaskIsMadeOnceAndOpenedAgainByWhatItDidNotHave(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.searching("ada@example.org")
	require.Equal(t, task.Open, first.State)
	require.Equal(t, first, b.task(first.Spec))
	b.settled(first, 0)
	confirmed := b.again(first)
	require.Equal(t, confirmed, b.task(first.Spec), "what is settled stays so")

	wider := first.Spec
	wider.Collections = []string{"archive.photographs", "archive.letters"}
	got := b.task(wider)
	require.Equal(t, first.ID, got.ID)
	require.Equal(t, task.Open, got.State)
	require.Equal(t, []string{"archive.letters", "archive.photographs"}, got.Collections)
	require.True(t, got.DoneBy.ID.IsZero())
	require.Equal(t, []string{"task.created", "task.widened"}, b.ledgerOf(first.RequestID, "task."))

	deferred := first.Spec
	deferred.DeferralID = models.ID{9}
	require.NotEqual(t, first.ID, b.task(deferred).ID, "a deferral has tasks of its own")
	_, err := b.EnsureTask(t.Context(), task.Spec{RequestID: models.ID{8}, System: "archive", Action: task.Locate})
	requireCode(t, "not_found", err)
}

func TestFourEyesLookAtATask(t *testing.T) {
	t.Parallel()
	b := setup(t)
	search := b.searching("ada@example.org")
	none := map[string]int64{"archive.letters": 0}
	requireCode(t, "task_not_done", b.say(search, request.Confirm, dpo, nil))
	requireCode(t, "count_missing", b.say(search, request.Complete, handler, nil))
	requireCode(t, "no_principal", b.say(search, request.Complete, models.Actor{Role: models.RoleDPO}, none))
	_, err := b.Decide(t.Context(), models.ScopeOperator(), request.Decision{RequestID: search.RequestID, TaskID: search.ID, Kind: request.Complete, Actor: handler, Counts: none})
	requireCode(t, "reason_missing", err)
	require.NoError(t, b.say(search, request.Complete, handler, none))
	requireCode(t, "task_not_open", b.say(search, request.Complete, dpo, none))
	requireCode(t, "same_person", b.say(search, request.Confirm, handler, nil))
	requireCode(t, "same_person", b.say(search, request.Confirm, models.Actor{Role: models.RoleDPO, ID: handler.ID}, nil))
	requireCode(t, "decision_forbidden", b.say(search, request.Confirm, models.Actor{Role: models.RoleAuditor, ID: dpo.ID}, nil))
	requireCode(t, "decision_forbidden", b.say(search, request.Abandon, models.Actor{Role: models.RoleHandler, ID: models.ID{7}}, nil))
	require.NoError(t, b.say(search, request.Return, dpo, nil))
	require.Equal(t, task.Open, b.again(search).State)
	require.NoError(t, b.say(search, request.Complete, handler, map[string]int64{"archive.letters": 4}))
	require.NoError(t, b.say(search, request.Confirm, dpo, nil))

	got := b.again(search)
	require.Equal(t, task.Confirmed, got.State)
	require.Equal(t, handler, got.DoneBy)
	require.Equal(t, dpo, got.ConfirmedBy)
	require.EqualValues(t, 4, got.Records())
	require.Equal(t, []string{"decision.complete", "decision.return", "decision.complete", "decision.confirm"}, b.ledgerOf(search.RequestID, "decision.")[1:])
	require.Error(t, b.try("UPDATE tasks SET confirmed_by = done_by"), "not even the database lets one person do both")

	names := []string{}
	for _, o := range b.claimAll() {
		names = append(names, o.Name)
	}
	require.Equal(t, []string{"verify", "complete", "return", "complete", "confirm"}, names[1:], "each is delivered to the workflow")
}

// claimAll takes every order out of the outbox, in order.
func (b *bundle) claimAll() (out []store.Order) {
	b.t.Helper()
	for {
		orders, err := b.ClaimOrders(b.t.Context(), 1, time.Hour)
		require.NoError(b.t, err)
		if len(orders) == 0 {
			return out
		}
		out = append(out, orders...)
		require.NoError(b.t, b.FinishOrder(b.t.Context(), orders[0].ID))
	}
}

func TestADecisionAboutATaskOfADeferralGoesToItsWorkflow(t *testing.T) {
	t.Parallel()
	b := setup(t)
	search := b.searching("ada@example.org")
	spec := search.Spec
	spec.Action, spec.DeferralID = task.Erase, models.ID{9}
	later := b.task(spec)
	require.NoError(t, b.say(later, request.Complete, handler, map[string]int64{"archive.letters": 1}))
	orders := b.claimAll()
	require.Equal(t, spec.DeferralID, orders[len(orders)-1].DeferralID)
}

func TestTheDPOClosesATaskThatCannotBeDone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	search := b.searching("ada@example.org")
	require.NoError(t, b.say(search, request.Abandon, dpo, nil))
	require.Equal(t, task.Refused, b.again(search).State)
	requireCode(t, "task_settled", b.say(search, request.Abandon, dpo, nil))
	requireCode(t, "task_not_open", b.say(search, request.Complete, handler, map[string]int64{"archive.letters": 0}))
	require.NoError(t, b.ReopenTask(t.Context(), search.ID, task.StillThere))
	require.NoError(t, b.ReopenTask(t.Context(), search.ID, task.StillThere))
	require.Equal(t, []string{"task.created", "task.reopened"}, b.ledgerOf(search.RequestID, "task."))
	require.Equal(t, task.StillThere, b.again(search).Reason)
}

func TestADecisionAboutNoTaskOrAnothersIsNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	search, other := b.searching("ada@example.org"), b.searching("bob@example.org")
	none := map[string]int64{"archive.letters": 0}
	requireCode(t, "not_found", b.say(task.Task{Spec: search.Spec}, request.Complete, handler, none))
	stolen := other
	stolen.RequestID = search.RequestID
	requireCode(t, "not_found", b.say(stolen, request.Complete, handler, none))
	b.advance(search.RequestID, models.InReview)
	requireCode(t, "decision_not_open", b.say(search, request.Complete, handler, none))
}

func TestWaitingTasksComeByTheLegalDateOfTheirRequest(t *testing.T) {
	t.Parallel()
	b := setup(t)
	late, soon, gone, undated := b.searching("late@example.org"), b.searching("soon@example.org"), b.searching("gone@example.org"), b.searching("none@example.org")
	for id, month := range map[models.ID]time.Month{late.RequestID: 6, soon.RequestID: 4, gone.RequestID: 3} {
		require.NoError(t, b.RecordClock(t.Context(), id, request.Clock{
			Regime: "EU_GDPR", Timezone: "Europe/Brussels", DueOn: calendar.Date{Year: 2026, Month: month, Day: 1}, DueBefore: time.Date(2026, month, 2, 0, 0, 0, 0, time.UTC),
		}, "received"))
	}
	require.NoError(t, b.Advance(t.Context(), gone.RequestID, models.Closed, models.Withdrawn))
	deferred := b.task(task.Spec{RequestID: gone.RequestID, DeferralID: models.ID{9}, System: "archive", Action: task.Erase, Reason: task.Unsupported, Collections: letters})
	list, more, err := b.WaitingTasks(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.False(t, more)
	var got []models.ID
	for _, w := range list {
		got = append(got, w.ID)
		require.Equal(t, w.RequestID, w.Request.ID)
	}
	require.Equal(t, []models.ID{soon.ID, late.ID, undated.ID, deferred.ID}, got)
	b.settled(soon, 0)
	list, _, err = b.WaitingTasks(t.Context(), models.ScopeOperator())
	require.NoError(t, err)
	require.Len(t, list, 3)
}

func TestATaskOfAnotherTenantIsNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	sub := b.submission("ada@example.org")
	sub.Controller = b.acme
	id := b.verified(sub).RequestID
	b.advance(id, models.Verifying, models.AwaitingInstruction, models.Locating)
	search := b.task(task.Spec{RequestID: id, System: "archive", Action: task.Locate, Reason: task.Unsupported, Collections: letters})
	file, err := b.AddTaskFile(ctx, models.ScopeOperator(), search.ID, handler, "evidence.txt", strings.NewReader("x"))
	require.NoError(t, err)
	require.NoError(t, b.EnsureDelegation(ctx, id, "mailer", letters))
	delegations, err := b.Delegations(ctx, models.ScopeOperator(), id)
	require.NoError(t, err)
	for name, call := range map[string]func(models.Scope) error{
		"Task":            func(s models.Scope) error { _, err := b.Task(ctx, s, search.ID); return err },
		"Tasks":           func(s models.Scope) error { _, err := b.Tasks(ctx, s, id); return err },
		"TaskFiles":       func(s models.Scope) error { _, err := b.TaskFiles(ctx, s, search.ID); return err },
		"TaskFile":        func(s models.Scope) error { _, _, err := b.TaskFile(ctx, s, search.ID, file); return err },
		"Delegations":     func(s models.Scope) error { _, err := b.Delegations(ctx, s, id); return err },
		"Delegation":      func(s models.Scope) error { _, err := b.Delegation(ctx, s, delegations[0].ID); return err },
		"DelegationProof": func(s models.Scope) error { _, err := b.DelegationProof(ctx, s, delegations[0].ID); return err },
		"AddTaskFile": func(s models.Scope) error {
			_, err := b.AddTaskFile(ctx, s, search.ID, handler, "x", strings.NewReader("x"))
			return err
		},
		"Decide": func(s models.Scope) error {
			_, err := b.Decide(ctx, s, request.Decision{
				RequestID: id, TaskID: search.ID, Kind: request.Complete, Actor: handler, Reason: "x", Counts: map[string]int64{"archive.letters": 0},
			})
			if err == nil {
				_, err = b.Decide(ctx, s, request.Decision{RequestID: id, TaskID: search.ID, Kind: request.Return, Actor: handler, Reason: "x"})
			}
			return err
		},
		"RemoveTaskFile": func(s models.Scope) error {
			extra, err := b.AddTaskFile(ctx, models.ScopeOperator(), search.ID, handler, "x", strings.NewReader("x"))
			require.NoError(t, err)
			return b.RemoveTaskFile(ctx, s, search.ID, extra, handler)
		},
	} {
		requireCode(t, "not_found", call(models.ScopeOf(b.globex.ID)))
		requireCode(t, "not_found", call(models.Scope{}))
		require.NoError(t, call(models.ScopeOf(b.acme.ID)), name)
	}
	for scope, want := range map[models.Scope]int{models.ScopeOf(b.globex.ID): 0, {}: 0, models.ScopeOf(b.acme.ID): 1, models.ScopeOperator(): 1} {
		list, _, err := b.WaitingTasks(ctx, scope)
		require.NoError(t, err)
		require.Len(t, list, want)
	}
}

func TestAFileOfATaskIsSealedAndSniffedAndKeptToItsLimit(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, all := t.Context(), models.ScopeOperator()
	export := b.searching("ada@example.org")
	content := "%PDF-1.7\n" + strings.Repeat("The letters of Kanarienvogel. ", 100_000)
	id, err := b.AddTaskFile(ctx, all, export.ID, handler, "Kanarienvogel.html", strings.NewReader(content))
	require.NoError(t, err)
	files, err := b.TaskFiles(ctx, all, export.ID)
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.Equal(t, "application/pdf", files[0].Media, "what is in it, not what it is called")
	require.Equal(t, "Kanarienvogel.html", files[0].Name.Reveal())
	require.EqualValues(t, len(content), files[0].Size)
	r, _, err := b.TaskFile(ctx, all, export.ID, id)
	require.NoError(t, err)
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.Equal(t, content, string(got))
	require.Empty(t, b.leaks(canary))

	_, err = b.AddTaskFile(ctx, all, export.ID, handler, "big", io.LimitReader(endless{}, store.MaxTaskFile+1))
	requireCode(t, "file_too_large", err)
	_, err = b.AddTaskFile(ctx, all, export.ID, handler, "empty", strings.NewReader(""))
	requireCode(t, "file_empty", err)
	broken := errors.New("the line is dead")
	_, err = b.AddTaskFile(ctx, all, export.ID, handler, "cut", io.MultiReader(bytes.NewReader(make([]byte, 2000)), failing{broken}))
	require.ErrorIs(t, err, broken)
	require.Equal(t, 1, b.count("SELECT count(*) FROM request_files"), "what was not written to its end leaves nothing")
	require.Equal(t, 3, b.count("SELECT count(*) FROM request_file_chunks"))

	require.NoError(t, b.say(export, request.Complete, handler, map[string]int64{"archive.letters": 1}))
	_, err = b.AddTaskFile(ctx, all, export.ID, handler, "late", strings.NewReader("x"))
	requireCode(t, "task_not_open", err)
	requireCode(t, "task_not_open", b.RemoveTaskFile(ctx, all, export.ID, id, handler))
	require.NoError(t, b.say(export, request.Return, dpo, nil))
	require.NoError(t, b.RemoveTaskFile(ctx, all, export.ID, id, handler))
	requireCode(t, "not_found", b.RemoveTaskFile(ctx, all, export.ID, id, handler))
	require.Zero(t, b.count("SELECT count(*) FROM request_file_chunks"))
	for i := range store.MaxTaskFiles {
		_, err = b.AddTaskFile(ctx, all, export.ID, handler, models.Personal(fmt.Sprint(i)), strings.NewReader("x"))
		require.NoError(t, err)
	}
	_, err = b.AddTaskFile(ctx, all, export.ID, handler, "one more", strings.NewReader("x"))
	requireCode(t, "too_many_files", err)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestADestroyedKeyTakesTheFilesOfTheRequestWithIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	search := b.searching("ada@example.org")
	_, err := b.AddTaskFile(t.Context(), models.ScopeOperator(), search.ID, handler, "x", strings.NewReader("evidence"))
	require.NoError(t, err)
	b.settled(search, 0)
	require.NoError(t, b.Advance(t.Context(), search.RequestID, models.Closed, models.Withdrawn))
	require.NoError(t, b.DestroyKey(t.Context(), search.RequestID))
	require.Zero(t, b.count("SELECT count(*) FROM request_file_chunks"))
	require.Equal(t, task.Confirmed, b.again(search).State, "that it was done, and by whom, outlives the key")
	files, err := b.TaskFiles(t.Context(), models.ScopeOperator(), search.ID)
	require.NoError(t, err)
	require.Empty(t, files)
}

func TestAPartIsReplacedByTheOneThatIsWrittenAnew(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, id := t.Context(), b.searching("ada@example.org").RequestID
	write := func(text string) error {
		return b.WritePart(ctx, id, "rows/1", func(w io.Writer) (int64, error) {
			_, err := io.WriteString(w, text)
			return 7, err
		})
	}
	read := func() string {
		r, rows, err := b.ReadPart(ctx, id, "rows/1")
		require.NoError(t, err)
		require.EqualValues(t, 7, rows)
		text, err := io.ReadAll(r)
		require.NoError(t, err)
		return string(text)
	}
	_, _, err := b.ReadPart(ctx, id, "rows/1")
	requireCode(t, "not_found", err)
	require.NoError(t, write("first"))
	require.NoError(t, write("second"))
	require.Equal(t, "second", read())
	broken := errors.New("the line is dead")
	require.ErrorIs(t, b.WritePart(ctx, id, "rows/1", func(w io.Writer) (int64, error) {
		_, err := io.WriteString(w, "half")
		require.NoError(t, err)
		return 0, broken
	}), broken)
	require.Equal(t, "second", read(), "what is half written never counts")
	require.Equal(t, 1, b.count("SELECT count(*) FROM request_files"))
	b.exec("DELETE FROM request_file_chunks")
	r, _, err := b.ReadPart(ctx, id, "rows/1")
	if err == nil {
		_, err = io.ReadAll(r)
	}
	requireCode(t, "file_truncated", err)
	require.NoError(t, b.DropParts(ctx, id))
	require.NoError(t, b.DropParts(ctx, id))
	_, _, err = b.ReadPart(ctx, id, "rows/1")
	requireCode(t, "not_found", err)
}

func TestADelegationIsKeptOnceAndItsProofIsSealed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, all, id := t.Context(), models.ScopeOperator(), b.searching("ada@example.org").RequestID
	for range 2 {
		require.NoError(t, b.EnsureDelegation(ctx, id, "mailer", []string{"mailer.profiles"}))
	}
	require.NoError(t, b.EnsureDelegation(ctx, id, "mailer", []string{"mailer.lists"}))
	list, err := b.Delegations(ctx, all, id)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, []string{"mailer.profiles", "mailer.lists"}, list[0].Collections)
	d := list[0]
	d.State, d.ExpectBy = store.DelegationSubmitted, start.Add(time.Hour)
	for range 2 {
		require.NoError(t, b.NoteDelegation(ctx, d, nil))
	}
	d.State = store.DelegationDone
	for range 2 {
		require.NoError(t, b.NoteDelegation(ctx, d, []byte(`{"signed": "Kanarienvogel is gone"}`)))
	}
	d.State = store.DelegationRefused
	require.NoError(t, b.NoteDelegation(ctx, d, nil))
	got, err := b.Delegation(ctx, all, d.ID)
	require.NoError(t, err)
	require.Equal(t, store.DelegationDone, got.State, "one that is over stays so")
	require.Equal(t, []string{"delegation.planned", "delegation.submitted", "delegation.done"}, b.ledgerOf(id, "delegation."))
	proof, err := b.DelegationProof(ctx, all, d.ID)
	require.NoError(t, err)
	require.JSONEq(t, `{"signed": "Kanarienvogel is gone"}`, string(proof))
	require.Empty(t, b.leaks(canary))
	entries, err := b.Ledger(ctx, all, id)
	require.NoError(t, err)
	require.Len(t, entries[len(entries)-1].Data["proof_digest"], 64)
}

func TestTheReceiptCountsWhatWasDoneByHand(t *testing.T) {
	t.Parallel()
	b := setup(t)
	search := b.searching("ada@example.org")
	b.settled(search, 4)
	stored, err := b.IssueReceipt(t.Context(), search.RequestID, models.ID{}, models.Withdrawn)
	require.NoError(t, err)
	keys, err := b.JWKS()
	require.NoError(t, err)
	r, err := receipt.Verify(stored.Body, keys)
	require.NoError(t, err)
	require.Len(t, r.Tasks, 1)
	require.Equal(t, map[string]int64{"archive.letters": 4}, r.Tasks[0].Counts)
	require.Equal(t, handler.ID, r.Tasks[0].DoneBy)
	require.Equal(t, dpo.ID, r.Tasks[0].ConfirmedBy)
	bad := bytes.Replace(stored.Body, []byte(`"archive.letters": 4`), []byte(`"archive.letters": 3`), 1)
	_, err = receipt.Verify(bad, keys)
	require.ErrorContains(t, err, "receipt: tasks")
}
