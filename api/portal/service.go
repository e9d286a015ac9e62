package portal

import (
	"context"
	"maps"
	"slices"
	"time"

	"habeas/models/store"
	"habeas/templates"
)

// slow is how old the oldest order may be that Temporal has not heard of, until the page says that requests are done later.
const slow = 10 * time.Minute

// The states of a part of the service.
const (
	working   = "working"
	disturbed = "disturbed"
	unknown   = "unknown" // it was not needed yet
)

// service is whether the parts of the service work: the database as readiness sees it, the outbox, and each system as it answered when it was last
// needed. A system is named by its public name only; those that have none are one part together.
func (p *Portal) service(ctx context.Context) (templates.TrustService, error) {
	systems, err := p.Store.Systems(ctx)
	if err != nil {
		return templates.TrustService{}, err
	}
	_, oldest, err := p.Store.OrdersWaiting(ctx)
	if err != nil {
		return templates.TrustService{}, err
	}
	intake, processing := working, working
	if p.Store.Ready(ctx) != nil {
		intake = disturbed
	}
	if !oldest.IsZero() && p.Now().Sub(oldest) > slow {
		processing = disturbed
	}
	out := templates.TrustService{Parts: append([]templates.TrustPart{{Key: "intake", State: intake}, {Key: "processing", State: processing}}, p.systemParts(systems)...)}
	out.Working = !slices.ContainsFunc(out.Parts, func(part templates.TrustPart) bool { return part.State == disturbed })
	return out, nil
}

func (p *Portal) systemParts(systems []store.SystemHealth) []templates.TrustPart {
	named, others := map[string]templates.TrustPart{}, templates.TrustPart{}
	for _, name := range p.PublicSystems {
		named[name] = templates.TrustPart{Name: name, State: unknown}
	}
	for _, s := range systems {
		if name := p.PublicSystems[s.Name]; name != "" {
			named[name] = heard(named[name], s)
			continue
		}
		others = heard(others, s)
	}
	var out []templates.TrustPart
	for _, name := range slices.Sorted(maps.Keys(named)) {
		out = append(out, named[name])
	}
	if others.State != "" {
		others.Key = "others"
		out = append(out, others)
	}
	return out
}

// heard is a part of the service with what one of its systems answered.
func heard(part templates.TrustPart, s store.SystemHealth) templates.TrustPart {
	if part.State != disturbed {
		part.State = working
	}
	if s.Code != "" {
		part.State = disturbed
	}
	if s.CheckedAt.After(part.CheckedAt) {
		part.CheckedAt = s.CheckedAt
	}
	return part
}
