package e2e_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/cmd/internal/devserver/actor"
	"habeas/models"
)

func TestSixteenParallelIdenticalSubmissionsAreOneRequest(t *testing.T) {
	t.Parallel()
	h := shared
	p := h.reader(t, "Dorothea Vielfach", 1)
	answers := make([]actor.Asked, 16)
	var group errgroup.Group
	for i := range answers {
		group.Go(func() (err error) {
			answers[i], err = h.public.Ask(within(t), models.Erasure, "nordkai", p.Subject)
			return err
		})
	}
	require.NoError(t, group.Wait())
	seen := map[string]bool{}
	for _, a := range answers {
		require.Equal(t, answers[0].ID, a.ID)
		require.Equal(t, answers[0].Reference, a.Reference)
		require.False(t, seen[a.StatusURL], "each submission has a status page of its own")
		seen[a.StatusURL] = true
	}
	id := answers[0].ID
	require.Equal(t, 1, h.count(t, "habeas", `SELECT count(*) FROM requests WHERE id = $1 OR reference = $2`, id.String(), answers[0].Reference))
	require.Equal(t, 16, h.count(t, "habeas", `SELECT count(*) FROM submissions WHERE request_id = $1`, id.String()))
	eventually(t, func() bool {
		return h.count(t, "habeas", `SELECT count(*) FROM orders WHERE request_id = $1`, id.String()) == 0
	}, "the orders were carried out")
	require.Equal(t, 1, h.count(t, "temporal", `SELECT count(*) FROM executions WHERE workflow_id = $1`, "request-"+id.String()))

	mail := h.mail(t, p, answers[0].Reference)
	_, err := h.public.Form(within(t), h.path(t, mail, "/verify/"), url.Values{})
	require.NoError(t, err)
	h.closed(t, id, models.Fulfilled)
	codes := 0
	for _, m := range h.Mailbox.Messages(p.Email.Reveal()) {
		if m.Code() != "" {
			codes++
		}
	}
	require.LessOrEqual(t, codes, 5, "an address gets five verification mails a day")
}

func TestAnIdempotencyKeyGivesTheSameAnswerAndRefusesAnotherBody(t *testing.T) {
	t.Parallel()
	h, p := shared, stranger("Emil Doppelt")
	const header, key = "Idempotency-Key", "e2e-idempotency"
	first, err := h.public.Ask(within(t), models.Access, "nordkai", p.Subject, header, key)
	require.NoError(t, err)
	again, err := h.public.Ask(within(t), models.Access, "nordkai", p.Subject, header, key)
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = h.public.Ask(within(t), models.Export, "nordkai", p.Subject, header, key)
	requireProblem(t, err, http.StatusUnprocessableEntity, "idempotency_key_reused")
}

// requireProblem expects a problem with a status and one of the codes.
func requireProblem(t *testing.T, err error, status int, codes ...string) {
	t.Helper()
	problem, ok := errors.AsType[*actor.Problem](err)
	require.True(t, ok, "a problem is expected, not %v", err)
	require.Equal(t, status, problem.Status, problem)
	require.Contains(t, codes, problem.Code)
}

func TestWhatCannotBeARequestIsRefusedByName(t *testing.T) {
	t.Parallel()
	good := func() map[string]any {
		return map[string]any{"controller": "nordkai", "right": "access", "email": "felix.form@people.example", "name": "Felix Form"}
	}
	for name, c := range map[string]struct {
		change func(map[string]any)
		status int
		code   string
	}{
		"unknown right":      {func(b map[string]any) { b["right"] = "oblivion" }, 400, "unknown_right"},
		"malformed mail":     {func(b map[string]any) { b["email"] = "felix at people" }, 400, "bad_email"},
		"two mail addresses": {func(b map[string]any) { b["email"] = "a@people.example,b@people.example" }, 400, "bad_email"},
		"missing controller": {func(b map[string]any) { delete(b, "controller") }, 400, "missing_controller"},
		"unknown controller": {func(b map[string]any) { b["controller"] = "nobody" }, 400, "unknown_controller"},
		"vouching by anyone": {func(b map[string]any) { b["identity_vouched"] = true }, 400, "not_vouchable"},
		"body too large":     {func(b map[string]any) { b["message"] = strings.Repeat("x", 70_000) }, 413, "body_too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := good()
			c.change(body)
			requireProblem(t, shared.public.JSON(within(t), http.MethodPost, "/v1/requests", body, nil), c.status, c.code)
		})
	}
}

