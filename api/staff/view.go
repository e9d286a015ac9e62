package staff

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"habeas/api/figures"
	"habeas/api/words"
	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// view gathers what the console shows of one request; it holds nothing personal but the reasons that staff and customers wrote.
func (k *Console) view(ctx context.Context, who models.Principal, id models.ID, now time.Time) (templates.RequestView, error) {
	r, err := k.Store.Request(ctx, who.Scope, id)
	if err != nil {
		return templates.RequestView{}, err
	}
	c, err := k.Store.ControllerByID(ctx, who.Scope, r.ControllerID)
	if err != nil {
		return templates.RequestView{}, err
	}
	zone := words.Zone(c.Timezone)
	v := templates.RequestView{
		Path: "/staff/requests/" + id.String(), Reference: r.Reference, ID: id.String(), Right: r.Right, Article: r.Right.Article(),
		State: r.State, Outcome: r.Outcome, Controller: c.Name, Channel: string(r.Channel), Language: r.Language,
		ReceivedAt: r.ReceivedAt.In(zone), VerifiedAt: in(r.VerifiedAt, zone), ClosedAt: in(r.ClosedAt, zone),
		Due:       words.Due(r.Clock, r.Open(), now),
		CanReveal: who.Role == models.RoleDPO || who.Role == models.RoleHandler || who.Role == models.RoleController,
	}
	for _, fill := range []func(context.Context, models.Principal, request.Request, *time.Location, *templates.RequestView) error{
		k.addClock, k.addPlan, k.addNotices, k.addDeferrals, k.addMessages, k.addDecisions, k.addReceipts, k.addLedger,
	} {
		if err := fill(ctx, who, r, zone, &v); err != nil {
			return templates.RequestView{}, err
		}
	}
	for _, fill := range []func(context.Context, models.Principal, request.Request, *templates.RequestView) error{k.addTasks, k.addSilent, k.addAgents, k.addComplaints} {
		if err := fill(ctx, who, r, &v); err != nil {
			return templates.RequestView{}, err
		}
	}
	restriction, err := k.Store.Restriction(ctx, who.Scope, id)
	if err != nil {
		return templates.RequestView{}, err
	}
	v.Restriction = string(restriction)
	v.CanRemind = (who.Role == models.RoleDPO || who.Role == models.RoleHandler) && silent(r, v)
	v.Offers = offers(who.Role, r, &v, restriction)
	for i := range v.Offers {
		v.Offers[i].Parts = v.Offers[i].Kind == string(request.Instruct) && k.Graph != nil
	}
	if err := k.addStatement(ctx, who, id, &v); err != nil {
		return templates.RequestView{}, err
	}
	return v, k.addScan(ctx, who, r, zone, &v)
}

// silent reports whether a request waits for somebody outside.
func silent(r request.Request, v templates.RequestView) bool {
	return r.Waits == request.WaitsPerson || r.Waits == request.WaitsController ||
		slices.ContainsFunc(v.Notices, func(n templates.NoticeRow) bool { return n.AnsweredAt.IsZero() })
}

// addStatement adds what the law has words for of what the person said; the rest is shown with the identity only.
func (k *Console) addStatement(ctx context.Context, who models.Principal, id models.ID, v *templates.RequestView) error {
	subject, err := k.Store.Subject(ctx, who.Scope, id)
	if models.CodeOf(err) == "key_destroyed" {
		v.Shredded = true
		return nil
	}
	v.Ground = string(subject.Statement.Ground)
	for _, p := range subject.Statement.Purposes {
		v.Purposes = append(v.Purposes, string(p))
	}
	return err
}

// in keeps the zero time what it is.
func in(t time.Time, zone *time.Location) time.Time {
	if t.IsZero() {
		return t
	}
	return t.In(zone)
}

// offered are the decisions that have a form on the page, in the order in which they are shown; waiving stands beside its notice.
var offered = []request.DecisionKind{
	request.Approve, request.Instruct, request.Change, request.Extend, request.Clarify, request.Decline, request.Refuse, request.Withdraw,
	request.Lift,
}

