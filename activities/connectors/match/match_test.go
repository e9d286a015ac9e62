package match_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/match"
	"habeas/models/datamap"
)

func val(k datamap.Kind, s string) datamap.Value { return datamap.NewValue(k, s) }

func TestValuesAreComparedInTheKindOfTheRow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		key, row datamap.Value
		want     bool
	}{
		"a number written otherwise":      {datamap.Text("1.0"), datamap.Int(1), true},
		"a number as text":                {datamap.Int(7), datamap.Text("7"), true},
		"text with a zero in front":       {datamap.Int(7), datamap.Text("07"), false},
		"a large number":                  {datamap.Text("12345678901234567890.10"), val(datamap.KindDecimal, "12345678901234567890.1"), true},
		"no number":                       {datamap.Text("seven"), datamap.Int(7), false},
		"a fraction is no number":         {datamap.Text("1/2"), val(datamap.KindDecimal, "0.5"), false},
		"a UUID in capitals":              {datamap.Text("0188A0F2-7D9B-7B5A-9C3E-0123456789AB"), val(datamap.KindUUID, "0188a0f2-7d9b-7b5a-9c3e-0123456789ab"), true},
		"a truth":                         {datamap.Text("t"), val(datamap.KindBool, "true"), true},
		"nonsense for a truth":            {datamap.Text("perhaps"), val(datamap.KindBool, "true"), false},
		"an instant in another zone":      {datamap.Text("2024-10-27T02:30:00+02:00"), val(datamap.KindTimestamp, "2024-10-27T00:30:00Z"), true},
		"a day":                           {val(datamap.KindDateTime, "2024-10-27T00:00:00"), val(datamap.KindDate, "2024-10-27"), true},
		"an instant within a day":         {val(datamap.KindDateTime, "2024-10-27T10:00:00"), val(datamap.KindDate, "2024-10-27"), false},
		"bytes in a text are base64":      {val(datamap.KindBytes, "\x00\xff"), datamap.Text("AP8="), true},
		"bytes":                           {val(datamap.KindBytes, "\x00\xff"), val(datamap.KindBytes, "\x00\xff"), true},
		"text is no bytes":                {datamap.Text("a"), val(datamap.KindBytes, "a"), false},
		"NULL":                            {datamap.Null, datamap.Null, true},
		"NULL is not the empty text":      {datamap.Null, datamap.Text(""), false},
		"the empty text is not NULL":      {datamap.Text(""), datamap.Null, false},
		"an element":                      {datamap.Text("b"), datamap.Array(datamap.Text("a"), datamap.Null, datamap.Text("b")), true},
		"an empty place is no element":    {datamap.Null, datamap.Array(datamap.Null), false},
		"text of another case":            {datamap.Text("A"), datamap.Text("a"), false},
		"a number in an array of numbers": {datamap.Text("2"), datamap.Array(datamap.Int(1), datamap.Int(2)), true},
	} {
		got := match.New([]datamap.Key{{datamap.Text("another")}, {c.key}}, false).Find([]datamap.Value{c.row})
		require.Equal(t, c.want, got == 1, name)
	}
}

func TestAKeyOfSeveralFieldsMatchesAsAWhole(t *testing.T) {
	t.Parallel()
	f := match.New([]datamap.Key{{datamap.Text("a"), datamap.Int(1)}, {datamap.Text("b"), datamap.Null}, {datamap.Text("a"), datamap.Text("1")}, {datamap.Text("x")}}, false)
	require.Equal(t, 0, f.Find([]datamap.Value{datamap.Text("a"), datamap.Int(1)}), "the first of two equal keys")
	require.Equal(t, 0, f.Find([]datamap.Value{datamap.Text("a"), datamap.Text("1")}))
	require.Equal(t, 1, f.Find([]datamap.Value{datamap.Text("b"), datamap.Null}))
	require.Equal(t, -1, f.Find([]datamap.Value{datamap.Text("b"), datamap.Int(1)}))
	require.Equal(t, -1, f.Find([]datamap.Value{datamap.Text("a1"), datamap.Text("")}))
}

func TestAddressesAreFolded(t *testing.T) {
	t.Parallel()
	f := match.New([]datamap.Key{{datamap.Text(" ANN@example.com")}}, true)
	require.Equal(t, 0, f.Find([]datamap.Value{datamap.Text("Ann@Example.com ")}))
	require.Equal(t, -1, f.Find([]datamap.Value{datamap.Null}))
}
