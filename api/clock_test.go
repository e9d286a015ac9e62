package api_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

func TestThePageSaysHowTheLegalDateCameToBe(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	dpo := b.signIn(b.keys[models.RoleDPO])
	path := "/staff/requests/" + f.id.String()
	require.Contains(t, b.get(dpo, path).body, "Waits for a decision")
	for kind, reason := range map[string]string{"extend": "Several systems.", "clarify": "Which address?"} {
		require.Equal(t, http.StatusSeeOther, b.post(dpo, path+"/decisions", url.Values{"kind": {kind}, "reason": {reason}}).status)
	}
	page := b.get(dpo, path).body
	require.Contains(t, page, "Waits for the person")
	require.Contains(t, page, "The letter has not gone out yet")
	require.Contains(t, page, "Not answered yet")

	decisions, err := b.Decisions(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	for _, d := range decisions {
		require.NoError(t, b.NotifiedOf(t.Context(), d.ID))
	}
	require.NoError(t, b.SaveMessage(t.Context(), f.id, "extension-1", "extension", "Dear Sam Sample, we need longer."))
	page = b.get(dpo, path).body
	require.Contains(t, page, "The letter went out 1 February 2027")
	require.Contains(t, page, "Extension of the time limit")
	require.NotContains(t, page, "Dear Sam Sample", "a letter names the person")
	require.Contains(t, b.post(dpo, path+"/identity", nil).body, "Dear Sam Sample")
}
