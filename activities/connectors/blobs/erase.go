package blobs

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// Erase removes objects or overwrites what they carry, one object after the other; each is whole at any moment.
func (s *System) Erase(ctx context.Context, order connectors.Erasure) (connectors.Outcome, error) {
	l, err := s.order(order)
	if err != nil {
		return connectors.Outcome{}, err
	}
	done, held := map[int]bool{}, map[int]bool{}
	err = l.each(ctx, order.Node, order.Keys, l.maskPlaces(order.Masks), func(o found) error {
		ok, err := l.erase(ctx, o, order)
		if models.CodeOf(err) == CodeHeld {
			held[o.key] = true
			return nil
		}
		if ok {
			done[o.key] = true
		}
		return err
	})
	if err != nil {
		return connectors.Outcome{}, err
	}
	return outcome(order, done, held), nil
}

// outcome counts each key once; a key of several objects is blocked when one of them is.
func outcome(order connectors.Erasure, done, held map[int]bool) connectors.Outcome {
	var out connectors.Outcome
	for i, key := range order.Keys {
		switch {
		case held[i]:
			out.Blocked = append(out.Blocked, connectors.Blocked{Key: key, Code: connectors.BlockedRefused, Detail: order.Node.Table + ": a retention period or legal hold of the store"})
		case !done[i]:
			out.Missing++
		case order.Delete:
			out.Erased++
		default:
			out.Masked++
		}
	}
	return out
}

// each calls yield for each object with one of the keys. The list is complete before the first is changed, so that no change is met
// again.
func (l *layout) each(ctx context.Context, node *datamap.Node, keys []datamap.Key, places []place, yield func(found) error) error {
	var all []found
	q := connectors.Query{Node: node, Fields: node.Key, Keys: keys}
	if err := l.find(ctx, q, places, func(o found) error {
		all = append(all, o)
		return nil
	}); err != nil {
		return err
	}
	for _, o := range all {
		if err := yield(o); err != nil {
			return err
		}
	}
	return nil
}

