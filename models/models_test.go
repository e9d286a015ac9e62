package models_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
)

func TestEveryStateLeadsToClosedAndClosedLeadsNowhere(t *testing.T) {
	t.Parallel()
	for _, from := range models.States() {
		require.False(t, models.CanFollow(models.Closed, from))
		require.False(t, models.CanFollow(from, from), "a state does not follow itself")
		require.True(t, from == models.Closed || reaches(from, models.Closed, nil), "%s never ends", from)
	}
}

func reaches(from, to models.State, seen []models.State) bool {
	for _, s := range seen {
		if s == from {
			return false
		}
	}
	for _, next := range models.States() {
		if models.CanFollow(from, next) && (next == to || reaches(next, to, append(seen, from))) {
			return true
		}
	}
	return false
}

func TestNothingDestructiveCanGoBackBeforeReview(t *testing.T) {
	t.Parallel()
	for _, from := range models.States() {
		for _, to := range models.States() {
			if from.Destructive() && !to.Destructive() {
				require.False(t, models.CanFollow(from, to), "%s to %s", from, to)
			}
		}
	}
}

func TestOnlyOfferedRightsAreParsed(t *testing.T) {
	t.Parallel()
	for _, r := range models.Rights() {
		got, err := models.ParseRight(string(r))
		require.NoError(t, err)
		require.Equal(t, r, got)
		require.NotEmpty(t, r.Article())
	}
	for _, bad := range []string{"", "Access", "erase", "oblivion"} {
		_, err := models.ParseRight(bad)
		require.Equal(t, "unknown_right", models.CodeOf(err))
	}
}

func TestAnIDSurvivesTextAndDatabase(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var id models.ID
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		b, err := json.Marshal(id)
		require.NoError(t, err)
		var back models.ID
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, id, back)
		v, err := id.Value()
		require.NoError(t, err)
		require.NoError(t, back.Scan(v))
		require.Equal(t, id, back)
	})
	for _, bad := range []string{"", "x", strings.Repeat("0", 36), "0123456789abcdef0123456789abcdef"} {
		_, err := models.ParseID(bad)
		require.Equal(t, "bad_id", models.CodeOf(err))
	}
}

func TestPersonalTextPrintsRedactedEverywhere(t *testing.T) {
	t.Parallel()
	type row struct{ Email models.Personal }
	r := row{"ada@example.com"}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("row", "row", r, "email", r.Email)
	b, err := json.Marshal(r)
	require.NoError(t, err)
	for _, out := range []string{fmt.Sprint(r), fmt.Sprintf("%#v %+v %s %q", r, r, r.Email, r.Email), string(b), log.String()} {
		require.NotContains(t, out, "ada")
		require.Contains(t, out, "redacted")
	}
	require.Equal(t, "ada@example.com", r.Email.Reveal())
}

func TestAnErrorKeepsItsCodeThroughWrapping(t *testing.T) {
	t.Parallel()
	inner := errors.New("disk on fire")
	err := fmt.Errorf("load: %w", models.Errorf(models.NotFound, "no_plan", "There is no plan yet.").At("/plan").Because(inner))
	require.Equal(t, "no_plan", models.CodeOf(err))
	require.Equal(t, models.NotFound, models.KindOf(err))
	require.ErrorIs(t, err, inner)
	require.Equal(t, "internal", models.CodeOf(inner))
}

func TestTheZeroScopeSeesNothing(t *testing.T) {
	t.Parallel()
	a, b := models.ID{1}, models.ID{2}
	require.False(t, models.Scope{}.Allows(a))
	require.False(t, models.Scope{}.Allows(models.ID{}))
	require.True(t, models.ScopeOf(a).Allows(a))
	require.False(t, models.ScopeOf(a).Allows(b))
	require.True(t, models.ScopeOperator().Allows(b))
}
