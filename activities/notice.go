package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// createNotices writes a notice for each recipient of the categories (Art. 19) and returns their identifiers.
func (a *Activities) createNotices(ctx context.Context, request, deferral models.ID, categories []string) ([]models.ID, error) {
	if len(categories) == 0 {
		return nil, nil
	}
	refs, err := a.deps.Store.CreateNotices(ctx, request, categories, deferral)
	if err != nil {
		return nil, err
	}
	out := make([]models.ID, len(refs))
	for i, r := range refs {
		out[i] = r.ID
	}
	return out, nil
}

// SendNotice sends a notice, or its reminder, by the recipient's channel. A retry sends the same link under the same message ID.
func (a *Activities) SendNotice(ctx context.Context, in NoticeRef) (NoticeSent, error) {
	out, err := a.sendNotice(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) sendNotice(ctx context.Context, in NoticeRef) (NoticeSent, error) {
	n, err := a.deps.Store.NoticeToSend(ctx, in.NoticeID)
	if err != nil {
		return NoticeSent{}, err
	}
	out := NoticeSent{ReminderAfter: n.ReminderAfter, Answered: n.Closed()}
	if out.Answered || n.Attempts >= in.Attempt {
		return out, nil
	}
	if n.Channel == store.ChannelWebhook {
		err = a.postNotice(ctx, in, n)
	} else {
		err = a.mailNotice(ctx, in, n)
	}
	if models.KindOf(err) == models.Invalid { // refused for good: the DPO learns of it, and the next attempt may go to a corrected address
		data := map[string]any{"notice_id": in.NoticeID, "attempt": in.Attempt, "code": models.CodeOf(err)}
		return out, a.deps.Store.Append(ctx, n.RequestID, "notice.refused", data)
	}
	if err != nil {
		return out, err
	}
	return out, a.deps.Store.MarkNoticeSent(ctx, in.NoticeID, in.Attempt)
}

func (a *Activities) mailNotice(ctx context.Context, in NoticeRef, n store.NoticeMessage) error {
	l, err := a.letterContext(ctx, n.RequestID)
	if err != nil {
		return err
	}
	mail := templates.NoticeMail{
		MailHead: l.internalHead(a.deps.Policy.OperatorName), Right: n.Right, Recipient: n.Recipient, Fields: n.Fields, Categories: templates.CategoriesInWords(n.Categories),
		AnswerBy: l.day(a.deps.Now().Add(n.ReminderAfter)), Link: a.deps.Links.Notice(n.Token),
		Reminder: in.Attempt - 1, FirstSentAt: n.QueuedAt,
	}
	for _, id := range n.Identities {
		mail.Identifiers = append(mail.Identifiers, templates.Identifier{Kind: identityWords(id.Kind), Value: id.Value})
	}
	refusal, err := a.deliver(ctx, n.RequestID, fmt.Sprintf("notice-%s-%d", in.NoticeID, in.Attempt), n.Address, mail)
	return cmp.Or(refusal, err)
}

// noticeBody is the webhook's payload. It goes to the recipient, who has the data already; the link answers it.
type noticeBody struct {
	Type string     `json:"type"`
	At   time.Time  `json:"timestamp"`
	Data noticeData `json:"data"`
}

type noticeData struct {
	Reference      string             `json:"reference"`
	Attempt        int                `json:"attempt"`
	Categories     []string           `json:"data_categories"`
	Fields         []string           `json:"corrected_fields,omitempty"` // names only
	Identities     []noticeIdentifier `json:"identities"`
	AcknowledgeURL string             `json:"acknowledge_url"`
}

type noticeIdentifier struct {
	Kind  string `json:"identity_type"`
	Value string `json:"identity_value"`
}

func (a *Activities) postNotice(ctx context.Context, in NoticeRef, n store.NoticeMessage) error {
	now := a.deps.Now()
	body := noticeBody{Type: string(n.Right) + ".notice", At: now.UTC(), Data: noticeData{
		Reference: n.Reference, Attempt: in.Attempt, Categories: n.Categories, Fields: n.Fields, AcknowledgeURL: a.deps.Links.Notice(n.Token),
	}}
	for _, id := range n.Identities {
		body.Data.Identities = append(body.Data.Identities, noticeIdentifier{id.Kind, id.Value.Reveal()})
	}
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return a.deps.Webhook.Post(ctx, n.Address, n.Secret, in.NoticeID.String(), now, b)
}
