package drops

import (
	"cmp"
	"context"
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/activities/connectors/match"
	"habeas/models"
	"habeas/models/datamap"
)

// group is files that look like parts of one collection: of one directory, with names that differ in digits only.
type group struct {
	table string
	files []blobs.Object
}

var digits = regexp.MustCompile(`[0-9]+([-_.:T]?[0-9]+)*`)

// manyNames is how many names without digits one directory may have before they are taken for somebody's.
const manyNames = 24

// tableOf is the pattern that names a file and its like.
func tableOf(name string, many map[string]int) string {
	dir, base := path.Split(name)
	stem, ending, _ := strings.Cut(base, ".")
	if ending != "" {
		ending = "." + ending
	}
	if many[dir] > manyNames {
		stem = "*"
	}
	s := digits.ReplaceAllString(dir, "*") + digits.ReplaceAllString(stem, "*") + digits.ReplaceAllString(ending, "*")
	return strings.NewReplacer("{", "*", "}", "*").Replace(s)
}

// groups lists all files. Their names are kept in memory, their contents are not looked at.
func (s *System) groups(ctx context.Context) ([]group, error) {
	var all []blobs.Object
	stems := map[string]map[string]bool{}
	err := s.store.List(ctx, "", func(o blobs.Object) error {
		if o.Deleted {
			return nil
		}
		all = append(all, o)
		dir, base := path.Split(o.Path)
		if stems[dir] == nil {
			stems[dir] = map[string]bool{}
		}
		stems[dir][digits.ReplaceAllString(base, "*")] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	many := map[string]int{}
	for dir, names := range stems {
		many[dir] = len(names)
	}
	byTable := map[string]int{}
	var list []group
	for _, o := range all {
		table := tableOf(o.Path, many)
		i, ok := byTable[table]
		if !ok {
			i = len(list)
			byTable[table] = i
			list = append(list, group{table: table})
		}
		list[i].files = append(list[i].files, o)
	}
	for _, g := range list {
		slices.SortFunc(g.files, func(a, b blobs.Object) int { return b.Modified.Compare(a.Modified) })
	}
	slices.SortFunc(list, func(a, b group) int { return cmp.Compare(a.table, b.table) })
	return list, nil
}

// sampleRows is how many rows of a file are read to know its columns.
const sampleRows = 1000

// Inspect reads the first rows of the newest file of each group. Files of no known format are left out.
func (s *System) Inspect(ctx context.Context, samples int, yield func(connectors.Table) error) error {
	groups, err := s.groups(ctx)
	if err != nil {
		return err
	}
	for _, g := range groups {
		if s.formOf(g.files[0].Path).format == "" {
			continue
		}
		table, err := s.inspect(ctx, g, samples)
		if err != nil {
			return err
		}
		if err := yield(table); err != nil {
			if errors.Is(err, connectors.ErrStop) {
				return nil
			}
			return err
		}
	}
	return nil
}

func (s *System) inspect(ctx context.Context, g group, samples int) (connectors.Table, error) {
	table := connectors.Table{Name: g.table, Rows: -1}
	d := &drop{system: s, node: &datamap.Node{Table: g.table}, pattern: anything}
	found := &columns{samples: samples}
	n := int64(0)
	err := d.read(ctx, g.files[0], nil, func(f *file) error {
		if n++; n > sampleRows {
			return connectors.ErrStop
		}
		found.row(f)
		return nil
	})
	switch {
	case err == nil && len(g.files) == 1:
		table.Rows = n
	case models.CodeOf(err) == CodeUnreadable || models.CodeOf(err) == connectors.CodeBusy || models.CodeOf(err) == blobs.CodeGone:
		table.Comment = "The newest file cannot be read."
	case err != nil && !errors.Is(err, connectors.ErrStop):
		return table, err
	}
	table.Columns = found.finish()
	return table, nil
}

var anything = func() *blobs.Pattern {
	p, err := blobs.ParsePattern("{file...}")
	if err != nil {
		panic(err)
	}
	return p
}()

// columns gathers what is known of a file's columns.
type columns struct {
	samples int
	list    []connectors.Column
	texts   [][]string
}

func (c *columns) row(f *file) {
	for _, col := range f.columns() {
		i := slices.IndexFunc(c.list, func(o connectors.Column) bool { return o.Name == col.Name })
		if i < 0 {
			i = len(c.list)
			c.list, c.texts = append(c.list, col), append(c.texts, nil)
		}
		have := &c.list[i]
		switch {
		case have.Kind == datamap.KindNull:
			have.Kind, have.Array = col.Kind, have.Array || col.Array
		case col.Kind == datamap.KindNull || col.Kind == have.Kind:
		case have.Kind == datamap.KindInt && col.Kind == datamap.KindDecimal:
			have.Kind = datamap.KindDecimal
		case have.Kind == datamap.KindDecimal && col.Kind == datamap.KindInt:
		default:
			have.Kind = datamap.KindText
		}
		for _, v := range f.rows.value(col.Name).Elements() {
			if v.IsNull() {
				continue
			}
			if v.Kind() == datamap.KindText {
				c.texts[i] = append(c.texts[i], v.Text())
			}
			if len(have.Samples) < c.samples && !slices.Contains(have.Samples, v) {
				have.Samples = append(have.Samples, v)
			}
		}
	}
}

// finish says of texts what they could be.
func (c *columns) finish() []connectors.Column {
	for i := range c.list {
		col := &c.list[i]
		if col.Kind == datamap.KindNull {
			col.Kind = datamap.KindText
		}
		if col.Type == "" || col.Type == "text" {
			col.Type = string(col.Kind)
		}
		if guess := match.Guess(c.texts[i]); col.Kind == datamap.KindText && guess != datamap.KindText {
			col.Type = "text (" + string(guess) + ")"
		}
	}
	return c.list
}
