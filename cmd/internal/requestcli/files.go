package requestcli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"habeas/cmd/internal/rulescli"
)

// Out is where a file goes.
type Out struct {
	Out string `help:"Where to write it; - is standard output. A file that is there already is left as it is. Default: a name of its own, in this directory." placeholder:"FILE"`
}

// save writes a file that only its owner may read: what is fetched may be personal.
func (s *session) save(to Out, fallback string, body []byte) error {
	if to.Out == "-" {
		_, err := s.out.Out.Write(body)
		return err
	}
	name := to.Out
	if name == "" {
		name = fallback
	}
	f, err := os.OpenFile(filepath.Clean(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already; name another file with --out", name)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if s.json {
		return s.write(map[string]any{"file": name, "bytes": len(body)})
	}
	_, err = fmt.Fprintf(s.out.Out, "%s, %d bytes\n", name, len(body))
	return err
}

// EvidenceCmd is `habeas request evidence`.
type EvidenceCmd struct {
	Download EvidenceDownloadCmd `cmd:"" help:"Fetch receipts, sealed ledger entries, a checkpoint and the keys as a zip that can be verified offline."`
}

// EvidenceDownloadCmd is `habeas request evidence download`.
type EvidenceDownloadCmd struct {
	Request
	Out
}

// Run fetches the file.
func (cmd EvidenceDownloadCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, r, err := c.of(ctx, env, s, cmd.Request)
	if err != nil {
		return err
	}
	got, err := api.GetEvidenceWithResponse(ctx, r.ID)
	if err != nil {
		return err
	}
	return api.save(cmd.Out, "evidence-"+r.Reference+".zip", got.Body)
}

// ReportCmd is `habeas request report`.
type ReportCmd struct {
	Period string `arg:"" help:"A year such as 2027, or a month such as 2027-02."`
	Out
}

// Run fetches the report: as a table in words or, with --json, as numbers.
func (cmd ReportCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	if api.json {
		got, err := api.GetReportWithResponse(ctx, cmd.Period)
		if err != nil {
			return err
		}
		return api.write(got.JSON200)
	}
	got, err := api.GetReportTableWithResponse(ctx, cmd.Period)
	if err != nil {
		return err
	}
	if cmd.Out.Out == "" {
		cmd.Out.Out = "-"
	}
	return api.save(cmd.Out, "", got.Body)
}

// say tells a script or a person that something was done.
func (s *session) say(v any, sentence string) error {
	if s.json {
		return s.write(v)
	}
	_, err := fmt.Fprintln(s.out.Out, sentence)
	return err
}
