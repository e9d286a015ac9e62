package drops

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/models"
	"habeas/models/datamap"
)

// checkedFiles is how many files of a collection a check opens.
const checkedFiles = 100

// Check reads the first rows of up to a hundred files of each collection.
func (s *System) Check(ctx context.Context, nodes []*datamap.Node) ([]datamap.Problem, error) {
	c := &blobs.Checker{}
	for _, n := range nodes {
		if err := c.Refused(n, s.check(ctx, c, n)); err != nil {
			return nil, err
		}
	}
	datamap.SortProblems(c.Problems)
	return c.Problems, nil
}

func (s *System) check(ctx context.Context, c *blobs.Checker, n *datamap.Node) error {
	d, err := s.drop(n)
	var files []blobs.Object
	if err == nil {
		files, err = d.files(ctx)
	}
	if models.CodeOf(err) == connectors.CodeMismatch && models.KindOf(err) == models.Invalid {
		c.Add(datamap.Fault, "unknown_table", n, "", models.MessageOf(err, "It failed."), "Write habeas: {table: …} as a path in the system's place, such as exports/*.csv.")
		return nil
	}
	if err != nil {
		return err
	}
	if d.deleted > 0 {
		c.Add(datamap.Warning, "deleted_files", n, "", fmt.Sprintf("%d files were deleted, but the bucket keeps versions of them, which are not searched.", d.deleted),
			"Let a lifecycle rule of the bucket remove them, or describe them as a collection of kind s3.")
	}
	if len(files) == 0 {
		c.Add(datamap.Warning, "no_files", n, "", "No file fits "+n.Table+".", "Compare it with the names of the files; habeas datamap discover proposes patterns.")
		return nil
	}
	size := int64(0)
	for _, o := range files {
		size += o.Size
	}
	c.Add(datamap.Warning, "no_index", n, "", fmt.Sprintf("Each search reads all %d files, %s; each erasure rewrites the files that are concerned.", len(files), bytesInWords(size)),
		"Keep the files few and small, or load them into a database that Habeas searches instead.")
	unseen := map[string]bool{}
	for _, o := range files[:min(len(files), checkedFiles)] {
		if err := d.checkFile(ctx, c, o, unseen); err != nil {
			return err
		}
	}
	return d.examine(ctx, c)
}

func bytesInWords(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	default:
		return fmt.Sprintf("%d bytes", n)
	}
}

// checkFile reads the first rows of a file.
func (d *drop) checkFile(ctx context.Context, c *blobs.Checker, o blobs.Object, told map[string]bool) error {
	var last *file
	seen := map[string]bool{}
	n := 0
	err := d.read(ctx, o, nil, func(f *file) error {
		last = f
		for _, col := range f.columns() {
			seen[col.Name] = true
		}
		if n++; n >= sampleRows {
			return connectors.ErrStop
		}
		return nil
	})
	switch models.CodeOf(err) {
	case CodeUnreadable:
		c.Add(datamap.Fault, CodeUnreadable, d.node, "", models.MessageOf(err, "It failed."), "Correct the file, or the format in the system's settings.")
		return nil
	case blobs.CodeGone, blobs.CodeChanged, connectors.CodeBusy:
		return nil
	}
	if err != nil && !errors.Is(err, connectors.ErrStop) {
		return err
	}
	if last != nil {
		d.checkFields(c, last, seen, told)
		d.checkMasks(c, last, told)
	}
	return nil
}

func (d *drop) checkFields(c *blobs.Checker, f *file, seen, told map[string]bool) {
	for i := range d.node.Fields {
		name := d.node.Fields[i].Name
		if seen[name] || told[name] || slices.Contains(d.pattern.Names(), name) {
			continue
		}
		told[name] = true
		if f.has(name) {
			c.Add(datamap.Warning, "unknown_column", d.node, name, "None of the rows that were looked at has the field.", "Correct the field's name, if it is not a rare one.")
			continue
		}
		c.Add(datamap.Fault, "unknown_column", d.node, name, "A file of "+d.node.Table+" has no column for the field.", "Correct the field's name, or remove it.")
	}
}

func (d *drop) checkMasks(c *blobs.Checker, f *file, told map[string]bool) {
	if d.node.Erasure() != datamap.EraseMask {
		return
	}
	for _, m := range d.node.Masks() {
		if told["mask "+m.Field] || !f.has(m.Field) {
			continue
		}
		told["mask "+m.Field] = true
		value := datamap.Null
		if m.Method == datamap.FieldReplace {
			value = datamap.Text(m.Value)
		}
		i := slices.IndexFunc(f.columns(), func(col connectors.Column) bool { return col.Name == m.Field })
		hash := slices.Contains([]datamap.FieldErase{datamap.FieldHash, datamap.FieldHMAC, datamap.FieldEncrypt}, m.Method)
		_, isParquet := f.rows.(*parquetRows)
		switch {
		case m.Method == datamap.FieldNull || m.Method == datamap.FieldReplace:
			if err := f.fits(m.Field, value); err != nil {
				c.Add(datamap.Fault, "mask_impossible", d.node, m.Field, "The column cannot be masked so: "+err.Error()+".", "Use another erase method for the field, or erase: delete for the collection.")
			}
		case hash && isParquet && i >= 0 && f.columns()[i].Kind != datamap.KindText:
			c.Add(datamap.Fault, "mask_impossible", d.node, m.Field, "The column is not text and cannot hold a hash.", "Use erase: null, replace, random or format for the field.")
		}
	}
}

// examine tells what the place of the files says of itself.
func (d *drop) examine(ctx context.Context, c *blobs.Checker) error {
	examiner, ok := d.system.store.(blobs.Examiner)
	if !ok || d.node.Erasure() == datamap.EraseKeep {
		return nil
	}
	prefix, _, _ := d.pattern.Prefix(nil)
	findings, err := examiner.Examine(ctx, prefix)
	for _, f := range findings {
		c.Add(f.Severity, f.Code, d.node, "", f.Message, f.Advice)
	}
	return err
}
