package main

import (
	"context"
	"errors"
	"fmt"

	"habeas/activities/concerned"
	"habeas/cmd/internal/app"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/breach/persons"
)

type breachCmd struct {
	Persons breachPersonsCmd `cmd:"" help:"Put everybody whose address stands in collections of the data map on the list of the persons whom a breach concerns."`
}

type breachPersonsCmd struct {
	Breach      string            `required:"" help:"Identifier of the breach, as in the address of its page." placeholder:"ID"`
	Collections []string          `arg:"" name:"collection" help:"Collections of the data map with the addresses, like crm.customers."`
	Where       map[string]string `help:"Only rows in which a field has this value; may be repeated." placeholder:"FIELD=VALUE"`
	Controller  string            `help:"Only rows of this controller, as the map's controller column writes it; of all when left out." placeholder:"SLUG"`
	DryRun      bool              `help:"Count, and change nothing."`
}

// Run reads the systems and adds to the list; nobody is written to before a second person has approved the message in the console. No address is shown.
func (cmd breachPersonsCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	id, err := models.ParseID(cmd.Breach)
	if err != nil {
		return &rulescli.ExitError{Status: rulescli.Usage, Err: errors.New("give --breach the identifier of the breach, as in the address of its page")}
	}
	a, err := c.build(ctx, app.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	list, err := a.Store.BreachPersonList(ctx, id)
	if err != nil {
		return err
	}
	var found []persons.Person // all of them before one is added: a system that fails half-way changes nothing
	query := concerned.Query{Collections: cmd.Collections, Where: cmd.Where, Controller: cmd.Controller}
	counts, err := a.Concerned(ctx, query, func(p persons.Person) error {
		found = append(found, p)
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%s, %s; without an address that can be written to: %s.\n",
		models.Count(counts.Rows, "row"), models.Count(counts.Persons, "person"), models.Count(counts.Without, "row"))
	if cmd.DryRun {
		fmt.Fprintln(s.Out, "Nothing was changed.")
		return nil
	}
	for _, p := range found {
		if err := list.Add(ctx, p); err != nil {
			return err
		}
	}
	if err := list.Close(ctx, models.Actor{Role: models.RoleOperator}); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "%d persons were added to the list; the others were on it.\n", list.Added)
	return nil
}
