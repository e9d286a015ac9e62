package intake_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/api/intake"
)

func TestAnAnswerSaysNothingByItsTime(t *testing.T) {
	t.Parallel()
	began := time.Now()
	out, err := intake.Level(t.Context(), func() (string, error) { return "quick", nil })
	require.NoError(t, err)
	require.Equal(t, "quick", out)
	require.GreaterOrEqual(t, time.Since(began), 10*time.Millisecond)
}

func TestAnAnswerIsNotHeldBackForNobody(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	refused := errors.New("refused")
	_, err := intake.Level(ctx, func() (int, error) { return 0, refused })
	require.ErrorIs(t, err, refused)
}
