package connectors

import (
	"context"
	"maps"
	"slices"

	"habeas/models"
)

// Config describes one configured system.
type Config struct {
	Name   string          // as the data map's system key names it
	Kind   string          // as the registry names it: postgres, …
	DSN    models.Personal // address with credentials; never printed
	Secret []byte          // installation's secret for keyed hashes; at least 16 bytes
}

// Opener opens a system; it need not connect before the first call.
type Opener func(ctx context.Context, cfg Config) (System, error)

// Registry knows how to open each kind of system. It is filled at start and not changed after.
type Registry map[string]Opener

// Kinds are the registered kinds, sorted.
func (r Registry) Kinds() []string { return slices.Sorted(maps.Keys(r)) }

// Open opens a system of a registered kind; it fails with code unknown_system_kind for any other.
func (r Registry) Open(ctx context.Context, cfg Config) (System, error) {
	open, ok := r[cfg.Kind]
	if !ok {
		return nil, models.Errorf(models.Invalid, "unknown_system_kind",
			"The system %s is of kind %q, which is none of %v.", cfg.Name, cfg.Kind, r.Kinds())
	}
	return open(ctx, cfg)
}
