package staff

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/intake"
	"habeas/api/problem"
	"habeas/api/words"
	"habeas/models"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/task"
	"habeas/templates"
)

// tasks lists what waits for people.
func (k *Console) tasks(c echo.Context) error {
	list, more, err := k.Store.WaitingTasks(c.Request().Context(), caller(c).Scope)
	if err != nil {
		return err
	}
	view := templates.TasksView{More: more}
	for _, t := range list {
		view.Rows = append(view.Rows, k.taskRow(t.Task, t.Request))
	}
	complaints, err := k.Store.OpenComplaints(c.Request().Context(), caller(c).Scope)
	if err != nil {
		return err
	}
	for _, one := range complaints {
		r := one.Request
		view.Complaints = append(view.Complaints, templates.ComplaintRow{
			Path: "/staff/requests/" + r.ID.String() + "#complaints", Reference: r.Reference, Right: r.Right, At: one.At,
		})
	}
	return show(k, c, http.StatusOK, "tasks", templates.Tasks, view)
}

func (k *Console) taskRow(t task.Task, r request.Request) templates.TaskRow {
	return templates.TaskRow{
		Path: "/staff/tasks/" + t.ID.String(), RequestPath: "/staff/requests/" + r.ID.String(), Reference: r.Reference, Right: r.Right, System: t.System,
		Action: t.Action, State: t.State, Collections: t.Collections, Records: t.Records(), Due: words.Due(r.Clock, r.Open(), k.Now()),
		Deferral: !t.DeferralID.IsZero(),
	}
}

func (k *Console) task(c echo.Context) error {
	flash := ""
	if c.QueryParam("done") == "decided" {
		flash = "flash.decided"
	}
	return k.showTask(c, http.StatusOK, func(v *templates.TaskView) { v.Flash = flash })
}

// showTask shows a task; with adds what the call at hand has to say.
func (k *Console) showTask(c echo.Context, status int, with func(*templates.TaskView)) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return noTask()
	}
	view, err := k.taskView(c.Request().Context(), caller(c), id)
	if err != nil {
		return err
	}
	with(&view)
	return show(k, c, status, "tasks", templates.Task, view)
}

func noTask() error { return models.Errorf(models.NotFound, "not_found", "There is no such task.") }

// taskView gathers what the console shows of one task.
func (k *Console) taskView(ctx context.Context, who models.Principal, id models.ID) (templates.TaskView, error) {
	t, err := k.Store.Task(ctx, who.Scope, id)
	if err != nil {
		return templates.TaskView{}, err
	}
	r, err := k.Store.Request(ctx, who.Scope, t.RequestID)
	if err != nil {
		return templates.TaskView{}, err
	}
	own := false
	if t.State == task.Done {
		if own, err = k.same(ctx, t.DoneBy.ID, who.ID); err != nil {
			return templates.TaskView{}, err
		}
	}
	may := func(kind request.DecisionKind) bool {
		return request.Allowed(kind, who.Role, r.State) == nil && t.Allows(kind, who.Actor) == nil
	}
	v := templates.TaskView{
		TaskRow: k.taskRow(t, r), Reason: t.Reason, Instructions: t.Instructions, MaxFile: store.MaxTaskFile, CreatedAt: t.CreatedAt,
		CanWork: may(request.Complete), CanConfirm: may(request.Confirm) && !own, CanReturn: may(request.Return), CanAbandon: may(request.Abandon),
		OwnWork: own,
	}
	if v.Parts, err = k.taskParts(ctx, who, t, r); err != nil {
		return v, err
	}
	files, err := k.Store.TaskFiles(ctx, who.Scope, id)
	if err != nil {
		return v, err
	}
	for _, f := range files {
		v.Files = append(v.Files, templates.TaskFileView{ID: f.ID.String(), Name: f.Name.Reveal(), Media: f.Media, Size: f.Size, At: f.At})
	}
	v.History, err = k.taskHistory(ctx, who, t)
	return v, err
}

// taskParts are the collections of a task with what the plan says of them.
func (k *Console) taskParts(ctx context.Context, who models.Principal, t task.Task, r request.Request) ([]templates.TaskPart, error) {
	var p plan.Plan
	if r.PlanVersion > 0 {
		var err error
		if p, _, err = k.Store.Plan(ctx, who.Scope, r.ID); err != nil {
			return nil, err
		}
	}
	out := make([]templates.TaskPart, len(t.Collections))
	for i, name := range t.Collections {
		part := templates.TaskPart{Name: name}
		part.Count, part.Counted = t.Counts[name]
		for _, g := range p.Groups {
			if g.Name() == name && t.Covers(g.No) {
				part.Treatment = g.Treatment()
				part.Planned += g.Rows
			}
		}
		out[i] = part
	}
	return out, nil
}

// taskHistory are the decisions about a task, with what was written.
func (k *Console) taskHistory(ctx context.Context, who models.Principal, t task.Task) ([]templates.DecisionRow, error) {
	decisions, err := k.Store.Decisions(ctx, who.Scope, t.RequestID)
	if err != nil {
		return nil, err
	}
	var out []templates.DecisionRow
	for _, d := range decisions {
		if d.TaskID == t.ID {
			out = append(out, templates.DecisionRow{At: d.At, Kind: string(d.Kind), By: string(d.Actor.Role), Reason: d.Reason.Reveal()})
		}
	}
	return out, nil
}

