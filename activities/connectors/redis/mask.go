package redis

import (
	"context"
	"slices"

	driver "github.com/redis/go-redis/v9"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// masking is what one field is overwritten with.
type masking struct {
	datamap.Mask
	column *column
}

var methods = []datamap.FieldErase{
	datamap.FieldNull, datamap.FieldReplace, datamap.FieldHash, datamap.FieldHMAC, datamap.FieldRandom, datamap.FieldFormat, datamap.FieldEncrypt,
	datamap.FieldRemove,
}

// mask prepares a mask, and refuses one that no key could be given.
func (s *System) mask(c *collection, m datamap.Mask) (masking, error) {
	made := masking{Mask: m, column: c.column(m.Field)}
	switch {
	case !made.column.inside():
		return made, mismatch("The field %s.%s is part of the key or its time to live, and cannot be masked.", c.Address, m.Field)
	case !slices.Contains(methods, m.Method):
		return made, models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The field %s.%s cannot be erased by %s.", c.Address, m.Field, m.Method)
	case c.typ == typeString && m.Method == datamap.FieldNull:
		return made, mismatch("The field %s.%s is the whole of a string, which cannot be empty of a value; the key can be deleted.", c.Address, m.Field)
	case m.Method == datamap.FieldNull || m.Method == datamap.FieldReplace || m.Method == datamap.FieldRemove:
		return made, nil
	}
	_, err := s.maker.Value(m, mask.Place{Address: c.Address}, datamap.Text("some"))
	return made, err
}

func (b *batch) wish() wish {
	columns := make([]*column, len(b.masks))
	for i, m := range b.masks {
		columns[i] = m.column
	}
	return wishFor(columns)
}

// left is what the mask leaves of a field, and whether that is another value than what is there.
func (b *batch) left(key datamap.Key, m masking, r *record) (was, now datamap.Value, change bool, err error) {
	was = r.get(m.column)
	now, err = b.system.maker.Value(m.Mask, mask.Place{Address: b.Address, Row: key}, was)
	if err != nil {
		return was, now, false, err
	}
	if m.Method == datamap.FieldReplace && was.Kind() == datamap.KindArray {
		done := !slices.ContainsFunc(was.Elements(), func(e datamap.Value) bool { return e.Text() != m.Value })
		return was, now, !done, nil
	}
	return was, now, was != now && (m.Method != datamap.FieldReplace || was.IsNull() || was.Text() != m.Value), nil
}

// apply orders the changes that a key lacks to be masked.
func (b *batch) apply(ctx context.Context, p driver.Pipeliner, key datamap.Key, r *record) error {
	dirty := false
	for _, m := range b.masks {
		was, now, change, err := b.left(key, m, r)
		if err != nil {
			return err
		}
		if !change {
			continue
		}
		switch r.typ {
		case typeHash:
			setHash(ctx, p, r.key, m.Field, now)
		case typeJSON:
			dirty = true
			if err := b.maskPart(key, m, r); err != nil {
				return err
			}
		case typeString:
			if now.IsNull() {
				return mismatch("The field %s.%s is the whole of a string, which cannot be empty of a value; the key can be deleted.", b.Address, m.Field)
			}
			keep(ctx, p, r.key, now.Text())
		default:
			r.rewrite(ctx, p, was.Elements(), now)
		}
	}
	if dirty {
		keep(ctx, p, r.key, r.doc.text())
	}
	return nil
}

func setHash(ctx context.Context, p driver.Pipeliner, key, field string, v datamap.Value) {
	if v.IsNull() {
		p.HDel(ctx, key, field)
	} else {
		p.HSet(ctx, key, field, v.Text())
	}
}

// keep writes a string and leaves its time to live.
func keep(ctx context.Context, p driver.Pipeliner, key, text string) {
	p.Set(ctx, key, text, driver.KeepTTL)
}

// maskPart masks each of the places in a document that a field's path leads to.
func (b *batch) maskPart(key datamap.Key, m masking, r *record) error {
	places := r.doc.at(m.column.path)
	if len(places) == 0 && m.Method == datamap.FieldReplace && !r.doc.add(m.column.path, datamap.Text(m.Value)) {
		return mismatch("The field %s.%s has no place in a document.", b.Address, m.Field)
	}
	at := mask.Place{Address: b.Address, Row: key}
	through := r.doc.through(m.column.path)
	for _, d := range places {
		was := d.plain()
		now, err := b.system.maker.Value(m.Mask, at, was)
		if err != nil {
			return err
		}
		if m.Method == datamap.FieldReplace && was.Kind() == datamap.KindArray && !through {
			now = datamap.Array(now)
		}
		if was != now && !d.set(now) {
			d.replace(now)
		}
	}
	return nil
}

// replace writes a value as it is, whatever stood there.
func (d *document) replace(v datamap.Value) {
	if made, ok := written(v, datamap.KindNull); ok {
		*d = *made
	}
}

// rewrite brings the elements of a list or set to those that are left. What is new is added before what is old is taken away, so that the
// key, and with it its time to live, stays.
func (r *record) rewrite(ctx context.Context, p driver.Pipeliner, was []datamap.Value, now datamap.Value) {
	left := now.Elements()
	if len(left) == 0 {
		p.Unlink(ctx, r.key)
		return
	}
	switch r.typ {
	case typeList:
		for i, v := range left {
			if i < len(was) && was[i] != v {
				p.LSet(ctx, r.key, int64(i), v.Text())
			}
		}
		if len(left) < len(was) {
			p.LTrim(ctx, r.key, 0, int64(len(left)-1))
		}
	case typeSet:
		for _, v := range left {
			if !slices.Contains(was, v) {
				p.SAdd(ctx, r.key, v.Text())
			}
		}
		for _, v := range was {
			if !slices.Contains(left, v) {
				p.SRem(ctx, r.key, v.Text())
			}
		}
	case typeZSet:
		for i, v := range left {
			if !slices.Contains(was, v) {
				p.ZAdd(ctx, r.key, driver.Z{Score: r.items[min(i, len(r.items)-1)].score, Member: v.Text()})
			}
		}
		for _, v := range was {
			if !slices.Contains(left, v) {
				p.ZRem(ctx, r.key, v.Text())
			}
		}
	}
}
