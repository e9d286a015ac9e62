package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/request"
)

// reminderPause is how long nobody is reminded of a thing after the last message about it, whoever sent that.
const reminderPause = 24 * time.Hour

// Why nobody is reminded. Each is a stable code.
const (
	RemindNotSent   = "not_sent"   // the first message is on its way
	RemindTooSoon   = "too_soon"   // the last message is less than a day old
	RemindMailLimit = "mail_limit" // the address has had its mails for the day
	RemindByPeople  = "by_people"  // people tell the recipient
	RemindDeclined  = "declined"   // the recipient has declined: the DPO decides
	RemindNoAddress = "no_address" // the controller has none
	RemindObjected  = "objected"   // the person has objected to who asks for them
	RemindQuestion  = "question"   // the person has been asked a question, which stands on their page
	RemindDecided   = "decided"    // the controller has decided, and the request moves on by itself
	RemindNobody    = "nobody"     // it waits for nobody outside
	remindMailLike  = "remind-instruction-%"
)

// Reminding is somebody whom a request waits for, and whether they can be reminded.
type Reminding struct {
	Party    request.Party // WaitsPerson, WaitsController or WaitsRecipients; empty when nobody is waited for
	NoticeID models.ID     // of a recipient
	Name     string        // the recipient's or the controller's
	Last     time.Time     // when they were last written to; zero when never
	Refusal  string        // why they are not reminded; empty when they can be, or were
}

type reminderRow struct {
	ID           models.ID `gorm:"primaryKey"`
	RequestID    models.ID
	ControllerID models.ID
	Party        request.Party
	NoticeID     models.ID
	OrderedAt    time.Time
	ActorRole    models.Role
	ActorID      models.ID
}

func (reminderRow) TableName() string { return "reminders" }

// Remindings lists whom a request inside the scope waits for and whether each can be reminded now: the person who has not confirmed, the controller that has
// not instructed, each recipient that has not answered. It fails with not_found.
func (s *Store) Remindings(ctx context.Context, scope models.Scope, id models.ID) ([]Reminding, error) {
	tx := s.read(ctx)
	r, err := findRequest(tx, scope, id)
	if err != nil {
		return nil, err
	}
	return s.remindings(tx, r)
}

// Remind orders a reminder to everybody who can be reminded now, each with its ledger entry, and returns the list as it was found. What it may not
// do it leaves undone and says why, so that calling it twice reminds nobody twice. It fails with not_found.
func (s *Store) Remind(ctx context.Context, scope models.Scope, id models.ID, by models.Actor) (list []Reminding, err error) {
	err = s.tx(ctx, func(tx *gorm.DB) error {
		r, err := lockRequest(tx, scope, id)
		if err != nil {
			return err
		}
		if list, err = s.remindings(tx, r); err != nil {
			return err
		}
		for _, one := range list {
			if one.Refusal != "" {
				continue
			}
			if err := s.orderReminder(tx, r, one, by); err != nil {
				return err
			}
		}
		return nil
	})
	return list, err
}

func (s *Store) orderReminder(tx *gorm.DB, r requestRow, one Reminding, by models.Actor) error {
	row := reminderRow{
		ID: newID(), RequestID: r.ID, ControllerID: r.ControllerID, Party: one.Party, NoticeID: one.NoticeID, OrderedAt: s.now(), ActorRole: by.Role, ActorID: by.ID,
	}
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	order := Order{RequestID: r.ID, Kind: OrderRemind, NoticeID: one.NoticeID}
	if one.Party == request.WaitsPerson {
		order.Kind, order.Name = OrderUpdate, string(request.Resend)
		err := remindable(tx, r).Update("resend_due", true).Error
		if err != nil {
			return err
		}
	}
	if err := s.enqueue(tx, order); err != nil {
		return err
	}
	data := map[string]any{"party": one.Party}
	if !one.NoticeID.IsZero() {
		data["notice_id"] = one.NoticeID
	}
	return s.record(tx, r, by, "reminder.ordered", data)
}

func (s *Store) remindings(tx *gorm.DB, r requestRow) ([]Reminding, error) {
	out, err := s.silentRecipients(tx, r)
	if err != nil {
		return nil, err
	}
	var one Reminding
	switch waits := request.WaitsFor(r.State, r.Asked); {
	case waits == request.WaitsPerson && r.VerifiedAt == nil:
		one, err = s.silentPerson(tx, r)
	case waits == request.WaitsPerson:
		one = Reminding{Party: waits, Refusal: RemindQuestion}
	case waits == request.WaitsController:
		one, err = s.silentController(tx, r)
	case len(out) == 0:
		one = Reminding{Refusal: RemindNobody}
	default:
		return s.notReminded(tx, r, out)
	}
	if err != nil {
		return nil, err
	}
	return s.notReminded(tx, r, append(out, one))
}

