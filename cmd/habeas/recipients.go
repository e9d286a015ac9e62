package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/recipient"
	"habeas/models/store"
)

type recipientsCmd struct {
	Export exportRecipientsCmd `cmd:"" help:"Write the register to standard output. It holds addresses and contacts, and no secret."`
	Import importRecipientsCmd `cmd:"" help:"Add and change recipients from a file of the register; none is removed. All of them are taken, or none."`
}

type exportRecipientsCmd struct {
	Format string `default:"json" enum:"csv,json" help:"Form of the file: ${enum}."`
}

// Run writes the register.
func (cmd exportRecipientsCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	all, err := db.Recipients(ctx)
	if err != nil {
		return err
	}
	list := make([]recipient.Entry, len(all))
	for i, r := range all {
		list[i] = r.Entry()
	}
	if cmd.Format == "csv" {
		return recipient.WriteCSV(s.Out, list)
	}
	return recipient.WriteJSON(s.Out, list)
}

type importRecipientsCmd struct {
	File   string `arg:"" help:"File of the register." type:"existingfile"`
	Format string `default:"json" enum:"csv,json" help:"Form of the file: ${enum}."`
	// Initial is refused for what is new once a change of subprocessors was announced.
	Initial bool `help:"The file's subprocessors are at work already: register them without an announced change. Until the first change is announced."`
}

// Run takes the file in.
func (cmd importRecipientsCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	list, err := cmd.read()
	if err != nil {
		return err
	}
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	all := make([]store.Recipient, len(list))
	for i, e := range list {
		if all[i], err = store.RecipientOf(e); err != nil {
			return fmt.Errorf("recipient %s: %w", e.Slug, err)
		}
	}
	changed, err := db.ImportRecipients(ctx, all, cmd.Initial, models.System())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Out, "%d recipients were read; %d of them were new or changed.\n", len(all), changed)
	return err
}

func (cmd importRecipientsCmd) read() (list []recipient.Entry, err error) {
	f, err := os.Open(cmd.File)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	read := func(r io.Reader) ([]recipient.Entry, error) { return recipient.ReadJSON(r) }
	if cmd.Format == "csv" {
		read = recipient.ReadCSV
	}
	return read(f)
}
