package connectors

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"habeas/models"
)

// Config describes one configured system.
type Config struct {
	Name   string          // as the data map's system key names it
	Kind   string          // as the registry names it: postgres, …
	DSN    models.Personal // address with credentials; never printed
	Secret []byte          // installation's secret for masked values; at least 16 bytes
	// Settings is the system's settings: mapping as JSON, nil when it has none. A kind reads it strictly, by ReadSettings.
	Settings []byte
	// Callback is where this installation takes what the system tells by itself, "" when it does not. A kind whose protocol has no such thing ignores it.
	Callback string
}

// String is the name and the kind only.
func (c Config) String() string { return c.Kind + " system " + c.Name }

// GoString keeps the secrets out of %#v.
func (c Config) GoString() string { return c.String() }

// LogValue keeps the secrets out of structured logs.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// ReadSettings reads a system's settings into a kind's own struct; a key that it does not know, or a value of another type, fails with
// code bad_settings. Without settings it leaves into as it is.
func (c Config) ReadSettings(into any) error {
	if len(c.Settings) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(c.Settings))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		return models.Errorf(models.Invalid, "bad_settings", "The settings of the system %s do not fit its kind %s: %s.", c.Name, c.Kind, strings.TrimPrefix(err.Error(), "json: "))
	}
	return nil
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
		return nil, unknownKind(r, cfg)
	}
	return open(ctx, cfg)
}

func unknownKind(r Registry, cfg Config) error {
	return models.Errorf(models.Invalid, "unknown_system_kind", "The system %s is of kind %q, which is none of %v.", cfg.Name, cfg.Kind, r.Kinds())
}

// Systems opens configured systems when they are first asked for, and keeps them open. It is safe for concurrent use.
type Systems struct {
	registry Registry
	configs  map[string]Config

	mu   sync.Mutex
	open map[string]System
}

// NewSystems prepares the configured systems; none is opened yet. It fails with code duplicate_system or unknown_system_kind.
func NewSystems(registry Registry, configs ...Config) (*Systems, error) {
	s := &Systems{registry: registry, configs: map[string]Config{}, open: map[string]System{}}
	for _, c := range configs {
		if _, twice := s.configs[c.Name]; twice {
			return nil, models.Errorf(models.Invalid, "duplicate_system", "The system %s is configured twice.", c.Name)
		}
		if _, ok := registry[c.Kind]; !ok {
			return nil, unknownKind(registry, c)
		}
		s.configs[c.Name] = c
	}
	return s, nil
}

// Names are the configured systems, sorted.
func (s *Systems) Names() []string { return slices.Sorted(maps.Keys(s.configs)) }

// System is the named system, opened now if it was not; it fails with code unknown_system when none of that name is configured.
func (s *Systems) System(ctx context.Context, name string) (System, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if system := s.open[name]; system != nil {
		return system, nil
	}
	cfg, ok := s.configs[name]
	if !ok {
		return nil, models.Errorf(models.Invalid, "unknown_system", "The system %s, which the data map names, is not configured.", name)
	}
	system, err := s.registry.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s.open[name] = system
	return system, nil
}

// All are the named systems, opened now as far as they were not; it fails as System does.
func (s *Systems) All(ctx context.Context, names ...string) (map[string]System, error) {
	out := map[string]System{}
	for _, name := range names {
		system, err := s.System(ctx, name)
		if err != nil {
			return nil, err
		}
		out[name] = system
	}
	return out, nil
}

// Close closes all open systems.
func (s *Systems) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for name, system := range s.open {
		errs = append(errs, system.Close())
		delete(s.open, name)
	}
	return errors.Join(errs...)
}
