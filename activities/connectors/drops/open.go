package drops

import (
	"context"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"habeas/activities/connectors"
	"habeas/activities/connectors/blobs"
	"habeas/activities/connectors/localfiles"
	"habeas/activities/connectors/s3"
	"habeas/models"
	"habeas/models/mask"
)

// Kind is the name under which the connector is registered.
const Kind = "drops"

// Settings says what the files look like. All that is left out is concluded from a file's name, or is as RFC 4180 has it.
type Settings struct {
	Format      string   `json:"format"`      // csv, jsonl or parquet
	Compression string   `json:"compression"` // gzip or none
	Delimiter   string   `json:"delimiter"`   // of CSV: one character, , or a tab for .tsv
	Quote       string   `json:"quote"`       // of CSV: one character, " when left out
	Columns     []string `json:"columns"`     // of CSV: the names, for files without a header line
	Null        string   `json:"null"`        // of CSV: what stands for no value, without quotes; nothing at all when left out
	Encoding    string   `json:"encoding"`    // of CSV: utf-8, latin1 or windows-1252
}

// System is a set of files. It has every capability of the contract but Attacher and Delegate.
type System struct {
	store    blobs.Store
	name     string
	settings Settings
	charset  encoding.Encoding // nil for UTF-8
	maker    mask.Maker
	locks    locks
}

var (
	_ connectors.System     = (*System)(nil)
	_ connectors.Locator    = (*System)(nil)
	_ connectors.Exporter   = (*System)(nil)
	_ connectors.Eraser     = (*System)(nil)
	_ connectors.Rectifier  = (*System)(nil)
	_ connectors.Restrictor = (*System)(nil)
	_ connectors.Verifier   = (*System)(nil)
	_ connectors.Scanner    = (*System)(nil)
	_ connectors.Checker    = (*System)(nil)
	_ connectors.Inspector  = (*System)(nil)
	_ connectors.Opener     = Open
)

// Open opens the place of the files, a directory or a bucket as packages localfiles and s3 read their addresses. It fails with code
// bad_dsn or bad_settings.
func Open(ctx context.Context, cfg connectors.Config) (connectors.System, error) {
	s := &System{name: cfg.Name, maker: mask.NewMaker(cfg.Secret)}
	if err := cfg.ReadSettings(&s.settings); err != nil {
		return nil, err
	}
	if err := s.checkSettings(); err != nil {
		return nil, err
	}
	open := localfiles.OpenStore
	if strings.Contains(cfg.DSN.Reveal(), "://") {
		open = s3.OpenStore
	}
	store, err := open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	s.store = store
	return s, nil
}

func (s *System) checkSettings() error {
	bad := func(what string) error {
		return models.Errorf(models.Invalid, "bad_settings", "The settings of the system %s are wrong: %s.", s.name, what)
	}
	c := s.settings
	switch c.Format {
	case "", formatCSV, formatJSONL, formatParquet:
	default:
		return bad("format is csv, jsonl or parquet")
	}
	if c.Compression != "" && c.Compression != "gzip" && c.Compression != "none" {
		return bad("compression is gzip or none")
	}
	if len(c.Delimiter) > 1 || len(c.Quote) > 1 || c.Delimiter != "" && c.Delimiter == c.Quote || strings.ContainsAny(c.Delimiter+c.Quote, "\r\n\x00") {
		return bad("delimiter and quote are one ASCII character each, and not the same")
	}
	switch strings.ToLower(c.Encoding) {
	case "", "utf-8", "utf8":
	case "latin1", "iso-8859-1":
		s.charset = charmap.ISO8859_1
	case "windows-1252", "cp1252":
		s.charset = charmap.Windows1252
	default:
		return bad("encoding is utf-8, latin1 or windows-1252")
	}
	return nil
}

// Ping reports whether the place of the files answers.
func (s *System) Ping(ctx context.Context) error { return s.store.Ping(ctx) }

// Close lets go of the place of the files.
func (s *System) Close() error { return s.store.Close() }
