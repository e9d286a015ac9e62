package connectortest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// People is a collection of the dataset d whose rows have an id, and a mail address as identity; they are deleted unless change says otherwise.
func People(t testing.TB, change func(*datamap.Collection)) *datamap.Node {
	t.Helper()
	c := datamap.Collection{Name: "people", Erase: datamap.EraseDelete, Fields: []datamap.Field{
		{Name: "id", PrimaryKey: true}, {Name: "mail", Identity: "email"},
	}}
	if change != nil {
		change(&c)
	}
	return compile(t, c)[0]
}

func compile(t testing.TB, collections ...datamap.Collection) []*datamap.Node {
	t.Helper()
	g, err := datamap.Compile([]datamap.Dataset{{Key: "d", System: "test", Collections: collections}})
	require.NoError(t, err)
	return g.Nodes
}

// IDs are keys of one number each.
func IDs(list ...int64) []datamap.Key {
	keys := make([]datamap.Key, len(list))
	for i, id := range list {
		keys[i] = datamap.Key{datamap.Int(id)}
	}
	return keys
}

// UpTo are the keys 1 to n.
func UpTo(n int64) []datamap.Key {
	list := make([]int64, n)
	for i := range list {
		list[i] = int64(i) + 1
	}
	return IDs(list...)
}

// Problems are what a system's check says of collections, each code once with its place; severity in front of warnings.
func Problems(t testing.TB, system connectors.System, collections ...datamap.Collection) map[string]string {
	t.Helper()
	checker, err := connectors.As[connectors.Checker](system, "be checked")
	require.NoError(t, err)
	problems, err := checker.Check(t.Context(), compile(t, collections...))
	require.NoError(t, err)
	got := map[string]string{}
	for _, p := range problems {
		require.NotEmpty(t, p.Advice)
		require.NotContains(t, got, p.Code, "%v", problems)
		got[p.Code] = p.Where
		if p.Severity == datamap.Warning {
			got[p.Code] = "warning " + p.Where
		}
	}
	return got
}

// BenchmarkErasure erases 200,000 rows of People in batches of the largest size, by deleting them and by masking them with a keyed hash. open gives
// a system with that many rows.
func BenchmarkErasure(b *testing.B, open func(b *testing.B, rows int) connectors.System) {
	const rows = 200_000
	for _, c := range []struct {
		name  string
		masks []datamap.Mask
	}{
		{"delete", nil},
		{"null", []datamap.Mask{{Field: "mail", Method: datamap.FieldNull}}},
		{"hmac", []datamap.Mask{{Field: "mail", Method: datamap.FieldHMAC}}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				eraser, err := connectors.As[connectors.Eraser](open(b, rows), "erase")
				require.NoError(b, err)
				all, node := UpTo(rows), People(b, nil)
				b.StartTimer()
				for i := 0; i < rows; i += connectors.MaxBatch {
					out, err := eraser.Erase(b.Context(), connectors.Erasure{
						Node: node, Keys: all[i : i+connectors.MaxBatch], Delete: c.masks == nil, Masks: c.masks,
					})
					require.NoError(b, err)
					require.Equal(b, connectors.MaxBatch, out.Erased+out.Masked)
				}
			}
			b.ReportMetric(float64(b.N*rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
