package drops

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/models"
	"habeas/models/datamap"
)

// drop is a collection as files.
type drop struct {
	system  *System
	node    *datamap.Node
	pattern *blobs.Pattern
	types   map[string]string
	deleted int // files that were deleted in a bucket that keeps versions, as files saw them last
}

// CodeUnreadable is the code of an error (Invalid) that names a file, and the line, which is not what its format says.
const CodeUnreadable = "unreadable_file"

func (s *System) drop(node *datamap.Node) (*drop, error) {
	pattern, err := blobs.ParsePattern(node.Table)
	if err != nil {
		return nil, blobs.Mismatch("The collection %s names files by %s, which is no path with * or placeholders.", node.Address, node.Table)
	}
	d := &drop{system: s, node: node, pattern: pattern, types: map[string]string{}}
	for i := range node.Fields {
		d.types[node.Fields[i].Name] = node.Fields[i].Type
	}
	return d, nil
}

// files are the collection's files in the order of their names. A name without * has to exist.
func (d *drop) files(ctx context.Context) ([]blobs.Object, error) {
	prefix, _, _ := d.pattern.Prefix(nil)
	var list []blobs.Object
	err := d.system.store.List(ctx, prefix, func(o blobs.Object) error {
		switch _, ok := d.pattern.Match(o.Path); {
		case !ok:
		case o.Deleted:
			d.deleted++
		default:
			list = append(list, o)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 && d.pattern.Fixed() {
		// A list may be late; the file itself is asked.
		o, there, err := d.system.store.Stat(ctx, prefix, false)
		if err != nil {
			return nil, err
		}
		if !there || o.Deleted {
			return nil, blobs.Mismatch("The collection %s names the file %s, which does not exist.", d.node.Address, d.node.Table)
		}
		list = append(list, o)
	}
	slices.SortFunc(list, func(a, b blobs.Object) int { return strings.Compare(a.Path, b.Path) })
	return list, nil
}

// file is an opened file of the collection, at one of its rows.
type file struct {
	rows
	drop  *drop
	parts []string // of the path, by placeholder
}

// value is a field of the row, or a placeholder of the file's path.
func (f *file) value(field string) datamap.Value {
	if i := slices.Index(f.drop.pattern.Names(), field); i >= 0 {
		return datamap.Text(f.parts[i])
	}
	return f.rows.value(field)
}

func (f *file) values(fields []string) datamap.Key {
	list := make(datamap.Key, len(fields))
	for i, name := range fields {
		list[i] = f.value(name)
	}
	return list
}

// needs fails with CodeMismatch when the map or the file lacks a field.
func (f *file) needs(fields []string) error {
	for _, name := range fields {
		if slices.Contains(f.drop.pattern.Names(), name) {
			continue
		}
		if f.drop.node.Field(name) == nil || !f.has(name) {
			return blobs.Mismatch("The field %s.%s is not in the files of %s.", f.drop.node.Address, name, f.drop.node.Table)
		}
	}
	return nil
}

// read calls yield at each row of a file.
func (d *drop) read(ctx context.Context, o blobs.Object, fields []string, yield func(*file) error) error {
	content, err := d.system.store.Open(ctx, o)
	if err != nil {
		return d.failed(o, err)
	}
	_, err = d.pass(ctx, o, content, nil, fields, yield)
	return d.failed(o, errors.Join(err, content.Close()))
}

// pass goes through a file, and with out writes it again: yield puts each row.
func (d *drop) pass(ctx context.Context, o blobs.Object, content blobs.Content, out io.Writer, fields []string, yield func(*file) error) (*file, error) {
	r, closed, err := d.system.open(o, content, out, d.types)
	if err != nil {
		return nil, err
	}
	f := &file{rows: r, drop: d}
	f.parts, _ = d.pattern.Match(o.Path)
	if err := f.needs(fields); err != nil {
		return f, err
	}
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return f, ctx.Err()
		}
		err := r.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return f, err
		}
		if err := yield(f); err != nil {
			return f, own{err}
		}
	}
	if out == nil {
		return f, nil
	}
	return f, errors.Join(r.end(), closed())
}

// own carries an error of the caller's past the mapping of a file's faults.
type own struct{ error }

func (e own) Unwrap() error { return e.error }

func known(err error) bool {
	var e *models.Error
	return errors.As(err, &e) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// justNow is how long after its last change a file that cannot be read may still be being written.
const justNow = time.Minute

// failed says what is wrong with a file. Its name is in the error, as the map's pattern is; nothing that stands in it.
func (d *drop) failed(o blobs.Object, err error) error {
	if y, ok := errors.AsType[own](err); ok {
		return y.error
	}
	b, isBroken := errors.AsType[*broken](err)
	switch {
	case err == nil || known(err) && !isBroken:
		return err
	case isBroken && time.Since(o.Modified) < justNow:
		return models.Errorf(models.Unavailable, connectors.CodeBusy, "The file %s of the collection %s cannot be read (%s); it was changed just now and may be incomplete.", o.Path, d.node.Address, b.Error())
	case isBroken:
		return models.Errorf(models.Invalid, CodeUnreadable, "The file %s of the collection %s cannot be read: %s.", o.Path, d.node.Address, b.Error())
	default:
		return models.Errorf(models.Unavailable, connectors.CodeFailed, "The file %s of the collection %s cannot be read.", o.Path, d.node.Address)
	}
}

// each calls yield at each row of all files. A file that is gone since it was listed is passed over; one that changes while it is
// read makes the whole search be tried again.
func (d *drop) each(ctx context.Context, fields []string, yield func(*file) error) error {
	files, err := d.files(ctx)
	if err != nil {
		return err
	}
	for _, o := range files {
		err := d.read(ctx, o, fields, yield)
		switch models.CodeOf(err) {
		case blobs.CodeGone:
			continue
		case blobs.CodeChanged:
			return models.Errorf(models.Unavailable, connectors.CodeBusy, "A file of the collection %s is being written.", d.node.Address)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
