package v1

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"habeas/models/store"
)

// ownKeys are the calls that keep their Idempotency keys themselves, and those that change nothing or know a repetition by other means.
var ownKeys = map[string]bool{
	"/v1/requests": true, "/v1/agent-requests": true, "/v1/breaches": true, "/v1/breach-reports/:recipient": true, "/v1/suppressions/check": true,
}

// Once makes a call with an Idempotency-Key change something once: repeated, it gets the answer of the first time.
func (s *Server) Once(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		key := r.Header.Get("Idempotency-Key")
		if r.Method != http.MethodPost || key == "" || ownKeys[c.Path()] {
			return next(c)
		}
		call, err := callOf(r, key)
		if err != nil {
			return err
		}
		answer, known, err := s.store.Answered(r.Context(), call)
		if err != nil {
			return err
		}
		if known {
			c.Response().Header().Set("Idempotent-Replayed", "true")
			return send(c, answer)
		}
		c.SetRequest(r.WithContext(store.WithCall(r.Context(), call)))
		answer, err = held(c, next)
		if err != nil {
			return err
		}
		if call.Changed() {
			if err := s.store.KeepAnswer(r.Context(), call, answer); err != nil {
				return send(c, answer) // it was done, which is told; a repeated call will be told that it was made
			}
		}
		return send(c, answer)
	}
}

// callOf binds a key to the caller and to what is sent. Nobody in particular is bound to the address, which holds a secret.
func callOf(r *http.Request, key string) (*store.Call, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	var said any
	if json.Unmarshal(body, &said) == nil { // the members' order and spaces do not matter
		if body, err = json.Marshal(said); err != nil {
			return nil, err
		}
	}
	scope := caller(r.Context()).ID.String()
	if caller(r.Context()).Role == "" {
		sum := sha256.Sum256([]byte(r.URL.Path))
		scope = hex.EncodeToString(sum[:])
	}
	whole := append([]byte(r.Method+" "+r.URL.Path+"\x00"), body...)
	return &store.Call{Idempotency: store.Idempotency{Scope: scope, Key: key, Fingerprint: sha256.Sum256(whole)}}, nil
}

// held runs a handler and keeps its answer back.
func held(c echo.Context, next echo.HandlerFunc) (store.Answer, error) {
	out := c.Response().Writer
	k := &keeper{header: out.Header()}
	c.Response().Writer = k
	err := next(c)
	c.Response().Writer, c.Response().Committed, c.Response().Size = out, false, 0
	return store.Answer{Status: k.status, Body: k.body.Bytes()}, err
}

// keeper takes in what a handler writes.
type keeper struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keeper) Header() http.Header         { return k.header }
func (k *keeper) WriteHeader(status int)      { k.status = status }
func (k *keeper) Write(b []byte) (int, error) { return k.body.Write(b) }

func send(c echo.Context, a store.Answer) error {
	if len(a.Body) == 0 {
		return c.NoContent(a.Status)
	}
	return c.Blob(a.Status, "application/json", a.Body)
}
