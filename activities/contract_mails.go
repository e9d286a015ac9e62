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

// returnMail tells a customer where all of its data waits.
func (a *Activities) returnMail(l letterContext, view store.PackageView) letter {
	return templates.ContractReturnMail{
		MailHead: l.internalHead(a.deps.Policy.OperatorName), Customer: l.controller.Name, ExpiresAt: view.ExpiresAt,
		Link: a.deps.Links.Package(a.deps.Store.PackageToken(view.ID)),
	}
}

// deletionMail tells a customer what was erased and kept, and where the certificate is.
func (a *Activities) deletionMail(ctx context.Context, l letterContext) (letter, error) {
	m, err := a.erasureMail(ctx, l)
	return templates.ContractDeletionMail{
		MailHead: l.internalHead(a.deps.Policy.OperatorName), Customer: l.controller.Name, Erased: m.Erased, Kept: m.Kept, Recipients: m.Recipients,
		AllAnswered: m.AllAnswered, Link: m.Link,
	}, err
}
