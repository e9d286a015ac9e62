package request_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
)

func TestEachOpenRequestWaitsForSomebody(t *testing.T) {
	t.Parallel()
	for _, state := range models.States() {
		for _, asked := range []bool{false, true} {
			got := request.WaitsFor(state, asked)
			if state == models.Closed {
				require.Empty(t, got)
				continue
			}
			require.Contains(t, request.Parties(), got, "%s", state)
		}
	}
	require.Equal(t, request.WaitsDPO, request.WaitsFor(models.InReview, false))
	require.Equal(t, request.WaitsPerson, request.WaitsFor(models.InReview, true))
	require.Equal(t, request.WaitsSystems, request.WaitsFor(models.Executing, true), "an unanswered question holds nothing up any more")
}
