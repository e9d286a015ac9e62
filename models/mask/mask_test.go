package mask_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

var (
	maker = mask.NewMaker([]byte("a secret of this test"))
	place = mask.Place{Address: datamap.Address{Dataset: "crm", Collection: "people"}, Row: datamap.Key{datamap.Int(7)}}
	kinds = []datamap.Kind{
		datamap.KindText, datamap.KindInt, datamap.KindDecimal, datamap.KindUUID, datamap.KindDate, datamap.KindDateTime, datamap.KindTimestamp, datamap.KindBytes,
	}
)

func value(k datamap.Kind) *rapid.Generator[datamap.Value] {
	pattern := map[datamap.Kind]string{
		datamap.KindInt: `-?[1-9][0-9]{0,18}`, datamap.KindDecimal: `-?(0|[1-9][0-9]{0,8})\.[0-9]{1,4}`,
		datamap.KindUUID: `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`, datamap.KindDate: `(19|20)[0-9]{2}-0[1-9]-[0-2][1-8]`,
		datamap.KindDateTime: `20[0-9]{2}-0[1-9]-1[0-9]T0[0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?`, datamap.KindTimestamp: `20[0-9]{2}-0[1-9]-1[0-9]T0[0-9]:[0-5][0-9]:[0-5][0-9]Z`,
	}[k]
	if pattern == "" {
		return rapid.Map(rapid.String(), func(s string) datamap.Value { return datamap.NewValue(k, s) })
	}
	return rapid.Map(rapid.StringMatching(pattern), func(s string) datamap.Value { return datamap.NewValue(k, s) })
}

// What a mask leaves is in effect, fits the field, is of the same kind, and stays when the row is masked again.
func TestMaskingTwiceLeavesWhatMaskingOnceLeft(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := datamap.Mask{Field: "f", Method: rapid.SampledFrom([]datamap.FieldErase{
			datamap.FieldHash, datamap.FieldHMAC, datamap.FieldRandom, datamap.FieldFormat, datamap.FieldEncrypt,
		}).Draw(t, "method"), Suffix: rapid.SampledFrom([]string{"", "@erased.invalid"}).Draw(t, "suffix")}
		at := place
		at.Length = rapid.SampledFrom([]int{0, 20, 120}).Draw(t, "length")
		v := value(rapid.SampledFrom(kinds).Draw(t, "kind")).Draw(t, "value")
		once, err := maker.Value(m, at, v)
		if err != nil {
			require.Equal(t, "mask_impossible", models.CodeOf(err))
			require.Equal(t, v, once, "what cannot be masked is left alone")
			return
		}
		done, err := maker.Effective(m, at, once)
		require.NoError(t, err)
		require.True(t, done, "%s", once.Text())
		twice, err := maker.Value(m, at, once)
		require.NoError(t, err)
		require.Equal(t, once, twice)
		require.Equal(t, v.Kind(), once.Kind())
		if at.Length > 0 && v.Kind() == datamap.KindText && m.Method != datamap.FieldFormat {
			require.LessOrEqual(t, utf8.RuneCountInString(once.Text()), at.Length)
		}
	})
}

func TestEachMethodWritesItsOwnForm(t *testing.T) {
	t.Parallel()
	mail := datamap.Text("Ann.O'Neil@example.com")
	for method, want := range map[datamap.FieldErase]string{
		datamap.FieldHash:    `^sha256:[0-9a-f]{64}$`,
		datamap.FieldHMAC:    `^[0-9a-f]{64}$`,
		datamap.FieldRandom:  `^[a-z2-7]{24}$`,
		datamap.FieldFormat:  `^[A-Z][a-z]{2}\.[A-Z]'[A-Z][a-z]{3}@[a-z]{7}\.[a-z]{3}$`,
		datamap.FieldEncrypt: `^[A-Za-z0-9_-]{60,}$`,
	} {
		got, err := maker.Value(datamap.Mask{Field: "mail", Method: method}, place, mail)
		require.NoError(t, err, method)
		require.Regexp(t, want, got.Text(), method)
		done, err := maker.Effective(datamap.Mask{Field: "mail", Method: method}, place, mail)
		require.NoError(t, err)
		require.False(t, done, "%s: the value itself is not masked", method)
	}
}

func TestHashesAreEqualForEqualValuesAndTheOthersTellNothing(t *testing.T) {
	t.Parallel()
	other := place
	other.Row = datamap.Key{datamap.Int(8)}
	masked := func(method datamap.FieldErase, at mask.Place, text string) string {
		v, err := maker.Value(datamap.Mask{Field: "f", Method: method}, at, datamap.Text(text))
		require.NoError(t, err)
		return v.Text()
	}
	for _, method := range []datamap.FieldErase{datamap.FieldHash, datamap.FieldHMAC} {
		require.Equal(t, masked(method, place, "ann"), masked(method, other, "ann"), method)
		require.NotEqual(t, masked(method, place, "ann"), masked(method, place, "bob"), method)
	}
	for _, method := range []datamap.FieldErase{datamap.FieldRandom, datamap.FieldFormat} {
		require.Equal(t, masked(method, place, "ann"), masked(method, place, "bob"), "%s does not depend on the value", method)
		require.NotEqual(t, masked(method, place, "ann"), masked(method, other, "ann"), "%s depends on the row", method)
	}
	require.NotEqual(t, masked(datamap.FieldEncrypt, place, "ann"), masked(datamap.FieldEncrypt, place, "ann"), "each value has a key of its own")
}

