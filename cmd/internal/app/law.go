package app

import (
	"context"
	"fmt"
	"os"
	"time"
	_ "time/tzdata" // the zones must not depend on the machine

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/hold"
)

// law gives calendars with the deployment's own days, and zones.
type law struct{ local []calendar.LocalDay }

// Calendar is the calendar of a place.
func (l *law) Calendar(country, subdivision string) (*calendar.Calendar, error) {
	c, err := calendar.For(country, subdivision)
	if err != nil {
		return nil, err
	}
	return c.WithLocalDays(l.local...), nil
}

// Zone is a time zone by its IANA name.
func (l *law) Zone(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, unknownZone()
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, unknownZone()
	}
	return z, nil
}

func unknownZone() error {
	return models.Errorf(models.Invalid, "unknown_zone", "There is no such time zone; use an IANA name like Europe/Berlin.")
}

// loadLaw reads the deployment's own days and retention rules beside the built-in ones.
func (a *App) loadLaw(context.Context) error {
	a.law, a.rules = &law{}, hold.Builtin()
	if path := a.Config.Holidays; path != "" {
		f, err := os.Open(path) //nolint:gosec // the operator names the file
		if err != nil {
			return fmt.Errorf("holidays: %w", err)
		}
		defer f.Close() //nolint:errcheck // only read
		if a.law.local, err = calendar.ParseLocalDays(f); err != nil {
			return fmt.Errorf("holidays %s: %w", path, err)
		}
	}
	if path := a.Config.Rules; path != "" {
		f, err := os.Open(path) //nolint:gosec // the operator names the file
		if err != nil {
			return fmt.Errorf("rules: %w", err)
		}
		defer f.Close() //nolint:errcheck // only read
		own, err := hold.ParseRules(f)
		if err != nil {
			return fmt.Errorf("rules %s: %w", path, err)
		}
		if a.rules, err = a.rules.With(own...); err != nil {
			return fmt.Errorf("rules %s: %w", path, err)
		}
	}
	return nil
}
