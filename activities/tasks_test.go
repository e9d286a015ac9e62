package activities_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities"
	"habeas/activities/connectors"
	"habeas/activities/connectors/manual"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/task"
)

// peopleMap has a database and an archive in which only people can search.
const peopleMap = `
dataset:
  - fides_key: crm
    collections:
      - name: customers
        description: Your customer account
        habeas: {erase: delete, portable: true}
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}, habeas: {same_person: true}}
          - {name: name, data_categories: [user.name], fides_meta: {data_type: string}}
      - name: orders
        description: Your orders
        habeas: {erase: delete, portable: true}
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - name: customer_id
            fides_meta: {data_type: integer, references: [{dataset: crm, field: customers.id, direction: from}]}
          - {name: item, data_categories: [user.behavior.purchase_history]}
  - fides_key: archive
    name: Paper archive
    habeas: {system: archive}
    collections:
      - name: letters
        description: Your letters
        habeas: {erase: delete, portable: true}
        fields:
          - {name: id, fides_meta: {primary_key: true, data_type: integer}}
          - {name: email, data_categories: [user.contact.email], fides_meta: {identity: email, data_type: string}}
`

// The people who do tasks and confirm them.
var (
	worker = models.Actor{Role: models.RoleHandler, ID: models.ID{1}}
	second = models.Actor{Role: models.RoleDPO, ID: models.ID{2}}
)

// setupPeople is a world with the archive.
func setupPeople(t *testing.T) *world {
	t.Helper()
	w := setup(t)
	archive, err := manual.Open(t.Context(), connectors.Config{Name: "archive", Kind: manual.Kind, Settings: []byte(`{"instructions":"Ask at the desk."}`)})
	require.NoError(t, err)
	w.deps.Graph = compile(t, []byte(peopleMap))
	w.deps.Systems["archive"] = archive
	w.rebuild()
	return w
}

// onlyTask is the request's only task of an action.
func (w *world) onlyTask(id models.ID, action task.Action) task.Task {
	w.t.Helper()
	all, err := w.store.Tasks(w.t.Context(), models.ScopeOperator(), id)
	require.NoError(w.t, err)
	var found []task.Task
	for _, one := range all {
		if one.Action == action {
			found = append(found, one)
		}
	}
	require.Len(w.t, found, 1, action)
	return found[0]
}

func (w *world) say(of task.Task, kind request.DecisionKind, by models.Actor, counts map[string]int64) {
	w.t.Helper()
	w.decide(of.RequestID, kind, by.Role, func(d *request.Decision) { d.Actor, d.TaskID, d.Counts = by, of.ID, counts })
}

// byHand has a task done by one person and confirmed by another, with a count for each collection in turn.
func (w *world) byHand(of task.Task, counts ...int64) {
	w.t.Helper()
	said := map[string]int64{}
	for i, name := range of.Collections {
		said[name] = counts[i]
	}
	w.say(of, request.Complete, worker, said)
	w.say(of, request.Confirm, second, nil)
}

// searched is a request of which people have found so many letters, with its plan approved.
func (w *world) searched(right models.Right, letters int64) models.ID {
	w.t.Helper()
	id := w.verified(right)
	require.Equal(w.t, 1, do[activities.Located](w, w.acts.Locate, activities.RequestRef{RequestID: id}).Tasks)
	w.byHand(w.onlyTask(id, task.Locate), letters)
	do[activities.Planned](w, w.acts.MakePlan, activities.RequestRef{RequestID: id})
	w.advance(id, models.InReview)
	w.approve(id, nil, "")
	return id
}

