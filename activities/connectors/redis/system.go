package redis

import (
	"context"
	"slices"
	"sync/atomic"

	driver "github.com/redis/go-redis/v9"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// Kind is the name under which the connector is registered.
const Kind = "redis"

// System is one database of a Redis server. It has every capability of the contract but Delegate.
type System struct {
	name     string
	client   *driver.Client
	maker    mask.Maker
	types    map[string]string // by pattern as the settings write it
	patterns []pattern         // those of the settings, in the order of their texts
	sep      string
	whole    atomic.Bool // the server has been seen to hold all there is
}

var (
	_ connectors.System     = (*System)(nil)
	_ connectors.Locator    = (*System)(nil)
	_ connectors.Exporter   = (*System)(nil)
	_ connectors.Eraser     = (*System)(nil)
	_ connectors.Restrictor = (*System)(nil)
	_ connectors.Rectifier  = (*System)(nil)
	_ connectors.Verifier   = (*System)(nil)
	_ connectors.Scanner    = (*System)(nil)
	_ connectors.Checker    = (*System)(nil)
	_ connectors.Inspector  = (*System)(nil)
	_ connectors.Opener     = Open
)

// settings is the system's settings: mapping.
type settings struct {
	Types     map[string]string `json:"types"`     // pattern to the type that its keys must have
	Separator *string           `json:"separator"` // what no placeholder's value contains; a colon unless said
}

// The types that a pattern's keys can have. typeJSON is a JSON text in a string.
const (
	typeHash   = "hash"
	typeJSON   = "json"
	typeString = "string"
	typeList   = "list"
	typeSet    = "set"
	typeZSet   = "zset"
	typeNone   = "none" // there is no such key
)

var knownTypes = []string{typeHash, typeJSON, typeString, typeList, typeSet, typeZSet}

// Open reads the address and the settings; the server is asked at the first call, by at most four connections. It fails with code bad_dsn
// or bad_settings.
func Open(_ context.Context, cfg connectors.Config) (connectors.System, error) {
	options, err := parseAddress(cfg.Name, cfg.DSN.Reveal())
	if err != nil {
		return nil, err
	}
	var own settings
	if err := cfg.ReadSettings(&own); err != nil {
		return nil, err
	}
	s := &System{name: cfg.Name, maker: mask.NewMaker(cfg.Secret), types: own.Types, sep: ":"}
	if own.Separator != nil {
		s.sep = *own.Separator
	}
	for text, typ := range own.Types {
		p, ok := parsePattern(text, s.sep)
		if !ok || !slices.Contains(knownTypes, typ) {
			return nil, models.Errorf(models.Invalid, "bad_settings", "The setting types of the system %s has %q: %q, which is no pattern or none of %v.", cfg.Name, text, typ, knownTypes)
		}
		s.patterns = append(s.patterns, p)
	}
	slices.SortFunc(s.patterns, func(a, b pattern) int { return a.compare(b) })
	s.client = driver.NewClient(options)
	return s, nil
}

// Ping asks the server for an answer.
func (s *System) Ping(ctx context.Context) error { return s.wrap(ctx, s.client.Ping(ctx).Err(), "") }

// Close closes all connections.
func (s *System) Close() error { return s.client.Close() }

// server is what the server says of itself: its mode, and whether it is a copy. Every account may ask.
func (s *System) server(ctx context.Context) (mode, role string, err error) {
	reply, err := s.client.Do(ctx, "HELLO").Result()
	if err != nil {
		return "", "", err
	}
	text := func(v any) string {
		t, _ := v.(string) //nolint:errcheck // what is no text is not what is looked for
		return t
	}
	switch r := reply.(type) {
	case map[any]any:
		return text(r["mode"]), text(r["role"]), nil
	case []any:
		for i := 0; i+1 < len(r); i += 2 {
			switch text(r[i]) {
			case "mode":
				mode = text(r[i+1])
			case "role":
				role = text(r[i+1])
			}
		}
	}
	return mode, role, nil
}

// one refuses a node of a cluster, which holds only a part of the keys and would not say so.
func (s *System) one(ctx context.Context) error {
	if s.whole.Load() {
		return nil
	}
	mode, _, err := s.server(ctx)
	if err != nil {
		return err
	}
	if mode == "cluster" {
		return models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The system %s is a node of a cluster, which holds only a part of the keys.", s.name)
	}
	s.whole.Store(true)
	return nil
}

// collection is a node with its pattern and the type that the settings give it, "" when they do not.
type collection struct {
	*datamap.Node
	pattern pattern
	typ     string
}

func (s *System) collection(node *datamap.Node) (*collection, error) {
	p, ok := parsePattern(node.Table, s.sep)
	if !ok {
		return nil, mismatch("The collection %s names no keys: its table: is not a pattern such as session:{session_id}.", node.Address)
	}
	return &collection{Node: node, pattern: p, typ: s.types[node.Table]}, nil
}