func offers(role models.Role, r request.Request, v *templates.RequestView, restriction store.RestrictionState) []templates.Offer {
	p := v.Plan
	var out []templates.Offer
	for _, kind := range offered {
		if mayDecide(kind, role, r.State, p) != nil || kind == request.Lift && restriction != store.RestrictionInForce {
			continue
		}
		if tooLate(kind, v.Decisions) {
			continue
		}
		if planned := kind == request.Approve || kind == request.Change; planned && (p == nil || p.Decided) {
			continue
		}
		if kind == request.Change && !slices.ContainsFunc(p.Groups, func(g plan.Group) bool { return len(g.Options) > 0 }) {
			continue
		}
		words := string(kind)
		if kind == request.Approve && (r.Right == models.Rectification || r.Right == models.Objection) {
			words += "." + string(r.Right) // the remark is told to the person
		}
		out = append(out, templates.Offer{Kind: string(kind), Words: words, Reason: request.NeedsReason(kind), Danger: kind == request.Approve || kind == request.Refuse})
	}
	return out
}

// mayDecide asks the rule, which is wider where two persons approve a plan and narrower for whoever of them has.
func mayDecide(kind request.DecisionKind, role models.Role, state models.State, p *templates.PlanView) error {
	if kind != request.Approve || p == nil || !p.FourEyes {
		return request.Allowed(kind, role, state)
	}
	if p.First != nil && p.First.Own {
		return models.Errorf(models.Conflict, "approved_already", "You have approved this plan. Somebody else has to approve it, too.")
	}
	return request.AllowedOfTwo(kind, role, state)
}

// tooLate says that a decision that was taken leaves no room for another, though the request has not moved yet. The store has the last word.
func tooLate(kind request.DecisionKind, taken []templates.DecisionRow) bool {
	return slices.ContainsFunc(taken, func(d templates.DecisionRow) bool {
		earlier := request.DecisionKind(d.Kind)
		if earlier == request.Instruct { // a request waits for its instruction once
			return kind == request.Instruct || kind == request.Decline
		}
		return earlier == request.Withdraw || earlier == request.Decline || earlier == request.Refuse
	})
}

// treatments are all of them in the order in which they are shown.
var treatments = []models.Treatment{
	models.TreatRestrict, models.TreatRectify, models.TreatSuppress, models.TreatErase, models.TreatMask, models.TreatRetain, models.TreatKeep,
	models.TreatDisclose, models.TreatRedact, models.TreatWithhold, models.TreatRefer,
}

func (k *Console) addPlan(ctx context.Context, who models.Principal, r request.Request, zone *time.Location, v *templates.RequestView) error {
	if r.PlanVersion == 0 {
		return nil
	}
	p, decided, err := k.Store.Plan(ctx, who.Scope, r.ID)
	if err != nil {
		return err
	}
	v.Plan = &templates.PlanView{Version: p.Version, Digest: p.Digest(), RuleSet: p.RuleSet, Decided: decided, Groups: p.Groups, Undecided: len(p.Undecided())}
	v.Plan.Totals = totals(p)
	if err := k.addApprovals(ctx, who, r, v.Plan); err != nil {
		return err
	}
	if err := k.addNarrowed(ctx, who, p, zone, v.Plan); err != nil {
		return err
	}
	return k.addProgress(ctx, r, v)
}

// addProgress counts the located rows by what has been done with them.
func (k *Console) addProgress(ctx context.Context, r request.Request, v *templates.RequestView) error {
	counts, err := k.Store.CountRows(ctx, r.ID)
	if err != nil {
		return err
	}
	for _, c := range counts {
		i := slices.IndexFunc(v.Located, func(l templates.LocatedView) bool { return l.Status == string(c.Status) })
		if i < 0 {
			v.Located = append(v.Located, templates.LocatedView{Status: string(c.Status)})
			i = len(v.Located) - 1
		}
		v.Located[i].Rows += c.Rows
	}
	return nil
}

func (k *Console) addNotices(ctx context.Context, who models.Principal, r request.Request, zone *time.Location, v *templates.RequestView) error {
	notices, err := k.Store.Notices(ctx, who.Scope, r.ID)
	if err != nil {
		return err
	}
	for _, n := range notices {
		v.Notices = append(v.Notices, templates.NoticeRow{
			ID: n.ID.String(), Recipient: n.Recipient, State: string(n.State), Answer: string(n.Answer), Attempts: n.Attempts,
			SentAt: in(n.SentAt, zone), AnsweredAt: in(n.ClosedAt, zone),
			CanWaive: !n.Closed() && request.Allowed(request.Waive, who.Role, r.State) == nil,
			ByHand:   n.Channel == store.ChannelManual && !n.Closed(), Note: n.Note,
		})
		if row := &v.Notices[len(v.Notices)-1]; !n.Closed() && request.Allowed(request.Acknowledge, who.Role, r.State) == nil {
			row.Answers = relayed(r.Right)
		}
	}
	return nil
}

