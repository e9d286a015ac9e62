package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/sqlite"
	"habeas/models"
	"habeas/models/datamap"
)

const three = `CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT, boss INTEGER REFERENCES people);
INSERT INTO people VALUES (1, 'one@example.com', NULL), (2, 'two@example.com', 1), (3, 'three@example.com', 2);`

func TestARowThatIsReferredToIsLeftAndNamed(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE TABLE notes (id INTEGER PRIMARY KEY, person INTEGER REFERENCES people); INSERT INTO notes VALUES (1, 3);`)
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(1, 2, 3), Delete: true})
	require.NoError(t, err)
	require.Zero(t, out.Erased)
	require.Len(t, out.Blocked, 3, "each holds the one before")
	for _, bl := range out.Blocked {
		require.Equal(t, "still_referenced notes people", bl.Code+" "+bl.Detail, "SQLite does not say which")
	}
	require.Len(t, rowsOf(t, b.db, "people"), 3)

	run(t, b.db, "DELETE FROM notes")
	out, err = b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3, 2, 1), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 3}, out)
}

func TestOneBlockedRowDoesNotHinderTheOthersOfItsBatch(t *testing.T) {
	t.Parallel()
	const rows = `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 700) INSERT INTO people SELECT n, n FROM n;`
	for name, deferred := range map[string]string{"at once": "", "at the end": " DEFERRABLE INITIALLY DEFERRED"} {
		t.Run("references that are checked "+name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, `CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT);`+rows+
				`CREATE TABLE notes (person INTEGER REFERENCES people`+deferred+`); INSERT INTO notes VALUES (13), (400);`)
			out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.UpTo(700), Delete: true})
			require.NoError(t, err)
			require.Equal(t, 698, out.Erased)
			require.Zero(t, out.Missing)
			require.Len(t, out.Blocked, 2)
			require.ElementsMatch(t, connectortest.IDs(13, 400), []datamap.Key{out.Blocked[0].Key, out.Blocked[1].Key})
			require.Len(t, rowsOf(t, b.db, "people"), 2)
		})
	}
}

func TestARowThatATriggerKeepsOrRefusesIsNamed(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"IGNORE", "ABORT, 'three@example.com is dear'", "FAIL, 'x'", "ROLLBACK, 'x'"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			b := setup(t, three+`CREATE TRIGGER keep BEFORE DELETE ON people WHEN old.id = 3 BEGIN SELECT RAISE(`+how+`); END;`)
			run(t, b.db, "UPDATE people SET boss = NULL")
			out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(2, 3, 9), Delete: true})
			require.NoError(t, err)
			require.Equal(t, connectors.Outcome{Erased: 1, Missing: 1, Blocked: []connectors.Blocked{{Key: connectortest.IDs(3)[0], Code: connectors.BlockedRefused, Detail: "people"}}}, out)
			require.Len(t, rowsOf(t, b.db, "people"), 2)
		})
	}
}

func TestAMaskThatATriggerUndoesIsNotCalledMasked(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE TRIGGER keep AFTER UPDATE ON people WHEN old.id = 3 AND new.mail IS NULL BEGIN UPDATE people SET mail = old.mail WHERE id = 3; END;`)
	node := connectortest.People(t, func(c *datamap.Collection) { c.Erase = datamap.EraseMask })
	out, err := b.erase(t, connectors.Erasure{Node: node, Keys: connectortest.IDs(1, 3), Masks: node.Masks()})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 1, Blocked: []connectors.Blocked{{Key: connectortest.IDs(3)[0], Code: connectors.BlockedRefused, Detail: "people"}}}, out)
}

