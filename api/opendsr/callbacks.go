package opendsr

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/opendsr"
)

// Processors checks what the processors send that this installation hands requests to.
type Processors interface {
	// Proved reports, by its domain, that a body was sent and signed by the processor behind a system, and fails when it was not.
	Proved(ctx context.Context, system string, header http.Header, body []byte) (domain string, err error)
}

// called takes a callback of a processor, section 8.6. It wakes who waits for the processor, and decides nothing: what was done is asked of the processor.
func (s *Server) called(c echo.Context) error {
	r := c.Request()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if err := s.hear(r.Context(), r.Header, body); err != nil {
		return err
	}
	return c.NoContent(http.StatusAccepted)
}

// hear believes a callback about something that its sender was handed, and that its sender has signed. The body is read before that only to find whose
// it should be. Whatever is wrong, the answer is the same, so that nobody learns what exists.
func (s *Server) hear(ctx context.Context, header http.Header, body []byte) error {
	var told opendsr.StatusReport
	if json.Unmarshal(body, &told) != nil {
		return unproven()
	}
	id, err := models.ParseID(told.ID)
	if err != nil {
		return unproven()
	}
	handed, err := s.store.HandedOver(ctx, id)
	if models.KindOf(err) == models.NotFound || s.processors == nil {
		return unproven()
	}
	if err != nil {
		return err
	}
	domain, err := s.processors.Proved(ctx, handed.System, header, body)
	if err != nil {
		return unproven()
	}
	status, known := opendsr.ReadStatus(told.Status)
	if !known || told.CallbackURL != opendsr.CallbackURL(s.base) { // section 8.8: one that was meant for another address
		return unproven()
	}
	return s.store.HearProcessor(ctx, handed, domain, status)
}

// unproven is the answer to every callback that is not believed; 403 is the text's, section 8.8.
func unproven() error {
	return models.Errorf(models.Forbidden, "callback_unproven", "The callback is not one that was expected, signed by the processor that it is expected of.")
}
