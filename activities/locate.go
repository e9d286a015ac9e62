package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"habeas/activities/connectors"
	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/request"
)

// Locate walks from the person's identities to all rows that are theirs. It can be interrupted anywhere: what was found is in the
// database, and the next attempt goes on from there.
func (a *Activities) Locate(ctx context.Context, in RequestRef) (Located, error) {
	out, err := a.locate(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) locate(ctx context.Context, in RequestRef) (Located, error) {
	_, controller, err := a.load(ctx, in.RequestID)
	if err != nil {
		return Located{}, err
	}
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), in.RequestID)
	if err != nil {
		return Located{}, err
	}
	zone, err := a.deps.Law.Zone(controller.Timezone)
	if err != nil {
		return Located{}, err
	}
	w := walk.Walk{
		Graph: a.deps.Graph, Open: a.system, Found: found{a.deps.Store.Found(in.RequestID)}, Identities: identities(subject), Zone: zone,
		Scope:    func(slug string) bool { return slug == dataOf(controller) },
		Progress: func(walk.Stage, datamap.Address, int) { activity.RecordHeartbeat(ctx) },
	}
	defer beat(ctx)() // a look-up in a slow system may take longer than Temporal waits
	result, err := w.Run(ctx)
	if err != nil {
		return Located{}, err
	}
	if len(result.Manual) > 0 {
		return Located{}, models.Errorf(models.Unsupported, "manual_search_needed", "The system of %s cannot be searched by a connector.", result.Manual[0])
	}
	var out Located
	if out.Rows, out.Shared, err = a.deps.Store.CountLocated(ctx, in.RequestID); err != nil {
		return Located{}, err
	}
	return out, a.deps.Store.Append(ctx, in.RequestID, "rows.located", map[string]any{"rows": out.Rows, "shared": out.Shared, "data_map": a.deps.MapID})
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
