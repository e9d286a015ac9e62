package postgres_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/postgres"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store/pgtest"
)

// bench is a database with the given statements run, a connector, and nodes made from a map of collections with all fields.
type bench struct {
	dsn    string
	conn   *pgx.Conn
	system connectors.System
}

func setup(t *testing.T, statements string) *bench {
	t.Helper()
	b := &bench{dsn: pgtest.New(t)}
	b.conn = connect(t, b.dsn)
	run(t, b.conn, statements)
	b.system = open(t, b.dsn)
	return b
}

func (b *bench) erase(t *testing.T, order connectors.Erasure) (connectors.Outcome, error) {
	t.Helper()
	return b.system.(connectors.Eraser).Erase(t.Context(), order)
}

const three = `CREATE TABLE people (id int PRIMARY KEY, mail text, boss int REFERENCES people);
INSERT INTO people VALUES (1, 'one@example.com', NULL), (2, 'two@example.com', 1), (3, 'three@example.com', 2);`

func TestARowThatIsReferredToIsLeftAndNamed(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE TABLE notes (id int PRIMARY KEY, person int CONSTRAINT by_person REFERENCES people); INSERT INTO notes VALUES (1, 3);`)
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(1, 2, 3), Delete: true})
	require.NoError(t, err)
	require.Zero(t, out.Erased)
	require.Len(t, out.Blocked, 3, "each holds the one before")
	codes := map[string]string{}
	for _, bl := range out.Blocked {
		codes[bl.Key[0].Text()] = bl.Code + " " + bl.Detail
	}
	require.Equal(t, "still_referenced notes by_person", codes["3"])
	require.Len(t, rowsOf(t, b.dsn, "people"), 3)

	run(t, b.conn, "DELETE FROM notes")
	out, err = b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3, 2, 1), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 3}, out)
}

func TestOneBlockedRowDoesNotHinderTheOthersOfItsBatch(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail text); INSERT INTO people SELECT n, n FROM generate_series(1, 700) n;
CREATE TABLE notes (person int REFERENCES people); INSERT INTO notes VALUES (13), (400);`)
	var all []int64
	for i := range int64(700) {
		all = append(all, i+1)
	}
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(all...), Delete: true})
	require.NoError(t, err)
	require.Equal(t, 698, out.Erased)
	require.Zero(t, out.Missing)
	require.ElementsMatch(t, connectortest.IDs(13, 400), []datamap.Key{out.Blocked[0].Key, out.Blocked[1].Key})
}

func TestARowThatATriggerKeepsIsNotCalledMissing(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER keep BEFORE DELETE ON people FOR EACH ROW WHEN (old.id = 3) EXECUTE FUNCTION keep();`)
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3, 9), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Missing: 1, Blocked: []connectors.Blocked{{Key: connectortest.IDs(3)[0], Code: connectors.BlockedRefused, Detail: "people"}}}, out)
}

func TestAMaskThatATriggerUndoesIsNotCalledMasked(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN old; END';
CREATE TRIGGER keep BEFORE UPDATE ON people FOR EACH ROW WHEN (old.id = 3) EXECUTE FUNCTION keep();`)
	node := connectortest.People(t, func(c *datamap.Collection) { c.Erase = datamap.EraseMask })
	out, err := b.erase(t, connectors.Erasure{Node: node, Keys: connectortest.IDs(1, 3), Masks: node.Masks()})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 1, Blocked: []connectors.Blocked{{Key: connectortest.IDs(3)[0], Code: connectors.BlockedRefused, Detail: "people"}}}, out)
}

