package api_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/task"
)

// searching is a request with a task to search an archive.
func (b *bundle) searching(action task.Action) task.Task {
	b.t.Helper()
	f := b.verified(models.Erasure, "sam@example.com", models.AwaitingInstruction, models.Locating)
	got, err := b.EnsureTask(b.t.Context(), task.Spec{
		RequestID: f.id, System: "archive", Action: action, Reason: task.Unsupported, Collections: []string{"archive.letters", "archive.photographs"},
		Instructions: "Ask at the desk <b>first</b>.",
	})
	require.NoError(b.t, err)
	return got
}

// upload sends a file as a browser does.
func (b *bundle) upload(c *http.Client, path, name string, content []byte) answer {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", name)
	require.NoError(b.t, err)
	_, err = part.Write(content)
	require.NoError(b.t, err)
	require.NoError(b.t, w.Close())
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, &body)
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(c, r)
}

func TestPeopleDoATaskInTheConsoleAndOthersConfirmIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	handler, dpo := b.signIn(b.keys[models.RoleHandler]), b.signIn(b.keys[models.RoleDPO])
	require.Contains(t, b.get(handler, "/staff/tasks").body, "No task waits")
	search := b.searching(task.Locate)
	path := "/staff/tasks/" + search.ID.String()
	list := b.get(handler, "/staff/tasks")
	require.Contains(t, list.body, path)
	page := b.get(handler, path)
	require.Contains(t, page.body, "Ask at the desk &lt;b&gt;first&lt;/b&gt;.", "instructions are text")
	require.NotContains(t, page.body, "sam@example.com")
	require.Contains(t, b.get(handler, "/staff/requests/"+search.RequestID.String()).body, path)

	form := url.Values{"kind": {"complete"}, "reason": {"Looked by name."}}
	require.Contains(t, b.post(handler, path+"/decisions", form).body, "Say how many records", "an empty field is not nothing")
	form.Set("held", "no")
	form.Set("count-0", "3")
	require.Contains(t, b.post(handler, path+"/decisions", form).body, "nothing is held, and counted")
	form.Set("held", "yes")
	form.Set("count-1", "many")
	require.Equal(t, 400, b.post(handler, path+"/decisions", form).status)
	form.Set("count-1", "0")
	require.Equal(t, http.StatusSeeOther, b.post(handler, path+"/decisions", form).status)
	confirm := url.Values{"kind": {"confirm"}}
	own := b.post(handler, path+"/decisions", confirm)
	require.Equal(t, http.StatusForbidden, own.status)
	require.Contains(t, own.body, "Somebody else has to confirm")
	require.NotContains(t, b.get(handler, path).body, "Confirm the task", "no button for who has done it")
	require.Contains(t, b.get(dpo, path).body, "Looked by name.")
	require.Equal(t, http.StatusSeeOther, b.post(dpo, path+"/decisions", confirm).status)
	got, err := b.Task(t.Context(), models.ScopeOperator(), search.ID)
	require.NoError(t, err)
	require.Equal(t, task.Confirmed, got.State)
	require.EqualValues(t, 3, got.Records())
	require.Contains(t, b.get(handler, "/staff/tasks").body, "No task waits")
	require.Equal(t, http.StatusConflict, b.post(dpo, path+"/decisions", confirm).status)
	require.Equal(t, http.StatusBadRequest, b.post(dpo, path+"/decisions", url.Values{"kind": {"approve"}}).status)
}

func TestNothingHeldIsSaidAndNotLeftOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	search := b.searching(task.Locate)
	path := "/staff/tasks/" + search.ID.String()
	form := url.Values{"kind": {"complete"}, "reason": {"Nobody of that name."}, "held": {"no"}, "count-0": {""}, "count-1": {""}}
	require.Equal(t, http.StatusSeeOther, b.post(b.signIn(b.keys[models.RoleHandler]), path+"/decisions", form).status)
	got, err := b.Task(t.Context(), models.ScopeOperator(), search.ID)
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"archive.letters": 0, "archive.photographs": 0}, got.Counts)
}

func TestFilesOfATaskAreHandedOutAndNeverShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	handler := b.signIn(b.keys[models.RoleHandler])
	export := b.searching(task.Export)
	path := "/staff/tasks/" + export.ID.String()
	evil := []byte("<script>alert(1)</script>" + strings.Repeat("x", 200_000))
	require.Equal(t, http.StatusSeeOther, b.upload(handler, path+"/files", `C:\letters\"><script>.html`, evil).status, "larger than a form may be")
	require.Equal(t, 400, b.upload(handler, path+"/files", "empty", nil).status)
	require.Equal(t, 413, b.upload(handler, path+"/files", "big", make([]byte, store.MaxTaskFile+100_000)).status)
	require.Equal(t, 400, b.post(handler, path+"/files", url.Values{"file": {"x"}}).status)
	files, err := b.TaskFiles(t.Context(), models.ScopeOperator(), export.ID)
	require.NoError(t, err)
	require.Len(t, files, 1)
	page := b.get(handler, path).body
	require.NotContains(t, page, "<script>")
	require.Contains(t, page, "&lt;script&gt;.html")

	file := path + "/files/" + files[0].ID.String()
	got := b.post(handler, file+"/fetch", nil)
	require.Equal(t, string(evil), got.body)
	require.Equal(t, "application/octet-stream", got.header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(got.header.Get("Content-Disposition"), "attachment"))
	require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"))
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), export.RequestID)
	require.NoError(t, err)
	require.Equal(t, "task.file_viewed", entries[len(entries)-1].Kind)
	require.NotContains(t, b.log.String(), "letters")

	require.Equal(t, http.StatusSeeOther, b.post(handler, file+"/remove", nil).status)
	require.Equal(t, 404, b.post(handler, file+"/fetch", nil).status)
}

