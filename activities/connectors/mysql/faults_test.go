package mysql_test

import (
	"database/sql/driver"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/connectortest"
	"habeas/activities/connectors/mysql"
	"habeas/models"
	"habeas/models/datamap"
)

const three = `CREATE TABLE people (id int PRIMARY KEY, mail varchar(100), boss int, FOREIGN KEY (boss) REFERENCES people (id));
INSERT INTO people VALUES (1, 'one@example.com', NULL), (2, 'two@example.com', 1), (3, 'three@example.com', 2);`

func TestARowThatIsReferredToIsLeftAndNamed(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE TABLE notes (id int PRIMARY KEY, person int, CONSTRAINT by_person FOREIGN KEY (person) REFERENCES people (id)); INSERT INTO notes VALUES (1, 3);`)
	before := rowsOf(t, b.db, "people")
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(1, 2, 3), Delete: true})
	require.NoError(t, err)
	require.Zero(t, out.Erased)
	require.Len(t, out.Blocked, 3, "each holds the one before")
	codes := map[string]string{}
	for _, bl := range out.Blocked {
		codes[bl.Key[0].Text()] = bl.Code + " " + bl.Detail
	}
	require.Equal(t, "still_referenced notes by_person", codes["3"])
	require.Equal(t, before, rowsOf(t, b.db, "people"), "unchanged, their references to each other too")

	run(t, b.db, "DELETE FROM notes")
	out, err = b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(1, 2, 3), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 3}, out)
}

func TestALongChainOfRowsOfOneTableIsDeletedTogether(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail varchar(100), boss int, FOREIGN KEY (boss) REFERENCES people (id));
INSERT INTO people SELECT seq, seq, NULLIF(seq - 1, 0) FROM seq_1_to_3000;`)
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.UpTo(3000), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Erased: 3000}, out)
}

func TestOneBlockedRowDoesNotHinderTheOthersOfItsBatch(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail text); INSERT INTO people SELECT seq, seq FROM seq_1_to_700;
CREATE TABLE notes (person int, FOREIGN KEY (person) REFERENCES people (id)); INSERT INTO notes VALUES (13), (400);`)
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.UpTo(700), Delete: true})
	require.NoError(t, err)
	require.Equal(t, 698, out.Erased)
	require.Zero(t, out.Missing)
	require.ElementsMatch(t, connectortest.IDs(13, 400), []datamap.Key{out.Blocked[0].Key, out.Blocked[1].Key})
}

func TestARowThatATriggerRefusesToDeleteIsNamed(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	run(t, b.db, `CREATE TRIGGER refuse BEFORE DELETE ON people FOR EACH ROW
IF old.id = 3 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'three@example.com is dear'; END IF`)
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3, 9), Delete: true})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Missing: 1, Blocked: []connectors.Blocked{{Key: connectortest.IDs(3)[0], Code: connectors.BlockedRefused, Detail: "people"}}}, out)
}

func TestAMaskThatATriggerUndoesIsNotCalledMasked(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	run(t, b.db, `CREATE TRIGGER keep BEFORE UPDATE ON people FOR EACH ROW SET new.mail = IF(old.id = 3, old.mail, new.mail)`)
	node := connectortest.People(t, func(c *datamap.Collection) { c.Erase = datamap.EraseMask })
	out, err := b.erase(t, connectors.Erasure{Node: node, Keys: connectortest.IDs(1, 3), Masks: node.Masks()})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 1, Blocked: []connectors.Blocked{{Key: connectortest.IDs(3)[0], Code: connectors.BlockedRefused, Detail: "people"}}}, out)
}

func TestAMaskThatIsNotUniqueBlocksTheRow(t *testing.T) {
	t.Parallel()
	b := setup(t, three+`CREATE UNIQUE INDEX one_mail ON people (mail);`)
	value := "nobody's 'for key'@example.com"
	node := connectortest.People(t, func(c *datamap.Collection) {
		c.Erase = datamap.EraseMask
		c.Fields[1].Erase, c.Fields[1].Value = datamap.FieldReplace, &value
	})
	out, err := b.erase(t, connectors.Erasure{Node: node, Keys: connectortest.IDs(1, 2), Masks: node.Masks()})
	require.NoError(t, err)
	require.Equal(t, 1, out.Masked)
	require.Len(t, out.Blocked, 1)
	require.Equal(t, "not_unique one_mail", out.Blocked[0].Code+" "+out.Blocked[0].Detail)
}

func TestAMaskThatAConstraintForbidsBlocksTheRow(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail varchar(100), CONSTRAINT reachable CHECK (id <> 2 OR mail IS NOT NULL)); INSERT INTO people VALUES (1, 'x'), (2, 'y');`)
	node := connectortest.People(t, func(c *datamap.Collection) { c.Erase = datamap.EraseMask })
	out, err := b.erase(t, connectors.Erasure{Node: node, Keys: connectortest.IDs(1, 2), Masks: node.Masks()})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 1, Blocked: []connectors.Blocked{{Key: connectortest.IDs(2)[0], Code: connectors.BlockedRefused, Detail: "reachable"}}}, out)
}

