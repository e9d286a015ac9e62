package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store"
	"habeas/templates"
)

// createNotices writes a notice for each recipient of the categories (Art. 19) and returns their identifiers.
func (a *Activities) createNotices(ctx context.Context, request, deferral models.ID, categories []string) ([]models.ID, error) {
	recipients, err := a.recipientsOf(ctx, request)
	if err != nil {
		return nil, err
	}
	var to []store.Addressee
	for _, r := range recipients {
		if told := r.Receives(categories); len(told) > 0 {
			to = append(to, store.Addressee{Recipient: r, Told: told})
		}
	}
	return a.tellTo(ctx, request, deferral, to)
}

// tellTo writes notices to chosen recipients and returns their identifiers. Each is told of the person by those identities by which it knows them,
// and by no others; a customer whose contract ends they all know by its name.
func (a *Activities) tellTo(ctx context.Context, request, deferral models.ID, to []store.Addressee) ([]models.ID, error) {
	if len(to) == 0 {
		return nil, nil
	}
	for i := range to {
		to[i].Kinds = append(slices.Clone(a.kindsKnownTo(to[i].Recipient)), datamap.IdentityController)
	}
	refs, err := a.deps.Store.CreateNotices(ctx, request, deferral, to)
	out := make([]models.ID, len(refs))
	for i, r := range refs {
		out[i] = r.ID
	}
	return out, err
}

// kindsKnownTo are the kinds of identity by which a recipient knows persons: those that the register names, else those of the fields that it
// receives, by their categories; a field that the map gives none counts as received.
func (a *Activities) kindsKnownTo(r store.Recipient) []string {
	if len(r.Facts.Identities) > 0 {
		return r.Facts.Identities
	}
	known := []string{}
	for _, n := range a.deps.Graph.Nodes {
		for _, i := range n.Identities {
			if f := n.Field(i.Field); len(f.Categories) == 0 || len(r.Receives(f.Categories)) > 0 {
				known = append(known, i.Kind)
			}
		}
	}
	return sorted(known)
}

// forOfficer is what the DPO is told instead of the recipient: of one that people have to tell, because it has no other channel or knows the person by
// nothing that could be told to it, and of one that declines. It is empty for all others.
func forOfficer(n store.NoticeMessage) ReminderKind {
	switch {
	case n.State == store.NoticeDeclined:
		return RemindDeclined
	case n.Channel == store.ChannelManual, len(n.Identities) == 0:
		return RemindByHand
	}
	return ""
}

