package redis

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	driver "github.com/redis/go-redis/v9"

	"habeas/models/datamap"
)

// The fields that every key has, whatever its type.
const (
	keyField   = "key"   // its whole name
	ttlField   = "ttl"   // seconds until it expires; NULL when it does not
	valueField = "value" // of a string, or the elements of a list or set
)

// column is one field of a collection.
type column struct {
	field string
	path  []string
	part  int // index of the placeholder; -1 for none
	list  bool
	kind  datamap.Kind // as the map declares it
}

func (c *collection) column(name string) *column {
	col := &column{field: name, path: strings.Split(name, "."), part: slices.Index(c.pattern.names, name)}
	if f := c.Field(name); f != nil {
		col.list = f.Array()
		col.kind = declaredKinds[strings.TrimSuffix(f.Type, "[]")]
	}
	return col
}

var declaredKinds = map[string]datamap.Kind{
	"integer": datamap.KindInt, "long": datamap.KindInt, "float": datamap.KindDecimal, "boolean": datamap.KindBool,
}

func (c *collection) columns(fields []string) []*column {
	list := make([]*column, len(fields))
	for i, f := range fields {
		list[i] = c.column(f)
	}
	return list
}

// named reports whether the field is known from the key's name.
func (c *column) named() bool { return c.part >= 0 || c.field == keyField }

// inside reports whether the field is in the key's value.
func (c *column) inside() bool { return !c.named() && c.field != ttlField }

// record is one key as it was read.
type record struct {
	key   string
	parts []string
	typ   string
	ttl   time.Duration // negative when it does not expire
	hash  map[string]string
	doc   *document
	text  string // of a string
	items []item
}

type item struct {
	member string
	score  float64 // of a sorted set
}

// pipeliner is what reads: the client, or a transaction that watches.
type pipeliner interface {
	Pipelined(ctx context.Context, fn func(driver.Pipeliner) error) ([]driver.Cmder, error)
}

// wish is what is to be read of keys.
type wish struct {
	ttl    bool
	fields []string // of the value; empty: only whether the key is there
	all    bool     // the whole value, whatever is in it
}

func wishFor(lists ...[]*column) wish {
	var w wish
	for _, c := range slices.Concat(lists...) {
		w.ttl = w.ttl || c.field == ttlField && c.part < 0
		if c.inside() && !slices.Contains(w.fields, c.field) {
			w.fields = append(w.fields, c.field)
		}
	}
	return w
}

