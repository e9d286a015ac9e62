package activities

import (
	"context"
	"strings"
	"unicode/utf8"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/request"
	"habeas/models/store"
)

// shortestScan is how many characters an identity must have to be searched for: a shorter one is part of too many other texts.
const shortestScan = 4

// ScanSystems searches every system of the data map that the main worker serves for the person's identities, also what the map does not describe, and keeps where they stand
// as counts. It reads whole systems and may take hours; done again, it replaces what it found before.
func (a *Activities) ScanSystems(ctx context.Context, in RequestRef) (Scanned, error) {
	out, err := a.scanSystems(ctx, QueueRef{RequestID: in.RequestID})
	if queues := a.queues(); len(queues) > 0 {
		out.Queues = queues[1:]
	}
	return out, a.failure(ctx, a.watched(ctx, err))
}

// ScanQueue is ScanSystems for the systems of a queue.
func (a *Activities) ScanQueue(ctx context.Context, in QueueRef) (Scanned, error) {
	out, err := a.scanSystems(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) scanSystems(ctx context.Context, in QueueRef) (Scanned, error) {
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), in.RequestID)
	if err != nil {
		return Scanned{}, err
	}
	defer beat(ctx)()
	var out Scanned
	for _, name := range a.deps.Graph.Systems() {
		if a.deps.Queues[name] != in.Queue {
			continue
		}
		scan, err := a.scanSystem(ctx, name, subject)
		if err != nil {
			return out, err
		}
		if err := a.deps.Store.SaveScan(ctx, in.RequestID, scan); err != nil {
			return out, err
		}
		out.count(scan)
	}
	return out, nil
}

func (s *Scanned) count(scan store.Scan) {
	if scan.Code != "" {
		s.Unsearched++
		return
	}
	s.Systems++
	s.Skipped += len(scan.Skipped)
	for _, h := range scan.Hits {
		if s.Places++; !h.Described {
			s.Undescribed++
		}
	}
}

// scanSystem searches one system; that one cannot be searched is a result.
func (a *Activities) scanSystem(ctx context.Context, name string, subject request.Subject) (store.Scan, error) {
	out := store.Scan{System: name}
	texts := make([]models.Personal, 0, len(subject.Identities))
	for _, id := range subject.Identities {
		if utf8.RuneCountInString(strings.TrimSpace(id.Value.Reveal())) < shortestScan {
			out.TooShort = append(out.TooShort, id.Kind)
		} else {
			texts = append(texts, id.Value)
		}
	}
	system, err := a.system(ctx, name)
	if err != nil {
		return out, err
	}
	scanner, err := connectors.As[connectors.Scanner](system, "be searched as a whole")
	if err != nil {
		out.Code = models.CodeOf(err)
		return out, nil
	}
	out.Skipped, err = scanner.Scan(ctx, texts, func(h connectors.Hit) error {
		out.Hits = append(out.Hits, store.ScanHit{Table: h.Table, Column: h.Column, Rows: h.Rows, Described: a.describes(name, h)})
		return nil
	})
	return out, err
}

// describes reports whether the data map has a field for a place of a system.
func (a *Activities) describes(system string, h connectors.Hit) bool {
	for _, n := range a.deps.Graph.Nodes {
		if n.System != system || h.Table != n.Table && !strings.HasSuffix(h.Table, "."+n.Table) {
			continue
		}
		if h.Column == "" || hasColumn(n, h.Column) {
			return true
		}
	}
	return false
}

func hasColumn(n *datamap.Node, column string) bool {
	for _, f := range n.Fields {
		if f.Name == column || strings.HasPrefix(f.Name, column+".") || strings.HasPrefix(column, f.Name+".") {
			return true
		}
	}
	return false
}
