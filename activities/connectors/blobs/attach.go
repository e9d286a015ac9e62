package blobs

import (
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
		return errors.Join(yield(o.Path, o.Size, r), r.Close())
	})
	return stopped(err)
}
