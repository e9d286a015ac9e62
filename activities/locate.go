package activities

import (
	"context"
	"slices"
	"time"

	"go.temporal.io/sdk/activity"

	"habeas/activities/connectors"
	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan/mapped"
	"habeas/models/request"
	"habeas/models/task"
)

// Locate walks from the person's identities to all rows that are theirs. It can be interrupted anywhere: what was found is in the
// database, and the next attempt goes on from there.
func (a *Activities) Locate(ctx context.Context, in RequestRef) (Located, error) {
	out, err := a.locate(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) locate(ctx context.Context, in RequestRef) (Located, error) {
	w, err := a.walk(ctx, in.RequestID)
	if err != nil {
		return Located{}, err
	}
	defer beat(ctx)() // a look-up in a slow system may take longer than Temporal waits
	result, err := w.Run(ctx)
	if err != nil {
		return Located{}, err
	}
	if err := a.searchByHand(ctx, in.RequestID, result.Manual); err != nil {
		return Located{}, err
	}
	return a.located(ctx, in)
}

// LocateStage does the share of one queue's systems in one stage of the search. It can be interrupted anywhere, as Locate.
func (a *Activities) LocateStage(ctx context.Context, in LocateStage) (LocatedStage, error) {
	out, err := a.locateStage(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) locateStage(ctx context.Context, in LocateStage) (LocatedStage, error) {
	if err := a.checkQueues(in); err != nil {
		return LocatedStage{}, err
	}
	w, err := a.walk(ctx, in.RequestID)
	if err != nil {
		return LocatedStage{}, err
	}
	defer beat(ctx)() // as in locate
	queue := in.Queues[in.Part]
	w.Serves = func(system string) bool { return a.deps.Queues[system] == queue }
	result, left, err := w.RunStage(ctx, walk.Part{Index: in.Part, Of: len(in.Queues)}, walk.Stage(in.Stage))
	if err != nil {
		return LocatedStage{}, err
	}
	if in.Stage == 0 {
		err = a.searchByHand(ctx, in.RequestID, result.Manual)
	}
	return LocatedStage{Left: left}, err
}

// checkQueues refuses a search whose queues are no longer those of the systems: one of them would be left out. The main worker knows them all.
func (a *Activities) checkQueues(in LocateStage) error {
	if in.Part < 0 || in.Part >= len(in.Queues) {
		return models.Errorf(models.Invalid, "unknown_queue", "The search has no such part.")
	}
	for _, queue := range a.queues() {
		if in.Queues[in.Part] == "" && !slices.Contains(in.Queues, queue) {
			return models.Errorf(models.Conflict, "queues_changed", "The queue %s was given to a system while its data was being located.", queue)
		}
	}
	return nil
}

// FinishLocate records what a search in stages has found.
func (a *Activities) FinishLocate(ctx context.Context, in RequestRef) (Located, error) {
	out, err := a.located(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) located(ctx context.Context, in RequestRef) (out Located, err error) {
	if out.Rows, out.Shared, err = a.deps.Store.CountLocated(ctx, in.RequestID); err != nil {
		return Located{}, err
	}
	if out.Tasks, err = a.openTasks(ctx, Ending{RequestID: in.RequestID}); err != nil {
		return Located{}, err
	}
	return out, a.deps.Store.Append(ctx, in.RequestID, "rows.located", map[string]any{"rows": out.Rows, "shared": out.Shared, "data_map": a.deps.MapID})
}

// walk is the way through the systems that this process reaches, from the identities of a request's person.
func (a *Activities) walk(ctx context.Context, id models.ID) (*walk.Walk, error) {
	req, controller, err := a.load(ctx, id)
	if err != nil {
		return nil, err
	}
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), id)
	if err != nil {
		return nil, err
	}
	zone, err := a.deps.Law.Zone(controller.Timezone)
	if err != nil {
		return nil, err
	}
	w := &walk.Walk{
		Graph: a.deps.Graph, Open: a.system, Found: found{a.deps.Store.Found(id)}, Identities: identities(subject), Zone: zone,
		Scope:    func(slug string) bool { return slug == dataOf(controller) },
		Progress: func(walk.Stage, datamap.Address, int) { alive(ctx) },
		Refused: func(ctx context.Context, collection datamap.Address) error {
			return a.searchByHand(ctx, id, []datamap.Address{collection})
		},
	}
	if req.Right.EndsContract() {
		w.Identities, w.Controller = nil, dataOf(controller)
	}
	return w, nil
}

// searchByHand makes tasks of collections that no connector can search, a task a system; nobody is asked to search what the customer leaves out. What a
// processor takes care of by itself is its own to search.
func (a *Activities) searchByHand(ctx context.Context, id models.ID, collections []datamap.Address) error {
	if len(collections) == 0 {
		return nil
	}
	narrowed, err := a.deps.Store.Narrowed(ctx, id)
	if err != nil {
		return err
	}
	for _, system := range a.deps.Graph.Systems() {
		var names, searched []string
		for _, c := range collections {
			if node := a.deps.Graph.Node(c); node != nil && node.System == system {
				names = append(names, c.String())
				if narrowed == nil || !mapped.LeftOut(node, narrowed.Instruction) {
					searched = append(searched, c.String())
				}
			}
		}
		if len(names) == 0 {
			continue
		}
		open, err := a.system(ctx, system)
		if err != nil {
			return err
		}
		if _, ok := open.(connectors.Delegate); ok {
			err = a.deps.Store.EnsureDelegation(ctx, id, system, names)
		} else if len(searched) > 0 {
			_, err = a.need(ctx, task.Spec{RequestID: id, System: system, Action: task.Locate, Reason: task.Unsupported, Collections: searched})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func identities(s request.Subject) []walk.Identity {
	out := make([]walk.Identity, len(s.Identities))
	for i, id := range s.Identities {
		out[i] = walk.Identity{Kind: id.Kind, Value: id.Value}
	}
	return out
}

// dataOf is how the data map names a controller: its slug, or nothing for the operator itself.
func dataOf(c request.Controller) string {
	if c.Operator {
		return ""
	}
	return c.Slug
}

// system is an open system by the name that the data map uses.
func (a *Activities) system(_ context.Context, name string) (connectors.System, error) {
	s, ok := a.deps.Systems[name]
	if !ok {
		return nil, models.Errorf(models.Unavailable, "system_unknown", "The system %s is not configured.", name)
	}
	return s, nil
}

// watched notes in the database which systems answer when one of them failed, so that the console shows it while the activity is retried, and
// again when the activity has worked in the end.
func (a *Activities) watched(ctx context.Context, err error) error {
	recovered := err == nil && activity.GetInfo(ctx).Attempt > 1
	if ctx.Err() != nil || !recovered && models.KindOf(err) == "" {
		return err
	}
	for name, system := range a.deps.Systems {
		ping, cancel := context.WithTimeout(ctx, 5*time.Second)
		code := models.CodeOf(err)
		if down := system.Ping(ping); down == nil {
			code = ""
		} else if models.KindOf(down) != "" {
			code = models.CodeOf(down)
		}
		cancel()
		if noted := a.deps.Store.NoteSystem(ctx, name, code); noted != nil {
			return noted
		}
	}
	return err
}
