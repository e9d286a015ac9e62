package activities

import (
	"context"
	"fmt"
	"time"

	"habeas/models"
	"habeas/models/contractend"
	"habeas/templates"
)

// ContractRef names the end of a contract. After is the instant up to which the DPO was reminded.
type ContractRef struct {
	ContractEndID models.ID
	After         time.Time
}

// ContractStep is a step of the end of a contract that opens a request.
type ContractStep struct {
	ContractEndID models.ID
	Step          contractend.Step
}

// ContractNext is what the workflow of a contract's end does next.
type ContractNext struct {
	Over bool // ended or withdrawn
	Step contractend.Step
	At   time.Time // zero when nothing comes by itself
}

// NextContractStep notes what has become of the requests of a contract's end and says what comes next.
func (a *Activities) NextContractStep(ctx context.Context, in ContractRef) (ContractNext, error) {
	end, err := a.deps.Store.SettleContractEnd(ctx, in.ContractEndID)
	if err != nil {
		return ContractNext{}, a.failure(ctx, err)
	}
	next := end.Next(latest(in.After, a.deps.Now().Add(-remindersMissed)))
	return ContractNext{Over: end.Closed(), Step: next.Step, At: next.At.UTC()}, nil
}

// OpenContractRequest opens the request that a step is for, once.
func (a *Activities) OpenContractRequest(ctx context.Context, in ContractStep) error {
	kind := contractend.Erasing
	if in.Step == contractend.Give {
		kind = contractend.Returning
	}
	return a.failure(ctx, a.deps.Store.OpenContractRequest(ctx, in.ContractEndID, kind))
}

// RemindContractEnd reminds the DPO that the end of a contract waits for them, once for each instant; After is that instant. One that waits no more is
// passed over.
func (a *Activities) RemindContractEnd(ctx context.Context, in ContractRef) error {
	return a.failure(ctx, a.remindContractEnd(ctx, in))
}

func (a *Activities) remindContractEnd(ctx context.Context, in ContractRef) error {
	end, err := a.deps.Store.ContractEnd(ctx, models.ScopeOperator(), in.ContractEndID)
	if err != nil || end.Next(in.After.Add(-1)).Step != contractend.Remember {
		return err
	}
	mail := templates.ContractEndMail{
		MailHead: templates.MailHead{Language: "en", Sender: a.deps.Policy.OperatorName, Reference: end.Reference, Zone: end.Zone}, Customer: end.Customer,
		State: string(end.State), Link: a.deps.Links.ContractEnd(in.ContractEndID),
	}
	_, err = a.mailOnce(ctx, fmt.Sprintf("contract-end/%s/%s", in.ContractEndID, in.After.UTC().Format(time.RFC3339)), a.deps.Policy.DPOEmail, mail)
	return err
}
