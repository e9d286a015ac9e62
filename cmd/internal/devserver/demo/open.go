package demo

import (
	"context"
	"fmt"

	"habeas/cmd/internal/devserver"
	"habeas/cmd/internal/devserver/actor"
	"habeas/cmd/internal/devserver/sample"
	"habeas/models"
)

// LeaveOpen files two requests that wait for somebody: one for the DPO's decision, one for the customer's instruction. It comes before Run, which
// erases the person with whom the first one's address is shared.
func LeaveOpen(ctx context.Context, s *devserver.Server) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	public := actor.Client{Base: s.Config.BaseURL}
	dpo := actor.Client{Base: s.Config.BaseURL, Key: s.DPOKey}
	people := s.Company.People
	ask := func(p sample.Person) (actor.Asked, error) {
		asked, err := public.Ask(ctx, p.Right, p.Controller, p.Subject)
		if err != nil {
			return asked, fmt.Errorf("filing a request: %w", err)
		}
		return asked, public.Confirm(ctx, s.Mailbox, asked, p.Subject)
	}
	housemate, err := ask(people.Housemate)
	if err != nil {
		return err
	}
	consignee, err := ask(people.Consignee)
	if err != nil {
		return err
	}
	if _, err := dpo.AwaitState(ctx, housemate.ID, models.InReview); err != nil {
		return err
	}
	_, err = dpo.AwaitState(ctx, consignee.ID, models.AwaitingInstruction)
	return err
}
