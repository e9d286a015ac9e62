package store

import (
	"context"
	"crypto/hmac"
	"io"
	"strconv"
	"time"

	"gorm.io/gorm"

	"habeas/models"
	"habeas/models/opendsr"
	"habeas/models/request"
)

// OpenDSROrder is what an OpenDSR request has beside a Submission. Callbacks may hold tokens, and Body holds personal data: of it a keyed digest
// is kept alone, to know the same request again.
type OpenDSROrder struct {
	ID        models.ID // subject_request_id, chosen by the controller
	Submitted time.Time // by the person, as the controller says
	ExpectBy  time.Time // told until the legal clock is recorded
	Callbacks []models.Personal
	Body      []byte
}

// OpenDSRRequest is how a request that a controller sent by OpenDSR stands.
type OpenDSRRequest struct {
	opendsr.Standing // without ResultsURL
	RequestID        models.ID
	ReceivedAt       time.Time
	Results          bool // a package waits to be fetched
}

type openDSRRow struct {
	ControllerID     models.ID `gorm:"primaryKey"`
	SubjectRequestID models.ID `gorm:"primaryKey"`
	RequestID        models.ID
	SubmittedAt      time.Time
	ReceivedAt       time.Time
	ExpectBy         time.Time
	Fingerprint      []byte
	Status           opendsr.Status
}

func (openDSRRow) TableName() string { return "opendsr_requests" }

type openDSRCallbackRow struct {
	ID        models.ID `gorm:"primaryKey"`
	RequestID models.ID
	No        int
	URLSealed []byte `gorm:"column:url_sealed"`
}

func (openDSRCallbackRow) TableName() string { return "opendsr_callbacks" }

const openDSRBodyPlace = "opendsr_requests.body"

func callbackPlace(no int) string { return "opendsr_callbacks.url/" + strconv.Itoa(no) }

// SubmitOpenDSR takes an OpenDSR request in: request, ledger entry, start order, callbacks in one transaction. Such a request stands for itself: it
// is never joined to another one of the same person, since it is cancelled and answered alone. The same request sent again gives the first
// answer. It fails with subject_request_id_reused when the identifier came with something else.
func (s *Store) SubmitOpenDSR(ctx context.Context, sub Submission, o OpenDSROrder) (OpenDSRRequest, error) {
	scope := models.ScopeOf(sub.Controller.ID)
	for try := 1; ; try++ {
		got, err := s.OpenDSR(ctx, scope, o.ID)
		if err == nil {
			return got, s.sameOpenDSR(ctx, got.RequestID, o)
		}
		if models.KindOf(err) != models.NotFound {
			return got, err
		}
		in := intake{Submission: sub, id: newID(), at: s.now(), openDSR: &o}
		in.index = s.vault.Index(sub.Controller.ID, "opendsr", o.ID.String())
		in.token = s.vault.Token(statusPurpose, in.id)
		_, _, err = s.open(ctx, in)
		if err == nil || violates(err) { // also when another call with the same identifier came first: the next look finds it
			if try < triesOfSubmit {
				continue
			}
			err = models.Errorf(models.Unavailable, "intake_busy", "Too many submissions at once; try again.")
		}
		return OpenDSRRequest{}, unavailable(err)
	}
}

// sameOpenDSR compares what was sent with what a request was made of.
func (s *Store) sameOpenDSR(ctx context.Context, requestID models.ID, o OpenDSROrder) error {
	tx := s.read(ctx)
	var row openDSRRow
	if err := tx.Where("request_id = ?", requestID).Take(&row).Error; err != nil {
		return missing(err, "request")
	}
	key, err := s.keyOf(tx, requestID)
	if models.CodeOf(err) != "key_destroyed" && err != nil {
		return err
	}
	if err != nil || !hmac.Equal(row.Fingerprint, key.Digest(openDSRBodyPlace, o.Body)) {
		return models.Errorf(models.Conflict, "subject_request_id_reused", "subject_request_id was used for another request; make a new one.").At("/subject_request_id")
	}
	return nil
}

// OpenDSR is a request by the identifier that its controller chose. Another controller's is not found.
func (s *Store) OpenDSR(ctx context.Context, scope models.Scope, id models.ID) (OpenDSRRequest, error) {
	tx := s.read(ctx)
	var row openDSRRow
	if err := scoped(tx, scope).Where("subject_request_id = ?", id).Take(&row).Error; err != nil {
		return OpenDSRRequest{}, missing(err, "request")
	}
	return s.standing(tx, row)
}

// standing tells how a request stands.
func (s *Store) standing(tx *gorm.DB, row openDSRRow) (OpenDSRRequest, error) {
	r, err := findRequest(tx, models.ScopeOperator(), row.RequestID)
	if err != nil {
		return OpenDSRRequest{}, err
	}
	c, err := controllerByID(tx, row.ControllerID)
	if err != nil {
		return OpenDSRRequest{}, err
	}
	progress, err := progressOf(tx, r)
	if err != nil {
		return OpenDSRRequest{}, err
	}
	out := OpenDSRRequest{RequestID: r.ID, ReceivedAt: row.ReceivedAt.UTC(), Standing: opendsr.Standing{
		Controller: c.Slug, ID: row.SubjectRequestID, ExpectBy: row.ExpectBy.UTC(), Status: progress.Status(), Reference: r.Reference, Outcome: r.Outcome,
	}}
	if !r.Clock.DueBefore.IsZero() {
		out.ExpectBy = r.Clock.DueBefore.UTC()
	}
	if out.Status == opendsr.Completed && r.RightCode != models.Erasure {
		out.Results, err = s.packageReady(tx, r.ID)
	}
	return out, err
}

