package blobs

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"habeas/activities/connectors"
	"habeas/activities/connectors/match"
	"habeas/models"
	"habeas/models/datamap"
)

// Lookup looks below the prefixes that the keys fix, and at single objects where they fix whole paths.
func (s *System) Lookup(ctx context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	l, err := s.layout(q.Node)
	if err != nil {
		return err
	}
	returned, err := l.places(q.Return)
	if err != nil {
		return err
	}
	err = l.find(ctx, q, returned, func(o found) error {
		values, err := l.values(ctx, o, returned)
		if err != nil {
			return skipGone(err)
		}
		return yield(datamap.Row{Columns: q.Return, Values: values})
	})
	return stopped(err)
}

func stopped(err error) error {
	if errors.Is(err, connectors.ErrStop) {
		return nil
	}
	return err
}

// skipGone passes over an object that somebody has removed since it was listed.
func skipGone(err error) error {
	if models.CodeOf(err) == CodeGone {
		return nil
	}
	return err
}

// Export reads rows by their keys.
func (s *System) Export(ctx context.Context, node *datamap.Node, keys []datamap.Key, fields []string, yield func(datamap.Row) error) error {
	return s.Lookup(ctx, connectors.Query{Node: node, Fields: node.Key, Keys: keys, Return: fields}, yield)
}

// found is an object that fits the collection's pattern.
type found struct {
	Object
	parts []string // of the path, by placeholder
	key   int      // the first of the query's keys that it has
	full  bool     // it was asked by Stat, with tags
}

// find calls yield for each object that has one of the query's keys.
func (l *layout) find(ctx context.Context, q connectors.Query, returned []place, yield func(found) error) error {
	fields, err := l.places(q.Fields)
	if err != nil || len(q.Keys) == 0 {
		return err
	}
	finder := match.New(q.Keys, q.Fold)
	need := slices.ContainsFunc(append(slices.Clone(fields), returned...), place.needsStat)
	return l.candidates(ctx, fields, q, func(o found) error {
		if need && !o.full {
			now, ok, err := l.system.Stat(ctx, o.Path, l.tags())
			if err != nil || !ok {
				return err
			}
			o.Object, o.full = now, true
		}
		values, err := l.values(ctx, o, fields)
		if err != nil {
			return skipGone(err)
		}
		if o.key = finder.Find(values); o.key < 0 {
			return nil
		}
		return yield(o)
	})
}

func (p place) needsStat() bool { return p.kind == inMetadata || p.kind == inTag || p.kind == inType }

// candidates calls yield for each object that may have one of the keys.
func (l *layout) candidates(ctx context.Context, fields []place, q connectors.Query, yield func(found) error) error {
	prefixes, paths := l.reach(fields, q)
	for _, path := range paths {
		parts, ok := l.pattern.Match(path)
		if !ok {
			continue
		}
		o, there, err := l.system.Stat(ctx, path, l.tags())
		if err != nil {
			return err
		}
		if there {
			if err := yield(found{Object: o, parts: parts, full: true}); err != nil {
				return err
			}
		}
	}
	for _, prefix := range prefixes {
		err := l.system.List(ctx, prefix, func(o Object) error {
			parts, ok := l.pattern.Match(o.Path)
			if !ok {
				return nil
			}
			return yield(found{Object: o, parts: parts})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// reach is where objects with the keys can be: below prefixes, none of which is below another, and at paths, none below a prefix.
func (l *layout) reach(fields []place, q connectors.Query) (prefixes, paths []string) {
	for _, key := range q.Keys {
		prefix, whole, ok := l.reachOf(fields, key, q.Fold)
		switch {
		case !ok:
		case whole:
			paths = append(paths, prefix)
		default:
			prefixes = append(prefixes, prefix)
		}
	}
	slices.Sort(prefixes)
	prefixes = slices.CompactFunc(prefixes, func(a, b string) bool { return strings.HasPrefix(b, a) })
	slices.Sort(paths)
	paths = slices.DeleteFunc(slices.Compact(paths), func(path string) bool {
		return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
	})
	return prefixes, paths
}

func (l *layout) reachOf(fields []place, key datamap.Key, fold bool) (prefix string, whole, ok bool) {
	if len(key) != len(fields) {
		return "", false, false
	}
	known := map[string]string{}
	for i, p := range fields {
		switch {
		case fold || p.kind != inPart && p.kind != inPath:
		case key[i].IsNull():
			return "", false, false
		case p.kind == inPath:
			return key[i].Text(), true, clean(key[i].Text())
		default:
			known[p.name] = key[i].Text()
		}
	}
	return l.pattern.Prefix(known)
}

// values are the values of an object at places.
func (l *layout) values(ctx context.Context, o found, places []place) ([]datamap.Value, error) {
	list := make([]datamap.Value, len(places))
	for i, p := range places {
		if p.kind == inContent {
			v, err := l.content(ctx, o.Object)
			if err != nil {
				return nil, err
			}
			list[i] = v
			continue
		}
		list[i] = l.value(o, p)
	}
	return list, nil
}

func (l *layout) value(o found, p place) datamap.Value {
	switch p.kind {
	case inPart:
		return name(o.parts[slices.Index(l.pattern.Names(), p.name)])
	case inPath:
		return name(o.Path)
	case inSize:
		return datamap.Int(o.Size)
	case inModified:
		return datamap.NewValue(datamap.KindTimestamp, o.Modified.UTC().Format(time.RFC3339Nano))
	case inType:
		return optional(o.ContentType)
	case inMetadata:
		return optional(o.Metadata[p.name])
	default:
		return optional(o.Tags[p.name])
	}
}

// name is a path or a part of one; bytes when it is no text, as old names in a directory may be.
func name(s string) datamap.Value {
	if utf8.ValidString(s) {
		return datamap.Text(s)
	}
	return datamap.NewValue(datamap.KindBytes, s)
}

func optional(s string) datamap.Value {
	if s == "" {
		return datamap.Null
	}
	return name(s)
}

// content is what the object holds; NULL when that is nothing, or more than a row is to hold.
func (l *layout) content(ctx context.Context, o Object) (datamap.Value, error) {
	if o.Size == 0 || o.Size > l.system.settings.MaxContent {
		return datamap.Null, nil
	}
	r, err := l.system.Open(ctx, o)
	if err != nil {
		return datamap.Null, err
	}
	b, err := io.ReadAll(io.LimitReader(r, l.system.settings.MaxContent+1))
	if err := errors.Join(err, r.Close()); err != nil {
		return datamap.Null, err
	}
	if int64(len(b)) > l.system.settings.MaxContent {
		return datamap.Null, nil
	}
	return datamap.NewValue(datamap.KindBytes, string(b)), nil
}
