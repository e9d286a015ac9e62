package v1

import (
	"bytes"
	"context"
	"strings"

	"habeas/api/certificate"
	"habeas/api/intake"
	"habeas/models"
	"habeas/models/contractend"
	"habeas/models/store"
)

// contractEnds is how many ends of contracts are looked at: those of all customers of an operator.
const contractEnds = 10_000

// ListContractEnds lists the ends of contracts: a customer's own.
func (s *Server) ListContractEnds(ctx context.Context, in ListContractEndsRequestObject) (ListContractEndsResponseObject, error) {
	list, err := s.store.ContractEnds(ctx, caller(ctx).Scope, contractEnds)
	if err != nil {
		return nil, err
	}
	list, next, err := pageOf(list, in.Params.Cursor, in.Params.Limit, func(end store.ContractEnd) string { return end.ID.String() })
	if err != nil {
		return nil, err
	}
	out := ContractEndList{ContractEnds: make([]ContractEnd, len(list)), Next: next}
	for i := range list {
		out.ContractEnds[i] = contractEndOf(&list[i])
	}
	return ListContractEnds200JSONResponse(out), nil
}

// OrderContractEnd orders the end of a contract.
func (s *Server) OrderContractEnd(ctx context.Context, in OrderContractEndRequestObject) (OrderContractEndResponseObject, error) {
	end, err := intake.EndContract(ctx, s.store, caller(ctx), intake.ContractOrder{
		Customer: in.Body.Controller, Confirm: in.Body.Confirm, LastDay: in.Body.LastDay, GraceDays: in.Body.GraceDays, Return: in.Body.Return,
		Reason: models.Personal(strings.TrimSpace(in.Body.Reason)),
	})
	if err != nil {
		return nil, err
	}
	return OrderContractEnd201JSONResponse(contractEndOf(&end)), nil
}

// GetContractEnd is one end of a contract.
func (s *Server) GetContractEnd(ctx context.Context, in GetContractEndRequestObject) (GetContractEndResponseObject, error) {
	end, err := s.contractEnd(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return GetContractEnd200JSONResponse(contractEndOf(&end)), nil
}

func (s *Server) contractEnd(ctx context.Context, id string) (store.ContractEnd, error) {
	end, err := models.ParseID(id)
	if err != nil {
		return store.ContractEnd{}, err
	}
	return s.store.ContractEnd(ctx, caller(ctx).Scope, end)
}

// NoteContractEnd takes the next step.
func (s *Server) NoteContractEnd(ctx context.Context, in NoteContractEndRequestObject) (NoteContractEndResponseObject, error) {
	by := caller(ctx)
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	end, err := s.store.NoteContractEnd(ctx, by.Scope, id, in.Body.Seen, contractend.Event{
		Kind: contractend.Kind(in.Body.Kind), Actor: by.Actor, Reason: models.Personal(strings.TrimSpace(in.Body.Reason)),
	})
	if err != nil {
		return nil, err
	}
	return NoteContractEnd202JSONResponse(contractEndOf(&end)), nil
}

// GetCertificate is the certificate that a former customer's data was erased.
func (s *Server) GetCertificate(ctx context.Context, in GetCertificateRequestObject) (GetCertificateResponseObject, error) {
	end, err := s.contractEnd(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	name, pdf, err := certificate.File(ctx, s.store, caller(ctx).Scope, end)
	if err != nil {
		return nil, err
	}
	return GetCertificate200ApplicationPdfResponse{
		Body: bytes.NewReader(pdf), ContentLength: int64(len(pdf)), Headers: GetCertificate200ResponseHeaders{ContentDisposition: attachment(name)},
	}, nil
}

// contractEndOf is the end of a contract with its record; what people wrote stays in the console.
func contractEndOf(end *store.ContractEnd) ContractEnd {
	out := ContractEnd{
		ID: end.ID.String(), Reference: end.Reference, Controller: end.Slug, State: string(end.State), LastDay: end.LastDay.String(), GraceDays: end.GraceDays,
		EraseFrom: end.EraseFrom().String(), Return: end.Return, Unfetched: end.Unfetched, ReturnsID: text(end.Returns), ErasesID: text(end.Erases),
		OrderedAt: end.OrderedAt.UTC(), ClosedAt: end.ClosedAt, Latest: end.Latest(), Events: make([]ContractEvent, len(end.Events)),
	}
	for i, e := range end.Events {
		out.Events[i] = ContractEvent{
			No: e.No, Kind: string(e.Kind), At: e.At, Role: string(e.Actor.Role), Members: e.Facts.Members, Keys: e.Facts.Keys, Webhooks: e.Facts.Webhooks,
		}
	}
	return out
}