func TestAMaskThatIsNotUniqueOrForbiddenBlocksTheRow(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id INTEGER PRIMARY KEY, mail TEXT UNIQUE, CHECK (id <> 3 OR mail <> 'nobody@example.com')); INSERT INTO people VALUES (1, 'a'), (2, 'b'), (3, 'c');`)
	value := "nobody@example.com"
	node := connectortest.People(t, func(c *datamap.Collection) {
		c.Erase = datamap.EraseMask
		c.Fields[1].Erase, c.Fields[1].Value = datamap.FieldReplace, &value
	})
	out, err := b.erase(t, connectors.Erasure{Node: node, Keys: connectortest.IDs(1, 2, 3), Masks: node.Masks()})
	require.NoError(t, err)
	require.Equal(t, 1, out.Masked)
	codes := map[string]string{}
	for _, bl := range out.Blocked {
		codes[bl.Key[0].Text()] = bl.Code
	}
	require.Equal(t, map[string]string{"2": connectors.BlockedUnique, "3": connectors.BlockedRefused}, codes)
}

func TestAFileThatIsReadOnlyIsReportedAndUnchanged(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	system := open(t, "file:"+escaped(b.path)+"?mode=ro")
	before := rowsOf(t, b.db, "people")
	mask := connectortest.People(t, func(c *datamap.Collection) { c.Erase = datamap.EraseMask })
	for _, order := range []connectors.Erasure{
		{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3), Delete: true},
		{Node: mask, Keys: connectortest.IDs(3), Masks: mask.Masks()},
	} {
		out, err := system.(connectors.Eraser).Erase(t.Context(), order)
		require.Equal(t, connectors.CodeReadOnly, models.CodeOf(err))
		require.Equal(t, models.Conflict, models.KindOf(err))
		require.Equal(t, connectors.Outcome{}, out)
	}
	require.Equal(t, before, rowsOf(t, b.db, "people"))
	problems, err := system.(connectors.Checker).Check(t.Context(), []*datamap.Node{connectortest.People(t, nil)})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(problems), connectors.CodeReadOnly)
}

func TestAFileThatSomebodyWritesIsBusyAndTheBatchUnchanged(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	b.system = open(t, "file:"+escaped(b.path)+"?_pragma=busy_timeout(100)")
	conn, err := b.db.Conn(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, conn.Close()) }()
	_, err = conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
	require.NoError(t, err)
	_, err = b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3), Delete: true})
	require.Equal(t, connectors.CodeBusy, models.CodeOf(err))
	require.Equal(t, models.Unavailable, models.KindOf(err))
	_, err = conn.ExecContext(t.Context(), "ROLLBACK")
	require.NoError(t, err)
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 1}, out)
}

func TestAFileThatIsMissingIsNotMade(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none.db")
	for _, dsn := range []string{path, "file:" + path, "sqlite://" + path} {
		err := open(t, dsn).Ping(t.Context())
		require.Equal(t, connectors.CodeUnavailable, models.CodeOf(err))
		require.NoFileExists(t, path)
	}
	for _, dsn := range []string{"", ":memory:", "sqlite:", "x?%"} {
		_, err := sqlite.Open(t.Context(), connectors.Config{Name: "x", DSN: models.Personal(dsn)})
		require.Equal(t, "bad_dsn", models.CodeOf(err), dsn)
	}
	require.NoError(t, os.WriteFile(path, []byte("this is not a database, whatever its name says, and it is long enough to be one"), 0o600))
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(open(t, path).Ping(t.Context())))
}

func TestATableDroppedOrChangedIsReportedInTheWordsOfTheMap(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	q := connectors.Query{Node: connectortest.People(t, nil), Fields: []string{"mail"}, Keys: []datamap.Key{{datamap.Text("one@example.com")}}, Return: []string{"id"}}
	rows, err := b.find(t, q)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	run(t, b.db, "ALTER TABLE people RENAME mail TO address")
	_, err = b.find(t, q)
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
	require.ErrorContains(t, err, "d.people")
	_, err = b.find(t, q)
	require.ErrorContains(t, err, "The field d.people.mail is not in the table people.")
	run(t, b.db, "ALTER TABLE people RENAME address TO mail")
	rows, err = b.find(t, q)
	require.NoError(t, err)
	require.Len(t, rows, 1, "found again once it is there again")
	run(t, b.db, "DROP TABLE people")
	for range 2 {
		_, err = b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(1), Delete: true})
		require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
		require.ErrorContains(t, err, "d.people")
	}
}

func TestNoValueOfARowGetsIntoAnError(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE TRIGGER tell BEFORE DELETE ON people BEGIN SELECT json(old.mail); END;`)
	_, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3), Delete: true})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "three@")
	require.ErrorContains(t, err, "SQLite code 1")
	require.Len(t, rowsOf(t, b.db, "people"), 3)
}
