package localfiles

import (
	"context"
	"os"
	"path/filepath"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/models"
)

// Kind is the name under which the connector is registered.
const Kind = "files"

var _ connectors.Opener = Open

// Open opens the directory that the DSN names by an absolute path, with the settings of blobs.Settings. It fails with code bad_dsn.
func Open(ctx context.Context, cfg connectors.Config) (connectors.System, error) {
	store, err := OpenStore(ctx, cfg)
	if err != nil {
		return nil, err
	}
	return blobs.NewSystem(store, cfg)
}

// OpenStore opens the directory as a place of files, without rows.
func OpenStore(_ context.Context, cfg connectors.Config) (blobs.Store, error) {
	dir := cfg.DSN.Reveal()
	if !filepath.IsAbs(dir) {
		return nil, models.Errorf(models.Invalid, "bad_dsn", "The address of the system %s is not the absolute path of a directory.", cfg.Name)
	}
	s := &Store{name: cfg.Name, dir: dir}
	return s, nil
}

// tree opens the directory anew, since it may be a mount that comes and goes.
func (s *Store) tree() (*os.Root, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.root != nil {
		if there, err := os.Stat(s.dir); err == nil {
			if mine, err := s.root.Stat("."); err == nil && os.SameFile(there, mine) {
				return s.root, nil
			}
		}
		if err := s.root.Close(); err != nil {
			return nil, s.wrap(err)
		}
		s.root = nil
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, s.wrap(err)
	}
	s.root = root
	return root, nil
}

// Close lets go of the directory.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.root == nil {
		return nil
	}
	err := s.root.Close()
	s.root = nil
	return err
}