// notReminded leaves out whom somebody has reminded within a day, and whoever was written to within one.
func (s *Store) notReminded(tx *gorm.DB, r requestRow, list []Reminding) ([]Reminding, error) {
	var rows []reminderRow
	since := s.now().Add(-reminderPause)
	if err := tx.Where("request_id = ? AND ordered_at > ?", r.ID, since).Order("ordered_at").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	for i := range list {
		one := &list[i]
		for _, row := range rows {
			if row.Party == one.Party && row.NoticeID == one.NoticeID && row.OrderedAt.After(one.Last) {
				one.Last = row.OrderedAt.UTC()
			}
		}
		if one.Refusal == "" && one.Last.After(since) {
			one.Refusal = RemindTooSoon
		}
	}
	return list, nil
}

func (s *Store) silentRecipients(tx *gorm.DB, r requestRow) (out []Reminding, err error) {
	var rows []noticeRow
	if err := tx.Where("request_id = ? AND closed_at IS NULL", r.ID).Order("queued_at, id").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	notices, err := s.notices(tx, rows)
	for _, n := range notices {
		one := Reminding{Party: request.WaitsRecipients, NoticeID: n.ID, Name: n.Recipient, Last: n.SentAt}
		switch {
		case n.State == NoticeDeclined:
			one.Refusal = RemindDeclined
		case n.Channel == ChannelManual, n.State == NoticeQueued && n.Attempts > 0: // it knows the person by nothing that could be told to it
			one.Refusal = RemindByPeople
		case n.State == NoticeQueued:
			one.Refusal = RemindNotSent
		}
		out = append(out, one)
	}
	return out, err
}

func (s *Store) silentController(tx *gorm.DB, r requestRow) (Reminding, error) {
	row, err := controllerByID(tx, r.ControllerID)
	if err != nil {
		return Reminding{}, err
	}
	c, err := s.controller(row)
	if err != nil {
		return Reminding{}, err
	}
	one := Reminding{Party: request.WaitsController, Name: c.Name}
	var mails []mailRow
	err = tx.Where("request_id = ? AND key LIKE ?", r.ID, remindMailLike).Order("sent_at DESC NULLS LAST").Limit(1).Find(&mails).Error
	if err != nil {
		return one, unavailable(err)
	}
	if len(mails) > 0 {
		one.Last = instant(mails[0].SentAt)
	}
	var decided int64
	err = tx.Model(&decisionRow{}).Where("request_id = ? AND kind IN ?", r.ID, []request.DecisionKind{request.Instruct, request.Decline}).Count(&decided).Error
	switch {
	case decided > 0:
		one.Refusal = RemindDecided
	case c.ContactEmail == "":
		one.Refusal = RemindNoAddress
	case one.Last.IsZero():
		one.Refusal = RemindNotSent
	}
	return one, unavailable(err)
}

// remindable are the submissions of a request that the person has yet to confirm.
func remindable(tx *gorm.DB, r requestRow) *gorm.DB {
	return tx.Model(&submissionRow{}).Where("request_id = ? AND verified_at IS NULL", r.ID).
		Where("NOT EXISTS (SELECT FROM agents a WHERE a.submission_id = submissions.id AND a.state = ?)", request.AgentObjected)
}

func (s *Store) silentPerson(tx *gorm.DB, r requestRow) (Reminding, error) {
	one := Reminding{Party: request.WaitsPerson}
	var subs int64
	if err := remindable(tx, r).Count(&subs).Error; err != nil {
		return one, unavailable(err)
	}
	if subs == 0 {
		one.Refusal = RemindObjected
		return one, nil
	}
	var last []verificationRow
	err := tx.Where("request_id = ? AND used_at IS NULL", r.ID).Order("sent_at DESC NULLS LAST").Limit(1).Find(&last).Error
	if err != nil {
		return one, unavailable(err)
	}
	if len(last) == 0 || last[0].SentAt == nil {
		one.Refusal = RemindNotSent
		return one, nil
	}
	one.Last = instant(last[0].SentAt)
	next := last[0]
	next.IssuedAt = s.now()
	allowed, err := mailAllowed(tx, next)
	if !allowed {
		one.Refusal = RemindMailLimit
	}
	return one, unavailable(err)
}