func TestAMaskThatIsNotUniqueBlocksTheRow(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE UNIQUE INDEX one_mail ON people (mail);`)
	value := "nobody@example.com"
	node := connectortest.People(t, func(c *datamap.Collection) {
		c.Erase = datamap.EraseMask
		c.Fields[1].Erase, c.Fields[1].Value = datamap.FieldReplace, &value
	})
	out, err := b.erase(t, connectors.Erasure{Node: node, Keys: connectortest.IDs(1, 2), Masks: node.Masks()})
	require.NoError(t, err)
	require.Equal(t, 1, out.Masked)
	require.Len(t, out.Blocked, 1)
	require.Equal(t, connectors.BlockedUnique, out.Blocked[0].Code)
}

func TestAReadOnlyDatabaseIsReportedAndUnchanged(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	run(t, b.conn, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$")
	b.system = open(t, b.dsn)
	before := rowsOf(t, b.dsn, "people")
	mask := connectortest.People(t, func(c *datamap.Collection) { c.Erase = datamap.EraseMask })
	for _, order := range []connectors.Erasure{
		{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3), Delete: true},
		{Node: mask, Keys: connectortest.IDs(3), Masks: mask.Masks()},
	} {
		out, err := b.erase(t, order)
		require.Equal(t, connectors.CodeReadOnly, models.CodeOf(err))
		require.Equal(t, models.Conflict, models.KindOf(err))
		require.Equal(t, connectors.Outcome{}, out)
	}
	require.Equal(t, before, rowsOf(t, b.dsn, "people"))
	problems, err := b.system.(connectors.Checker).Check(t.Context(), []*datamap.Node{connectortest.People(t, nil)})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(problems), connectors.CodeReadOnly)
}

func TestALockedRowMakesTheSystemBusyAndLeavesTheBatchUnchanged(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	tx, err := b.conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "UPDATE people SET mail = mail WHERE id = 3")
	require.NoError(t, err)
	_, err = b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3), Delete: true})
	require.Equal(t, connectors.CodeBusy, models.CodeOf(err))
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.NoError(t, tx.Rollback(t.Context()))
	require.Len(t, rowsOf(t, b.dsn, "people"), 3)
}

// login makes a role with a password and gives the address to use it.
func (b *bench) login(t *testing.T, grants string) string {
	t.Helper()
	var database string
	require.NoError(t, b.conn.QueryRow(t.Context(), "SELECT current_database()").Scan(&database))
	role := "role_" + strings.ToLower(database)
	run(t, b.conn, "CREATE ROLE "+role+" LOGIN PASSWORD 'secret'; "+strings.ReplaceAll(grants, "$role", role))
	t.Cleanup(func() {
		_, err := b.conn.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role)
		require.NoError(t, err)
	})
	u, err := url.Parse(b.dsn)
	require.NoError(t, err)
	u.User = url.UserPassword(role, "secret")
	return u.String()
}

func TestMissingRightsAreFoundByCheckAndRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	system := open(t, b.login(t, "GRANT SELECT ON people TO $role"))
	problems, err := system.(connectors.Checker).Check(t.Context(), []*datamap.Node{connectortest.People(t, nil)})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(problems), "has no right to DELETE on the table people")
	_, err = system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3), Delete: true})
	require.Equal(t, connectors.CodeRefused, models.CodeOf(err))
}

func TestARowThatAPolicyHidesIsAnErrorAndNotMissing(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`ALTER TABLE people ENABLE ROW LEVEL SECURITY; CREATE POLICY hides ON people USING (id < 3);`)
	system := open(t, b.login(t, "GRANT SELECT, DELETE ON people TO $role"))
	_, err := system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3), Delete: true})
	require.Equal(t, connectors.CodeRefused, models.CodeOf(err))
}

func TestATableDroppedOrChangedIsReportedInTheWordsOfTheMap(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	q := connectors.Query{Node: connectortest.People(t, nil), Fields: []string{"mail"}, Keys: []datamap.Key{{datamap.Text("one@example.com")}}, Return: []string{"id"}}
	find := func() (rows []datamap.Row, err error) {
		err = b.system.(connectors.Locator).Lookup(t.Context(), q, func(r datamap.Row) error {
			rows = append(rows, r)
			return nil
		})
		return rows, err
	}
	rows, err := find()
	require.NoError(t, err)
	require.Len(t, rows, 1)
	run(t, b.conn, "ALTER TABLE people RENAME mail TO address")
	_, err = find()
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
	require.ErrorContains(t, err, "d.people")
	_, err = find()
	require.ErrorContains(t, err, "The field d.people.mail is not in the table public.people.")
	run(t, b.conn, "ALTER TABLE people RENAME address TO mail")
	rows, err = find()
	require.NoError(t, err)
	require.Len(t, rows, 1, "found again once it is there again")
}

func TestAServerThatDoesNotAnswerIsUnavailable(t *testing.T) {
	t.Parallel()
	system := open(t, "postgres://nobody:secretword@127.0.0.1:1/none?connect_timeout=1")
	err := system.Ping(t.Context())
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.NotContains(t, err.Error(), "secretword")
	_, err = postgres.Open(t.Context(), connectors.Config{Name: "x", DSN: "postgres://u:secretword@h:port/"})
	require.Equal(t, "bad_dsn", models.CodeOf(err))
	require.NotContains(t, err.Error(), "secretword")
}

func TestAConnectionCutInTheMiddleIsUnavailableAndTheNextCallWorks(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	node := connectortest.People(t, nil)
	require.NoError(t, b.system.Ping(t.Context()))
	run(t, b.conn, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'habeas'")
	order := connectors.Erasure{Node: node, Keys: connectortest.IDs(3), Delete: true}
	out, err := b.erase(t, order)
	if err != nil { // the pool may notice by itself
		require.Equal(t, models.Unavailable, models.KindOf(err))
		out, err = b.erase(t, order)
	}
	require.NoError(t, err)
	require.Equal(t, 1, out.Erased)
}

func TestNoValueOfARowGetsIntoAnError(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail varchar(10)); INSERT INTO people VALUES (1, 'a@b.de');
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'row of % is dear', old.mail USING ERRCODE = '22000'; END $$;
CREATE TRIGGER tell BEFORE DELETE ON people FOR EACH ROW EXECUTE FUNCTION tell();`)
	_, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(1), Delete: true})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "a@b.de")
	require.ErrorContains(t, err, "SQLSTATE 22000")
}