// SendNotice sends a notice, or its reminder, by the recipient's channel. The message is kept before it is sent: a retry sends the same one under the
// same message ID. One that cannot be handed over for as long as the recipient would be waited for is given up, and the next attempt begins, so that
// the DPO hears of it.
func (a *Activities) SendNotice(ctx context.Context, in NoticeRef) (NoticeSent, error) {
	defer beat(ctx)()
	out, err := a.sendNotice(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) sendNotice(ctx context.Context, in NoticeRef) (NoticeSent, error) {
	n, err := a.deps.Store.NoticeToSend(ctx, in.NoticeID)
	if err != nil {
		return NoticeSent{}, err
	}
	out := NoticeSent{ReminderAfter: n.ReminderAfter, Answered: n.Closed()}
	kind := forOfficer(n)
	switch {
	case n.Attempts >= in.Attempt:
		return out, nil
	case n.Written >= in.Attempt && (out.Answered || kind != ""): // nobody can say whether it went; an officer hears with the next one
		out.ReminderAfter = 0
		return out, a.deps.Store.MarkNoticeUncertain(ctx, in.NoticeID, in.Attempt)
	case out.Answered:
		return out, nil
	case kind != "":
		if err := a.remind(ctx, Reminder{RequestID: n.RequestID, NoticeID: in.NoticeID, Kind: kind, Count: in.Attempt}); err != nil {
			return out, err
		}
		return out, a.deps.Store.MarkNoticeEscalated(ctx, in.NoticeID, in.Attempt)
	}
	if n.Channel == store.ChannelOpenDSR && n.State == store.NoticeSent {
		return a.followNotice(ctx, n, in.Attempt, out)
	}
	body, err := a.noticeMessage(ctx, in, n)
	if err != nil {
		return out, err
	}
	message, err := a.deps.Store.WriteNotice(ctx, in.NoticeID, in.Attempt, body)
	if err != nil {
		return out, err
	}
	err = a.handOver(ctx, in, n, message)
	given := map[string]any{"notice_id": in.NoticeID, "attempt": in.Attempt, "code": models.CodeOf(err)}
	switch {
	case err == nil:
		if err := a.deps.Store.MarkNoticeSent(ctx, in.NoticeID, in.Attempt); err != nil || n.Channel != store.ChannelOpenDSR {
			return out, err
		}
		return a.followNotice(ctx, n, in.Attempt, out) // it may be done at once
	case models.KindOf(err) == models.Invalid: // refused for good: the DPO learns of it, and the next attempt may go to a corrected address
		return out, a.deps.Store.Append(ctx, n.RequestID, "notice.refused", given)
	case models.KindOf(err) != "" && a.deps.Now().Sub(message.At) >= n.ReminderAfter:
		out.ReminderAfter = 0 // it was waited for long enough
		return out, a.deps.Store.Append(ctx, n.RequestID, "notice.failed", given)
	}
	return out, err
}

// noticeMessage is the message of an attempt as bytes.
func (a *Activities) noticeMessage(ctx context.Context, in NoticeRef, n store.NoticeMessage) ([]byte, error) {
	switch n.Channel {
	case store.ChannelWebhook:
		return a.noticeHook(in, n)
	case store.ChannelOpenDSR:
		return a.noticeOrder(ctx, n)
	default: // what has no channel of its own was left to people
	}
	l, err := a.letterContext(ctx, n.RequestID)
	if err != nil {
		return nil, err
	}
	mail, err := write(a.noticeMail(in, n, l))
	if err != nil {
		return nil, err
	}
	return json.Marshal(mail)
}

// handOver gives a message to the recipient's side once. It fails with the kind Invalid when that refuses it for good.
func (a *Activities) handOver(ctx context.Context, in NoticeRef, n store.NoticeMessage, m store.WrittenNotice) error {
	key := fmt.Sprintf("%s-%d", in.NoticeID, in.Attempt)
	switch n.Channel {
	case store.ChannelOpenDSR:
		return a.submitNotice(ctx, n, m)
	case store.ChannelWebhook:
		return a.deps.Webhook.Post(ctx, n.Address, n.Secret, key, a.deps.Now(), m.Body)
	default: // as above
	}
	var mail templates.Mail
	if err := json.Unmarshal(m.Body, &mail); err != nil { // the channel has changed since it was written; the next attempt is written anew
		return models.Errorf(models.Invalid, "channel_changed", "The message was written for another channel.").Because(err)
	}
	refusal, err := a.deliver(ctx, n.RequestID, "notice-"+key, n.Address, written(mail))
	return cmp.Or(refusal, err)
}

func (a *Activities) noticeMail(in NoticeRef, n store.NoticeMessage, l letterContext) templates.NoticeMail {
	mail := templates.NoticeMail{
		MailHead: l.internalHead(a.deps.Policy.OperatorName), Right: n.Right, Customer: n.Controller, Recipient: n.Recipient, Fields: n.Fields, Categories: templates.CategoriesInWords(n.Categories),
		AnswerBy: l.day(a.deps.Now().Add(n.ReminderAfter)), Link: a.deps.Links.Notice(n.Token),
		Reminder: in.Attempt - 1, FirstSentAt: n.QueuedAt,
	}
	for _, id := range n.Identities {
		mail.Identifiers = append(mail.Identifiers, templates.Identifier{Kind: a.identityWords(id.Kind), Value: id.Value})
	}
	return mail
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

func (a *Activities) noticeHook(in NoticeRef, n store.NoticeMessage) ([]byte, error) {
	body := noticeBody{Type: string(n.Right) + ".notice", At: a.deps.Now().UTC(), Data: noticeData{
		Reference: n.Reference, Attempt: in.Attempt, Categories: n.Categories, Fields: n.Fields, AcknowledgeURL: a.deps.Links.Notice(n.Token),
	}}
	for _, id := range n.Identities {
		body.Data.Identities = append(body.Data.Identities, noticeIdentifier{id.Kind, id.Value.Reveal()})
	}
	return json.Marshal(body)
}

// identityWords are words for a kind of identity, for recipients.
func (a *Activities) identityWords(kind string) string {
	switch kind {
	case datamap.IdentityEmail:
		return "E-mail address"
	case "phone_number":
		return "Telephone number"
	}
	return cmp.Or(a.deps.Graph.IdentityIn("en", kind).Text, templates.KindInWords(kind))
}
