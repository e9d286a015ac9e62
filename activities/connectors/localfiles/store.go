package localfiles

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"mime"
	"os"
	"path"
	"strings"
	"sync"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/models/datamap"
)

// Store is a directory tree as a blobs.Store. Metadata are the files' extended attributes of the class user.
type Store struct {
	name string
	dir  string

	mu   sync.Mutex
	root *os.Root
}

var (
	_ blobs.Store    = (*Store)(nil)
	_ blobs.Examiner = (*Store)(nil)
)

// Name is the system's name.
func (s *Store) Name() string { return s.name }

// Traits says that files may have metadata.
func (s *Store) Traits() blobs.Traits { return blobs.Traits{Metadata: attributes, ContentType: true} }

// Ping reports whether the directory can be read.
func (s *Store) Ping(context.Context) error {
	root, err := s.tree()
	if err != nil {
		return err
	}
	d, err := root.Open(".")
	if err != nil {
		return s.wrap(err)
	}
	_, err = d.ReadDir(1)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return s.wrap(errors.Join(err, d.Close()))
}

// mine begins the names of the files that a replacement is written to; what it leaves in a crash is never taken for data.
const mine = ".habeas-"

// List walks the tree, a part of a directory at a time.
func (s *Store) List(ctx context.Context, prefix string, yield func(blobs.Object) error) error {
	root, err := s.tree()
	if err != nil {
		return err
	}
	dir := "."
	if i := strings.LastIndexByte(prefix, '/'); i >= 0 {
		dir = prefix[:i]
	}
	if ok, err := s.plain(root, dir, true); err != nil || !ok {
		return err
	}
	return s.walk(ctx, root, dir, prefix, yield)
}

func (s *Store) walk(ctx context.Context, root *os.Root, dir, prefix string, yield func(blobs.Object) error) error {
	d, err := root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // gone since it was seen
	}
	if err != nil {
		return s.wrap(err)
	}
	defer d.Close() //nolint:errcheck // it was only read
	for {
		entries, err := d.ReadDir(256)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return s.wrap(err)
		}
		for _, e := range entries {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := s.entry(ctx, root, path.Join(dir, e.Name()), e, prefix, yield); err != nil {
				return err
			}
		}
	}
}

func (s *Store) entry(ctx context.Context, root *os.Root, name string, e fs.DirEntry, prefix string, yield func(blobs.Object) error) error {
	switch {
	case e.IsDir():
		if below := name + "/"; strings.HasPrefix(below, prefix) || strings.HasPrefix(prefix, below) {
			return s.walk(ctx, root, name, prefix, yield)
		}
	case e.Type().IsRegular() && strings.HasPrefix(name, prefix) && !strings.HasPrefix(e.Name(), mine):
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return s.wrap(err)
		}
		return yield(object(name, info))
	}
	return nil
}

// plain reports whether a path is a file (or directory) that is reached without any symbolic link.
func (s *Store) plain(root *os.Root, name string, directory bool) (bool, error) {
	parts := strings.Split(name, "/")
	for i := range parts {
		info, err := root.Lstat(strings.Join(parts[:i+1], "/"))
		switch {
		case errors.Is(err, fs.ErrNotExist), notDirectory(err):
			return false, nil
		case err != nil:
			return false, s.wrap(err)
		case i < len(parts)-1 || directory:
			if !info.IsDir() {
				return false, nil
			}
		case !info.Mode().IsRegular() || strings.HasPrefix(parts[i], mine):
			return false, nil
		}
	}
	return true, nil
}

func object(name string, info fs.FileInfo) blobs.Object {
	return blobs.Object{
		Path: name, Size: info.Size(), Modified: info.ModTime().UTC(), Version: version(info),
		ContentType: mime.TypeByExtension(path.Ext(name)),
	}
}

// Stat looks at the file itself.
func (s *Store) Stat(_ context.Context, name string, _ bool) (blobs.Object, bool, error) {
	f, o, err := s.open(name, os.O_RDONLY)
	if err != nil || f == nil {
		return o, false, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	o.Metadata, err = readAttributes(f)
	return o, err == nil, s.wrap(err)
}

// open opens a plain file; nil when there is none.
func (s *Store) open(name string, flag int) (*os.File, blobs.Object, error) {
	root, err := s.tree()
	if err != nil {
		return nil, blobs.Object{}, err
	}
	if ok, err := s.plain(root, name, false); err != nil || !ok {
		return nil, blobs.Object{}, err
	}
	f, err := root.OpenFile(name, flag|noFollow, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, blobs.Object{}, nil
	}
	if err != nil {
		return nil, blobs.Object{}, s.wrap(err)
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil, blobs.Object{}, s.wrap(errors.Join(err, f.Close()))
	}
	return f, object(name, info), nil
}

// Open opens the file's content.
func (s *Store) Open(_ context.Context, o blobs.Object) (blobs.Content, error) {
	f, now, err := s.open(o.Path, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return nil, blobs.Gone(s.name)
	}
	if o.Version != "" && now.Version != o.Version {
		return nil, errors.Join(blobs.Changed(s.name), f.Close())
	}
	return &content{f, s, now.Version}, nil
}

// content is a file that says when it was changed while it is read.
type content struct {
	*os.File
	store *Store
	was   string
}

func (c *content) Read(p []byte) (int, error) {
	n, err := c.File.Read(p)
	if errors.Is(err, io.EOF) {
		return n, c.end()
	}
	return n, c.store.wrap(err)
}

// end is io.EOF, when the file is still the one that was opened.
func (c *content) end() error {
	info, err := c.Stat()
	if err != nil {
		return c.store.wrap(err)
	}
	if version(info) != c.was {
		return blobs.Changed(c.store.name)
	}
	return io.EOF
}

func (c *content) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.File.ReadAt(p, off)
	if err != nil && !errors.Is(err, io.EOF) {
		err = c.store.wrap(err)
	}
	return n, err
}

// Versions is 1 for a file that is there.
func (s *Store) Versions(_ context.Context, name string) (int, error) {
	root, err := s.tree()
	if err != nil {
		return 0, err
	}
	ok, err := s.plain(root, name, false)
	if err != nil || !ok {
		return 0, err
	}
	return 1, nil
}

// Examine tells whether files can be replaced and removed.
func (s *Store) Examine(_ context.Context, prefix string) ([]blobs.Finding, error) {
	root, err := s.tree()
	if err != nil {
		return nil, err
	}
	dir := path.Dir(prefix + "x")
	if ok, err := s.plain(root, dir, true); err != nil || !ok && dir != "." {
		return nil, err
	}
	if writable(s.dir + "/" + dir) {
		return nil, nil
	}
	return []blobs.Finding{{
		Severity: datamap.Warning, Code: connectors.CodeReadOnly, Message: "The system " + s.name + " is read-only here; nothing in it can be erased.",
		Advice: "Give the account of Habeas' worker the right to write into the directory.",
	}}, nil
}

// Purge has nothing to do: a directory keeps no versions.
func (s *Store) Purge(context.Context, string) error { return nil }
