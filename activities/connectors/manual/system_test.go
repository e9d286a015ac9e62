package manual_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/manual"
	"habeas/models"
)

func TestAManualSystemNeedsNoAddressAndCanDoNothing(t *testing.T) {
	t.Parallel()
	s, err := manual.Open(t.Context(), connectors.Config{Name: "archive", Kind: manual.Kind, Settings: []byte(`{"instructions":"Ask at the desk."}`)})
	require.NoError(t, err)
	require.NoError(t, s.Ping(t.Context()))
	require.NoError(t, s.Close())
	require.Equal(t, "Ask at the desk.", s.(connectors.Instructor).Instructions())
	for name, can := range map[string]func() error{
		"locate":   func() error { _, err := connectors.As[connectors.Locator](s, "locate"); return err },
		"export":   func() error { _, err := connectors.As[connectors.Exporter](s, "export"); return err },
		"erase":    func() error { _, err := connectors.As[connectors.Eraser](s, "erase"); return err },
		"restrict": func() error { _, err := connectors.As[connectors.Restrictor](s, "restrict"); return err },
		"rectify":  func() error { _, err := connectors.As[connectors.Rectifier](s, "rectify"); return err },
		"prove":    func() error { _, err := connectors.As[connectors.Verifier](s, "prove an erasure"); return err },
		"delegate": func() error { _, err := connectors.As[connectors.Delegate](s, "delegate"); return err },
	} {
		require.Equal(t, models.Unsupported, models.KindOf(can()), name)
	}
}

func TestAnUnknownSettingIsRefused(t *testing.T) {
	t.Parallel()
	_, err := manual.Open(t.Context(), connectors.Config{Name: "archive", Kind: manual.Kind, Settings: []byte(`{"instruction":"x"}`)})
	require.Equal(t, "bad_settings", models.CodeOf(err))
}
