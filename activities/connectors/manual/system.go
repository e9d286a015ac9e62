package manual

import (
	"context"

	"habeas/activities/connectors"
)

// Kind is the kind's name in the registry.
const Kind = "manual"

// System is a system in which people work. It needs no address.
type System struct{ settings Settings }

// Settings are what a manual system may be given.
type Settings struct {
	// Instructions tell people where to look and how; they are shown with each task.
	Instructions string `json:"instructions"`
}

// Open reads the settings; there is nothing to connect to. It fails with bad_settings.
func Open(_ context.Context, cfg connectors.Config) (connectors.System, error) {
	s := &System{}
	return s, cfg.ReadSettings(&s.settings)
}

// Ping always succeeds: a person is asked when there is something to do.
func (s *System) Ping(context.Context) error { return nil }

// Close has nothing to let go of.
func (s *System) Close() error { return nil }

// Instructions are the settings' own.
func (s *System) Instructions() string { return s.settings.Instructions }
