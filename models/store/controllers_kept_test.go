package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAChangedControllerIsSeenAtOnceHereAndASecondLaterByOtherProcesses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	other := b.open(b.vault)
	changed, err := other.ControllerBySlug(t.Context(), "acme")
	require.NoError(t, err)

	changed.Regime = "UK_GDPR"
	_, err = b.PutController(t.Context(), changed)
	require.NoError(t, err)
	here, err := b.ControllerBySlug(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, changed, here)

	b.pass(time.Second)
	there, err := other.ControllerBySlug(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, changed, there)
}
