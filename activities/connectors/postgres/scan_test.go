package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/models"
)

func scan(t *testing.T, system connectors.System, texts ...models.Personal) (map[string]int64, []string) {
	t.Helper()
	hits := map[string]int64{}
	skipped, err := system.(connectors.Scanner).Scan(t.Context(), texts, func(h connectors.Hit) error {
		hits[h.Table+" "+h.Column] += h.Rows
		return nil
	})
	require.NoError(t, err)
	return hits, skipped
}

func TestAScanFindsATextWhereverItStands(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE SCHEMA app; CREATE TABLE app.log (line text, n int, uid uuid);
INSERT INTO app.log VALUES ('mail to ANN@Example.com sent', 1, gen_random_uuid()), ('nothing', 2, NULL);
CREATE MATERIALIZED VIEW seen AS SELECT line FROM app.log;
CREATE TABLE docs (id int, j json, jb jsonb, x xml, tags varchar[], fixed char(20), ip inet);
INSERT INTO docs VALUES (1, '{"a": "\u00c4nn \"Q\""}', '{"b": ["ann@example.com"]}', '<p>ann@example.com</p>', ARRAY['a','Änn "Q"'], 'ann@example.com', '10.1.2.3');
CREATE TABLE parts (id int, note text) PARTITION BY RANGE (id); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10);
INSERT INTO parts VALUES (1, 'ann@example.com');`)
	hits, skipped := scan(t, b.system, "ann@example.com")
	require.Empty(t, skipped)
	require.Equal(t, map[string]int64{
		"app.log line": 1, "public.seen line": 1, "public.docs jb": 1, "public.docs x": 1, "public.docs fixed": 1, "public.parts_1 note": 1,
	}, hits)
	hits, _ = scan(t, b.system, `Änn "Q"`, "10.1.2.3")
	require.Equal(t, map[string]int64{"public.docs j": 1, "public.docs tags": 1, "public.docs ip": 1}, hits, "in a document as it is escaped there")
	hits, skipped = scan(t, b.system, " ", "")
	require.Empty(t, hits, "an empty text is everywhere and says nothing")
	require.Empty(t, skipped)
}

func TestAScanNamesWhatItMayNotRead(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE TABLE hidden (a text); INSERT INTO hidden VALUES ('one@example.com');
CREATE TABLE half (a text, b text); INSERT INTO half VALUES ('one@example.com', 'one@example.com');
CREATE TABLE policed (a text); INSERT INTO policed VALUES ('one@example.com'); ALTER TABLE policed ENABLE ROW LEVEL SECURITY;
CREATE TABLE numbers (n int);`)
	system := open(t, b.login(t, "GRANT SELECT ON people, policed TO $role; GRANT SELECT (a) ON half TO $role"))
	hits, skipped := scan(t, system, "ONE@example.com")
	require.Equal(t, map[string]int64{"public.people mail": 1, "public.half a": 1}, hits)
	require.Equal(t, []string{"public.half", "public.hidden", "public.policed"}, skipped, "a table without text is no loss")
}

func TestAScanReadsALargeTableInPartsAndStopsCounting(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE large (a text, b text); ALTER TABLE large SET (fillfactor = 10);
INSERT INTO large SELECT 'ann ' || n || repeat('x', 700), CASE WHEN n > 17000 THEN 'Ann' END FROM generate_series(1, 17050) n;`)
	hits, _ := scan(t, b.system, "ann")
	require.GreaterOrEqual(t, hits["public.large a"], int64(connectors.ScanEnough))
	require.EqualValues(t, 50, hits["public.large b"], "also what only the last pages hold")
}
