package rest_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/activities/connectors"
	"habeas/activities/connectors/rest"
	"habeas/models"
)

// Whatever stands in the settings, they are taken or refused with a sentence.
func TestNoSettingsMakeItFall(t *testing.T) {
	t.Parallel()
	wrong := []any{nil, true, 1.5, -1.0, "", "x", "{id}", "{id...}", "{.x}", "{", "5s", []any{}, []any{nil}, map[string]any{}, map[string]any{"$each": nil}, map[string]any{"id": nil}}
	files := map[string]string{"testdata/suite.yaml": "suite", examples + "crm-systems.yaml": "crm", examples + "desk-systems.yaml": "desk"}
	texts := map[string][]byte{}
	for file, system := range files {
		set, _ := settings(t, file, system)
		b, err := json.Marshal(set)
		require.NoError(t, err)
		texts[file] = b
	}
	rapid.Check(t, func(t *rapid.T) {
		var set any
		file := rapid.SampledFrom(slices.Sorted(maps.Keys(texts))).Draw(t, "file")
		require.NoError(t, json.Unmarshal(texts[file], &set))
		replace(t, set, wrong)
		b, err := json.Marshal(set)
		require.NoError(t, err)
		s, err := rest.Open(t.Context(), connectors.Config{Name: "api", Kind: rest.Kind, DSN: "u:p", Settings: b})
		if err != nil {
			require.Equal(t, "bad_settings", models.CodeOf(err), "%v", err)
			return
		}
		require.NoError(t, s.Close())
	})
}

// replace puts something wrong at a place of a JSON value.
func replace(t *rapid.T, v any, wrong []any) {
	for {
		var next any
		switch at := v.(type) {
		case map[string]any:
			if len(at) == 0 {
				return
			}
			name := rapid.SampledFrom(slices.Sorted(maps.Keys(at))).Draw(t, "name")
			if next = at[name]; !deeper(t, next) {
				at[name] = rapid.SampledFrom(wrong).Draw(t, "wrong")
				return
			}
		case []any:
			i := rapid.IntRange(0, len(at)-1).Draw(t, "index")
			if next = at[i]; !deeper(t, next) {
				at[i] = rapid.SampledFrom(wrong).Draw(t, "wrong")
				return
			}
		}
		v = next
	}
}

func deeper(t *rapid.T, v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) > 0 && rapid.Bool().Draw(t, "deeper")
	case []any:
		return len(v) > 0 && rapid.Bool().Draw(t, "deeper")
	}
	return false
}
