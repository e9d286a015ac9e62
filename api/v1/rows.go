package v1

import (
	"context"
	"strconv"
	"strings"

	"habeas/models"
	"habeas/models/store"
)

// GetRows is a page of the rows of a group of the plan.
func (s *Server) GetRows(ctx context.Context, in GetRowsRequestObject) (GetRowsResponseObject, error) {
	out, err := s.rows(ctx, in.ID, in.No, in.Params.Cursor, in.Params.Limit, false)
	if err != nil {
		return nil, err
	}
	return GetRows200JSONResponse(out), nil
}

// GetRowValues is a page of the rows with what is in them; the ledger says who looked.
func (s *Server) GetRowValues(ctx context.Context, in GetRowValuesRequestObject) (GetRowValuesResponseObject, error) {
	out, err := s.rows(ctx, in.ID, in.No, in.Params.Cursor, in.Params.Limit, true)
	if err != nil {
		return nil, err
	}
	return GetRowValues200JSONResponse(out), nil
}

func (s *Server) rows(ctx context.Context, request string, group int, cursor string, limit int, values bool) (RowList, error) {
	by := caller(ctx)
	id, err := models.ParseID(request)
	if err != nil {
		return RowList{}, err
	}
	asked := store.RowsAsked{RequestID: id, Group: group, Limit: limit, Values: values}
	if limit == 0 {
		asked.Limit = usualPage
	}
	if asked.PlanDigest, asked.After, err = rowAt(cursor); err != nil {
		return RowList{}, err
	}
	page, err := s.store.ShowRows(ctx, by.Scope, by.Actor, asked)
	if err != nil {
		return RowList{}, err
	}
	out := RowList{PlanDigest: page.Plan.Digest(), Rows: make([]Row, len(page.Rows))}
	for i, r := range page.Rows {
		out.Rows[i] = row(r)
	}
	if page.More {
		out.Next = cursorAt(out.PlanDigest + "/" + strconv.FormatInt(page.Rows[len(page.Rows)-1].ID, 10))
	}
	return out, nil
}

// rowAt is the plan and the last row of the page before that a cursor stands for. It fails with bad_cursor.
func rowAt(cursor string) (digest string, after int64, err error) {
	if cursor == "" {
		return "", 0, nil
	}
	name, err := cursorName(cursor)
	if err != nil {
		return "", 0, err
	}
	digest, last, _ := strings.Cut(name, "/")
	if after, err = strconv.ParseInt(last, 10, 64); err != nil || digest == "" {
		return "", 0, badCursor()
	}
	return digest, after, nil
}

func row(r store.ShownRow) Row {
	out := Row{Name: r.Name, Status: string(r.Status), Shared: r.Row.Reason.Code}
	if out.Shared != "" {
		out.Via = r.Row.Reason.Via.String()
	}
	if r.Values != nil {
		for i, field := range r.Values.Columns {
			out.Values = append(out.Values, RowValue{Field: field, Value: r.Values.Values[i].Text()})
		}
	}
	return out
}

// DecideRows treats rows of a group by themselves.
func (s *Server) DecideRows(ctx context.Context, in DecideRowsRequestObject) (DecideRowsResponseObject, error) {
	by := caller(ctx)
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	now, err := s.store.Separate(ctx, by.Scope, store.Separation{
		RequestID: id, PlanDigest: in.Body.PlanDigest, Group: in.No, All: in.Body.All, Rows: in.Body.Rows, Treatment: models.Treatment(in.Body.Treatment),
		Marked: in.Body.Marked, Actor: by.Actor, Reason: models.Personal(strings.TrimSpace(in.Body.Reason)),
	})
	if err != nil {
		return nil, err
	}
	return DecideRows201JSONResponse{Group: now.Group, PlanDigest: now.PlanDigest}, nil
}