func TestWhatNoConnectorCanSearchIsSearchedByPeople(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	id := w.verified(models.Erasure)
	ref := activities.RequestRef{RequestID: id}
	first, second := twice[activities.Located](w, id, w.acts.Locate, ref, "rows.located")
	require.Equal(t, activities.Located{Rows: 3, Tasks: 1}, first)
	require.Equal(t, first, second)
	search := w.onlyTask(id, task.Locate)
	require.Equal(t, []string{"archive.letters"}, search.Collections)
	require.Equal(t, "Ask at the desk.", search.Instructions)
	require.Equal(t, activities.Tasks{Open: 1, RemindEvery: 3 * day}, do[activities.Tasks](w, w.acts.SettleTasks, activities.Ending{RequestID: id}))
	w.byHand(search, 4)
	require.Zero(t, do[activities.Tasks](w, w.acts.SettleTasks, activities.Ending{RequestID: id}).Open)
	do[activities.Planned](w, w.acts.MakePlan, ref)
	g := w.group(id, "letters")
	require.Equal(t, plan.ByHand, g.By)
	require.EqualValues(t, 4, g.Rows)
	require.Equal(t, models.TreatErase, g.Treatment())
}

func TestNothingHeldByHandIsNoGroupOfThePlan(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	id := w.searched(models.Erasure, 0)
	require.Len(t, w.plan(id).Groups, 2)
	work := w.prepared(id)
	require.Zero(t, work.Tasks)
}

func TestPeopleEraseWhatTheyHaveFound(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	id := w.searched(models.Erasure, 4)
	first, again := twice[activities.Work](w, id, w.acts.PrepareErasure, activities.RequestRef{RequestID: id})
	require.Equal(t, first, again)
	require.Equal(t, 1, first.Tasks)
	require.Len(t, first.Erase, 2, "what a connector can erase it erases meanwhile")
	require.Equal(t, activities.Done{Erased: 3}, w.eraseAll(id, first.Erase))
	w.byHand(w.onlyTask(id, task.Erase), 4)
	require.Equal(t, activities.Tasks{RemindEvery: 3 * day}, do[activities.Tasks](w, w.acts.SettleTasks, activities.Ending{RequestID: id}))
	require.Equal(t, activities.Proof{Checked: 3}, do[activities.Proof](w, w.acts.ProveErased, activities.Ending{RequestID: id}))
	w.advance(id, models.Notifying, models.Delivering)
	do[none](w, w.acts.SendAnswer, activities.Ending{RequestID: id})
	require.Contains(t, w.mails.last(t).mail.Text, "Your letters: 4, of which 4 by hand")
}

func TestWhatPeopleCannotEraseStaysAndIsTold(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	id := w.searched(models.Erasure, 4)
	work := w.prepared(id)
	w.eraseAll(id, work.Erase)
	w.say(w.onlyTask(id, task.Erase), request.Abandon, second, nil)
	require.Equal(t, activities.Tasks{Refused: true, RemindEvery: 3 * day}, do[activities.Tasks](w, w.acts.SettleTasks, activities.Ending{RequestID: id}))
	require.True(t, w.prepared(id).Retained)
	w.advance(id, models.Notifying, models.Delivering)
	do[none](w, w.acts.SendAnswer, activities.Ending{RequestID: id})
	text := w.mails.last(t).mail.Text
	kept := text[strings.Index(text, "Not erased"):]
	require.Contains(t, kept, "Your letters: 4")
}

func TestPeopleBringTheirPartOfTheCopy(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	id := w.searched(models.Access, 2)
	ref := activities.RequestRef{RequestID: id}
	first, again := twice[activities.Package](w, id, w.acts.BuildPackage, ref)
	require.Equal(t, activities.Package{Tasks: 1}, first, "there is no package without it")
	require.Equal(t, first, again)
	export := w.onlyTask(id, task.Export)
	_, err := w.store.AddTaskFile(t.Context(), models.ScopeOperator(), export.ID, worker, "../../etc/Letters of Ada Canary.pdf", strings.NewReader("%PDF-1.7 letters"))
	require.NoError(t, err)
	w.byHand(export, 2)
	pkg := do[activities.Package](w, w.acts.BuildPackage, ref)
	require.Zero(t, pkg.Tasks)
	require.False(t, pkg.Partly)
	files := w.fetched(pkg)
	require.Equal(t, "%PDF-1.7 letters", string(files["others/archive/1-.._.._etc_Letters of Ada Canary.pdf"]), "%v", names(files))
	require.Contains(t, string(files["README.txt"]), "gathered by hand")
	require.Contains(t, files, "data/crm.customers.json")
	require.NotContains(t, files, "data/archive.letters.json")
}

