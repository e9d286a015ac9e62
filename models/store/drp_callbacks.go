package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/drp"
	"habeas/models/store/vault"
)

func drpCallbackPlace(id models.ID) string { return "drp_requests.callback/" + id.String() }

// sealedDRP is what an agent has sent with the address for its callbacks sealed, and with what the answer to it tells.
func (in intake) sealedDRP(key *vault.Key) *drpRow {
	row := *in.drp
	row.CallbackSealed = sealText(key, drpCallbackPlace(row.ID), in.drpCallback)
	row.Told = DRPRequest{Verified: in.Vouched}.Progress(time.Time{}, 0).Mark()
	return &row
}

// Progress is what the status of a request is told from at an instant, where a person has a time to confirm it.
func (r DRPRequest) Progress(now time.Time, lapseAfter time.Duration) drp.Progress {
	return drp.Progress{
		Denied: r.Denied, Revoked: r.Revoked, Verified: r.Verified, Late: !now.Before(r.ReceivedAt.Add(lapseAfter)) && lapseAfter > 0, State: r.State,
		Outcome: r.Outcome, Results: !r.ResultsUntil.IsZero(), Extended: !r.Clock.ExtendedTo.IsZero(),
	}
}

// expectDRP orders the callback that tells that nobody has confirmed a request in time.
func expectDRP(tx *gorm.DB, row *drpRow, lapses time.Time) error {
	if row.CallbackSealed == nil {
		return nil
	}
	return tx.Create(&deliveryRow{
		ID: newID(), ControllerID: row.ControllerID, DRPID: row.ID, Key: drpLapse, Event: drpLapse, State: DeliveryWaiting, CreatedAt: row.ReceivedAt, NextAt: lapses,
		GiveUpAt: lapses.Add(deliveryLife),
	}).Error
}

// drpLapse names the callback that is due when the time to confirm is over; drpStatus names the others.
const (
	drpLapse  = "drp/lapse"
	drpStatus = "drp/status"
)

// tellDRP orders a callback for each agent whose part of a request the person has confirmed. How the request stands is looked up when it is sent, and
// nothing is sent when the agent knows it.
func (s *Store) tellDRP(tx *gorm.DB, requestID models.ID) error {
	now := s.now()
	return tx.Exec(`INSERT INTO webhook_deliveries (id, controller_id, drp_id, key, event, state, created_at, next_at, give_up_at)
		SELECT gen_random_uuid(), d.controller_id, d.id, @event || '/' || gen_random_uuid(), @event, 'waiting', @now, @now, @until
		FROM drp_requests d JOIN submissions s ON s.id = d.submission_id
		WHERE s.request_id = @request AND s.verified_at IS NOT NULL AND d.callback_sealed IS NOT NULL AND d.revoked_at IS NULL`, map[string]any{
		"event": drpStatus, "now": now, "until": now.Add(deliveryLife), "request": requestID,
	}).Error
}

// outgoingDRP completes a callback with its address, how the request stands now, and what the agent was told last.
func (s *Store) outgoingDRP(tx *gorm.DB, row deliveryRow, o *Outgoing) error {
	var d drpRow
	if err := tx.Where("id = ?", row.DRPID).Take(&d).Error; err != nil {
		return missing(err, "request")
	}
	var sub submissionRow
	if err := tx.Where("id = ?", d.SubmissionID).Take(&sub).Error; err != nil {
		return missing(err, "submission")
	}
	key, err := s.keyOf(tx, sub.RequestID)
	if err != nil {
		return err
	}
	if o.URL, err = openText(key, drpCallbackPlace(d.ID), d.CallbackSealed); err != nil {
		return err
	}
	standing, err := s.drpStanding(tx, d)
	o.DRP, o.Told = &standing, d.Told
	return err
}

// DRPTold notes what an agent was told last, as drp.Progress.Mark has it.
func (s *Store) DRPTold(ctx context.Context, id models.ID, mark string) error {
	return unavailable(s.read(ctx).Model(&drpRow{}).Where("id = ?", id).Update("told", mark).Error)
}

// DRPResults is the token of the package that answers a request which an agent has sent and the person has confirmed. Its page gives the file only
// for a code that is mailed to the person. It fails with not_found.
func (s *Store) DRPResults(ctx context.Context, id models.ID) (string, error) {
	tx := s.read(ctx)
	var row drpRow
	if err := tx.Where("id = ? AND submission_id IS NOT NULL AND revoked_at IS NULL", id).Take(&row).Error; err != nil {
		return "", missing(err, "request")
	}
	var sub submissionRow
	if err := tx.Where("id = ? AND verified_at IS NOT NULL", *row.SubmissionID).Take(&sub).Error; err != nil {
		return "", missing(err, "request")
	}
	p, err := s.readyPackage(tx, sub.RequestID)
	if err != nil || p == nil {
		return "", orMissing(err, "result")
	}
	return s.PackageToken(p.ID), nil
}

// resultsUntil is when the answer to a confirmed request is gone; zero when none waits.
func (s *Store) resultsUntil(tx *gorm.DB, requestID models.ID) (time.Time, error) {
	p, err := s.readyPackage(tx, requestID)
	if err != nil || p == nil {
		return time.Time{}, err
	}
	return instant(p.ExpiresAt), nil
}
