package blobs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/activities/connectors/match"
	"habeas/models"
)

// Scan looks into paths, metadata, tags and contents of all objects. Contents are searched as they are: what is packed or compressed,
// such as archives, PDF and office documents, pictures and sound, is named by skipped, with the pattern of its place.
func (s *System) Scan(ctx context.Context, texts []models.Personal, yield func(connectors.Hit) error) ([]string, error) {
	all, err := s.tree(ctx)
	if err != nil {
		return nil, err
	}
	scan := &scan{system: s, search: match.NewSearch(texts), hits: map[connectors.Hit]int64{}, packed: map[string]int{}, names: map[string]string{}}
	for name, target := range s.settings.Fields {
		scan.names[target] = name
	}
	err = s.List(ctx, "", func(o Object) error { return scan.object(ctx, all.pattern(o.Path), o) })
	if err != nil {
		return nil, err
	}
	for _, hit := range slices.SortedFunc(maps.Keys(scan.hits), func(a, b connectors.Hit) int {
		return strings.Compare(a.Table+"\x00"+a.Column, b.Table+"\x00"+b.Column)
	}) {
		hit.Rows = scan.hits[hit]
		if err := yield(hit); err != nil {
			return scan.skipped(), stopped(err)
		}
	}
	return scan.skipped(), nil
}

type scan struct {
	system *System
	search *match.Search
	hits   map[connectors.Hit]int64 // by place
	packed map[string]int           // objects that cannot be searched, by pattern
	names  map[string]string        // the settings' names
}

func (s *scan) skipped() []string {
	var list []string
	for _, pattern := range slices.Sorted(maps.Keys(s.packed)) {
		list = append(list, fmt.Sprintf("%s: %d packed or compressed objects", pattern, s.packed[pattern]))
	}
	return list
}

func (s *scan) hit(table, column string) {
	if other := s.names[column]; other != "" {
		column = other
	}
	s.hits[connectors.Hit{Table: table, Column: column}]++
}

func (s *scan) object(ctx context.Context, table string, o Object) error {
	o, there, err := s.system.Stat(ctx, o.Path, true)
	if err != nil || !there {
		return err
	}
	if s.search.In([]byte(o.Path)) {
		s.hit(table, inPath)
	}
	for kind, values := range map[string]map[string]string{inMetadata: o.Metadata, inTag: o.Tags} {
		for name, value := range values {
			if s.search.In([]byte(value)) {
				s.hit(table, kind+"."+name)
			}
		}
	}
	if s.hits[connectors.Hit{Table: table, Column: inContent}] >= connectors.ScanEnough {
		return nil
	}
	return skipGone(s.content(ctx, table, o))
}

func (s *scan) content(ctx context.Context, table string, o Object) error {
	r, err := s.system.Open(ctx, o)
	if err != nil {
		return err
	}
	head := make([]byte, 512)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.Join(err, r.Close())
	}
	if head = head[:n]; Packed(head) {
		s.packed[table]++
		return r.Close()
	}
	lines, err := s.search.Lines(ctx, io.MultiReader(bytes.NewReader(head), r), 1)
	if lines > 0 {
		s.hit(table, inContent)
	}
	return errors.Join(err, r.Close())
}

// Packed reports whether a content that begins with head holds its text in a form that a search does not see.
func Packed(head []byte) bool {
	kind := http.DetectContentType(head)
	switch {
	case strings.HasPrefix(kind, "text/"), kind == "application/octet-stream", kind == "application/postscript":
		for _, magic := range []string{"\x28\xb5\x2f\xfd", "BZh", "\xfd7zXZ\x00", "PAR1", "7z\xbc\xaf", "\xfe\xff", "\xff\xfe"} {
			if bytes.HasPrefix(head, []byte(magic)) {
				return true
			}
		}
		return false
	default:
		return true
	}
}
