package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/api/problem"
	"habeas/models"
)

// contract is the document as a judge of answers: what it does not name may not be sent.
type contract struct {
	spec     *openapi3.T
	router   routers.Router
	headers  []string         // that any answer may have
	problems map[string][]int // statuses by code
}

// theContract is read once: it is the same for each test.
var theContract = sync.OnceValues(func() (*contract, error) {
	openapi3filter.RegisterBodyDecoder("application/pdf", openapi3filter.FileBodyDecoder)
	spec, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	closed := false
	for _, s := range spec.Components.Schemas {
		if s.Value.AdditionalProperties.Has == nil && s.Value.AdditionalProperties.Schema == nil {
			s.Value.AdditionalProperties.Has = &closed
		}
	}
	router, err := gorillamux.NewRouter(spec)
	if err != nil {
		return nil, err
	}
	c := &contract{spec: spec, router: router, problems: map[string][]int{}}
	common, ok := spec.Extensions["x-headers"].(map[string]any)
	if !ok {
		return nil, fmt.Errorf("the document has no x-headers")
	}
	for name := range common {
		c.headers = append(c.headers, http.CanonicalHeaderKey(name))
	}
	list, err := listedProblems()
	for _, p := range list {
		c.problems[p.Code] = p.Statuses
	}
	return c, err
})

// described reports whether a path belongs to what the document is about.
func described(path string) bool {
	return strings.HasPrefix(path, "/v1/") || strings.HasPrefix(path, "/oauth/") || path == "/.well-known/oauth-authorization-server"
}

// checked is a transport that compares each answer of the JSON interface with the document.
type checked struct {
	next http.RoundTripper
	t    testing.TB
}

func (c checked) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.next.RoundTrip(r)
	if err != nil || !described(r.URL.Path) {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if err := res.Body.Close(); err != nil {
		return nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(body))
	whole, err := theContract()
	if err == nil {
		err = whole.judge(r, res, body)
	}
	if err != nil {
		c.t.Errorf("%s %s: %d: the document says otherwise: %v\n%s", r.Method, r.URL.Path, res.StatusCode, err, body)
	}
	return res, nil
}

// judge says how an answer departs from the document.
func (c *contract) judge(r *http.Request, res *http.Response, body []byte) error {
	if err := c.judgeProblem(res, body); err != nil {
		return err
	}
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusMethodNotAllowed {
			return nil // an address without a route
		}
		return fmt.Errorf("it does not name this route")
	}
	status := strconv.Itoa(res.StatusCode)
	documented := route.Operation.Responses.Value(status)
	if documented == nil && res.StatusCode < http.StatusInternalServerError {
		return fmt.Errorf("it does not name this status")
	}
	if documented == nil {
		documented = route.Operation.Responses.Default()
	}
	for name := range res.Header {
		if !slices.Contains(c.headers, name) && !hasHeader(documented.Value.Headers, name) {
			return fmt.Errorf("it does not name the header %s", name)
		}
	}
	return openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 res.StatusCode, Header: res.Header, Body: io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	})
}

func hasHeader(headers openapi3.Headers, name string) bool {
	for h := range headers {
		if http.CanonicalHeaderKey(h) == name {
			return true
		}
	}
	return false
}

// judgeProblem looks a problem's code up in the list of codes.
func (c *contract) judgeProblem(res *http.Response, body []byte) error {
	if res.Header.Get("Content-Type") != "application/problem+json" {
		return nil
	}
	var got problem.Problem
	if err := json.Unmarshal(body, &got); err != nil {
		return err
	}
	want, ok := c.problems[got.Code]
	switch {
	case !ok:
		return fmt.Errorf("problems.json does not list the code %s", got.Code)
	case !slices.Contains(want, res.StatusCode) || got.Status != res.StatusCode:
		return fmt.Errorf("problems.json lists the code %s with status %v", got.Code, want)
	}
	return nil
}

func TestTheContractSeesWhatDepartsFromIt(t *testing.T) {
	t.Parallel()
	c, err := theContract()
	require.NoError(t, err)
	answer := func(status int, kind, body string, headers ...string) error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://habeas.test/v1/requests/7c4f3a52-6f0a-4d0f-9d11-0a6f6f1c2b3d/receipts", http.NoBody)
		require.NoError(t, err)
		h := http.Header{"Content-Type": {kind}}
		for i := 0; i+1 < len(headers); i += 2 {
			h.Set(headers[i], headers[i+1])
		}
		return c.judge(r, &http.Response{StatusCode: status, Header: h}, []byte(body))
	}
	require.NoError(t, answer(200, "application/json", `{"receipts":[]}`))
	require.ErrorContains(t, answer(206, "application/json", `{"receipts":[]}`), "status")
	require.ErrorContains(t, answer(200, "application/json", `{"receipts":[]}`, "X-Secret", "1"), "X-Secret")
	require.ErrorContains(t, answer(200, "application/json", `{"receipts":[],"more":1}`), "more")
	require.ErrorContains(t, answer(200, "application/json", `{}`), "receipts")
	require.ErrorContains(t, answer(200, "text/html", `{"receipts":[]}`), "text/html")
	told := func(code string, status int) string {
		return fmt.Sprintf(`{"type":"t","title":"t","status":%d,"code":%q,"instance":"i"}`, status, code)
	}
	require.NoError(t, answer(404, "application/problem+json", told("not_found", 404)))
	require.ErrorContains(t, answer(404, "application/problem+json", told("canary", 404)), "canary")
	require.ErrorContains(t, answer(403, "application/problem+json", told("not_found", 403)), "404")
	require.ErrorContains(t, answer(409, "application/problem+json", told("plan_changed", 409)), "status")
}

func TestLimitsAreToldAsTheyAreUsedUp(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) { d.CallsPerMinute, d.PostsPerMinute = 2, 100_000 })
	list := func(key string) answer { return b.call("GET", "/v1/requests", key, "") }
	first := list(b.globexK)
	require.Equal(t, `"key";q=2;w=60`, first.header.Get("RateLimit-Policy"))
	require.Equal(t, `"key";r=1;t=30`, first.header.Get("RateLimit"))
	require.Equal(t, `"key";r=0;t=60`, list(b.globexK).header.Get("RateLimit"))
	over := list(b.globexK)
	require.Equal(t, "too_many_requests", over.code(t))
	require.Equal(t, "30", over.header.Get("Retry-After"))
	require.Equal(t, 200, list(b.keys[models.RoleController]).status, "another key has a limit of its own")
	b.clock(30e9)
	require.Equal(t, 200, list(b.globexK).status)
}
