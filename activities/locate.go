package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/datamap"
)

// Locate walks from the person's identities to all rows that are theirs. It can be interrupted anywhere: what was found is in the
// database, and the next attempt goes on from there.
func (a *Activities) Locate(ctx context.Context, in RequestRef) (Located, error) {
	out, err := a.locate(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) locate(ctx context.Context, in RequestRef) (Located, error) {
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), in.RequestID)
	if err != nil {
		return Located{}, err
	}
	identities := make([]walk.Identity, 0, len(subject.Identities))
	for _, id := range subject.Identities {
		identities = append(identities, walk.Identity{Kind: id.Kind, Value: id.Value})
	}
	found := a.deps.Store.Found(in.RequestID)
	w := walk.Walk{Graph: a.deps.Graph, Systems: a.deps.Systems, Found: found, Beat: func() { activity.RecordHeartbeat(ctx) }}
	if err := a.watched(ctx, w.Run(ctx, identities)); err != nil {
		return Located{}, err
	}
	var out Located
	for _, node := range a.deps.Graph.Nodes {
		err := found.Each(ctx, node.Address, func(row datamap.FoundRow) error {
			out.Rows++
			if row.Shared {
				out.Shared++
			}
			return nil
		})
		if err != nil {
			return Located{}, err
		}
	}
	return out, a.deps.Store.Append(ctx, in.RequestID, "rows.located", map[string]any{"rows": out.Rows, "shared": out.Shared, "data_map": a.deps.MapID})
}

// watched notes in the database when a system does not answer, so that the console shows it while the activity is retried.
func (a *Activities) watched(ctx context.Context, err error) error {
	if err == nil || models.KindOf(err) == "" || ctx.Err() != nil {
		return err
	}
	for name, system := range a.deps.Systems {
		ping, cancel := context.WithTimeout(ctx, 5*time.Second)
		down := system.Ping(ping)
		cancel()
		code := ""
		if down != nil {
			code = models.CodeOf(down)
		}
		if noted := a.deps.Store.NoteSystem(ctx, name, code); noted != nil {
			return noted
		}
	}
	return err
}
