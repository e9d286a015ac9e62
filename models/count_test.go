package models_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
)

func TestOneIsSingularAndAllElseIsPlural(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0 rows", 1: "1 row", 2: "2 rows", 1_000_000: "1000000 rows"} {
		require.Equal(t, want, models.Count(n, "row"))
	}
}
