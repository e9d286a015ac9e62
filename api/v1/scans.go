package v1

import (
	"context"

	"habeas/models"
	"habeas/models/store"
)

// GetScans lists the latest search of each whole system for the person of a request.
func (s *Server) GetScans(ctx context.Context, in GetScansRequestObject) (GetScansResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	scans, err := s.store.Scans(ctx, caller(ctx).Scope, id)
	if err != nil {
		return nil, err
	}
	scans, next, err := pageOf(scans, in.Params.Cursor, in.Params.Limit, func(one store.Scan) string { return one.System })
	if err != nil {
		return nil, err
	}
	out := ScanList{Scans: make([]Scan, len(scans)), Next: next}
	for i, one := range scans {
		out.Scans[i] = scanOf(one)
	}
	return GetScans200JSONResponse(out), nil
}

// OrderScan orders a search of all systems for the person of a request.
func (s *Server) OrderScan(ctx context.Context, in OrderScanRequestObject) (OrderScanResponseObject, error) {
	by := caller(ctx)
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.store.OrderScan(ctx, by.Scope, id, by.Actor); err != nil {
		return nil, err
	}
	return OrderScan202Response{}, nil
}

// scanOf is a search as the document has it; what is empty is a list without entries and not left out.
func scanOf(s store.Scan) Scan {
	out := Scan{
		System: s.System, ScannedAt: s.ScannedAt, Code: s.Code, Places: make([]ScanPlace, len(s.Hits)),
		Skipped: append([]string{}, s.Skipped...), TooShort: append([]string{}, s.TooShort...),
	}
	for i, h := range s.Hits {
		out.Places[i] = ScanPlace{Table: h.Table, Column: h.Column, Rows: h.Rows, Described: h.Described}
	}
	return out
}