// decideTask records the decision of a form about a task. A refusal is told on the page itself.
func (k *Console) decideTask(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return noTask()
	}
	ctx, who := c.Request().Context(), caller(c)
	t, err := k.Store.Task(ctx, who.Scope, id)
	if err != nil {
		return err
	}
	d := request.Decision{
		RequestID: t.RequestID, TaskID: id, Kind: request.DecisionKind(form.Get("kind")), Actor: who.Actor,
		Reason: models.Personal(strings.ReplaceAll(strings.TrimSpace(form.Get("reason")), "\r\n", "\n")),
	}
	if d.Kind == request.Complete {
		d.Counts, err = countsOf(form.Get, t)
	}
	if err == nil && !request.OfTask(d.Kind) {
		err = models.Errorf(models.Invalid, "unknown_decision", "There is no such decision.")
	}
	if err == nil {
		_, err = k.Store.Decide(ctx, who.Scope, d)
	}
	return k.taskDone(c, id, err)
}

// taskDone leads back to the task, or tells there what was refused.
func (k *Console) taskDone(c echo.Context, id models.ID, err error) error {
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid || kind == models.Forbidden {
		p := problem.Of(err, "", "")
		return k.showTask(c, p.Status, func(v *templates.TaskView) { v.Failure = p.Detail })
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/tasks/"+id.String()+"?done=decided")
}

// countsOf reads the numbers of a form. Of a search, "nothing is held" stands for 0 everywhere; it is never taken from an empty field.
func countsOf(field func(string) string, t task.Task) (map[string]int64, error) {
	out := map[string]int64{}
	nothing := t.Action == task.Locate && field("held") == "no"
	for i, name := range t.Collections {
		text := strings.TrimSpace(field("count-" + strconv.Itoa(i)))
		if nothing {
			if text != "" && text != "0" {
				return nil, models.Errorf(models.Invalid, "held_or_not", "You said that nothing is held, and counted records all the same.")
			}
			out[name] = 0
			continue
		}
		if text == "" {
			continue // missed by the rule
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, models.Errorf(models.Invalid, "bad_count", "A number of records must be a whole number.")
		}
		out[name] = n
	}
	return out, nil
}

// addTaskFile takes a file in as it comes.
func (k *Console) addTaskFile(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return noTask()
	}
	r, who := c.Request(), caller(c)
	if _, err := k.Store.Task(r.Context(), who.Scope, id); err != nil {
		return err
	}
	parts, err := r.MultipartReader()
	if err != nil {
		return k.taskDone(c, id, badUpload(err))
	}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return k.taskDone(c, id, badUpload(err))
		}
		if part.FormName() != "file" {
			continue
		}
		_, err = k.Store.AddTaskFile(r.Context(), who.Scope, id, who.Actor, intake.FileName(part.FileName()), part)
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			err = problem.TooLarge()
		}
		return k.taskDone(c, id, err)
	}
}

func badUpload(err error) error {
	return models.Errorf(models.Invalid, "file_empty", "Choose a file.").At("/file").Because(err)
}

func (k *Console) removeTaskFile(c echo.Context) error {
	id, file, err := taskFileIDs(c)
	if err != nil {
		return err
	}
	who := caller(c)
	return k.taskDone(c, id, k.Store.RemoveTaskFile(c.Request().Context(), who.Scope, id, file, who.Actor))
}

// downloadTaskFile hands a file out as it was uploaded, never to be shown by the browser. The ledger says who looked before anything is handed out.
func (k *Console) downloadTaskFile(c echo.Context) error {
	id, file, err := taskFileIDs(c)
	if err != nil {
		return err
	}
	content, f, err := k.Store.ViewTaskFile(c.Request().Context(), caller(c), id, file)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name.Reveal()}))
	h.Set("Content-Length", strconv.FormatInt(f.Size, 10))
	h.Set("Content-Type", "application/octet-stream")
	c.Response().WriteHeader(http.StatusOK)
	_, err = io.Copy(c.Response(), content)
	return err
}

func taskFileIDs(c echo.Context) (id, file models.ID, err error) {
	if id, err = models.ParseID(c.Param("id")); err == nil {
		file, err = models.ParseID(c.Param("file"))
	}
	if err != nil {
		err = noTask()
	}
	return id, file, err
}

// addTasks lists the tasks of a request; a customer sees that there are some, and has no page of them.
func (k *Console) addTasks(ctx context.Context, who models.Principal, r request.Request, v *templates.RequestView) error {
	tasks, err := k.Store.Tasks(ctx, who.Scope, r.ID)
	if err != nil {
		return err
	}
	for _, t := range tasks {
		row := k.taskRow(t, r)
		if !who.Role.Staff() {
			row.Path = ""
		}
		v.Tasks = append(v.Tasks, row)
	}
	return nil
}

// addSilent lists the systems that do not answer while the request may need them.
func (k *Console) addSilent(ctx context.Context, who models.Principal, r request.Request, v *templates.RequestView) error {
	if !who.Role.Staff() || r.State != models.Locating && r.State != models.Executing {
		return nil
	}
	systems, err := k.Store.Systems(ctx)
	if err != nil {
		return err
	}
	for _, s := range systems {
		if s.Code == "" || v.Plan != nil && !slices.ContainsFunc(v.Plan.Groups, func(g plan.Group) bool { return g.System == s.Name }) {
			continue
		}
		v.Silent = append(v.Silent, templates.SystemHealth(s))
	}
	return nil
}
