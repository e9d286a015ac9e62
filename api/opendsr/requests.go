package opendsr

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/opendsr"
	"habeas/models/request"
	"habeas/models/store"
)

// submit takes a request in. It is the controller's documented instruction, Art. 28(3)(a), and the controller has checked who asks.
func (s *Server) submit(c echo.Context) error {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	a, err := s.check(body)
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), caller(c)
	id, _ := by.Scope.Controller()
	controller, err := s.store.ControllerByID(ctx, by.Scope, id)
	if err != nil {
		return err
	}
	expect, err := s.config.LegalDate(controller, s.now())
	if err != nil {
		return err
	}
	got, err := s.store.SubmitOpenDSR(ctx, store.Submission{
		Controller: controller, Right: a.right, Channel: request.ChannelController, Language: "en", Vouched: true, Actor: by.Actor,
		Subject: request.Subject{Identities: a.identities},
	}, store.OpenDSROrder{ID: a.id, Submitted: a.submitted, ExpectBy: expect, Callbacks: a.callbacks, Body: a.canonical})
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusCreated, opendsr.Receipt{
		Controller: got.Controller, ExpectBy: opendsr.Time{Time: got.ExpectBy}, Received: opendsr.Time{Time: got.ReceivedAt},
		EncodedRequest: base64.StdEncoding.EncodeToString(body), ID: got.ID.String(),
	})
}

// subjectRequestID is the identifier in the path; what is none is not found, as an unknown one.
func subjectRequestID(c echo.Context) (models.ID, error) {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return id, models.Errorf(models.NotFound, "not_found", "There is no such request.")
	}
	return id, nil
}

// status says how a request stands, section 8.
func (s *Server) status(c echo.Context) error {
	id, err := subjectRequestID(c)
	if err != nil {
		return err
	}
	got, err := s.store.OpenDSR(c.Request().Context(), caller(c).Scope, id)
	if err != nil {
		return err
	}
	if got.Results {
		got.ResultsURL = opendsr.ResultsURL(s.base, id)
	}
	report, err := got.Report(s.config.Processor.Domain, version(c.Request()), "")
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusOK, report)
}

// cancel withdraws a request that is pending, section 9.
func (s *Server) cancel(c echo.Context) error {
	id, err := subjectRequestID(c)
	if err != nil {
		return err
	}
	by := caller(c)
	got, err := s.store.CancelOpenDSR(c.Request().Context(), by.Scope, by.Actor, id)
	if err != nil {
		return err
	}
	return s.answer(c, http.StatusAccepted, opendsr.Cancellation{
		Controller: got.Controller, Received: opendsr.Time{Time: s.now()}, ID: got.ID.String(), Version: version(c.Request()),
	})
}

// collectedWithin is how long noting that a result was fetched may take after its last byte.
const collectedWithin = 15 * time.Second

// results streams the package of a completed access or portability request to its controller. When the stream breaks the connection is cut, so that
// half a file never looks whole.
func (s *Server) results(c echo.Context) error {
	id, err := subjectRequestID(c)
	if err != nil {
		return err
	}
	ctx, by := c.Request().Context(), caller(c)
	file, view, err := s.store.OpenOpenDSRResults(ctx, by.Scope, by.Actor, id)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() //nolint:errcheck // only read
	digest, err := hex.DecodeString(view.Digest)
	if err != nil {
		return err
	}
	h := c.Response().Header()
	if err := s.config.Processor.SealDigest(h, digest, version(c.Request()) == opendsr.VersionOld); err != nil {
		return err
	}
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Length", strconv.FormatInt(view.Size, 10))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": view.Name}))
	c.Response().WriteHeader(http.StatusOK)
	if n, err := io.Copy(c.Response(), file); err != nil || n != view.Size {
		panic(http.ErrAbortHandler)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), collectedWithin) // who has the last byte may hang up at once
	defer cancel()
	return s.store.OpenDSRCollected(ctx, by.Actor, view.ID)
}