func TestALockedRowMakesTheSystemBusyAndLeavesTheBatchUnchanged(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	b.system = open(t, b.dsn+"?innodb_lock_wait_timeout=1")
	tx, err := b.db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.ExecContext(t.Context(), "UPDATE people SET mail = 'changed' WHERE id = 3")
	require.NoError(t, err)
	_, err = b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(2, 3), Delete: true})
	require.Equal(t, connectors.CodeBusy, models.CodeOf(err))
	require.Equal(t, models.Unavailable, models.KindOf(err))
	require.NoError(t, tx.Rollback())
	require.Len(t, rowsOf(t, b.db, "people"), 3)
	out, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(2, 3), Delete: true})
	require.NoError(t, err)
	require.Equal(t, 2, out.Erased, "given again, it works")
}

func TestARowThatChangedSinceItWasFoundIsErasedByItsKeyOrMissing(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	run(t, b.db, "UPDATE people SET mail = 'new@example.com' WHERE id = 3; UPDATE people SET id = 7 WHERE id = 3")
	node := connectortest.People(t, func(c *datamap.Collection) { c.Erase = datamap.EraseMask })
	out, err := b.erase(t, connectors.Erasure{Node: node, Keys: connectortest.IDs(2, 3), Masks: node.Masks()})
	require.NoError(t, err)
	require.Equal(t, connectors.Outcome{Masked: 1, Missing: 1}, out)
}

func TestAReadOnlyServerIsReportedAndUnchanged(t *testing.T) {
	// Not parallel: the whole server becomes read-only.
	b := setup(t, three)
	system := open(t, b.login(t, map[string]string{"people": "SELECT, UPDATE, DELETE"}))
	before := rowsOf(t, b.db, "people")
	run(t, b.db, "SET GLOBAL read_only = ON")
	defer run(t, b.db, "SET GLOBAL read_only = OFF")
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
	require.NotContains(t, fmt.Sprint(problems), "no_right")
}

func TestWrongCredentialsAreToldFromMissingRights(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	for dsn, code := range map[string]string{
		b.server.As("nobody", "secretword", b.name):                     connectors.CodeCredentials,
		b.server.As("habeas", "wrong secretword", b.name):               connectors.CodeCredentials,
		b.server.DSN("no_such_database"):                                connectors.CodeMismatch,
		"mysql://nobody:secretword@127.0.0.1:1/none":                    connectors.CodeUnavailable,
		fmt.Sprintf("mysql://habeas:x@127.0.0.1:%d/x", b.server.Port):   connectors.CodeCredentials,
		fmt.Sprintf("mariadb://habeas:x@127.0.0.1:%d/x", b.server.Port): connectors.CodeCredentials,
	} {
		err := open(t, dsn).Ping(t.Context())
		require.Equal(t, code, models.CodeOf(err))
		require.NotContains(t, err.Error(), "secretword")
	}
	for _, dsn := range []string{"", "habeas@tcp(127.0.0.1:1)/", "mysql://h:port/x", "postgres://u:secretword@h/d"} {
		_, err := mysql.Open(t.Context(), connectors.Config{Name: "x", DSN: models.Personal(dsn)})
		require.Equal(t, "bad_dsn", models.CodeOf(err), dsn)
		require.NotContains(t, err.Error(), "secretword")
	}
}

func TestMissingRightsAreFoundByCheckAndRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, three+"CREATE TABLE notes (id int PRIMARY KEY, mail text)")
	system := open(t, b.login(t, map[string]string{"people": "SELECT"}))
	problems, err := system.(connectors.Checker).Check(t.Context(), []*datamap.Node{connectortest.People(t, nil)})
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(problems), "key_not_unique")
	require.Contains(t, fmt.Sprint(problems), "unmapped_reference", "its own column boss, whatever becomes of it")
	require.Contains(t, fmt.Sprint(problems), "has no right to DELETE on the table people")
	_, err = system.(connectors.Eraser).Erase(t.Context(), connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(3), Delete: true})
	require.Equal(t, connectors.CodeRefused, models.CodeOf(err))
	require.ErrorContains(t, err, "d.people")

	notes := connectortest.People(t, func(c *datamap.Collection) { c.Table = "notes" })
	err = system.(connectors.Locator).Lookup(t.Context(), connectors.Query{Node: notes, Fields: []string{"id"}, Keys: connectortest.IDs(1), Return: []string{"id"}}, func(datamap.Row) error { return nil })
	require.Equal(t, connectors.CodeRefused, models.CodeOf(err), "a table that the account does not even see")
	require.ErrorContains(t, err, "d.people")
	problems, err = system.(connectors.Checker).Check(t.Context(), []*datamap.Node{notes})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(problems), "no_right")
}

