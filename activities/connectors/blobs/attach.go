package blobs

import (
	"bufio"
	"context"
	"errors"
	"io"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// Attachments gives the contents of objects by their keys, each read as it is written. An object's name is its whole path.
func (s *System) Attachments(ctx context.Context, node *datamap.Node, keys []datamap.Key, yield func(name string, size int64, r io.Reader) error) error {
	l, err := s.layout(node)
	if err != nil {
		return err
	}
	q := connectors.Query{Node: node, Fields: node.Key, Keys: keys}
	err = l.find(ctx, q, nil, func(o found) error {
		r, err := s.Open(ctx, o.Object)
		if err != nil {
			return skipGone(err)
		}
		in := bufio.NewReaderSize(r, 1<<16)
		if _, err := in.Peek(1); err != nil && !errors.Is(err, io.EOF) {
			return errors.Join(skipGone(err), r.Close()) // some stores are asked by the first read only
		}
		return errors.Join(yield(o.Path, o.Size, in), r.Close())
	})
	return stopped(err)
}

// Attached are the fields that hold the content.
func (s *System) Attached(node *datamap.Node) []string {
	l, err := s.layout(node)
	if err != nil {
		return nil
	}
	var list []string
	for _, name := range node.FieldNames() {
		if p, err := l.place(name); err == nil && p.kind == inContent {
			list = append(list, name)
		}
	}
	return list
}
