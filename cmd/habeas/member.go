package main

import (
	"context"
	"errors"
	"fmt"

	"habeas/cmd/internal/config"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/store"
)

type memberCmd struct {
	Add        addMemberCmd        `cmd:"" help:"Make an account for a person and print the one-time link that opens it; nothing is mailed."`
	List       listMembersCmd      `cmd:"" help:"List accounts."`
	Recover    recoverMemberCmd    `cmd:"" help:"Help somebody who has lost everything: take the second factors of an account away and print a one-time link for a new password."`
	Deactivate deactivateMemberCmd `cmd:"" help:"End an account with its sessions, at once and for good."`
}

type addMemberCmd struct {
	Role       string `required:"" enum:"dpo,case_handler,auditor,operator,controller,controller_viewer" help:"What the person may do: ${enum}." placeholder:"ROLE"`
	Controller string `help:"Slug of the customer; for the roles controller and controller_viewer only." placeholder:"SLUG"`
	Name       string `required:"" help:"Of the person." placeholder:"NAME"`
	Email      string `required:"" help:"By which the person signs in." placeholder:"ADDRESS"`
}

// Run prints the link to standard output and nothing else. It is for the first account; the others are invited by mail in the console.
func (cmd addMemberCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) error {
	return c.printLink(ctx, s, func(db *store.Store) (token, says string, err error) {
		spec := store.MemberSpec{Role: models.Role(cmd.Role), Name: models.Personal(cmd.Name), Email: models.Personal(cmd.Email)}
		if cmd.Controller != "" {
			controller, err := db.ControllerBySlug(ctx, cmd.Controller)
			if err != nil {
				return "", "", err
			}
			spec.ControllerID = controller.ID
		}
		m, token, err := db.InviteFirst(ctx, spec)
		return token, fmt.Sprintf("Account %s; this link opens it once, within a week:", m.ID), err
	})
}

// printLink prints the one-time link whose token do returns to standard output, and what do says of it to standard error.
func (c *cli) printLink(ctx context.Context, s *rulescli.Streams, do func(*store.Store) (token, says string, err error)) (err error) {
	cfg, err := c.load(config.NeedDatabase | config.NeedKeys | config.NeedPortal)
	if err != nil {
		return err
	}
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	token, says, err := do(db)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.Err, says)
	_, err = fmt.Fprintf(s.Out, "%s/staff/link/%s\n", cfg.BaseURL, token)
	return err
}

type listMembersCmd struct{}

// Run lists accounts with the names of their people.
func (listMembersCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	members, err := db.Members(ctx, models.ScopeOperator())
	if err != nil {
		return err
	}
	if len(members) == 0 {
		_, err = fmt.Fprintln(s.Out, "There is no account yet; make one with: habeas member add --role dpo --name NAME --email ADDRESS")
		return err
	}
	for _, m := range members {
		fmt.Fprintf(s.Out, "%s  %-17s  %-11s  %s <%s>\n", m.ID, m.Role, m.State, m.Name.Reveal(), m.Email.Reveal())
	}
	return nil
}

type recoverMemberCmd struct {
	ID string `arg:"" help:"Identifier of the account, as listed."`
}

// Run prints the link to standard output and nothing else. The account's address hears that its second factors were taken away.
func (cmd recoverMemberCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) error {
	id, err := models.ParseID(cmd.ID)
	if err != nil {
		return &rulescli.ExitError{Status: rulescli.Usage, Err: err}
	}
	return c.printLink(ctx, s, func(db *store.Store) (token, says string, err error) {
		token, err = db.RecoverMember(ctx, id)
		return token, "This link opens the account once, within half an hour (an invitation within a week):", err
	})
}

type deactivateMemberCmd struct {
	ID string `arg:"" help:"Identifier of the account, as listed."`
}

// Run ends an account at once.
func (cmd deactivateMemberCmd) Run(ctx context.Context, c *cli) (err error) {
	id, err := models.ParseID(cmd.ID)
	if err != nil {
		return &rulescli.ExitError{Status: rulescli.Usage, Err: err}
	}
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.DeactivateMember(ctx, models.ScopeOperator(), models.System(), id)
}
