package store

import (
	"context"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/receipt"
)

// IssueReceipt seals the ledger, gathers what is known about a request, signs it and keeps it: for the request itself (deferralID zero) or
// for one deferral that was finished. Outcome is how a request ends that is about to be closed. A receipt that was issued before is given again.
// It fails with not_found.
func (s *Store) IssueReceipt(ctx context.Context, requestID, deferralID models.ID, outcome models.Outcome) (StoredReceipt, error) {
	if old, found, err := s.receiptFor(ctx, requestID, deferralID); found || err != nil {
		return old, err
	}
	if _, err := s.Seal(ctx); err != nil {
		return StoredReceipt{}, err
	}
	facts, err := s.receiptFacts(ctx, requestID, deferralID)
	if err != nil {
		return StoredReceipt{}, err
	}
	if facts.Request.Outcome == "" {
		facts.Request.Outcome = outcome
	}
	body, err := receipt.Sign(facts, s.vault.Signer())
	if err != nil {
		return StoredReceipt{}, err
	}
	if err := s.SaveReceipt(ctx, requestID, deferralID, body); err != nil {
		return StoredReceipt{}, err
	}
	out, _, err := s.receiptFor(ctx, requestID, deferralID)
	return out, err
}

func (s *Store) receiptFor(ctx context.Context, requestID, deferralID models.ID) (out StoredReceipt, found bool, err error) {
	all, err := s.Receipts(ctx, models.ScopeOperator(), requestID)
	for _, r := range all {
		if r.DeferralID == deferralID {
			return r, true, nil
		}
	}
	return StoredReceipt{}, false, err
}

func (s *Store) receiptFacts(ctx context.Context, requestID, deferralID models.ID) (receipt.Receipt, error) {
	tx := s.read(ctx)
	r, err := findRequest(tx, models.ScopeOperator(), requestID)
	if err != nil {
		return receipt.Receipt{}, err
	}
	c, err := controllerByID(tx, r.ControllerID)
	if err != nil {
		return receipt.Receipt{}, err
	}
	out := receipt.Receipt{Request: s.requestFacts(r, c), Clock: clockFacts(r)}
	out.Request.DeferralID = deferralID
	subject, err := s.subject(s.read(ctx), r)
	if err != nil {
		return receipt.Receipt{}, err
	}
	out.Request.Ground = subject.Statement.Ground.Article()
	for _, p := range subject.Statement.Purposes {
		out.Request.Purposes = append(out.Request.Purposes, string(p))
	}
	for _, gather := range []func(context.Context, requestRow, *receipt.Receipt) error{
		s.planFacts, s.rowFacts, s.noticeFacts, s.deferralFacts, s.taskFacts, s.ledgerFacts,
	} {
		if err := gather(ctx, r, &out); err != nil {
			return receipt.Receipt{}, err
		}
	}
	return out, nil
}

func (s *Store) requestFacts(r requestRow, c controllerRow) receipt.Request {
	return receipt.Request{
		ID: r.ID, Reference: r.Reference, Right: r.RightCode, Article: r.RightCode.Article(), Controller: c.Slug, ControllerName: c.Name,
		Channel: string(r.Channel), ReceivedAt: r.ReceivedAt.UTC(), VerifiedAt: instant(r.VerifiedAt), ClosedAt: instant(r.ClosedAt),
		Outcome: r.Outcome, IssuedAt: s.now(),
	}
}

func clockFacts(r requestRow) receipt.Clock {
	c := r.Clock
	return receipt.Clock{
		Regime: c.Regime, Timezone: c.Timezone, StartOn: c.StartOn, DueOn: c.DueOn, ExtendedTo: c.ExtendedTo, RuleSet: c.RuleSet,
		InputsDigest: c.InputsDigest, Steps: c.Steps,
	}
}

func (s *Store) planFacts(ctx context.Context, r requestRow, out *receipt.Receipt) error {
	row, err := latestPlan(s.read(ctx), r.ID)
	if models.CodeOf(err) == "not_found" {
		return nil // withdrawn or refused before there was one
	}
	p := row.Body
	out.Plan = receipt.Plan{Version: p.Version, Digest: p.Digest(), RuleSet: p.RuleSet, DataMapDigest: p.DataMapDigest, Groups: p.Groups, Narrowed: p.Narrowed}
	return err
}

func (s *Store) rowFacts(ctx context.Context, r requestRow, out *receipt.Receipt) error {
	counts, err := s.CountRows(ctx, r.ID)
	for _, c := range counts {
		out.Rows = append(out.Rows, receipt.Rows{Group: c.Group, Status: string(c.Status), Rows: c.Rows})
	}
	return err
}

func (s *Store) noticeFacts(ctx context.Context, r requestRow, out *receipt.Receipt) error {
	notices, err := s.Notices(ctx, models.ScopeOperator(), r.ID)
	for _, n := range notices {
		out.Notices = append(out.Notices, receipt.Notice{
			ID: n.ID, Recipient: n.Recipient, State: string(n.State), Categories: n.Categories, QueuedAt: n.QueuedAt, SentAt: n.SentAt,
			ClosedAt: n.ClosedAt, Answer: string(n.Answer), DeferralID: n.DeferralID,
		})
	}
	return err
}

func (s *Store) deferralFacts(ctx context.Context, r requestRow, out *receipt.Receipt) error {
	deferrals, err := s.Deferrals(ctx, models.ScopeOperator(), r.ID)
	for _, d := range deferrals {
		out.Deferrals = append(out.Deferrals, receipt.Deferral{
			ID: d.ID, Group: d.Group.No, Rows: d.Group.Rows, Rule: d.Group.Rule, Citation: d.Group.Citation, DueOn: d.DueOn,
			State: string(d.State), FinishedAt: d.FinishedAt,
		})
	}
	return err
}

func (s *Store) taskFacts(ctx context.Context, r requestRow, out *receipt.Receipt) error {
	tasks, err := s.Tasks(ctx, models.ScopeOperator(), r.ID)
	for _, t := range tasks {
		out.Tasks = append(out.Tasks, receipt.Task{
			ID: t.ID, System: t.System, Action: string(t.Action), State: string(t.State), Reason: string(t.Reason), Counts: t.Counts, DoneAt: t.DoneAt,
			DoneBy: t.DoneBy.ID, ConfirmedAt: t.ConfirmedAt, ConfirmedBy: t.ConfirmedBy.ID, DeferralID: t.DeferralID,
		})
	}
	return err
}

// ledgerFacts adds the sealed entries about the request and the head of the whole chain.
func (s *Store) ledgerFacts(ctx context.Context, r requestRow, out *receipt.Receipt) error {
	return s.tx(ctx, func(tx *gorm.DB) error {
		var err error
		if out.Entries, err = sealedEntries(tx, r.ID); err != nil {
			return err
		}
		head := chainRow{Hash: ledger.Genesis}
		if err := tx.Order("seq DESC").Limit(1).Find(&head).Error; err != nil {
			return err
		}
		out.Ledger = receipt.Ledger{Size: head.Seq, Hash: head.Hash}
		return nil
	})
}
