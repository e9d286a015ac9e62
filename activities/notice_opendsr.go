package activities

import (
	"context"
	"encoding/json"
	"time"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/store"
)

// noticeOrderForm is what a processor is asked for, as it is kept.
type noticeOrderForm struct {
	Right      connectors.Right   `json:"right"`
	Controller string             `json:"controller,omitempty"`
	Received   time.Time          `json:"received"`
	Identities []noticeIdentifier `json:"identities"`
}

// noticeOrder is the order for a processor, as bytes.
func (a *Activities) noticeOrder(ctx context.Context, n store.NoticeMessage) ([]byte, error) {
	req, controller, err := a.load(ctx, n.RequestID)
	if err != nil {
		return nil, err
	}
	form := noticeOrderForm{Right: delegatedRight[n.Right].right, Controller: dataOf(controller), Received: req.ReceivedAt}
	for _, i := range n.Identities {
		form.Identities = append(form.Identities, noticeIdentifier{i.Kind, i.Value.Reveal()})
	}
	return json.Marshal(form)
}

// processorOf is the system by which a recipient is reached that carries out what it is handed. It need not be in a data map.
func (a *Activities) processorOf(ctx context.Context, n store.NoticeMessage) (connectors.Delegate, error) {
	system, err := a.system(ctx, n.Address.Reveal())
	if err != nil {
		return nil, err
	}
	return connectors.As[connectors.Delegate](system, "carry out a request by itself")
}

// submitNotice hands the order over. The notice's identifier is the request's: given again, it is the same request.
func (a *Activities) submitNotice(ctx context.Context, n store.NoticeMessage, m store.WrittenNotice) error {
	var form noticeOrderForm
	if err := json.Unmarshal(m.Body, &form); err != nil {
		return models.Errorf(models.Invalid, "channel_changed", "The message was written for another channel.").Because(err)
	}
	processor, err := a.processorOf(ctx, n)
	if err != nil {
		return err
	}
	order := connectors.Delegation{ID: n.ID, Right: form.Right, Controller: form.Controller, Received: form.Received}
	for _, i := range form.Identities {
		order.Identities = append(order.Identities, connectors.DelegatedIdentity{Kind: i.Kind, Value: models.Personal(i.Value)})
	}
	_, err = processor.Submit(ctx, order)
	if kind := models.KindOf(err); kind == models.Unsupported || kind == models.NotFound { // asking again cannot help
		return models.Errorf(models.Invalid, models.CodeOf(err), "The processor does not take this request.").Because(err)
	}
	return err
}

// followNotice asks a processor how far it is, and records its answer. One that refuses, or no longer knows the request, has declined, with the code as
// the reason. One that does not answer, or whose answer is not proved, is asked again after the time after which any recipient is reminded.
func (a *Activities) followNotice(ctx context.Context, n store.NoticeMessage, attempt int, out NoticeSent) (NoticeSent, error) {
	processor, err := a.processorOf(ctx, n)
	if err != nil {
		return out, err
	}
	now, err := processor.Follow(ctx, n.ID)
	switch kind := models.KindOf(err); {
	case kind == models.NotFound, kind == models.Unsupported:
		now = connectors.Delegated{State: connectors.DelegatedRefused, Reason: models.CodeOf(err)}
	case kind != "": // the DPO hears of one that is silent for long
		data := map[string]any{"notice_id": n.ID, "attempt": attempt, "code": models.CodeOf(err)}
		return out, a.deps.Store.Append(ctx, n.RequestID, "notice.failed", data)
	case err != nil:
		return out, err
	}
	answer, note := doneAnswer(n.Right), models.Personal("")
	switch now.State {
	case connectors.DelegatedDone:
		out.Answered = true
	case connectors.DelegatedRefused, connectors.DelegatedCancelled:
		out.ReminderAfter = 0 // the DPO hears of it at once
		answer, note = store.AnswerDeclined, models.Personal("OpenDSR: "+string(now.State)+" "+now.Reason)
	default:
		return out, nil
	}
	if len(now.Proof) > 0 {
		if err := a.deps.Store.KeepNoticeProof(ctx, n.ID, now.Proof); err != nil {
			return out, err
		}
	}
	return out, a.deps.Store.AcknowledgeNotice(ctx, n.Token, answer, note)
}

// doneAnswer is what a recipient answers that has done what a notice of a right asks for.
func doneAnswer(right models.Right) store.NoticeAnswer { return store.NoticeAnswers(right)[0] }
