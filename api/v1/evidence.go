package v1

import (
	"bytes"
	"context"

	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/store"
)

// GetLedger lists the ledger's entries about a request.
func (s *Server) GetLedger(ctx context.Context, in GetLedgerRequestObject) (GetLedgerResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	entries, err := s.store.Ledger(ctx, caller(ctx).Scope, id)
	if err != nil {
		return nil, err
	}
	entries, next, err := pageOf(entries, in.Params.Cursor, in.Params.Limit, func(one ledger.Entry) string { return one.ID.String() })
	if err != nil {
		return nil, err
	}
	out := EntryList{Entries: make([]Entry, len(entries)), Next: next}
	for i, e := range entries {
		out.Entries[i] = Entry{ID: e.ID.String(), At: e.At, Kind: e.Kind, Role: string(e.Actor.Role), ActorID: text(e.Actor.ID), Data: e.Data}
	}
	return GetLedger200JSONResponse(out), nil
}

// GetNotices lists the notices to recipients.
func (s *Server) GetNotices(ctx context.Context, in GetNoticesRequestObject) (GetNoticesResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	notices, err := s.store.Notices(ctx, caller(ctx).Scope, id)
	if err != nil {
		return nil, err
	}
	notices, next, err := pageOf(notices, in.Params.Cursor, in.Params.Limit, func(one store.Notice) string { return one.ID.String() })
	if err != nil {
		return nil, err
	}
	out := NoticeList{Notices: make([]Notice, len(notices)), Next: next}
	for i, n := range notices {
		out.Notices[i] = Notice{
			ID: n.ID.String(), Recipient: n.Recipient, Channel: string(n.Channel), State: string(n.State), Answer: string(n.Answer),
			Attempts: n.Attempts, SentAt: n.SentAt, ClosedAt: n.ClosedAt,
		}
	}
	return GetNotices200JSONResponse(out), nil
}

// GetDeferrals lists what is erased later.
func (s *Server) GetDeferrals(ctx context.Context, in GetDeferralsRequestObject) (GetDeferralsResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	deferrals, err := s.store.Deferrals(ctx, caller(ctx).Scope, id)
	if err != nil {
		return nil, err
	}
	deferrals, next, err := pageOf(deferrals, in.Params.Cursor, in.Params.Limit, func(one store.Deferral) string { return one.ID.String() })
	if err != nil {
		return nil, err
	}
	out := DeferralList{Deferrals: make([]Deferral, len(deferrals)), Next: next}
	for i, d := range deferrals {
		out.Deferrals[i] = deferralOf(d)
	}
	return GetDeferrals200JSONResponse(out), nil
}

// GetReceipts lists the signed receipts.
func (s *Server) GetReceipts(ctx context.Context, in GetReceiptsRequestObject) (GetReceiptsResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	receipts, err := s.store.Receipts(ctx, caller(ctx).Scope, id)
	if err != nil {
		return nil, err
	}
	receipts, next, err := pageOf(receipts, in.Params.Cursor, in.Params.Limit, func(one store.StoredReceipt) string { return one.ID.String() })
	if err != nil {
		return nil, err
	}
	out := ReceiptList{Receipts: make([]Receipt, len(receipts)), Next: next}
	for i, r := range receipts {
		url := s.base + "/v1/requests/" + id.String() + "/receipts/" + r.ID.String()
		out.Receipts[i] = Receipt{ID: r.ID.String(), DeferralID: text(r.DeferralID), At: r.At, URL: url}
	}
	return GetReceipts200JSONResponse(out), nil
}

// GetReceipt is the exact signed bytes.
func (s *Server) GetReceipt(ctx context.Context, in GetReceiptRequestObject) (GetReceiptResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	receipts, err := s.store.Receipts(ctx, caller(ctx).Scope, id)
	if err != nil {
		return nil, err
	}
	for _, r := range receipts {
		if r.ID.String() == in.ReceiptID {
			return GetReceipt200ApplicationOctetStreamResponse{Body: bytes.NewReader(r.Body), ContentLength: int64(len(r.Body))}, nil
		}
	}
	return nil, models.Errorf(models.NotFound, "not_found", "There is no such receipt.")
}

// text is an identifier, empty for none.
func text(id models.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}
