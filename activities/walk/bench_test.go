package walk_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/postgres"
	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
	"habeas/models/store/pgtest"
)

const benchMap = `
dataset:
  - fides_key: d
    habeas: {system: shop}
    collections:
      - name: customer
        habeas: {erase: delete}
        fields: [{name: id, fides_meta: {primary_key: true}}, {name: email, fides_meta: {identity: email}}]
      - name: orders
        habeas: {erase: delete}
        fields:
          - {name: id, fides_meta: {primary_key: true}}
          - {name: customer, fides_meta: {references: [{dataset: d, field: customer.id, direction: from}]}}
          - {name: address, fides_meta: {references: [{dataset: d, field: address.id, direction: to}]}}
          - {name: note, data_categories: [user.content]}
      - name: address
        habeas: {erase: delete}
        fields: [{name: id, fides_meta: {primary_key: true}}, {name: street, data_categories: [user.contact]}]
`

// BenchmarkErasure walks, exports and erases one customer with many orders among as many of others, beside the statements that an
// expert would write for the same rows. The found rows are in memory; a store adds its own time.
func BenchmarkErasure(b *testing.B) {
	const rows = 100_000
	datasets, problems := file.Parse("map.yml", []byte(benchMap))
	require.Empty(b, problems)
	graph, err := datamap.Compile(datasets)
	require.NoError(b, err)
	for b.Loop() {
		b.StopTimer()
		dsn := pgtest.New(b)
		conn, err := pgx.Connect(b.Context(), dsn)
		require.NoError(b, err)
		_, err = conn.Exec(b.Context(), fmt.Sprintf(`CREATE TABLE customer (id int PRIMARY KEY, email text);
CREATE TABLE address (id int PRIMARY KEY, street text);
CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customer, address int REFERENCES address, note text);
INSERT INTO customer SELECT n, 'c' || n || '@example.com' FROM generate_series(1, 1000) n;
INSERT INTO address SELECT n, 'street ' || n FROM generate_series(1, 20000) n;
INSERT INTO orders SELECT n, CASE WHEN n %% 2 = 0 THEN 1 ELSE 1 + n %% 1000 END, 1 + n %% 20000, repeat('x', 100) FROM generate_series(1, %d) n;
CREATE INDEX ON orders (customer); CREATE INDEX ON orders (address); CREATE INDEX ON customer (lower(btrim(email))); ANALYZE;
CREATE TABLE copy AS SELECT * FROM orders; ALTER TABLE copy ADD PRIMARY KEY (id); CREATE INDEX ON copy (customer); CREATE INDEX ON copy (address);`, 2*rows))
		require.NoError(b, err)
		system, err := postgres.Open(b.Context(), connectors.Config{Name: "shop", Kind: postgres.Kind, DSN: models.Personal(dsn)})
		require.NoError(b, err)
		open := func(context.Context, string) (connectors.System, error) { return system, nil }
		found := &walk.Memory{}
		b.StartTimer()

		start := time.Now()
		w := walk.Walk{Graph: graph, Open: open, Found: found, Identities: []walk.Identity{{Kind: "email", Value: "c1@example.com"}}}
		_, err = w.Run(b.Context())
		require.NoError(b, err)
		b.ReportMetric(rows/time.Since(start).Seconds(), "walk-rows/s")

		start = time.Now()
		read := 0
		reading := walk.Reading{Open: open, Keys: walk.KeysOf(found, nil)}
		require.NoError(b, reading.Rows(b.Context(), graph.Nodes[1], func(datamap.Row) error {
			read++
			return nil
		}))
		require.Equal(b, rows, read)
		b.ReportMetric(rows/time.Since(start).Seconds(), "export-rows/s")

		start = time.Now()
		var keys []datamap.Key
		require.NoError(b, found.Each(b.Context(), graph.Nodes[1].Address, func(r datamap.FoundRow) error {
			keys = append(keys, r.Key)
			return nil
		}))
		for chunk := range slices.Chunk(keys, connectors.MaxBatch) {
			_, err := system.(connectors.Eraser).Erase(b.Context(), connectors.Erasure{Node: graph.Nodes[1], Keys: chunk, Delete: true})
			require.NoError(b, err)
		}
		ours := time.Since(start)
		b.ReportMetric(rows/ours.Seconds(), "erase-rows/s")

		start = time.Now()
		_, err = conn.Exec(b.Context(), "DELETE FROM copy WHERE customer = 1")
		require.NoError(b, err)
		b.ReportMetric(ours.Seconds()/time.Since(start).Seconds(), "erase/expert")
		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		b.ReportMetric(float64(mem.HeapAlloc)/(1<<20), "heap-MiB")
		require.NoError(b, conn.Close(b.Context()))
		require.NoError(b, system.Close())
	}
}
