package match_test

import (
	"context"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/match"
	"habeas/models"
	"habeas/models/datamap"
)

func TestATextIsFoundWhereverItLies(t *testing.T) {
	t.Parallel()
	s := match.NewSearch([]models.Personal{"Änn O'Neil", ""})
	for name, c := range map[string]struct {
		text string
		want int64
	}{
		"in any case":                   {"x ÄNN o'neil x", 1},
		"twice in a line counts once":   {"änn o'neil änn o'neil\nnothing\n", 1},
		"in the last line":              {"a\nb\nÄnn O'Neil", 1},
		"across the parts of a line":    {strings.Repeat("x", 1<<16-4) + "Änn O'Neil" + strings.Repeat("y", 1<<17) + "\nänn o'neil\n", 2},
		"not across lines":              {"Änn\nO'Neil", 0},
		"not when there is nothing":     {"", 0},
		"beside bytes that are no text": {"\xff\x00Änn O'Neil\xfe", 1},
	} {
		n, err := s.Lines(t.Context(), iotest.OneByteReader(strings.NewReader(c.text)), 1000)
		require.NoError(t, err)
		require.Equal(t, c.want, n, name)
	}
	n, err := s.Lines(t.Context(), strings.NewReader(strings.Repeat("änn o'neil\n", 50)), 7)
	require.NoError(t, err)
	require.EqualValues(t, 7, n, "enough is enough")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Lines(ctx, strings.NewReader("a"), 1)
	require.ErrorIs(t, err, context.Canceled)
}

func TestTheKindOfTextsIsGuessed(t *testing.T) {
	t.Parallel()
	for kind, texts := range map[datamap.Kind][]string{
		datamap.KindInt: {"1", "-4"}, datamap.KindDecimal: {"1", "0.50"}, datamap.KindText: {"007", "1"}, datamap.KindBool: {"true", "false"},
		datamap.KindDate: {"2024-02-29"}, datamap.KindTimestamp: {"2024-02-29T10:00:00Z"}, datamap.KindDateTime: {"2024-02-29 10:00:00"},
		datamap.KindUUID: {"0188a0f2-7d9b-7b5a-9c3e-0123456789ab"},
	} {
		require.Equal(t, kind, match.Guess(texts), "%v", texts)
	}
	require.Equal(t, datamap.KindText, match.Guess(nil))
}