func TestAWrongCodeIsCountedAndTheFifthEndsIt(t *testing.T) {
	t.Parallel()
	h, p := shared, stranger("Gregor Falsch")
	asked, err := h.public.Ask(within(t), models.Access, "nordkai", p.Subject)
	require.NoError(t, err)
	mail := h.mail(t, p, asked.Reference)
	wrong := "0000-0000"
	if mail.Code() == wrong {
		wrong = "0000-0001"
	}
	enter := func(code string) error {
		return h.public.JSON(within(t), http.MethodPost, asked.Status()+"/verify", map[string]string{"code": code}, nil)
	}
	for range 4 {
		requireProblem(t, enter(wrong), 400, "wrong_code")
	}
	require.Error(t, enter(wrong))
	requireProblem(t, enter(mail.Code()), 429, "too_many_attempts")
	st := status(t, within(t), h.public, asked)
	require.Equal(t, true, st["masked"])

	require.NoError(t, h.public.JSON(within(t), http.MethodPost, asked.Status()+"/resend", nil, nil))
	fresh := h.mailAfter(t, p, mail.ID)
	require.NoError(t, enter(fresh.Code()), "a new mail begins anew")
}

func TestALinkIsUsedByTheButtonOnceAndNotByLookingAtIt(t *testing.T) {
	t.Parallel()
	h, p := shared, stranger("Hedwig Zweimal")
	asked, err := h.public.Ask(within(t), models.Access, "nordkai", p.Subject)
	require.NoError(t, err)
	path := h.path(t, h.mail(t, p, asked.Reference), "/verify/")
	var page []byte
	for range 3 {
		require.NoError(t, h.public.JSON(within(t), http.MethodGet, path, nil, &page))
	}
	require.Equal(t, true, status(t, within(t), h.public, asked)["masked"])
	confirmed, err := h.public.Form(within(t), path, url.Values{})
	require.NoError(t, err)
	require.Contains(t, string(confirmed), "Your address is confirmed")
	require.Equal(t, true, status(t, within(t), h.public, asked)["masked"], "who filed the request may be a stranger to the mailbox")
	_, err = h.public.Form(within(t), path, url.Values{})
	problem, ok := errors.AsType[*actor.Problem](err)
	require.True(t, ok)
	require.Equal(t, http.StatusConflict, problem.Status)
	require.NoError(t, h.public.JSON(within(t), http.MethodGet, path, nil, &page))
	require.Contains(t, string(page), "already")
}

func TestAnExpiredLinkIsNoLongerTaken(t *testing.T) {
	t.Parallel()
	h, p := shared, stranger("Ignaz Verspaetet")
	asked, err := h.public.Ask(within(t), models.Access, "nordkai", p.Subject)
	require.NoError(t, err)
	mail := h.mail(t, p, asked.Reference)
	h.insert(t, "habeas", statement{`UPDATE verifications SET expires_at = issued_at - interval '1 minute' WHERE request_id = $1`, []any{asked.ID.String()}})
	err = h.public.JSON(within(t), http.MethodPost, asked.Status()+"/verify", map[string]string{"code": mail.Code()}, nil)
	requireProblem(t, err, http.StatusConflict, "link_expired")
	_, err = h.public.Form(within(t), h.path(t, mail, "/verify/"), url.Values{})
	problem, ok := errors.AsType[*actor.Problem](err)
	require.True(t, ok)
	require.Equal(t, http.StatusConflict, problem.Status)
}
