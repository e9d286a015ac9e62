package main

import (
	"context"
	"errors"
	"fmt"

	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/breach/bounce"
)

// tryAgain is the exit status by which a mail server keeps a message and tries again later (EX_TEMPFAIL).
const tryAgain = 75

type bounceCmd struct{}

// Run reads one notification from standard input and counts its message as returned. Mail that is none is let pass: a mail server would send it
// back to whoever wrote it.
func (bounceCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	report, err := bounce.Read(s.In)
	if err != nil {
		_, err = fmt.Fprintln(s.Out, "Nothing was done:", message(err))
		return err
	}
	later := func(err error) error {
		if err == nil {
			return nil
		}
		return &rulescli.ExitError{Status: tryAgain, Err: models.Errorf(models.Unavailable, "unavailable", "The notification cannot be noted now.").Because(err)}
	}
	db, _, err := c.openStore(ctx)
	if err != nil {
		return later(err)
	}
	defer func() { err = errors.Join(err, later(db.Close())) }()
	found, err := db.BounceBreachPerson(ctx, report.Message, report.Code)
	if err == nil && !found {
		found, err = db.BounceMail(ctx, report.Message, report.Code)
	}
	if err != nil {
		return later(err)
	}
	text := "Nothing was done: no message of Habeas has this identifier."
	if found {
		text = "One message was counted as returned, with the code " + report.Code + "."
	}
	_, err = fmt.Fprintln(s.Out, text)
	return err
}
