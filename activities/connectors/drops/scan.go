package drops

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/activities/connectors/match"
	"habeas/models"
	"habeas/models/datamap"
)

// Scan looks into all files, those of a known format column by column, others line by line; what is packed or compressed otherwise
// than by gzip is named by skipped.
func (s *System) Scan(ctx context.Context, texts []models.Personal, yield func(connectors.Hit) error) ([]string, error) {
	groups, err := s.groups(ctx)
	if err != nil {
		return nil, err
	}
	var skipped []string
	for _, g := range groups {
		scan := &scan{system: s, search: match.NewSearch(texts), hits: map[string]int64{}}
		for _, o := range g.files {
			if err := scan.file(ctx, g.table, o); err != nil {
				return skipped, err
			}
		}
		if scan.packed > 0 {
			skipped = append(skipped, fmt.Sprintf("%s: %d packed or compressed files", g.table, scan.packed))
		}
		for _, column := range slices.Sorted(maps.Keys(scan.hits)) {
			err := yield(connectors.Hit{Table: g.table, Column: column, Rows: scan.hits[column]})
			if errors.Is(err, connectors.ErrStop) {
				return skipped, nil
			}
			if err != nil {
				return skipped, err
			}
		}
	}
	return skipped, nil
}

type scan struct {
	system *System
	search *match.Search
	hits   map[string]int64 // by column
	packed int
}

func (s *scan) file(ctx context.Context, table string, o blobs.Object) error {
	err := s.rows(ctx, table, o)
	switch models.CodeOf(err) {
	case blobs.CodeGone, blobs.CodeChanged:
		return nil // what has taken its place was not there when the scan began
	case CodeUnreadable, connectors.CodeBusy:
		return s.lines(ctx, o)
	}
	return err
}

func (s *scan) rows(ctx context.Context, table string, o blobs.Object) error {
	if s.system.formOf(o.Path).format == "" {
		return s.lines(ctx, o)
	}
	d := &drop{system: s.system, node: &datamap.Node{Table: table}, pattern: anything}
	counts := map[string]int64{}
	err := d.read(ctx, o, nil, func(f *file) error {
		for _, c := range f.columns() {
			if s.hits[c.Name]+counts[c.Name] < connectors.ScanEnough && s.in(f.rows.value(c.Name)) {
				counts[c.Name]++
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for column, n := range counts {
		s.hits[column] += n
	}
	return nil
}

func (s *scan) in(v datamap.Value) bool {
	if v.Kind() != datamap.KindArray {
		return s.search.In([]byte(v.Text()))
	}
	return slices.ContainsFunc(v.Elements(), s.in)
}

// lines searches a file whose format is unknown, or not what its name says.
func (s *scan) lines(ctx context.Context, o blobs.Object) error {
	content, err := s.system.store.Open(ctx, o)
	if err != nil {
		return err
	}
	in, head := io.Reader(content), make([]byte, 512)
	n, err := io.ReadFull(in, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.Join(err, content.Close())
	}
	in = io.MultiReader(bytes.NewReader(head[:n]), in)
	if bytes.HasPrefix(head[:n], []byte("\x1f\x8b")) {
		if in, err = gzip.NewReader(in); err != nil {
			s.packed++
			return content.Close()
		}
	} else if blobs.Packed(head[:n]) {
		s.packed++
		return content.Close()
	}
	count, err := s.search.Lines(ctx, in, connectors.ScanEnough-s.hits[""])
	if count > 0 {
		s.hits[""] += count
	}
	if err != nil && !known(err) {
		s.packed++ // it is damaged
		err = nil
	}
	return errors.Join(err, content.Close())
}
