package store

import (
	"context"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"

	"habeas/models"
)

// chunkSize is how much of an encrypted package is in one row, in bytes.
const chunkSize = 1 << 20

// PackageWriter takes the plain file of a package that is being built, encrypts it and stores it in chunks; it holds about two chunks in
// memory. What an earlier writer left is thrown away, and an earlier writer that still writes fails with package_superseded. Close completes
// the package; without it FinishPackage refuses. It fails with not_found, package_finished or key_destroyed.
func (s *Store) PackageWriter(ctx context.Context, id models.ID) (io.WriteCloser, error) {
	var requestID models.ID
	var writing int
	err := s.pool.QueryRow(ctx, `
UPDATE packages SET writing = writing + 1, chunks = NULL WHERE id = $1 AND state = 'building' RETURNING request_id, writing`,
		id).Scan(&requestID, &writing)
	if errors.Is(err, pgx.ErrNoRows) {
		if _, err := s.Package(ctx, models.ScopeOperator(), id); err != nil {
			return nil, err
		}
		return nil, models.Errorf(models.Conflict, "package_finished", "The package has been finished already.")
	}
	if err != nil {
		return nil, unavailable(err)
	}
	if err := s.deleteChunks(ctx, id, writing); err != nil {
		return nil, err
	}
	key, err := s.keyOf(s.read(ctx), requestID)
	if err != nil {
		return nil, err
	}
	chunks := &chunkWriter{ctx: ctx, s: s, id: id, writing: writing, buffer: make([]byte, 0, chunkSize)}
	sealing, err := key.Writer(chunks, packagePlace(id))
	if err != nil {
		return nil, err
	}
	return &packageWriter{sealing: sealing, chunks: chunks}, nil
}

// deleteChunks deletes the chunks of writers before the given one, in batches, so that no statement takes long.
func (s *Store) deleteChunks(ctx context.Context, id models.ID, before int) error {
	for {
		tag, err := s.pool.Exec(ctx, `
DELETE FROM package_chunks WHERE (package_id, writing, no) IN (
    SELECT package_id, writing, no FROM package_chunks WHERE package_id = $1 AND writing < $2 LIMIT 100)`, id, before)
		if err != nil {
			return unavailable(err)
		}
		if tag.RowsAffected() == 0 {
			return nil
		}
	}
}

type packageWriter struct {
	sealing io.WriteCloser
	chunks  *chunkWriter
	failed  error
	closed  bool
}

// Write encrypts a part of the file. After an error every call fails with it.
func (w *packageWriter) Write(p []byte) (int, error) {
	if w.failed != nil {
		return 0, w.failed
	}
	n, err := w.sealing.Write(p)
	w.failed = err
	return n, err
}

// Close writes the last chunk and says that the package is whole, unless writing has failed before.
func (w *packageWriter) Close() error {
	if w.failed != nil || w.closed {
		return w.failed
	}
	w.closed = true
	if w.failed = w.sealing.Close(); w.failed == nil {
		w.failed = w.chunks.finish()
	}
	return w.failed
}

// chunkWriter stores an encrypted stream in rows of chunkSize.
type chunkWriter struct {
	ctx     context.Context //nolint:containedctx // io.Writer takes none
	s       *Store
	id      models.ID
	writing int
	no      int
	buffer  []byte
}

func (w *chunkWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n := min(len(p), chunkSize-len(w.buffer))
		w.buffer = append(w.buffer, p[:n]...)
		p, written = p[n:], written+n
		if len(w.buffer) < chunkSize {
			break
		}
		if err := w.flush(); err != nil {
			return written, err
		}
	}
	return written, nil
}

// flush stores the buffer as the next chunk; the condition keeps out a writer that another one has replaced.
func (w *chunkWriter) flush() error {
	tag, err := w.s.pool.Exec(w.ctx, `
INSERT INTO package_chunks (package_id, writing, no, data)
SELECT id, writing, $3, $4 FROM packages WHERE id = $1 AND writing = $2 AND state = 'building' FOR SHARE`, w.id, w.writing, w.no, w.buffer)
	if err != nil {
		return unavailable(err)
	}
	if tag.RowsAffected() == 0 {
		return superseded()
	}
	w.no, w.buffer = w.no+1, w.buffer[:0]
	return nil
}

func (w *chunkWriter) finish() error {
	if len(w.buffer) > 0 {
		if err := w.flush(); err != nil {
			return err
		}
	}
	tag, err := w.s.pool.Exec(w.ctx, `UPDATE packages SET chunks = $3 WHERE id = $1 AND writing = $2 AND state = 'building'`, w.id, w.writing, w.no)
	if err != nil {
		return unavailable(err)
	}
	if tag.RowsAffected() == 0 {
		return superseded()
	}
	return nil
}

func superseded() error {
	return models.Errorf(models.Conflict, "package_superseded", "Another worker writes this package anew.")
}

// chunkReader reads the rows of a package one by one. A chunk that is not there is an error, never an early end.
type chunkReader struct {
	ctx     context.Context //nolint:containedctx // io.Reader takes none
	s       *Store
	id      models.ID
	writing int
	chunks  int
	no      int
	left    []byte
}

func (r *chunkReader) Read(p []byte) (int, error) {
	for len(r.left) == 0 {
		if r.no == r.chunks {
			return 0, io.EOF
		}
		err := r.s.pool.QueryRow(r.ctx, `SELECT data FROM package_chunks WHERE package_id = $1 AND writing = $2 AND no = $3`,
			r.id, r.writing, r.no).Scan(&r.left)
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, models.Errorf(models.Conflict, "package_truncated", "A part of the package is missing.")
		}
		if err != nil {
			return 0, unavailable(err)
		}
		r.no++
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}
