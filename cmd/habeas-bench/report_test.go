package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/gauge"
)

func at(rates ...int) (list []sample) {
	for _, r := range rates {
		list = append(list, sample{calls: r, took: time.Second})
	}
	return list
}

func TestARatioComparesWhatWasMeasuredInTheSameRound(t *testing.T) {
	t.Parallel()
	raw, ours := measurement{name: "raw", callers: 8}, measurement{name: "ours", callers: 8, beside: "raw"}
	r := &report{samples: map[string][]sample{raw.key(): at(1000, 100, 2000), ours.key(): at(500, 80, 400)}}
	b := &strings.Builder{}
	r.ratio(b, ours)
	require.Equal(t, "| ours / raw | 8 | **0.50** | 0.50 0.80 0.20 |\n", b.String())
}

func TestAMedianOfAnEvenNumberLiesBetweenTheMiddleTwo(t *testing.T) {
	t.Parallel()
	require.InDelta(t, 2.5, gauge.Median([]float64{9, 1, 2, 3}), 0)
	require.InDelta(t, 2, gauge.Median([]float64{9, 1, 2}), 0)
	require.Zero(t, gauge.Median(nil))
}

func TestCallsThatFailEndTheMeasurement(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	_, err := repeat(t.Context(), 4, time.Minute, func(context.Context) error { return broken })
	require.ErrorIs(t, err, broken)
}

func TestEveryCallIsCounted(t *testing.T) {
	t.Parallel()
	var made counter
	s, err := repeat(t.Context(), 4, 10*time.Millisecond, func(context.Context) error {
		made.Add(1)
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, made.Load(), s.calls)
	require.GreaterOrEqual(t, s.wait(0.99), s.wait(0.5))
}