// load reads keys in two rounds, first their types, then what is wanted of them. Keys that are not there are left out.
func (c *collection) load(ctx context.Context, db pipeliner, keys []string, w wish) ([]*record, error) {
	types := make([]*driver.StatusCmd, len(keys))
	ttls := make([]*driver.DurationCmd, len(keys))
	_, err := db.Pipelined(ctx, func(p driver.Pipeliner) error {
		for i, k := range keys {
			types[i] = p.Type(ctx, k)
			if w.ttl {
				ttls[i] = p.PTTL(ctx, k)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var list []*record
	for i, k := range keys {
		parts, ok := c.pattern.values(k)
		if typ := types[i].Val(); ok && typ != typeNone {
			r := &record{key: k, parts: parts, typ: typ, ttl: -1}
			if w.ttl {
				r.ttl = ttls[i].Val()
			}
			list = append(list, r)
		}
	}
	if len(w.fields) == 0 && !w.all {
		return list, nil
	}
	return c.fill(ctx, db, list, w)
}

func (c *collection) fill(ctx context.Context, db pipeliner, list []*record, w wish) ([]*record, error) {
	replies := make([]driver.Cmder, len(list))
	_, err := db.Pipelined(ctx, func(p driver.Pipeliner) error {
		for i, r := range list {
			cmd, err := c.ask(ctx, p, r, w)
			if err != nil {
				return err
			}
			replies[i] = cmd
		}
		return nil
	})
	if err != nil && !errors.Is(err, driver.Nil) {
		return nil, err
	}
	there := list[:0]
	for i, r := range list {
		found, err := c.take(r, replies[i], w)
		if err != nil {
			return nil, err
		}
		if found {
			there = append(there, r)
		}
	}
	return there, nil
}

// ask orders what is wanted of one key, by its type.
func (c *collection) ask(ctx context.Context, p driver.Pipeliner, r *record, w wish) (driver.Cmder, error) {
	if want := c.typ; want != "" && want != r.typ && (want != typeJSON || r.typ != typeString) {
		return nil, mismatch("A key of %s is a %s, which the settings call a %s.", c.Address, r.typ, want)
	}
	switch r.typ {
	case typeHash:
		if w.all {
			return p.HGetAll(ctx, r.key), nil
		}
		return p.HMGet(ctx, r.key, w.fields...), nil
	case typeString:
		return p.Get(ctx, r.key), nil
	}
	if other := slices.IndexFunc(w.fields, func(f string) bool { return f != valueField }); other >= 0 {
		return nil, mismatch("The field %s.%s is in no %s, which a key of the collection is.", c.Address, w.fields[other], r.typ)
	}
	switch r.typ {
	case typeList:
		return p.LRange(ctx, r.key, 0, -1), nil
	case typeSet:
		return p.SMembers(ctx, r.key), nil
	case typeZSet:
		return p.ZRangeWithScores(ctx, r.key, 0, -1), nil
	}
	if w.all {
		return p.Type(ctx, r.key), nil // only to be named
	}
	return nil, mismatch("A key of %s is of type %s, which the connector cannot read.", c.Address, r.typ)
}

// take keeps a reply; false when the key has gone meanwhile.
func (c *collection) take(r *record, reply driver.Cmder, w wish) (bool, error) {
	switch cmd := reply.(type) {
	case *driver.StatusCmd:
		return true, nil
	case *driver.MapStringStringCmd:
		r.hash = cmd.Val()
		return len(r.hash) > 0, nil
	case *driver.SliceCmd:
		r.hash = map[string]string{}
		for i, v := range cmd.Val() {
			if text, ok := v.(string); ok {
				r.hash[w.fields[i]] = text
			}
		}
		return true, nil
	case *driver.StringCmd:
		if errors.Is(cmd.Err(), driver.Nil) {
			return false, nil
		}
		r.text = cmd.Val()
		return true, c.parse(r, w)
	case *driver.StringSliceCmd:
		for _, m := range cmd.Val() {
			r.items = append(r.items, item{member: m})
		}
	case *driver.ZSliceCmd:
		for _, z := range cmd.Val() {
			m, _ := z.Member.(string) //nolint:errcheck // the driver reads nothing else
			r.items = append(r.items, item{m, z.Score})
		}
	}
	return len(r.items) > 0, nil
}

// parse reads a string as JSON where the settings or the fields say that it is one.
func (c *collection) parse(r *record, w wish) error {
	parts := slices.ContainsFunc(w.fields, func(f string) bool { return f != valueField })
	if c.typ != typeJSON && (c.typ != "" || !parts && !w.all) {
		if parts {
			return mismatch("A key of %s is a string and has no parts.", c.Address)
		}
		return nil
	}
	doc, err := parseDocument(r.text)
	if err != nil && w.all && c.typ == "" {
		return nil
	}
	if err != nil {
		return mismatch("A key of %s holds no JSON text.", c.Address)
	}
	if c.typ == "" && doc.kind == 'v' && !parts {
		return nil // just a string, a number or a word
	}
	r.doc, r.typ = doc, typeJSON
	return nil
}

// get is the value of a column.
func (r *record) get(c *column) datamap.Value {
	switch {
	case c.part >= 0:
		return c.convert(r.parts[c.part])
	case c.field == keyField:
		return datamap.Text(r.key)
	case c.field == ttlField:
		if r.ttl < 0 {
			return datamap.Null
		}
		return datamap.Int(int64(r.ttl / time.Second))
	}
	switch r.typ {
	case typeHash:
		if text, ok := r.hash[c.field]; ok {
			return c.convert(text)
		}
		return datamap.Null
	case typeJSON:
		return r.doc.value(c.path, c.list)
	case typeString:
		return c.convert(r.text)
	default:
		list := make([]datamap.Value, len(r.items))
		for i, it := range r.items {
			list[i] = c.convert(it.member)
		}
		return datamap.Array(list...)
	}
}

func (r *record) row(columns []*column) datamap.Key {
	row := make(datamap.Key, len(columns))
	for i, c := range columns {
		row[i] = r.get(c)
	}
	return row
}

var whole = regexp.MustCompile(`^-?(0|[1-9]\d*)$`)

// convert reads a text as the kind that the map declares, if it is of that form.
func (c *column) convert(text string) datamap.Value {
	switch c.kind {
	case datamap.KindInt:
		if whole.MatchString(text) {
			return datamap.NewValue(c.kind, text)
		}
	case datamap.KindDecimal:
		if _, err := strconv.ParseFloat(text, 64); err == nil {
			return datamap.NewValue(c.kind, text)
		}
	case datamap.KindBool:
		if b, err := strconv.ParseBool(text); err == nil {
			return datamap.NewValue(c.kind, strconv.FormatBool(b))
		}
	default: // text
	}
	if !utf8.ValidString(text) {
		return datamap.NewValue(datamap.KindBytes, text)
	}
	return datamap.Text(text)
}
