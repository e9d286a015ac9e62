package activities

import (
	"context"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store"
	"habeas/templates"
)

// graph is the data map by which a right is planned and carried out. When a contract ends, collections may be erased otherwise than for a person.
func (a *Activities) graph(right models.Right) *datamap.Graph {
	if right == models.Deletion {
		return a.deps.Graph.AtContractEnd()
	}
	return a.deps.Graph
}

// returnMail tells a customer where all of its data waits, and when its erasure begins.
func (a *Activities) returnMail(ctx context.Context, l letterContext, view store.PackageView) (letter, error) {
	end, err := a.deps.Store.ContractEndOf(ctx, models.ScopeOperator(), l.req.ID)
	if err != nil {
		return nil, err
	}
	mail := templates.ContractReturnMail{
		MailHead: l.head(), Customer: l.controller.Name, ExpiresAt: view.ExpiresAt,
		Link: a.deps.Links.Package(a.deps.Store.PackageToken(view.ID)),
	}
	if from := end.EraseFrom(); from.After(l.day(a.deps.Now())) {
		mail.EraseFrom = from
	}
	return mail, nil
}

// deletionMail tells a customer what was erased and kept, and where the certificate is.
func (a *Activities) deletionMail(ctx context.Context, l letterContext) (letter, error) {
	m, err := a.erasureMail(ctx, l)
	if err != nil {
		return nil, err
	}
	for i := range m.Kept {
		if m.Kept[i].Why == sharedByPerson {
			m.Kept[i].Why = sharedByController
		}
	}
	token, err := a.deps.Store.StatusToken(ctx, l.req.ID)
	return templates.ContractDeletionMail{
		MailHead: l.head(), Customer: l.controller.Name, Erased: m.Erased, Kept: m.Kept, Recipients: m.Recipients,
		AllAnswered: m.AllAnswered, Link: a.deps.Links.Certificate(token),
	}, err
}