func TestWhatCannotBeMaskedIsSaidAndLeft(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		m      datamap.Mask
		length int
		v      datamap.Value
		code   string
	}{
		"a number by a hash":        {datamap.Mask{Method: datamap.FieldHMAC}, 0, datamap.Int(1), "mask_impossible"},
		"a hash in a short field":   {datamap.Mask{Method: datamap.FieldHMAC}, 63, datamap.Text("x"), "mask_impossible"},
		"random behind no room":     {datamap.Mask{Method: datamap.FieldRandom, Suffix: "@erased.invalid"}, 15, datamap.Text("x"), "mask_impossible"},
		"a truth by random":         {datamap.Mask{Method: datamap.FieldRandom}, 0, datamap.NewValue(datamap.KindBool, "true"), "mask_impossible"},
		"an unknown method":         {datamap.Mask{Method: "burn"}, 0, datamap.Text("x"), "mask_impossible"},
		"an array of such elements": {datamap.Mask{Method: datamap.FieldHMAC}, 0, datamap.Array(datamap.Int(1)), "mask_impossible"},
	} {
		at := place
		at.Length = c.length
		got, err := maker.Value(c.m, at, c.v)
		require.Equal(t, c.code, models.CodeOf(err), name)
		require.Equal(t, c.v, got, name)
	}
	short := mask.NewMaker([]byte("short"))
	for _, method := range []datamap.FieldErase{datamap.FieldHMAC, datamap.FieldRandom, datamap.FieldFormat, datamap.FieldEncrypt} {
		_, err := short.Value(datamap.Mask{Method: method}, place, datamap.Text("x"))
		require.Equal(t, "no_secret", models.CodeOf(err), method)
	}
}

func TestNullReplaceAndArrays(t *testing.T) {
	t.Parallel()
	for _, method := range []datamap.FieldErase{datamap.FieldNull, datamap.FieldHash, datamap.FieldHMAC, datamap.FieldRandom, datamap.FieldFormat, datamap.FieldEncrypt} {
		got, err := maker.Value(datamap.Mask{Method: method}, place, datamap.Null)
		require.NoError(t, err)
		require.True(t, got.IsNull(), "%s leaves NULL", method)
	}
	replace := datamap.Mask{Method: datamap.FieldReplace, Value: "[erased]"}
	got, err := maker.Value(replace, place, datamap.Null)
	require.NoError(t, err)
	require.Equal(t, "[erased]", got.Text())
	tags, err := maker.Value(datamap.Mask{Method: datamap.FieldHMAC}, place, datamap.Array(datamap.Text("a"), datamap.Null, datamap.Text("b")))
	require.NoError(t, err)
	require.Len(t, tags.Elements(), 3)
	require.True(t, tags.Elements()[1].IsNull())
	require.NotContains(t, tags.Text(), `"a"`)
}

func TestRemoveTakesTheNamedElementsAndLeavesTheOthers(t *testing.T) {
	t.Parallel()
	members := datamap.Array(datamap.Text("ann"), datamap.Int(7), datamap.Null, datamap.Text("bob"))
	m := datamap.Mask{Method: datamap.FieldRemove, Elements: []datamap.Value{datamap.Text("ann"), datamap.Text("7"), datamap.Null}}
	got, err := maker.Value(m, place, members)
	require.NoError(t, err)
	require.Equal(t, datamap.Array(datamap.Null, datamap.Text("bob")), got)
	for v, want := range map[datamap.Value]bool{members: false, got: true, datamap.Null: true, datamap.Text("ann"): false} {
		done, err := maker.Effective(m, place, v)
		require.NoError(t, err)
		require.Equal(t, want, done)
	}
	got, err = maker.Value(m, place, datamap.Array(datamap.Text("ann")))
	require.NoError(t, err)
	require.Equal(t, datamap.Array(), got)
	m.Value = "nobody"
	for was, want := range map[datamap.Value]datamap.Value{
		datamap.Array(datamap.Text("ann")): datamap.Array(datamap.Text("nobody")), datamap.Text("ann"): datamap.Text("nobody"), datamap.Array(): datamap.Array(),
	} {
		got, err = maker.Value(m, place, was)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	m.Elements = []datamap.Value{}
	got, err = maker.Value(m, place, members)
	require.NoError(t, err)
	require.Equal(t, members, got, "nothing is the person's")
	m.Elements = nil
	_, err = maker.Value(m, place, members)
	require.Equal(t, "mask_impossible", models.CodeOf(err), "an order that forgot to name them")
}
