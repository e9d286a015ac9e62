package activities

import (
	"context"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/task"
	"habeas/templates"
)

// The codes for which a correction is refused beside those of connectors.
const (
	codeFixed    = "field_fixed" // a key, or read-only in its system
	codeNotTaken = "not_taken"   // its system has another value after the change
	codeGone     = "rows_gone"   // the rows are not there any more
)

// Rectify makes one correction (Art. 16) and reads it back; done twice it changes nothing more. What its system does not take is recorded with the
// reason, for the person is told; a system that does not answer is tried again.
func (a *Activities) Rectify(ctx context.Context, in CorrectionRef) (Rectified, error) {
	out, err := a.rectify(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) rectify(ctx context.Context, in CorrectionRef) (Rectified, error) {
	all, err := a.deps.Store.Corrections(ctx, models.ScopeOperator(), in.RequestID)
	if err != nil {
		return Rectified{}, err
	}
	i := slices.IndexFunc(all, func(c request.Correction) bool { return c.ID == in.CorrectionID })
	if i < 0 {
		return Rectified{}, models.Errorf(models.NotFound, "not_found", "There is no such correction.")
	}
	c := all[i]
	if c.Status != request.CorrectionPlanned {
		return Rectified{Rows: c.Rows}, nil
	}
	t, err := a.target(ctx, in.RequestID, c.Group)
	if err != nil {
		return Rectified{}, err
	}
	rows, err := a.correct(ctx, t, c)
	if models.KindOf(err) == models.Unsupported {
		made, err := a.needGroup(ctx, Ending{RequestID: in.RequestID}, task.Rectify, task.Unsupported, t.group)
		if err == nil && made.State.Settled() {
			err = a.settleByHand(ctx, made, t.group)
		}
		return Rectified{Tasks: waits(made)}, err
	}
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return Rectified{Rows: rows}, a.deps.Store.SettleCorrection(ctx, c.ID, request.CorrectionRefused, models.CodeOf(err), rows)
	}
	if err != nil {
		return Rectified{}, err
	}
	return Rectified{Rows: rows}, a.deps.Store.SettleCorrection(ctx, c.ID, request.CorrectionDone, "", rows)
}

// correct writes the value into the rows and counts, by asking the system again, those that carry it.
func (a *Activities) correct(ctx context.Context, t target, c request.Correction) (carry int64, err error) {
	f := t.node.Field(c.Field)
	if f == nil || f.ReadOnly || f.PrimaryKey || slices.Contains(t.node.Key, c.Field) {
		return 0, models.Errorf(models.Invalid, codeFixed, "The field cannot be corrected.")
	}
	rectifier, err := connectors.As[connectors.Rectifier](t.system, "correct a field")
	if err != nil {
		return 0, err
	}
	value := datamap.Null
	if c.Value != "" {
		value = datamap.Text(c.Value.Reveal())
	}
	there := 0
	err = a.eachBatch(ctx, GroupRef{RequestID: c.RequestID, Group: c.Group}, nil, func(rows []store.LocatedRow) error {
		rows, err := a.rowsOf(ctx, t, c, rows)
		if err != nil || len(rows) == 0 {
			return err
		}
		order := connectors.Rectification{Node: t.node, Keys: keys(rows), Set: []connectors.FieldValue{{Field: c.Field, Value: value}}}
		if _, err := rectifier.Rectify(ctx, order); err != nil {
			return err
		}
		n, proved, err := t.carrying(ctx, rows, c.Field, value)
		if err != nil {
			return err
		}
		there += n
		carry += int64(proved)
		return a.deps.Store.MarkRows(ctx, c.RequestID, ids(rows), store.RowKept)
	})
	switch {
	case err != nil:
		return carry, err
	case there == 0:
		return 0, models.Errorf(models.Invalid, codeGone, "The records are not there any more.")
	case carry < int64(there):
		return carry, models.Errorf(models.Invalid, codeNotTaken, "The system keeps another value in %d records.", int64(there)-carry)
	}
	return carry, nil
}

// settleByHand settles the corrections of a group that people have made, or that the DPO has closed undone.
func (a *Activities) settleByHand(ctx context.Context, t task.Task, g plan.Group) error {
	corrections, err := a.deps.Store.Corrections(ctx, models.ScopeOperator(), t.RequestID)
	if err != nil {
		return err
	}
	for _, c := range corrections {
		if c.Group != g.No || c.Status != request.CorrectionPlanned {
			continue
		}
		status, code, rows := request.CorrectionDone, "", g.Rows
		if c.Row != "" {
			rows = 1
		}
		if t.State == task.Refused {
			status, code, rows = request.CorrectionRefused, connectors.CodeUnsupported, 0
		}
		if err := a.deps.Store.SettleCorrection(ctx, c.ID, status, code, rows); err != nil {
			return err
		}
	}
	return nil
}

// rowsOf are those of the rows that a correction is for.
func (a *Activities) rowsOf(ctx context.Context, t target, c request.Correction, rows []store.LocatedRow) ([]store.LocatedRow, error) {
	if c.Row == "" {
		return rows, nil
	}
	names, err := a.deps.Store.NamesOf(ctx, c.RequestID, t.node.Address, keys(rows))
	var out []store.LocatedRow
	for i, name := range names {
		if name == c.Row {
			out = append(out, rows[i])
		}
	}
	return out, err
}