// order checks an erasure before anything is touched.
func (s *System) order(order connectors.Erasure) (*layout, error) {
	if len(order.Keys) > connectors.MaxBatch || order.Delete == (len(order.Masks) > 0) {
		return nil, models.Errorf(models.Invalid, "bad_order", "An erasure either deletes or masks, at most %d rows at once.", connectors.MaxBatch)
	}
	l, err := s.layout(order.Node)
	if err != nil {
		return nil, err
	}
	for _, m := range order.Masks {
		if err := l.maskable(m); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// maskable says why a mask is impossible.
func (l *layout) maskable(m datamap.Mask) error {
	p, err := l.place(m.Field)
	switch {
	case err != nil:
		return err
	case p.kind == inContent && m.Method != datamap.FieldNull && m.Method != datamap.FieldReplace:
		return Unsupported("The content of an object, %s.%s, can be emptied or replaced, but not erased by %s.", l.node.Address, m.Field, m.Method)
	case p.kind != inContent && p.kind != inMetadata && p.kind != inTag:
		return Unsupported("The field %s.%s is a part of the object's name or given by the store, and can only be erased with the object.", l.node.Address, m.Field)
	}
	return nil
}

func (l *layout) maskPlaces(masks []datamap.Mask) []place {
	var list []place
	for _, m := range masks {
		if p, err := l.place(m.Field); err == nil {
			list = append(list, p)
		}
	}
	return list
}

// erase reports whether the object was there. An object that another program changes at this moment is looked at again.
func (l *layout) erase(ctx context.Context, o found, order connectors.Erasure) (bool, error) {
	defer l.system.lock(o.Path)()
	if order.Delete {
		return l.system.Remove(ctx, o.Path)
	}
	return l.retry(ctx, &o, func() error { return l.mask(ctx, o, order.Masks) })
}

// retry calls change with what the object is now, and again when it was changed meanwhile.
func (l *layout) retry(ctx context.Context, o *found, change func() error) (bool, error) {
	for attempt := 0; ; attempt++ {
		now, there, err := l.system.Stat(ctx, o.Path, l.tags())
		if err != nil || !there {
			return false, err
		}
		o.Object, o.full = now, true
		err = change()
		switch {
		case models.CodeOf(err) == CodeGone:
			return false, nil
		case models.CodeOf(err) == CodeChanged && attempt < 3:
			continue
		default:
			return err == nil, err
		}
	}
}

// mask puts the masks into effect. Of an object that was deleted only earlier versions are left, which nothing but removing masks.
func (l *layout) mask(ctx context.Context, o found, masks []datamap.Mask) error {
	if o.Deleted {
		_, err := l.system.Remove(ctx, o.Path)
		return err
	}
	change, err := l.masked(ctx, o, masks)
	if err != nil {
		return err
	}
	if !change.empty() {
		return l.system.Replace(ctx, o.Object, change)
	}
	n, err := l.system.Versions(ctx, o.Path)
	if err == nil && n > 1 {
		err = l.system.Purge(ctx, o.Path) // a run that was killed before that
	}
	return err
}

func (c Change) empty() bool { return c.Body == nil && len(c.Metadata) == 0 && len(c.Tags) == 0 }

// masked is the change that puts the masks into effect; an empty one when they are.
func (l *layout) masked(ctx context.Context, o found, masks []datamap.Mask) (Change, error) {
	var set []connectors.FieldValue
	for _, m := range masks {
		p, err := l.place(m.Field)
		if err != nil {
			return Change{}, err
		}
		if p.kind == inContent {
			set = append(set, connectors.FieldValue{Field: m.Field, Value: contentMask(m)})
			continue
		}
		v, err := l.system.maker.Value(m, l.at(o), l.value(o, p))
		if err != nil {
			return Change{}, err
		}
		set = append(set, connectors.FieldValue{Field: m.Field, Value: v})
	}
	return l.change(ctx, o, set)
}

func contentMask(m datamap.Mask) datamap.Value {
	if m.Method == datamap.FieldNull {
		return datamap.Null
	}
	return datamap.Text(m.Value)
}

// at is the object's row for package mask.
func (l *layout) at(o found) mask.Place {
	key := make(datamap.Key, len(l.node.Key))
	for i, f := range l.node.Key {
		if p, err := l.place(f); err == nil && p.kind != inContent {
			key[i] = l.value(o, p)
		}
	}
	return mask.Place{Address: l.node.Address, Row: key}
}

// change is what must be done so that the object has the values; nothing for those that it has already.
func (l *layout) change(ctx context.Context, o found, set []connectors.FieldValue) (Change, error) {
	c := Change{Metadata: map[string]*string{}, Tags: map[string]*string{}}
	for _, fv := range set {
		p, err := l.place(fv.Field)
		if err != nil {
			return c, err
		}
		text := fv.Value.Text()
		switch p.kind {
		case inContent:
			same, err := l.holds(ctx, o.Object, text)
			if err != nil {
				return c, err
			}
			if !same {
				c.Body = func(w io.Writer) error {
					_, err := io.WriteString(w, text)
					return err
				}
			}
		case inMetadata, inTag:
			have, into := o.Metadata, c.Metadata
			if p.kind == inTag {
				have, into = o.Tags, c.Tags
			}
			if was, there := have[p.name]; text == "" && there {
				into[p.name] = nil
			} else if text != was {
				into[p.name] = &text
			}
		default:
			return c, Mismatch("The field %s.%s is a part of the object's name or given by the store, and cannot be changed.", l.node.Address, fv.Field)
		}
	}
	return c, nil
}

// holds reports whether the object's content is the text.
func (l *layout) holds(ctx context.Context, o Object, text string) (bool, error) {
	if o.Size != int64(len(text)) {
		return false, nil
	}
	r, err := l.system.Open(ctx, o)
	if err != nil {
		return false, err
	}
	var b strings.Builder
	_, err = io.Copy(&b, io.LimitReader(r, int64(len(text))+1))
	return b.String() == text, errors.Join(err, r.Close())
}

// Rectify writes values into metadata, tags and contents.
func (s *System) Rectify(ctx context.Context, order connectors.Rectification) (int, error) {
	l, err := s.layout(order.Node)
	if err != nil {
		return 0, err
	}
	var places []place
	for _, fv := range order.Set {
		p, err := l.place(fv.Field)
		if err != nil {
			return 0, err
		}
		f := order.Node.Field(fv.Field)
		if slices.Contains(order.Node.Key, fv.Field) || f != nil && f.ReadOnly || p.kind != inMetadata && p.kind != inTag && p.kind != inContent {
			return 0, Mismatch("The field %s.%s cannot be given another value.", order.Node.Address, fv.Field)
		}
		places = append(places, p)
	}
	return l.write(ctx, order.Keys, places, func(found) []connectors.FieldValue { return order.Set })
}

// Restrict writes the map's mark into metadata or a tag of objects that do not carry one, or clears it.
func (s *System) Restrict(ctx context.Context, order connectors.Restriction) (int, error) {
	r := order.Node.Collection.Restrict
	if r == nil {
		return 0, models.Errorf(models.Unsupported, connectors.CodeNoRestrict, "The data map does not say how rows of %s are restricted.", order.Node.Address)
	}
	l, err := s.layout(order.Node)
	if err != nil {
		return 0, err
	}
	p, err := l.place(r.Column)
	if err != nil {
		return 0, err
	}
	if p.kind != inMetadata && p.kind != inTag {
		return 0, Mismatch("The field %s.%s cannot hold the mark of a restriction; metadata or a tag can.", order.Node.Address, r.Column)
	}
	set, clear := mark(order, r.Set), mark(order, r.Clear)
	return l.write(ctx, order.Keys, []place{p}, func(o found) []connectors.FieldValue {
		switch has := l.value(o, p); {
		case order.Lift:
			return []connectors.FieldValue{{Field: r.Column, Value: clear}}
		case has.Text() == clear.Text():
			return []connectors.FieldValue{{Field: r.Column, Value: set}}
		}
		return nil // it keeps its first mark
	})
}

func mark(order connectors.Restriction, value *string) datamap.Value {
	switch {
	case value == nil:
		return datamap.Null
	case *value == datamap.SetNow:
		return datamap.Text(order.At.UTC().Format("2006-01-02T15:04:05Z"))
	default:
		return datamap.Text(*value)
	}
}

// write gives each object the values that set says, and counts them.
func (l *layout) write(ctx context.Context, keys []datamap.Key, places []place, set func(found) []connectors.FieldValue) (int, error) {
	count := 0
	err := l.each(ctx, l.node, keys, places, func(o found) error {
		defer l.system.lock(o.Path)()
		done, err := l.retry(ctx, &o, func() error {
			change, err := l.change(ctx, o, set(o))
			if err != nil || change.empty() {
				return err
			}
			return l.system.Replace(ctx, o.Object, change)
		})
		if done {
			count++
		}
		return err
	})
	return count, err
}
