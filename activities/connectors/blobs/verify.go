package blobs

import (
	"context"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// Left asks for each object itself, as far as its key fixes its path; an object of which only earlier versions are left counts.
func (s *System) Left(ctx context.Context, order connectors.Erasure) (int, error) {
	l, err := s.order(order)
	if err != nil {
		return 0, err
	}
	left := 0
	err = l.each(ctx, order.Node, order.Keys, l.maskPlaces(order.Masks), func(o found) error {
		n, err := s.Versions(ctx, o.Path)
		if err != nil || n == 0 {
			return err
		}
		effective := false
		if !order.Delete && n == 1 {
			effective, err = l.effective(ctx, o, order.Masks)
		}
		if !effective {
			left++
		}
		return skipGone(err)
	})
	return left, err
}

func (l *layout) effective(ctx context.Context, o found, masks []datamap.Mask) (bool, error) {
	for _, m := range masks {
		p, err := l.place(m.Field)
		if err != nil {
			return false, err
		}
		var done bool
		if p.kind == inContent {
			done, err = l.holds(ctx, o.Object, contentMask(m).Text())
		} else {
			done, err = l.system.maker.Effective(m, l.at(o), l.value(o, p))
		}
		if err != nil || !done {
			return false, err
		}
	}
	return true, nil
}

// Count counts the objects that match a query.
func (s *System) Count(ctx context.Context, q connectors.Query) (int, error) {
	l, err := s.layout(q.Node)
	if err != nil {
		return 0, err
	}
	n := 0
	err = l.find(ctx, q, nil, func(o found) error {
		if _, there, err := s.Stat(ctx, o.Path, false); err != nil || !there {
			return err // listed late, and gone
		}
		n++
		return nil
	})
	return n, err
}