func TestWhoHasNoBusinessWithATaskLearnsNothingOfIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	search := b.searching(task.Locate)
	path := "/staff/tasks/" + search.ID.String()
	for _, key := range []string{b.keys[models.RoleController], b.globexK, b.keys[models.RoleOperator]} {
		b.clock(60e9)
		c := b.signIn(key)
		for _, a := range []answer{b.get(c, path), b.get(c, "/staff/tasks"), b.post(c, path+"/decisions", url.Values{"kind": {"confirm"}}), b.upload(c, path+"/files", "x", []byte("x"))} {
			require.Equal(t, http.StatusForbidden, a.status)
			require.NotContains(t, a.body, "archive")
		}
	}
	auditor := b.signIn(b.keys[models.RoleAuditor])
	page := b.get(auditor, path)
	require.Equal(t, 200, page.status)
	require.NotContains(t, page.body, `name="kind"`, "an auditor reads")
	require.Equal(t, http.StatusForbidden, b.post(auditor, path+"/decisions", url.Values{"kind": {"confirm"}}).status)
	customer := b.signIn(b.keys[models.RoleController])
	own := b.get(customer, "/staff/requests/"+search.RequestID.String())
	require.Equal(t, 200, own.status)
	require.Contains(t, own.body, "archive.letters", "a customer sees that it waits for people")
	require.NotContains(t, own.body, path)
	require.Equal(t, 404, b.get(b.signIn(b.keys[models.RoleDPO]), "/staff/tasks/"+search.RequestID.String()).status)
}

func TestTasksAreListedAndDecidedByTheInterface(t *testing.T) {
	t.Parallel()
	b := setup(t)
	search := b.searching(task.Locate)
	for _, path := range []string{"/v1/tasks", "/v1/requests/" + search.RequestID.String() + "/tasks"} {
		list := b.call("GET", path, b.keys[models.RoleAuditor], "").json(t)["tasks"].([]any)
		require.Len(t, list, 1)
		require.Equal(t, search.ID.String(), list[0].(map[string]any)["id"])
		require.Equal(t, "open", list[0].(map[string]any)["state"])
	}
	require.Equal(t, 403, b.call("GET", "/v1/tasks", b.keys[models.RoleController], "").status)
	require.Equal(t, 404, b.call("GET", "/v1/requests/"+search.RequestID.String()+"/tasks", b.globexK, "").status)
	decide := func(role models.Role, body string) answer {
		return b.call("POST", "/v1/requests/"+search.RequestID.String()+"/decisions", b.keys[role], `{"task_id":"`+search.ID.String()+`",`+body+`}`)
	}
	require.Equal(t, "count_missing", decide(models.RoleHandler, `"kind":"complete","reason":"x","counts":{"archive.letters":1}`).code(t))
	require.Equal(t, "reason_missing", decide(models.RoleHandler, `"kind":"complete","counts":{"archive.letters":1,"archive.photographs":0}`).code(t))
	require.Equal(t, 202, decide(models.RoleHandler, `"kind":"complete","reason":"x","counts":{"archive.letters":1,"archive.photographs":0}`).status)
	require.Equal(t, "same_person", decide(models.RoleHandler, `"kind":"confirm"`).code(t))
	require.Equal(t, "decision_forbidden", decide(models.RoleController, `"kind":"confirm"`).code(t))
	require.Equal(t, 202, decide(models.RoleDPO, `"kind":"confirm"`).status)
	list := b.call("GET", "/v1/requests/"+search.RequestID.String()+"/tasks", b.keys[models.RoleController], "").json(t)["tasks"].([]any)
	require.Equal(t, map[string]any{"archive.letters": 1.0, "archive.photographs": 0.0}, list[0].(map[string]any)["counts"])
	require.Empty(t, b.call("GET", "/v1/tasks", b.keys[models.RoleDPO], "").json(t)["tasks"])
}

func TestARequestSaysWhichSystemItWaitsFor(t *testing.T) {
	t.Parallel()
	b := setup(t)
	search := b.searching(task.Locate)
	require.NoError(t, b.NoteSystem(t.Context(), "oslo_crm", "worker_silent"))
	require.NoError(t, b.NoteSystem(t.Context(), "billing", ""))
	path := "/staff/requests/" + search.RequestID.String()
	page := b.get(b.signIn(b.keys[models.RoleDPO]), path)
	require.Contains(t, page.body, "the worker that serves oslo_crm has not been seen since")
	require.NotContains(t, page.body, "billing")
	require.NotContains(t, b.get(b.signIn(b.keys[models.RoleController]), path).body, "oslo_crm", "the operator's systems are none of a customer's business")
	_, err := b.Decide(t.Context(), models.ScopeOperator(), request.Decision{RequestID: search.RequestID, Kind: request.Withdraw, Actor: models.Actor{Role: models.RoleSubject}})
	require.NoError(t, err)
	require.NoError(t, b.Advance(t.Context(), search.RequestID, models.Closed, models.Withdrawn))
	require.NotContains(t, b.get(b.signIn(b.keys[models.RoleDPO]), path).body, "oslo_crm")
}