func names(files map[string][]byte) (out []string) {
	for name := range files {
		out = append(out, name)
	}
	return out
}

func TestACopyWithoutWhatPeopleCouldNotBringSaysSo(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	id := w.searched(models.Access, 2)
	ref := activities.RequestRef{RequestID: id}
	do[activities.Package](w, w.acts.BuildPackage, ref)
	w.say(w.onlyTask(id, task.Export), request.Abandon, second, nil)
	pkg := do[activities.Package](w, w.acts.BuildPackage, ref)
	require.True(t, pkg.Partly)
	require.Contains(t, string(w.fetched(pkg)["report.html"]), "could not be gathered")
}

// Systems that can do less than a database.
type (
	// reader finds and exports, and proves what others have erased.
	reader struct {
		connectors.System
		connectors.Locator
		connectors.Exporter
		connectors.Verifier
	}
	// finder only finds, and refuses some collections.
	finder struct {
		connectors.System
		found   connectors.Locator
		refuses string
	}
	// eraser finds and erases, and cannot prove it.
	eraser struct {
		connectors.System
		connectors.Locator
		connectors.Eraser
	}
)

func (f finder) Lookup(ctx context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	if q.Node.Address.Collection == f.refuses {
		return models.Errorf(models.Unsupported, connectors.CodeUnsupported, "This service cannot search %s.", f.refuses)
	}
	return f.found.Lookup(ctx, q, yield)
}