func progressOf(tx *gorm.DB, r requestRow) (opendsr.Progress, error) {
	decided, err := planDecided(tx, r.ID)
	if err != nil {
		return opendsr.Progress{}, unavailable(err)
	}
	var n int64
	err = tx.Model(&decisionRow{}).Where("request_id = ? AND kind = ?", r.ID, request.Withdraw).Count(&n).Error
	return opendsr.Progress{Right: r.RightCode, State: r.State, Outcome: r.Outcome, Decided: decided, Withdrawn: n > 0}, unavailable(err)
}

// CancelOpenDSR withdraws a request that is pending; one that is cancelled already stays so. It fails with not_found or not_pending.
func (s *Store) CancelOpenDSR(ctx context.Context, scope models.Scope, by models.Actor, id models.ID) (OpenDSRRequest, error) {
	var out OpenDSRRequest
	err := s.tx(ctx, func(tx *gorm.DB) error {
		var row openDSRRow
		if err := scoped(tx, scope).Where("subject_request_id = ?", id).Take(&row).Error; err != nil {
			return missing(err, "request")
		}
		r, err := lockRequest(tx, scope, row.RequestID)
		if err != nil {
			return err
		}
		if out, err = s.standing(tx, row); err != nil || out.Status == opendsr.Cancelled {
			return err
		}
		_, err = s.decide(tx, r, request.Decision{RequestID: r.ID, Kind: request.Withdraw, Actor: by})
		if models.KindOf(err) == models.Conflict {
			return notPending()
		}
		out.Status = opendsr.Cancelled
		return err
	})
	return out, err
}

// OpenOpenDSRResults gives the package of a completed request to its controller, which has shown its key: the plain file as a stream with its
// view. It fails with not_found.
func (s *Store) OpenOpenDSRResults(ctx context.Context, scope models.Scope, by models.Actor, id models.ID) (io.ReadCloser, PackageView, error) {
	got, err := s.OpenDSR(ctx, scope, id)
	if err != nil {
		return nil, PackageView{}, err
	}
	if !got.Results {
		return nil, PackageView{}, notFound("result")
	}
	var p packageRow
	var v PackageView
	err = s.tx(ctx, func(tx *gorm.DB) error {
		err := tx.Where("request_id = ? AND state IN ? AND expires_at > ?", got.RequestID, []PackageState{PackageReady, PackageFetched}, s.now()).Take(&p).Error
		if err != nil {
			return missing(err, "result")
		}
		if v, err = s.packageView(tx, p); err != nil {
			return err
		}
		return s.recordFor(tx, p.ControllerID, p.RequestID, by, "package.opened", map[string]any{"package_id": p.ID})
	})
	if err != nil {
		return nil, v, err
	}
	file, err := s.readPackage(ctx, p)
	return file, v, err
}

// OpenDSRCollected records that the controller has the package, with the decision that the workflow waits for. Called again, it changes nothing.
func (s *Store) OpenDSRCollected(ctx context.Context, by models.Actor, packageID models.ID) error {
	return s.collected(ctx, packageID, by, func(tx *gorm.DB, r requestRow) error {
		if err := request.OpenIn(request.Collect, r.State); err != nil {
			return err
		}
		_, err := s.writeDecision(tx, r, request.Decision{RequestID: r.ID, Kind: request.Collect, Actor: by}, models.ID{})
		return err
	})
}

// callbackKey names a status told once to one address.
func callbackKey(status opendsr.Status) string { return "opendsr/" + string(status) }

// tellOpenDSR writes a callback for each address of an OpenDSR request whose status has changed, in the transaction of the change.
func (s *Store) tellOpenDSR(tx *gorm.DB, requestID models.ID) error {
	var rows []openDSRRow
	if err := tx.Where("request_id = ?", requestID).Limit(1).Find(&rows).Error; err != nil || len(rows) == 0 {
		return err
	}
	r, err := findRequest(tx, models.ScopeOperator(), requestID)
	if err != nil {
		return err
	}
	progress, err := progressOf(tx, r)
	if err != nil {
		return err
	}
	status := progress.Status()
	if status == rows[0].Status {
		return nil
	}
	if err := tx.Model(&openDSRRow{}).Where("request_id = ?", requestID).Update("status", status).Error; err != nil {
		return err
	}
	now := s.now()
	return tx.Exec(`INSERT INTO webhook_deliveries (id, controller_id, callback_id, key, event, state, created_at, next_at, give_up_at)
		SELECT gen_random_uuid(), @controller, c.id, @key, @event, 'waiting', @now, @now, @until FROM opendsr_callbacks c
		WHERE c.request_id = @request ORDER BY c.no ON CONFLICT (lane, key) DO NOTHING`, map[string]any{
		"controller": r.ControllerID, "key": callbackKey(status), "event": string(status), "now": now, "until": now.Add(deliveryLife), "request": requestID,
	}).Error
}

// outgoingCallback completes a callback with its address and the status that it tells.
func (s *Store) outgoingCallback(tx *gorm.DB, row deliveryRow, o *Outgoing) error {
	var c openDSRCallbackRow
	if err := tx.Where("id = ?", row.CallbackID).Take(&c).Error; err != nil {
		return missing(err, "callback")
	}
	key, err := s.keyOf(tx, c.RequestID)
	if err != nil {
		return err
	}
	if o.URL, err = openText(key, callbackPlace(c.No), c.URLSealed); err != nil {
		return err
	}
	var kept openDSRRow
	if err := tx.Where("request_id = ?", c.RequestID).Take(&kept).Error; err != nil {
		return missing(err, "request")
	}
	now, err := s.standing(tx, kept)
	if told := opendsr.Status(row.Event); told != now.Status {
		now.Status, now.Results, now.Outcome = told, now.Results && told == opendsr.Completed, ""
	}
	o.Callback = &now
	return err
}
