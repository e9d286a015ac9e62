package mask_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models/datamap"
	"habeas/models/mask"
)

func TestPartsOfADocumentAreMaskedAndTheRestStaysInItsOrder(t *testing.T) {
	t.Parallel()
	parts := []mask.Part{
		{Path: []string{"name"}, Mask: datamap.Mask{Method: datamap.FieldReplace, Value: "[erased]"}},
		{Path: []string{"contacts", "email"}, Mask: datamap.Mask{Method: datamap.FieldHMAC}},
		{Path: []string{"contacts", "phone"}, Mask: datamap.Mask{Method: datamap.FieldFormat}},
		{Path: []string{"fax"}, Mask: datamap.Mask{Method: datamap.FieldNull}},
		{Path: []string{"who"}, Mask: datamap.Mask{Method: datamap.FieldHash}},
		{Path: []string{"gone"}, Mask: datamap.Mask{Method: datamap.FieldNull}},
	}
	once, changed, err := maker.Document(parts, place, `{"z": 1.50, "name": "Ann <O'Neil>", "fax": [1, 2], "contacts": [{"email": "a@x.org", "phone": 12345}, {"email": null}, "loose"],
"who": {"first": "Ann", "more": ["x", true]}, "a": {"name": "kept \u00fc"}}`)
	require.NoError(t, err)
	require.True(t, changed)
	require.Regexp(t, `^\{"z":1\.50,"name":"\[erased\]","fax":null,"contacts":\[\{"email":"[0-9a-f]{64}","phone":1[0-9]{4}\},\{"email":null\},"loose"\],`+
		`"who":\{"first":"sha256:[0-9a-f]{64}","more":\["sha256:[0-9a-f]{64}","sha256:[0-9a-f]{64}"\]\},"a":\{"name":"kept ü"\}\}$`, once)
	twice, changed, err := maker.Document(parts, place, once)
	require.NoError(t, err)
	require.False(t, changed)
	require.Equal(t, once, twice)
}

func TestADocumentWithNothingToMaskStaysAsItIsWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{ "a" : "\u00e4" }`, `null`, ` [ {"name": null}, 1 ]`, `"name"`, `{"name": "\u005berased]"}`} {
		parts := []mask.Part{{Path: []string{"name"}, Mask: datamap.Mask{Method: datamap.FieldReplace, Value: "[erased]"}}}
		masked, changed, err := maker.Document(parts, place, text)
		require.NoError(t, err)
		require.False(t, changed)
		require.Equal(t, text, masked)
	}
	_, _, err := maker.Document(nil, place, `{"name": secret`)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}
