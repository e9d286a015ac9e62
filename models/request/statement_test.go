package request_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
)

func TestDirectMarketingIsAbsoluteAndEverythingElseIsWeighed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		purposes []request.Purpose
		weighed  bool
	}{
		{nil, false},
		{[]request.Purpose{request.DirectMarketing}, false},
		{[]request.Purpose{request.DirectMarketing, request.Profiling}, false}, // profiling that serves marketing, Art. 21(2)
		{[]request.Purpose{request.Profiling}, true},
		{[]request.Purpose{request.LegitimateInterests}, true},
		{[]request.Purpose{request.DirectMarketing, request.Research}, true},
	} {
		require.Equal(t, c.weighed, request.Statement{Purposes: c.purposes}.Weighed(), "%v", c.purposes)
	}
}

func TestAPurposeCoversWhatTheMapSaysInItsOwnWords(t *testing.T) {
	t.Parallel()
	require.True(t, request.DirectMarketing.Covers([]string{"transport", "Direct Marketing"}, ""))
	require.True(t, request.DirectMarketing.Covers([]string{"newsletter"}, "consent"))
	require.False(t, request.DirectMarketing.Covers([]string{"transport"}, "legitimate_interests"))
	require.True(t, request.Profiling.Covers([]string{"personalisation"}, ""))
	require.True(t, request.LegitimateInterests.Covers(nil, "legitimate_interests"))
	require.True(t, request.LegitimateInterests.Covers(nil, "public_task"))
	require.False(t, request.LegitimateInterests.Covers([]string{"legitimate_interests"}, "contract"))
	require.False(t, request.Statement{}.Covers([]string{"marketing"}, "legitimate_interests"))
}

func TestGroundsAndPurposesAreReadByTheirNames(t *testing.T) {
	t.Parallel()
	for _, g := range request.Grounds() {
		got, err := request.ParseGround(string(g))
		require.NoError(t, err)
		require.Regexp(t, `^Art\. 18\(1\)\([a-d]\) GDPR$`, got.Article())
	}
	for _, p := range request.Purposes() {
		got, err := request.ParsePurpose(string(p))
		require.NoError(t, err)
		require.Equal(t, p, got)
	}
	_, err := request.ParseGround("")
	require.Equal(t, "unknown_ground", models.CodeOf(err))
	_, err = request.ParsePurpose("erased")
	require.Equal(t, "unknown_purpose", models.CodeOf(err))
	require.Empty(t, request.Ground("").Article())
}