func TestATableThatCannotBeScannedIsNamed(t *testing.T) {
	t.Parallel()
	b := setup(t, three+"CREATE TABLE notes (id int PRIMARY KEY, body text); ALTER TABLE people ADD COLUMN doc json;"+
		`UPDATE people SET doc = '{"name": "\\u00c4nn \\"Q\\" O\\/Neil"}' WHERE id = 3`)
	system := open(t, b.login(t, map[string]string{"people": "SELECT", "notes": "INSERT"}))
	var hits []string
	skipped, err := system.(connectors.Scanner).Scan(t.Context(), []models.Personal{"TWO@example", "änn", "O/Neil"}, func(h connectors.Hit) error {
		hits = append(hits, fmt.Sprint(h.Table, " ", h.Column, " ", h.Rows))
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []string{"people mail 1", "people doc 1"}, hits)
	require.Equal(t, []string{"notes"}, skipped)
}

func TestAScanReadsLargeTablesInPages(t *testing.T) {
	t.Parallel()
	b := setup(t, `CREATE TABLE people (id bigint unsigned PRIMARY KEY, mail varchar(100), note text); INSERT INTO people SELECT seq * 3, CONCAT('p', seq, '@example.com'), NULL FROM seq_1_to_50000;
INSERT INTO people VALUES (18446744073709551615, 'P7@EXAMPLE.COM', 'x'); CREATE TABLE bare (note varchar(100)); INSERT INTO bare VALUES ('of p49999@example.com');`)
	hits := map[string]int64{}
	skipped, err := b.system.(connectors.Scanner).Scan(t.Context(), []models.Personal{"p7@example.com", "P49999@example.com", "p12345@"}, func(h connectors.Hit) error {
		hits[h.Table+"."+h.Column] = h.Rows
		return nil
	})
	require.NoError(t, err)
	require.Empty(t, skipped)
	require.Equal(t, map[string]int64{"people.mail": 4, "bare.note": 1}, hits)
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
	run(t, b.db, "ALTER TABLE people CHANGE mail address varchar(100)")
	_, err = find()
	require.Equal(t, connectors.CodeMismatch, models.CodeOf(err))
	require.ErrorContains(t, err, "d.people")
	_, err = find()
	require.ErrorContains(t, err, "The field d.people.mail is not in the table people.")
	run(t, b.db, "ALTER TABLE people CHANGE address mail varchar(100)")
	rows, err = find()
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
	b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail varchar(10)); INSERT INTO people VALUES (1, 'a@b.de');`)
	run(t, b.db, `CREATE TRIGGER tell BEFORE DELETE ON people FOR EACH ROW SIGNAL SQLSTATE '22000' SET MESSAGE_TEXT = 'a@b.de'`)
	_, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(1), Delete: true})
	require.Error(t, err)
	require.NotContains(t, err.Error(), "a@b.de")
	require.ErrorContains(t, err, "SQLSTATE 22000")
}

func TestATableThatCannotBeErasedForGoodIsRefused(t *testing.T) {
	t.Parallel()
	for kind, reason := range map[string]string{"ENGINE = MyISAM": "MyISAM", "WITH SYSTEM VERSIONING": "keeps the rows that are deleted"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			b := setup(t, `CREATE TABLE people (id int PRIMARY KEY, mail varchar(10)) `+kind+`; INSERT INTO people VALUES (1, 'a@b.de');`)
			_, err := b.erase(t, connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(1), Delete: true})
			require.Equal(t, models.Unsupported, models.KindOf(err))
			require.ErrorContains(t, err, reason)
			require.Len(t, rowsOf(t, b.db, "people"), 1)
			problems, err := b.system.(connectors.Checker).Check(t.Context(), []*datamap.Node{connectortest.People(t, nil)})
			require.NoError(t, err)
			require.Contains(t, fmt.Sprint(problems), "cannot_erase")
		})
	}
}

// proxy passes connections on to a server, and cuts them all once that many bytes went to the server. It gives its port.
func proxy(t *testing.T, server int, most int64) (port int, restore func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, listener.Close()) })
	var left atomic.Int64
	left.Store(most)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			behind, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", server))
			if err != nil {
				_ = client.Close()
				return
			}
			go func() { _, _ = io.Copy(client, behind) }()
			go func() {
				_, _ = io.Copy(behind, cutting{client, &left})
				if conn, ok := client.(*net.TCPConn); ok {
					_ = conn.SetLinger(0) // a reset, not an orderly end
				}
				_, _ = client.Close(), behind.Close()
			}()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port, func() { left.Store(1 << 40) }
}

type cutting struct {
	io.Reader
	left *atomic.Int64
}

func (c cutting) Read(p []byte) (int, error) {
	if c.left.Load() <= 0 {
		return 0, driver.ErrBadConn
	}
	n, err := c.Reader.Read(p)
	if c.left.Add(int64(-n)) <= 0 {
		return 0, driver.ErrBadConn
	}
	return n, err
}

// TestAConnectionResetAtAnyPointOfABatchLeavesItUndoneOrDone cuts after ever more bytes, until an erasure comes through.
func TestAConnectionResetAtAnyPointOfABatchLeavesItUndoneOrDone(t *testing.T) {
	t.Parallel()
	b := setup(t, three)
	order := connectors.Erasure{Node: connectortest.People(t, nil), Keys: connectortest.IDs(1, 2, 3), Delete: true}
	cut := 0
	for most := int64(200); ; most += 150 {
		port, restore := proxy(t, b.server.Port, most)
		dsn := strings.Replace(b.dsn, fmt.Sprint(b.server.Port), fmt.Sprint(port), 1)
		system := open(t, dsn)
		out, err := system.(connectors.Eraser).Erase(t.Context(), order)
		if err == nil {
			require.Equal(t, connectors.Outcome{Erased: 3}, out)
			break
		}
		cut++
		require.Equal(t, connectors.CodeUnavailable, models.CodeOf(err))
		require.Equal(t, connectors.Outcome{}, out)
		left := len(rowsOf(t, b.db, "people"))
		require.Contains(t, []int{0, 3}, left, "nothing is half done")
		restore()
		out, err = system.(connectors.Eraser).Erase(t.Context(), order)
		require.NoError(t, err, "the next call works")
		require.Equal(t, connectors.Outcome{Erased: left, Missing: 3 - left}, out)
		run(t, b.db, "INSERT INTO people VALUES (1, 'one@example.com', NULL), (2, 'two@example.com', 1), (3, 'three@example.com', 2)")
	}
	require.Greater(t, cut, 5)
	require.Empty(t, rowsOf(t, b.db, "people"))
}
