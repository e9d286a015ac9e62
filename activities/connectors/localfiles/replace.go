package localfiles

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path"
	"time"

	"habeas/activities/connectors/blobs"
)

// Remove removes the file and makes that lasting.
func (s *Store) Remove(ctx context.Context, name string) (bool, error) {
	root, err := s.tree()
	if err != nil {
		return false, err
	}
	f, _, err := s.open(name, os.O_RDONLY)
	if err != nil || f == nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // it was only locked
	if err := s.lock(ctx, f); err != nil {
		return false, err
	}
	if ok, err := s.same(root, name, f); err != nil || !ok {
		return false, err
	}
	if err := root.Remove(name); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		return false, s.wrap(err)
	}
	return true, s.flush(root, path.Dir(name))
}

// lock waits until no other process of Habeas works on the file.
func (s *Store) lock(ctx context.Context, f *os.File) error {
	for {
		if tryLock(f) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// same reports whether the path still leads to the opened file.
func (s *Store) same(root *os.Root, name string, f *os.File) (bool, error) {
	there, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, s.wrap(err)
	}
	opened, err := f.Stat()
	return err == nil && os.SameFile(there, opened), s.wrap(err)
}

// Replace writes a new file beside the old one and puts it in its place, or changes the attributes of the old one.
func (s *Store) Replace(ctx context.Context, was blobs.Object, change blobs.Change) error {
	if len(change.Tags) > 0 {
		return blobs.Unsupported("The system %s is a directory, and files have no tags.", s.name)
	}
	root, err := s.tree()
	if err != nil {
		return err
	}
	f, _, err := s.open(was.Path, os.O_RDONLY)
	if err != nil {
		return err
	}
	if f == nil {
		return blobs.Gone(s.name)
	}
	defer f.Close() //nolint:errcheck // it was only read
	if err := s.lock(ctx, f); err != nil {
		return err
	}
	if err := s.unchanged(root, was, f); err != nil {
		return err
	}
	if change.Body == nil {
		return s.wrap(writeAttributes(f, change.Metadata))
	}
	temp := path.Join(path.Dir(was.Path), partName(was.Path))
	if err := root.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s.wrap(err) // what a crash has left
	}
	err = s.write(root, temp, f, change)
	if err == nil {
		err = s.unchanged(root, was, f)
	}
	if err == nil {
		err = s.wrap(root.Rename(temp, was.Path))
	}
	if err != nil {
		if gone := root.Remove(temp); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			return errors.Join(err, s.wrap(gone))
		}
		return err
	}
	return s.flush(root, path.Dir(was.Path))
}

// partName is the same for the same file, so that what a crash has left is found again, and tells nothing of its name.
func partName(name string) string {
	digest := sha256.Sum256([]byte(path.Base(name)))
	return mine + hex.EncodeToString(digest[:8])
}

func (s *Store) unchanged(root *os.Root, was blobs.Object, f *os.File) error {
	ok, err := s.same(root, was.Path, f)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return s.wrap(err)
	}
	if !ok || version(info) != was.Version {
		return blobs.Changed(s.name)
	}
	return nil
}

// write writes the new content into temp, with the owner, mode and attributes of the old file, and makes it lasting.
func (s *Store) write(root *os.Root, temp string, old *os.File, change blobs.Change) (err error) {
	info, err := old.Stat()
	if err != nil {
		return s.wrap(err)
	}
	out, err := root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return s.wrap(err)
	}
	defer func() {
		if closed := out.Close(); err == nil {
			err = s.wrap(closed)
		}
	}()
	w := &writer{bufio.NewWriterSize(out, 1<<17), s}
	if err := change.Body(w); err != nil {
		return err
	}
	kept, err := readAttributes(old)
	if err != nil {
		return s.wrap(err)
	}
	all := map[string]*string{}
	for name, value := range kept {
		all[name] = &value
	}
	for name, value := range change.Metadata {
		all[name] = value
	}
	return s.wrap(errors.Join(w.Flush(), writeAttributes(out, all), likeOwner(out, info), out.Chmod(info.Mode().Perm()), out.Sync()))
}

// writer says what a failure to write means.
type writer struct {
	*bufio.Writer
	store *Store
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.Writer.Write(p)
	return n, w.store.wrap(err)
}

// flush makes a change of a directory lasting.
func (s *Store) flush(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return s.wrap(err)
	}
	return s.wrap(errors.Join(d.Sync(), d.Close()))
}
