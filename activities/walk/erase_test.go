package walk_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/activities/connectors"
	"habeas/activities/connectors/postgres"
	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store/pgtest"
)

// create makes the world's tables and rows, with a foreign key for every reference.
func (w *world) create(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	var sql, keys strings.Builder
	sql.WriteString("DROP SCHEMA public CASCADE; CREATE SCHEMA public;")
	for i, c := range w.collections {
		fmt.Fprintf(&sql, "CREATE TABLE c%d (id int PRIMARY KEY", i)
		if c.email {
			sql.WriteString(", email text")
		}
		if c.phone {
			sql.WriteString(", phone text")
		}
		for j, f := range c.refs {
			fmt.Fprintf(&sql, ", r%d int", j)
			fmt.Fprintf(&keys, "ALTER TABLE c%d ADD FOREIGN KEY (r%d) REFERENCES c%d;", i, j, f.to)
		}
		sql.WriteString(");")
	}
	for id := range w.rows {
		row := w.values(id)
		texts := make([]string, len(row.Values))
		for i, v := range row.Values {
			texts[i] = "'" + v.Text() + "'"
			if v.IsNull() {
				texts[i] = "NULL"
			}
		}
		fmt.Fprintf(&sql, "INSERT INTO c%d (%s) VALUES (%s);", id.collection, strings.Join(row.Columns, ", "), strings.Join(texts, ", "))
	}
	_, err := conn.Exec(t.Context(), sql.String()+keys.String())
	require.NoError(t, err)
}

// dump is every row as text.
func (w *world) dump(t *testing.T, conn *pgx.Conn) map[rowID]string {
	t.Helper()
	all := map[rowID]string{}
	for i := range w.collections {
		rows, err := conn.Query(t.Context(), fmt.Sprintf("SELECT id, t::text FROM c%d t", i))
		require.NoError(t, err)
		var id int
		var text string
		_, err = pgx.ForEachRow(rows, []any{&id, &text}, func() error {
			all[rowID{i, id}] = text
			return nil
		})
		require.NoError(t, err)
	}
	return all
}

// needed are the rows that kept rows refer to, and what these refer to: no foreign key lets them go.
func (w *world) needed(kept map[rowID]bool) map[rowID]bool {
	needed := maps.Clone(kept)
	for grown := true; grown; {
		grown = false
		for child := range needed {
			for j, f := range w.collections[child.collection].refs {
				if parent := (rowID{f.to, w.rows[child].refs[j]}); parent.id != 0 && !needed[parent] {
					needed[parent], grown = true, true
				}
			}
		}
	}
	return needed
}

// erase erases found rows that are not shared, in the graph's order, in batches of the given size.
func erase(t *testing.T, graph *datamap.Graph, found walk.Found, eraser connectors.Eraser, batch int) {
	t.Helper()
	for _, step := range graph.EraseOrder() {
		var keys []datamap.Key
		require.NoError(t, found.Each(t.Context(), step.Node.Address, func(r datamap.FoundRow) error {
			if !r.Shared {
				keys = append(keys, r.Key)
			}
			return nil
		}))
		for chunk := range slices.Chunk(keys, batch) {
			_, err := eraser.Erase(t.Context(), connectors.Order(step, chunk))
			require.NoError(t, err)
		}
	}
}

func TestAfterAnErasureThePersonsRowsAreGoneAndAllOthersByteIdentical(t *testing.T) {
	t.Parallel()
	dsn := pgtest.New(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close(context.Background())) })
	worlds := rapid.Custom(func(t *rapid.T) *world { return drawWorld(t, 6) })
	gone := 0
	for seed := range 40 {
		w := worlds.Example(seed)
		w.create(t, conn)
		system := open(t, dsn)
		before := w.dump(t, conn)
		found := &walk.Memory{}
		always := func(context.Context, string) (connectors.System, error) { return system, nil }
		graph := walkWorld(t, w, always, found, 3)
		truth := w.truth()
		requireTruth(t, truth, what(t, graph, found))

		requireExport(t, w, graph, found, always, truth)

		batch := 1 + seed%4
		for range 2 { // doing it twice changes nothing
			erase(t, graph, found, system.(connectors.Eraser), batch)
		}
		after := w.dump(t, conn)
		kept := map[rowID]bool{}
		for id := range w.rows {
			if !truth.located[id] || truth.shared[id] {
				kept[id] = true
				require.Equal(t, before[id], after[id], "seed %d: row %v is unchanged", seed, id)
			}
		}
		require.NoError(t, system.Close())
		needed := w.needed(kept)
		for id := range w.rows {
			if !kept[id] && !needed[id] {
				require.NotContains(t, after, id, "seed %d", seed)
				gone++
			}
		}
	}
	require.Greater(t, gone, 40, "the worlds are worth something")
}

// requireExport shows that the second pass reads exactly the located rows.
func requireExport(t *testing.T, w *world, graph *datamap.Graph, found walk.Found, open func(context.Context, string) (connectors.System, error), truth truth) {
	t.Helper()
	reading := walk.Reading{Open: open, Keys: walk.KeysOf(found, nil)}
	for i, n := range graph.Nodes {
		want := map[string]datamap.Row{}
		for id, located := range truth.located {
			if located && id.collection == i {
				want[fmt.Sprint(id.id)] = w.values(id)
			}
		}
		got := map[string]datamap.Row{}
		require.NoError(t, reading.Rows(t.Context(), n, func(r datamap.Row) error {
			got[r.Values[0].Text()] = r
			return nil
		}))
		require.Equal(t, want, got)
	}
}

func open(t *testing.T, dsn string) connectors.System {
	t.Helper()
	system, err := postgres.Open(t.Context(), connectors.Config{Name: "shop", Kind: postgres.Kind, DSN: models.Personal(dsn), Secret: []byte("0123456789abcdef")})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, system.Close()) })
	return system
}
