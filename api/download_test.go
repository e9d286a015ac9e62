package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/alexedwards/scs/pgxstore"
	"github.com/stretchr/testify/require"

	"habeas/api"
	"habeas/models"
	"habeas/models/store"
)

// hasty is a client that hangs up as soon as it has the last byte.
type hasty struct {
	*httptest.ResponseRecorder
	hangUp context.CancelFunc
}

func (h hasty) Write(b []byte) (int, error) {
	n, err := h.ResponseRecorder.Write(b)
	if size, bad := strconv.Atoi(h.Header().Get("Content-Length")); bad == nil && h.Body.Len() == size {
		h.hangUp()
	}
	return n, err
}

func TestAPackageIsFetchedEvenIfTheClientHangsUpAfterTheLastByte(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	b.advance(f, models.Delivering)
	token := b.pack(f)
	code, err := b.IssuePackageCode(t.Context(), token)
	require.NoError(t, err)
	handler, err := api.New(api.Deps{Store: b.Store, Sessions: pgxstore.New(b.Pool()), Config: api.Config{BaseURL: b.url}})
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	form := strings.NewReader(url.Values{"code": {code.Code}}.Encode())
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/package/"+token+"/download", form)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := hasty{httptest.NewRecorder(), cancel}
	handler.ServeHTTP(w, r)

	require.Equal(t, http.StatusOK, w.Code)
	require.Error(t, ctx.Err())
	view, err := b.PackageByToken(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, store.PackageFetched, view.State)
}