// relayed are the answers that staff may record for a recipient: one that declines has answered by its link, or is waived.
func relayed(right models.Right) (out []string) {
	for _, a := range store.NoticeAnswers(right) {
		if a != store.AnswerDeclined {
			out = append(out, string(a))
		}
	}
	return out
}

func (k *Console) addDeferrals(ctx context.Context, who models.Principal, r request.Request, _ *time.Location, v *templates.RequestView) error {
	deferrals, err := k.Store.Deferrals(ctx, who.Scope, r.ID)
	if err != nil {
		return err
	}
	for _, d := range deferrals {
		v.Deferrals = append(v.Deferrals, templates.DeferralRow{
			What: d.Group.Name(), Rows: d.Group.Rows, DueOn: d.DueOn, State: string(d.State), System: d.Group.System,
			Citation: figures.LawOf(d.Group.Citation, d.Group.Rule), Explanation: d.Group.Explanation, Counted: d.Group.Counted,
		})
	}
	return nil
}

// addDecisions lists who decided what. What the person wrote is personal and is shown with the identity only.
func (k *Console) addDecisions(ctx context.Context, who models.Principal, r request.Request, zone *time.Location, v *templates.RequestView) error {
	decisions, err := k.Store.Decisions(ctx, who.Scope, r.ID)
	if err != nil {
		return err
	}
	for _, d := range decisions {
		row := templates.DecisionRow{At: d.At.In(zone), Kind: string(d.Kind), By: string(d.Actor.Role), LeftOut: k.namesOf(d.Narrowing)}
		if d.Actor.Role.Staff() || d.Actor.Role == models.RoleController {
			row.Reason = d.Reason.Reveal()
		}
		if request.OfTask(d.Kind) && !who.Role.Staff() {
			row.Reason = "" // the evidence of a task is for the operator's own people
		}
		if i := slices.IndexFunc(v.Notices, func(n templates.NoticeRow) bool { return n.ID == d.NoticeID.String() }); i >= 0 {
			row.Recipient = v.Notices[i].Recipient
		}
		v.Decisions = append(v.Decisions, row)
	}
	return nil
}

func (k *Console) addReceipts(ctx context.Context, who models.Principal, r request.Request, zone *time.Location, v *templates.RequestView) error {
	receipts, err := k.Store.Receipts(ctx, who.Scope, r.ID)
	if err != nil {
		return err
	}
	for _, one := range receipts {
		v.Receipts = append(v.Receipts, templates.ReceiptRow{Path: v.Path + "/receipts/" + one.ID.String(), At: one.At.In(zone), Of: receiptOf(one)})
	}
	return nil
}

func receiptOf(r store.StoredReceipt) string {
	if r.DeferralID.IsZero() {
		return "receipt.request"
	}
	return "receipt.deferral"
}

func (k *Console) addLedger(ctx context.Context, who models.Principal, r request.Request, zone *time.Location, v *templates.RequestView) error {
	entries, err := k.Store.Ledger(ctx, who.Scope, r.ID)
	if err != nil {
		return err
	}
	for _, e := range entries {
		v.Ledger = append(v.Ledger, templates.LedgerRow{At: e.At.In(zone), Kind: e.Kind, By: string(e.Actor.Role), Data: facts(e)})
	}
	return nil
}

// facts lists an entry's data by name.
func facts(e ledger.Entry) []templates.Fact {
	out := make([]templates.Fact, 0, len(e.Data))
	for name, value := range e.Data {
		text := fmt.Sprint(value)
		switch value.(type) {
		case map[string]any, []any:
			b, err := json.Marshal(value)
			if err == nil {
				text = string(b)
			}
		}
		out = append(out, templates.Fact{Name: name, Value: text})
	}
	slices.SortFunc(out, func(a, b templates.Fact) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	return out
}
