package intake

import (
	"context"
	"slices"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/contractend"
	"habeas/models/request"
	"habeas/models/store"
)

// ContractOrder is an order that a contract ends, as it was typed.
type ContractOrder struct {
	Customer  string // slug
	Confirm   string // the slug again, so that nobody ends a contract with one click too many
	LastDay   string
	GraceDays int
	Return    bool
	Reason    models.Personal
}

// Customers are those of a scope whose contract may end: all but the operator.
func Customers(ctx context.Context, s *store.Store, scope models.Scope) ([]request.Controller, error) {
	all, err := s.Controllers(ctx, scope)
	return slices.DeleteFunc(all, func(c request.Controller) bool { return c.Operator }), err
}

// EndContract takes an order in. It fails with unknown_customer, not_confirmed, bad_date and what store.OrderContractEnd fails with.
func EndContract(ctx context.Context, s *store.Store, who models.Principal, o ContractOrder) (store.ContractEnd, error) {
	customers, err := Customers(ctx, s, who.Scope)
	if err != nil {
		return store.ContractEnd{}, err
	}
	i := slices.IndexFunc(customers, func(one request.Controller) bool { return one.Slug == o.Customer })
	if i < 0 {
		return store.ContractEnd{}, models.Errorf(models.Invalid, "unknown_customer", "Choose the customer.").At("/customer")
	}
	if o.Confirm != customers[i].Slug {
		return store.ContractEnd{}, models.Errorf(models.Invalid, "not_confirmed", "Type the customer's short name, %s, to confirm.", customers[i].Slug).At("/confirm")
	}
	lastDay, err := calendar.ParseDate(o.LastDay)
	if err != nil {
		return store.ContractEnd{}, models.Errorf(models.Invalid, "bad_date", "Give the last day of the contract.").At("/last_day")
	}
	return s.OrderContractEnd(ctx, who.Scope, customers[i].ID, contractend.Event{
		Actor: who.Actor, Reason: o.Reason, Facts: contractend.Facts{LastDay: lastDay, GraceDays: o.GraceDays, Return: o.Return},
	})
}