func TestACollectionThatAConnectorCannotSearchIsLeftToPeople(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	w.deps.Systems["crm"] = finder{w.crm, w.crm, "orders"}
	w.rebuild()
	id := w.verified(models.Access)
	ref := activities.RequestRef{RequestID: id}
	out := do[activities.Located](w, w.acts.Locate, ref)
	require.Equal(t, activities.Located{Rows: 1, Tasks: 2}, out, "what it can search is found")
	tasks, err := w.store.Tasks(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	for _, one := range tasks {
		if one.System == "crm" {
			require.Equal(t, []string{"crm.orders"}, one.Collections)
		}
		w.byHand(one, 1)
	}
	do[activities.Planned](w, w.acts.MakePlan, ref)
	w.advance(id, models.InReview)
	w.approve(id, nil, "")
	require.Equal(t, 2, do[activities.Package](w, w.acts.BuildPackage, ref).Tasks, "it cannot export either: a task for each system")
	tasks, err = w.store.Tasks(t.Context(), models.ScopeOperator(), id)
	require.NoError(t, err)
	i := slices.IndexFunc(tasks, func(one task.Task) bool { return one.System == "crm" && one.Action == task.Export })
	require.Equal(t, []string{"crm.customers", "crm.orders"}, tasks[i].Collections)
}

func TestWhatPeopleSayIsGoneIsLookedForInTheSystem(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	w.deps.Systems["crm"] = reader{w.crm, w.crm, w.crm, w.crm}
	w.rebuild()
	id := w.searched(models.Erasure, 0)
	work := w.prepared(id)
	for _, s := range work.Erase {
		in := activities.GroupRef{RequestID: id, Group: s.Group, Index: s.Index}
		first, _ := twice[activities.Done](w, id, w.acts.Erase, in)
		require.Equal(t, activities.Done{Tasks: 1}, first)
	}
	erase := w.onlyTask(id, task.Erase)
	require.ElementsMatch(t, []string{"crm.customers", "crm.orders"}, erase.Collections)
	counts := map[string]int64{"crm.customers": 1, "crm.orders": 2}
	w.say(erase, request.Complete, worker, counts)
	w.say(erase, request.Confirm, second, nil)
	ending := activities.Ending{RequestID: id}
	do[activities.Tasks](w, w.acts.SettleTasks, ending)
	require.Equal(t, map[string]int{"erased": 2}, w.rows(id, "orders"))
	proof := do[activities.Proof](w, w.acts.ProveErased, ending)
	require.EqualValues(t, 3, proof.Left)
	require.Positive(t, proof.Tasks, "it goes back to people")
	require.Equal(t, task.StillThere, w.onlyTask(id, task.Erase).Reason)

	w.crm.exec("DELETE FROM orders WHERE customer_id = 1; DELETE FROM customers WHERE id = 1")
	w.say(erase, request.Complete, worker, counts)
	w.say(erase, request.Confirm, second, nil)
	require.Equal(t, activities.Proof{Checked: 3}, do[activities.Proof](w, w.acts.ProveErased, ending))
	for _, s := range work.Erase {
		require.Zero(t, do[activities.Done](w, w.acts.Erase, activities.GroupRef{RequestID: id, Group: s.Group, Index: s.Index}).Tasks)
	}
}

func TestWhatASystemCannotProvePeopleLookAt(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	w.deps.Systems["crm"] = eraser{w.crm, w.crm, w.crm}
	w.rebuild()
	id := w.searched(models.Erasure, 0)
	work := w.prepared(id)
	require.Equal(t, activities.Done{Erased: 3}, w.eraseAll(id, work.Erase))
	ending := activities.Ending{RequestID: id}
	proof := do[activities.Proof](w, w.acts.ProveErased, ending)
	require.Positive(t, proof.Tasks)
	prove := w.onlyTask(id, task.Prove)
	require.Len(t, prove.Collections, 2)
	w.byHand(prove, 0, 0)
	require.Equal(t, activities.Proof{}, do[activities.Proof](w, w.acts.ProveErased, ending))
}

func TestTheRowsOfAnotherWorkersSystemComeAsSealedParts(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	w.deps.Queues = map[string]activities.Queue{"crm": "far"}
	w.rebuild()
	far := w.acts
	id := w.verified(models.Access)
	ref := activities.RequestRef{RequestID: id}
	queues := []activities.Queue{"", "far"}
	require.Equal(t, queues, do[activities.Opened](w, w.acts.Open, ref).Queues)
	for stage := range activities.LastStage + 1 {
		for left := true; left; {
			for part := range queues {
				in := activities.LocateStage{RequestID: id, Queues: queues, Part: part, Stage: stage}
				left = do[activities.LocatedStage](w, far.LocateStage, in).Left
			}
		}
	}
	require.Equal(t, activities.Located{Rows: 3, Tasks: 1}, do[activities.Located](w, w.acts.FinishLocate, ref))
	w.byHand(w.onlyTask(id, task.Locate), 0)
	require.True(t, do[activities.Planned](w, w.acts.MakePlan, ref).Fetch)
	w.advance(id, models.InReview)
	w.approve(id, nil, "")
	require.Equal(t, activities.CopyWork{Queues: []activities.Queue{"far"}}, do[activities.CopyWork](w, w.acts.PrepareCopy, ref))
	twice[activities.Done](w, id, w.acts.ExportParts, activities.QueueRef{RequestID: id, Queue: "far"})

	delete(w.deps.Systems, "crm") // the main worker does not reach it
	w.rebuild()
	pkg := do[activities.Package](w, w.acts.BuildPackage, ref)
	files := w.fetched(pkg)
	require.Contains(t, string(files["data/crm.customers.json"]), adaName)
	require.Contains(t, string(files["data/crm.orders.json"]), "lamp")
	require.Contains(t, string(files["report.html"]), adaName)
	do[none](w, w.acts.ShredPackage, activities.PackageRef{RequestID: id, PackageID: pkg.PackageID})
	require.Zero(t, w.sql("SELECT count(*) FROM request_files"))
}

func TestASearchWhoseQueuesHaveChangedIsNotTakenForWhole(t *testing.T) {
	t.Parallel()
	w := setupPeople(t)
	w.deps.Queues = map[string]activities.Queue{"crm": "far"}
	w.rebuild()
	id := w.verified(models.Access)
	_, err := try[none](w, w.acts.LocateStage, activities.LocateStage{RequestID: id, Queues: []activities.Queue{"", "near"}})
	requireFailure(t, err, "queues_changed", false)
	_, err = try[none](w, w.acts.LocateStage, activities.LocateStage{RequestID: id, Queues: []activities.Queue{"", "far"}, Part: 2})
	requireFailure(t, err, "unknown_queue", false)
}