func TestADeferredConstraintIsKnownBeforeTheCommit(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE TABLE notes (person int REFERENCES people DEFERRABLE INITIALLY DEFERRED); INSERT INTO notes VALUES (3);`)
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3), Delete: true})
	require.NoError(t, err)
	require.Len(t, out.Blocked, 1)
	require.Equal(t, connectors.BlockedReferenced, out.Blocked[0].Code)
}

func TestWrongCredentialsAreToldFromMissingRights(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	u, err := url.Parse(b.dsn)
	require.NoError(t, err)
	u.User = url.UserPassword("nobody_here", "secretword")
	err = open(t, u.String()).Ping(t.Context())
	require.Equal(t, connectors.CodeCredentials, models.CodeOf(err))
	require.Equal(t, models.Forbidden, models.KindOf(err))
	require.NotContains(t, err.Error(), "secretword")
}

func TestAConnectionResetInTheMiddleOfABatchLeavesItUnchanged(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN old; END';
CREATE TRIGGER die BEFORE DELETE ON people FOR EACH ROW WHEN (old.id = 2) EXECUTE FUNCTION die();`)
	order := connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3, 2, 1), Delete: true}
	_, err := b.erase(t, order)
	require.Equal(t, models.Unavailable, models.KindOf(err), "%v", err)
	require.Len(t, rowsOf(t, b.dsn, "people"), 3, "nothing is half done")
	run(t, b.conn, "DROP TRIGGER die ON people")
	out, err := b.erase(t, order)
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 3}, out)
}

func TestATableDroppedAfterThePlanIsAMismatchForEveryCapability(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	node := connectortest.People(t, func(c *datamap.Collection) { c.Erase = datamap.EraseMask })
	order := connectors.Erasure{Node: node, Keys: connectortest.IDs(3), Masks: node.Masks()}
	_, err := b.erase(t, order)
	require.NoError(t, err)
	run(t, b.conn, "DROP TABLE people")
	for range 2 { // at first it is still known from before
		_, err = b.erase(t, order)
		require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
		_, err = b.system.(connectors.Verifier).Left(t.Context(), order)
		require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
		_, err = b.system.(connectors.Rectifier).Rectify(t.Context(), connectors.Rectification{
			Node: node, Keys: connectortest.IDs(3), Set: []connectors.FieldValue{{Field: "mail", Value: datamap.Null}},
		})
		require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
		require.ErrorContains(t, err, "d.people")
	}
}

func TestARowThatChangedItsKeySinceThePlanIsMissingAndLeftAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	run(t, b.conn, "UPDATE people SET id = 30, mail = 'other@example.com' WHERE id = 3")
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Missing: 1}, out)
	require.Len(t, rowsOf(t, b.dsn, "people"), 3)
}

func TestAMaskedValueThatIsNotUniqueBlocksOnlyItsRow(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, name text UNIQUE); INSERT INTO people VALUES (1, 'Ann'), (2, 'Bob')`)
	node := fields(t, "name")
	hashed := datamap.Mask{Field: "name", Method: datamap.FieldHash}
	b.erased(t, node, connectortest.IDs(1), hashed)
	run(t, b.conn, "INSERT INTO people VALUES (3, 'Ann')") // whose hash exists already
	out, err := b.erase(t, connectors.Erasure{Node: node, Keys: connectortest.IDs(2, 3), Masks: []datamap.Mask{hashed}})
	require.NoError(t, err)
	require.Equal(t, 1, out.Masked)
	require.Equal(t, []connectors.Blocked{{Key: connectortest.IDs(3)[0], Code: connectors.BlockedUnique, Detail: "people people_name_key"}}, out.Blocked)
}

func TestAValueThatTheDatabaseRefusesIsNotRectified(t *testing.T) {
	t.Parallel()
	b := setup(t, three+"CREATE UNIQUE INDEX one_mail ON people (mail)")
	_, err := b.system.(connectors.Rectifier).Rectify(t.Context(), connectors.Rectification{
		Node: connectortest.People(t, nil), Keys: connectortest.IDs(1), Set: []connectors.FieldValue{{Field: "mail", Value: datamap.Text("two@example.com")}},
	})
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
	require.ErrorContains(t, err, "one_mail")
	require.NotContains(t, err.Error(), "two@")
}
