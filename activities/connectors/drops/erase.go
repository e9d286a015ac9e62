package drops

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/activities/connectors/match"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// edit is what becomes of a row.
type edit struct {
	drop bool
	set  []connectors.FieldValue
}

func (e edit) nothing() bool { return !e.drop && len(e.set) == 0 }

// work changes the rows with some keys, file by file.
type work struct {
	*drop
	keys   []datamap.Key
	finder *match.Finder
	fields []string // that are read or written beside the key
	decide func(*file) (edit, error)
	done   map[int]bool // keys that have a row
	held   map[int]bool // keys that have a row in a file that the store must keep
	rows   int          // rows with one of the keys
}

func (s *System) work(node *datamap.Node, keys []datamap.Key, fields []string, decide func(*file) (edit, error)) (*work, error) {
	d, err := s.drop(node)
	if err != nil {
		return nil, err
	}
	return &work{drop: d, keys: keys, finder: match.New(keys, false), fields: slices.Concat(node.Key, fields), decide: decide, done: map[int]bool{}, held: map[int]bool{}}, nil
}

func (w *work) run(ctx context.Context) error {
	if len(w.keys) == 0 {
		return nil
	}
	files, err := w.files(ctx)
	if err != nil {
		return err
	}
	for _, o := range files {
		if err := w.file(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// attempts is how often a file is begun anew that others change meanwhile.
const attempts = 5

// file changes one file, or leaves it as it is when nothing in it changes.
func (w *work) file(ctx context.Context, o blobs.Object) error {
	defer w.system.locks.lock(o.Path)()
	for attempt := 0; ; attempt++ {
		now, there, err := w.system.store.Stat(ctx, o.Path, false)
		if err != nil || !there || now.Deleted {
			return err
		}
		err = w.try(ctx, now)
		switch code := models.CodeOf(err); {
		case code == blobs.CodeGone:
			return nil
		case code == blobs.CodeChanged && attempt < attempts:
			continue
		case code == blobs.CodeChanged:
			return models.Errorf(models.Unavailable, connectors.CodeBusy, "A file of the collection %s is changed by another program again and again; it was left alone.", w.node.Address)
		default:
			return err
		}
	}
}

func (w *work) try(ctx context.Context, o blobs.Object) error {
	needed := false
	found := tally{finder: w.finder, done: map[int]bool{}}
	err := w.read(ctx, o, w.fields, func(f *file) error {
		e, err := found.edit(f, w)
		needed = needed || !e.nothing()
		return err
	})
	if err != nil {
		return err
	}
	if needed {
		again := tally{finder: w.finder, done: map[int]bool{}}
		err := w.rewrite(ctx, o, &again)
		if models.CodeOf(err) == blobs.CodeHeld {
			maps.Copy(w.held, found.done)
			return nil
		}
		if err != nil {
			return err
		}
		found = again
	}
	w.rows += found.rows
	maps.Copy(w.done, found.done)
	return nil
}

// tally counts in one pass over a file.
type tally struct {
	finder *match.Finder
	done   map[int]bool
	rows   int
}

func (t *tally) edit(f *file, w *work) (edit, error) {
	key := t.finder.Find(f.values(w.node.Key))
	if key < 0 {
		return edit{}, nil
	}
	t.done[key] = true
	t.rows++
	return w.decide(f)
}

// rewrite writes the file anew in one step, if it is still the one that was read.
func (w *work) rewrite(ctx context.Context, o blobs.Object, found *tally) error {
	err := w.system.store.Replace(ctx, o, blobs.Change{Body: func(out io.Writer) error {
		content, err := w.system.store.Open(ctx, o)
		if err != nil {
			return err
		}
		_, err = w.pass(ctx, o, content, out, w.fields, func(f *file) error {
			e, err := found.edit(f, w)
			if err != nil || e.drop {
				return err
			}
			return w.cannot(f, e, f.put(e.set))
		})
		return errors.Join(err, content.Close())
	}})
	return w.failed(o, err)
}

// cannot says which field cannot hold its new value.
func (w *work) cannot(f *file, e edit, err error) error {
	if !errors.Is(err, errNull) && !errors.Is(err, errType) {
		return err
	}
	for _, fv := range e.set {
		if why := f.fits(fv.Field, fv.Value); why != nil {
			return blobs.Mismatch("The field %s.%s cannot be written: %s.", w.node.Address, fv.Field, why.Error())
		}
	}
	return blobs.Mismatch("A field of %s cannot be written: %s.", w.node.Address, err.Error())
}

// Erase rewrites each file that has one of the rows. Each file is whole at any moment, and done when the call ends without error; a
// file that the store must keep blocks the keys that it has.
func (s *System) Erase(ctx context.Context, order connectors.Erasure) (connectors.Outcome, error) {
	w, err := s.erasure(order)
	if err != nil {
		return connectors.Outcome{}, err
	}
	if err := w.run(ctx); err != nil {
		return connectors.Outcome{}, err
	}
	var out connectors.Outcome
	for i, key := range order.Keys {
		switch {
		case w.held[i]:
			out.Blocked = append(out.Blocked, connectors.Blocked{Key: key, Code: connectors.BlockedRefused, Detail: order.Node.Table + ": a retention period or legal hold of the store"})
		case !w.done[i]:
			out.Missing++
		case order.Delete:
			out.Erased++
		default:
			out.Masked++
		}
	}
	return out, nil
}

func (s *System) erasure(order connectors.Erasure) (*work, error) {
	if len(order.Keys) > connectors.MaxBatch || order.Delete == (len(order.Masks) > 0) {
		return nil, models.Errorf(models.Invalid, "bad_order", "An erasure either deletes or masks, at most %d rows at once.", connectors.MaxBatch)
	}
	if order.Delete {
		return s.work(order.Node, order.Keys, nil, func(*file) (edit, error) { return edit{drop: true}, nil })
	}
	var fields []string
	for _, m := range order.Masks {
		fields = append(fields, m.Field)
	}
	w, err := s.work(order.Node, order.Keys, fields, func(f *file) (edit, error) {
		set, err := f.masked(order.Masks)
		return edit{set: set}, err
	})
	if err != nil {
		return nil, err
	}
	for _, m := range order.Masks {
		if slices.Contains(w.pattern.Names(), m.Field) {
			return nil, blobs.Unsupported("The field %s.%s is a part of the file's name and cannot be masked.", order.Node.Address, m.Field)
		}
	}
	return w, nil
}

// masked are the values that the masks change in the row.
func (f *file) masked(masks []datamap.Mask) ([]connectors.FieldValue, error) {
	at := mask.Place{Address: f.drop.node.Address, Row: f.values(f.drop.node.Key)}
	var set []connectors.FieldValue
	for _, m := range masks {
		v := f.value(m.Field)
		masked, err := f.drop.system.maker.Value(m, at, v)
		if err != nil {
			return nil, err
		}
		if !match.Equal(v, masked) {
			set = append(set, connectors.FieldValue{Field: m.Field, Value: masked})
		}
	}
	return set, nil
}

// Rectify writes values into the rows' fields.
func (s *System) Rectify(ctx context.Context, order connectors.Rectification) (int, error) {
	var fields []string
	for _, fv := range order.Set {
		f := order.Node.Field(fv.Field)
		if f == nil || f.ReadOnly || slices.Contains(order.Node.Key, fv.Field) {
			return 0, blobs.Mismatch("The field %s.%s cannot be given another value.", order.Node.Address, fv.Field)
		}
		fields = append(fields, fv.Field)
	}
	w, err := s.work(order.Node, order.Keys, fields, func(f *file) (edit, error) {
		var set []connectors.FieldValue
		for _, fv := range order.Set {
			if !match.Equal(f.value(fv.Field), fv.Value) {
				set = append(set, fv)
			}
		}
		return edit{set: set}, nil
	})
	if err != nil {
		return 0, err
	}
	err = w.run(ctx)
	return w.rows, err
}

// Restrict writes the map's mark into rows that do not carry it, or clears it.
func (s *System) Restrict(ctx context.Context, order connectors.Restriction) (int, error) {
	r := order.Node.Collection.Restrict
	if r == nil {
		return 0, models.Errorf(models.Unsupported, connectors.CodeNoRestrict, "The data map does not say how rows of %s are restricted.", order.Node.Address)
	}
	w, err := s.work(order.Node, order.Keys, []string{r.Column}, func(f *file) (edit, error) {
		set, clear := f.mark(order, r.Column, r.Set), f.mark(order, r.Column, r.Clear)
		cleared := match.Equal(f.value(r.Column), clear)
		switch {
		case order.Lift && !cleared:
			return edit{set: []connectors.FieldValue{{Field: r.Column, Value: clear}}}, nil
		case !order.Lift && cleared:
			return edit{set: []connectors.FieldValue{{Field: r.Column, Value: set}}}, nil
		}
		return edit{}, nil // it keeps its first mark
	})
	if err != nil {
		return 0, err
	}
	err = w.run(ctx)
	return w.rows, err
}

// mark is what a restriction writes.
func (f *file) mark(order connectors.Restriction, column string, value *string) datamap.Value {
	if value == nil {
		return datamap.Null
	}
	if *value != datamap.SetNow {
		return datamap.Text(*value)
	}
	now := datamap.Text(order.At.UTC().Format("2006-01-02T15:04:05Z"))
	if f.fits(column, now) != nil {
		return datamap.NewValue(datamap.KindBool, "true")
	}
	return now
}

// Left counts the rows for which the erasure is not in effect.
func (s *System) Left(ctx context.Context, order connectors.Erasure) (int, error) {
	w, err := s.erasure(order)
	if err != nil {
		return 0, err
	}
	left := 0
	err = s.find(ctx, connectors.Query{Node: order.Node, Fields: order.Node.Key, Keys: order.Keys}, w.fields, func(f *file) error {
		e, err := w.decide(f)
		if !e.nothing() {
			left++
		}
		return err
	})
	return left, err
}