// carrying counts the rows that are there and those of them whose field has the value, as the system itself compares it.
func (t target) carrying(ctx context.Context, rows []store.LocatedRow, field string, value datamap.Value) (there, carry int, err error) {
	verifier, err := connectors.As[connectors.Verifier](t.system, "prove a correction")
	if err != nil {
		return 0, 0, err
	}
	q := connectors.Query{Node: t.node, Fields: t.node.Key, Keys: keys(rows)}
	if there, err = verifier.Count(ctx, q); err != nil {
		return 0, 0, err
	}
	q.Fields = append(slices.Clone(t.node.Key), field)
	for i, key := range q.Keys {
		q.Keys[i] = append(slices.Clone(key), value)
	}
	carry, err = verifier.Count(ctx, q)
	return there, carry, err
}

// settleRectification tells those recipients that know the person, and to whom a corrected field was disclosed, which fields were corrected. No
// value goes out: they are asked to correct their own.
func (a *Activities) settleRectification(ctx context.Context, id models.ID, p plan.Plan) (Settled, error) {
	corrections, err := a.deps.Store.Corrections(ctx, models.ScopeOperator(), id)
	if err != nil {
		return Settled{}, err
	}
	reason, err := a.remark(ctx, id)
	if err != nil {
		return Settled{}, err
	}
	out := Settled{Outcome: models.Fulfilled}
	if reason != "" || len(p.LeftOut()) > 0 || slices.ContainsFunc(corrections, func(c request.Correction) bool { return c.Status != request.CorrectionDone }) {
		out.Outcome = models.PartlyFulfilled
	}
	to, err := a.addresseesOf(ctx, id, corrections)
	if err != nil {
		return Settled{}, err
	}
	out.Notices, err = a.tellTo(ctx, id, models.ID{}, to)
	return out, err
}

// addresseesOf are the recipients of what was corrected.
func (a *Activities) addresseesOf(ctx context.Context, id models.ID, corrections []request.Correction) (to []store.Addressee, err error) {
	recipients, err := a.recipientsOf(ctx, id)
	for _, r := range recipients {
		one := store.Addressee{Recipient: r}
		for _, c := range corrections {
			node := a.deps.Graph.Node(datamap.Address{Dataset: c.Dataset, Collection: c.Collection})
			if c.Rows == 0 || node == nil {
				continue
			}
			if affected := r.Receives(fieldCategories(node, c.Field)); len(affected) > 0 {
				one.Told, one.Fields = append(one.Told, affected...), append(one.Fields, fieldWords(node, c.Field))
			}
		}
		if one.Told, one.Fields = sorted(one.Told), sorted(one.Fields); len(one.Told) > 0 {
			to = append(to, one)
		}
	}
	return to, err
}

// fieldWords is a field's description in the data map, else its name.
func fieldWords(n *datamap.Node, name string) string {
	if f := n.Field(name); f != nil && f.Description != "" {
		return f.Description
	}
	return name
}

// remark is what the DPO wrote when the plan was approved: for a rectification, what is not corrected and why (Art. 12(4)).
func (a *Activities) remark(ctx context.Context, id models.ID) (models.Personal, error) {
	decisions, err := a.deps.Store.Decisions(ctx, models.ScopeOperator(), id)
	for _, d := range decisions {
		if d.Kind == request.Approve {
			return d.Reason, err
		}
	}
	return "", err
}

// refusedBecause words the code of a correction that was refused.
var refusedBecause = map[string]templates.Why{
	codeFixed:                  templates.WhyFixed,
	codeGone:                   templates.WhyGone,
	connectors.CodeUnsupported: templates.WhyUnsupported,
	connectors.CodeReadOnly:    templates.WhyReadOnly,
}

func (a *Activities) rectificationMail(ctx context.Context, l letterContext) (templates.RectificationMail, error) {
	mail := templates.RectificationMail{
		MailHead: l.head(), ReceivedOn: l.day(l.req.ReceivedAt), Authority: l.controller.Authority, Link: l.status,
	}
	corrections, err := a.deps.Store.Corrections(ctx, models.ScopeOperator(), l.req.ID)
	if err != nil {
		return mail, err
	}
	if mail.Reason, err = a.remark(ctx, l.req.ID); err != nil {
		return mail, err
	}
	for _, c := range corrections {
		one := templates.CorrectedField{Field: models.Said{Text: c.Field}, What: models.Said{Text: c.Collection}, Records: c.Rows}
		if node := a.deps.Graph.Node(datamap.Address{Dataset: c.Dataset, Collection: c.Collection}); node != nil {
			one.Field, one.What = node.FieldCalledIn(l.lang(), c.Field), node.CalledIn(l.lang())
		}
		if c.Status == request.CorrectionDone {
			mail.Corrected = append(mail.Corrected, one)
			continue
		}
		if one.Why = refusedBecause[c.Code]; one.Why == "" {
			one.Why = templates.WhyNotTaken
		}
		mail.NotCorrected = append(mail.NotCorrected, one)
	}
	p, err := a.approvedPlan(ctx, l.req.ID)
	if err != nil {
		return mail, err
	}
	if mail.LeftOut, err = a.leftOut(ctx, l, p); err != nil {
		return mail, err
	}
	mail.Recipients, mail.AllAnswered, err = a.toldRecipients(ctx, l.req.ID, models.ID{})
	return mail, err
}
