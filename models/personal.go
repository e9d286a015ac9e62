package models

import "log/slog"

const redacted = "[redacted]"

// Personal is text about a person (name, address, free text). It prints as [redacted] in logs, errors, fmt and JSON; only
// Reveal gives the text, so each use of the plain value can be found.
type Personal string

// Reveal is the plain text.
func (p Personal) Reveal() string { return string(p) }

// LogValue keeps the text out of structured logs.
func (p Personal) LogValue() slog.Value { return slog.StringValue(redacted) }

func (p Personal) String() string { return redacted }

// GoString keeps the text out of %#v.
func (p Personal) GoString() string { return redacted }

// MarshalText keeps the text out of JSON written by accident.
func (p Personal) MarshalText() ([]byte, error) { return []byte(redacted), nil }
