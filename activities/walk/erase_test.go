package walk_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/activities/connectors"
	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/postgres"
	"habeas/activities/connectors/sqlite"
	"habeas/activities/walk"
	"habeas/models/datamap"
)

// create makes the world's tables and rows, with a foreign key for every reference between columns of one type.
func (w *world) create(t *testing.T, at *place) {
	t.Helper()
	var tables, keys strings.Builder
	for i, c := range w.collections {
		fmt.Fprintf(&tables, "CREATE TABLE c%d (id %s NOT NULL", i, typeOf(c.words))
		primary := "id"
		if c.pair {
			tables.WriteString(", part text NOT NULL")
			primary = "id, part"
		}
		switch {
		case c.document:
			tables.WriteString(", doc json")
		case c.email:
			tables.WriteString(", email text")
		}
		if c.phone {
			tables.WriteString(", phone text")
		}
		inline := ""
		for j, f := range c.refs {
			to := w.collections[f.to]
			fmt.Fprintf(&tables, ", r%d %s", j, typeOf(to.words != f.other))
			from, into := fmt.Sprintf("r%d", j), "id"
			if to.pair {
				fmt.Fprintf(&tables, ", r%dp text", j)
				from, into = fmt.Sprintf("r%d, r%dp", j, j), "id, part"
			}
			foreign := fmt.Sprintf("FOREIGN KEY (%s) REFERENCES c%d (%s)", from, f.to, into)
			switch {
			case f.other:
			case at.kind == sqlite.Kind: // which adds no foreign key to a table that is there
				inline += ", " + foreign
			default:
				fmt.Fprintf(&keys, "ALTER TABLE c%d ADD %s;", i, foreign)
			}
		}
		fmt.Fprintf(&tables, ", PRIMARY KEY (%s)%s);", primary, inline)
	}
	at.clear(t)
	at.exec(t, at.own(tables.String()+w.inserts()+keys.String()))
}

func typeOf(words bool) string {
	if words {
		return "text"
	}
	return "int"
}

func (w *world) inserts() string {
	var sql strings.Builder
	for id := range w.rows {
		row := w.values(id)
		columns, texts := slices.Clone(row.Columns), make([]string, len(row.Values))
		for i, v := range row.Values {
			outer, inner, inside := strings.Cut(columns[i], ".")
			columns[i] = outer
			switch {
			case v.IsNull():
				texts[i] = "NULL"
			case inside:
				texts[i] = fmt.Sprintf(`'{"%s": "%s"}'`, inner, v.Text())
			default:
				texts[i] = "'" + v.Text() + "'"
			}
		}
		fmt.Fprintf(&sql, "INSERT INTO c%d (%s) VALUES (%s);", id.collection, strings.Join(columns, ", "), strings.Join(texts, ", "))
	}
	return sql.String()
}

// clear drops the tables of an earlier world.
func (p *place) clear(t *testing.T) {
	t.Helper()
	const most = 5
	for i := range most {
		switch p.kind {
		case postgres.Kind:
			p.exec(t, fmt.Sprintf("DROP TABLE IF EXISTS c%d CASCADE", i))
		case mysql.KindMariaDB:
			p.exec(t, fmt.Sprintf("SET foreign_key_checks = 0; DROP TABLE IF EXISTS c%d; SET foreign_key_checks = 1", i))
		default:
			p.exec(t, fmt.Sprintf("DROP TABLE IF EXISTS c%d", i))
		}
	}
}

// dump is every row as text.
func (w *world) dump(t *testing.T, at *place) map[rowID]string {
	t.Helper()
	all := map[rowID]string{}
	for i := range w.collections {
		for key, text := range at.rows(t, name(i), []string{"id"}) {
			id, err := strconv.Atoi(key)
			require.NoError(t, err)
			all[rowID{i, id}] = text
		}
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
	everywhere(t, func(t *testing.T, at *place) {
		worlds := rapid.Custom(func(t *rapid.T) *world { return dressed(t, drawWorld(t, 6)) })
		gone, masked := 0, 0
		seeds := 60
		if at.kind == mysql.KindMariaDB { // which takes its time to make tables
			seeds = 40
		}
		for seed := range seeds {
			w := worlds.Example(seed)
			w.create(t, at)
			system := at.system(t)
			before := w.dump(t, at)
			found := &walk.Memory{}
			graph := walkWorld(t, w, always(system), found, 3)
			truth := w.truth()
			requireTruth(t, truth, what(t, graph, found))

			requireExport(t, w, graph, found, always(system), truth)

			batch := 1 + seed%4
			for range 2 { // doing it twice changes nothing
				erase(t, graph, found, system.(connectors.Eraser), batch)
			}
			after := w.dump(t, at)
			require.NoError(t, system.Close())
			kept, holding := map[rowID]bool{}, map[rowID]bool{}
			for id := range w.rows {
				switch {
				case !truth.located[id] || truth.shared[id]:
					kept[id], holding[id] = true, true
					require.Equal(t, before[id], after[id], "seed %d: row %v is unchanged", seed, id)
				case w.collections[id.collection].masked:
					holding[id] = true
					require.Equal(t, w.masked(id, before[id]), after[id], "seed %d: row %v is masked", seed, id)
					masked++
				}
			}
			needed := w.needed(holding)
			for id := range w.rows {
				if !holding[id] && !needed[id] {
					require.NotContains(t, after, id, "seed %d", seed)
					gone++
				}
			}
		}
		require.Greater(t, gone, 30, "the worlds are worth something")
		require.Greater(t, masked, 10, "the worlds are worth something")
	})
}

// masked is a dumped row without the identities.
func (w *world) masked(id rowID, row string) string {
	r := w.rows[id]
	for _, identity := range []string{r.email, r.phone} {
		if identity != "" {
			row = strings.Replace(row, `"`+identity+`"`, "null", 1)
		}
	}
	return row
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
