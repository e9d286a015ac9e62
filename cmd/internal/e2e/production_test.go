package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"habeas/cmd/internal/devserver/actor"
	"habeas/cmd/internal/devserver/mailbox"
	"habeas/cmd/internal/devserver/sample"
	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/receipt"
)

// letters are many batches of an erasure.
const letters = 3_000

// TestTheProductionProgramCarriesOnWhateverBreaks breaks one thing after another around one installation. Everybody who asks in it is erased, so
// that at the end the company's databases must be what they were before these people were put in. The worker is killed first, because Temporal
// notices a lost worker a minute later.
func TestTheProductionProgramCarriesOnWhateverBreaks(t *testing.T) {
	if testing.Short() {
		t.Skip("short run: the production program was not tested against failures, which takes two minutes")
	}
	t.Parallel()
	p := startProduction(t)
	before := p.contents(t)
	killed, reader := p.killWorkerWhileItErases(t)
	for _, step := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"Temporal is down when a request comes", p.temporalDown},
		{"the mail server is down", p.mailDown},
		{"a system is down", p.systemDown},
		{"a system is read-only", p.systemReadOnly},
		{"the erasure that was interrupted by kill -9 goes on and does nothing twice", func(t *testing.T) { p.afterKill(t, killed, reader) }},
	} {
		require.True(t, t.Run(step.name, step.run), "what follows would fail too")
	}
	require.Equal(t, before, p.contents(t), "nobody else's row was changed")
	t.Run("both processes stop in order", p.stopInOrder)
	t.Run("the evidence verifies, and does not when a byte was changed", func(t *testing.T) { p.evidence(t, killed) })
	for _, who := range everybody.list() {
		text := strings.ToLower(p.serve.log.String() + p.worker.log.String())
		require.NotContains(t, text, strings.ToLower(who.Email.Reveal()))
		require.NotContains(t, text, strings.ToLower(who.Name.Reveal()))
	}
}

// contents are the rows of each table as a number and a digest.
func (p *production) contents(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, database := range sample.Databases() {
		conn, err := pgx.Connect(t.Context(), p.Postgres.DSN(database))
		require.NoError(t, err)
		rows, err := conn.Query(t.Context(), `SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'`)
		require.NoError(t, err)
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, table := range tables {
			var digest string
			err := conn.QueryRow(t.Context(), fmt.Sprintf(`SELECT count(*) || ' ' || md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM %s t`,
				pgx.Identifier{table}.Sanitize())).Scan(&digest)
			require.NoError(t, err)
			out[database+"."+table] = digest
		}
		require.NoError(t, conn.Close(t.Context()))
	}
	return out
}

// killWorkerWhileItErases has a lock on a row stop the erasure of many rows half-way, and kills the worker there.
func (p *production) killWorkerWhileItErases(t *testing.T) (actor.Asked, person) {
	t.Helper()
	who := p.reader(t, "Radegund Vielgelesen", letters)
	conn := p.connect(t, "marketing")
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `SELECT FROM campaign_sends WHERE id = $1 FOR UPDATE`, who.ID*100_000+letters/2)
	require.NoError(t, err)
	asked := p.ask(t, models.Erasure, who)
	eventually(t, func() bool { return p.letters(t, who) < letters }, "the erasure has begun")
	require.Equal(t, -1, p.worker.signal(t, syscall.SIGKILL))
	require.NoError(t, tx.Rollback(t.Context()))
	require.Positive(t, p.letters(t, who))
	p.startWorker(t)
	return asked, who
}

func (p *production) letters(t *testing.T, who person) int {
	t.Helper()
	return p.count(t, "marketing", `SELECT count(*) FROM campaign_sends WHERE contact_id = $1`, who.ID)
}

func (p *production) temporalDown(t *testing.T) {
	who := p.reader(t, "Sieglinde Ausfall", 1)
	require.NoError(t, p.Temporal.Stop())
	asked, err := p.public.Ask(within(t), models.Erasure, "nordkai", who.Subject)
	require.NoError(t, err, "intake does not need Temporal")
	require.NoError(t, p.RestartTemporal(within(t)))
	require.NoError(t, p.public.Confirm(within(t), p.Mailbox, asked, who.Subject))
	p.closed(t, asked.ID, models.Fulfilled)
	p.erased(t, who)
}

func (p *production) mailDown(t *testing.T) {
	who := p.reader(t, "Theobald Postlos", 1)
	require.NoError(t, p.Mailbox.SetMode(mailbox.Down))
	asked, err := p.public.Ask(within(t), models.Erasure, "nordkai", who.Subject)
	require.NoError(t, err)
	p.awaitFailure(t, asked, "")
	require.NoError(t, p.Mailbox.SetMode(mailbox.Accept))
	require.NoError(t, p.public.Confirm(within(t), p.Mailbox, asked, who.Subject))
	p.closed(t, asked.ID, models.Fulfilled)
	p.sentOnce(t, asked, who)
}

// awaitFailure waits until an activity of the request has failed and waits to be tried again, with the code unless that is empty.
func (p *production) awaitFailure(t *testing.T, asked actor.Asked, code string) {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: p.Temporal.Address, Namespace: p.Temporal.Namespace})
	require.NoError(t, err)
	defer c.Close()
	eventually(t, func() bool {
		d, err := c.DescribeWorkflowExecution(t.Context(), "request-"+asked.ID.String(), "")
		if err != nil {
			return false
		}
		for _, a := range d.GetPendingActivities() {
			if a.GetLastFailure() != nil && (code == "" || a.GetLastFailure().GetApplicationFailureInfo().GetType() == code) {
				return true
			}
		}
		return false
	}, "a step fails and is tried again")
}

func (p *production) systemDown(t *testing.T) {
	who := p.reader(t, "Ursula Unerreichbar", 1)
	p.disturb(t, "tracking", "ALLOW_CONNECTIONS false")
	asked := p.ask(t, models.Erasure, who)
	eventually(t, func() bool { return p.health(t, "tracking") != "" }, "the console shows that it does not answer")
	require.Empty(t, p.health(t, "marketing"))
	r, err := p.dpo.Request(within(t), asked.ID)
	require.NoError(t, err)
	require.Equal(t, string(models.Locating), r.State)
	p.disturb(t, "tracking", "ALLOW_CONNECTIONS true")
	p.closed(t, asked.ID, models.Fulfilled)
	p.erased(t, who)
	eventually(t, func() bool { return p.health(t, "tracking") == "" }, "the console shows that it answers again")
	require.NoError(t, p.store.NoteSystem(within(t), "tracking", "system_unavailable"))
	eventually(t, func() bool { return p.health(t, "tracking") == "" }, "it is asked again, whoever noted last that it is down, and although nobody needs it")
}

// health is the code noted for a system, empty when it answers.
func (p *production) health(t *testing.T, name string) string {
	t.Helper()
	systems, err := p.store.Systems(within(t))
	require.NoError(t, err)
	for _, s := range systems {
		if s.Name == name {
			return s.Code
		}
	}
	require.Fail(t, "no system "+name)
	return ""
}

// disturb changes a database and ends all sessions in it, so that the change counts for everybody.
func (p *production) disturb(t *testing.T, database, change string) {
	t.Helper()
	require.NoError(t, p.Postgres.Exec(t.Context(), "ALTER DATABASE "+database+" "+change))
	require.NoError(t, p.Postgres.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+database+"'"))
}

func (p *production) systemReadOnly(t *testing.T) {
	who := p.reader(t, "Valentin Nurlesen", 7)
	p.disturb(t, "marketing", "SET default_transaction_read_only = on")
	asked := p.ask(t, models.Erasure, who)
	p.awaitFailure(t, asked, "system_read_only")
	require.Equal(t, 7, p.letters(t, who))
	r, err := p.dpo.Request(within(t), asked.ID)
	require.NoError(t, err)
	require.Equal(t, string(models.Executing), r.State)
	require.Zero(t, p.count(t, "habeas", `SELECT count(*) FROM located_chunks WHERE request_id = $1 AND (status <> 'located' OR statuses IS NOT NULL)`, asked.ID.String()))
	entries, err := p.dpo.Ledger(within(t), asked.ID)
	require.NoError(t, err)
	for _, e := range entries {
		require.NotEqual(t, "rows.erased", e.Kind)
	}
	p.disturb(t, "marketing", "RESET default_transaction_read_only")
	p.closed(t, asked.ID, models.Fulfilled)
	p.erased(t, who)
}

func (p *production) afterKill(t *testing.T, asked actor.Asked, who person) {
	_, err := p.dpo.AwaitState(t.Context(), asked.ID, models.Closed) // beyond a test's usual patience
	require.NoError(t, err)
	p.closed(t, asked.ID, models.Fulfilled)
	require.Zero(t, p.letters(t, who))
	p.erased(t, who)
	r := p.verifyReceipts(t, asked, 1)[0]
	var erased int64
	for _, rows := range r.Rows {
		require.Equal(t, "erased", rows.Status)
		erased += rows.Rows
	}
	require.EqualValues(t, letters+1, erased)
	p.sentOnce(t, asked, who)
}

// sentOnce expects each message about a request once: to the person, and to each recipient as often as it was tried.
func (p *production) sentOnce(t *testing.T, asked actor.Asked, who person) {
	t.Helper()
	seen := map[string]bool{}
	for _, m := range p.Mailbox.Messages("") {
		if strings.Contains(m.Text, asked.Reference) {
			require.False(t, seen[m.MessageID], "%q was sent twice", m.Subject)
			seen[m.MessageID] = true
		}
	}
	subjects := map[string]int{}
	for _, m := range p.Mailbox.Messages(who.Email.Reveal()) {
		subjects[m.Subject]++
	}
	for subject, n := range subjects {
		require.Equal(t, 1, n, subject)
	}
	notices, err := p.dpo.Notices(within(t), asked.ID)
	require.NoError(t, err)
	require.NotEmpty(t, notices)
	addresses := map[string]string{}
	for _, r := range p.Company.Recipients("") {
		addresses[r.Name] = r.Address.Reveal()
	}
	for _, n := range notices {
		sent := 0
		for _, m := range p.Mailbox.Messages(addresses[n.Recipient]) {
			if strings.Contains(m.Text, asked.Reference) {
				sent++
			}
		}
		require.Equal(t, n.Attempts, sent, n.Recipient)
	}
}

func (p *production) stopInOrder(t *testing.T) {
	for name, proc := range map[string]*process{"serve": p.serve, "worker": p.worker} {
		since := time.Now()
		require.Zero(t, proc.signal(t, syscall.SIGTERM), "%s: %s", name, proc.log.String())
		require.Less(t, time.Since(since), 30*time.Second, "%s: those who run containers kill then", name)
		t.Log(name, time.Since(since))
	}
}

func (p *production) evidence(t *testing.T, asked actor.Asked) {
	dir := t.TempDir()
	stored, err := p.store.Receipts(within(t), models.ScopeOperator(), asked.ID)
	require.NoError(t, err)
	require.Len(t, stored, 1)
	status, jwks := p.habeas(t, "keys", "public")
	require.Zero(t, status, jwks)
	file, keys := filepath.Join(dir, "receipt.json"), filepath.Join(dir, "keys.json")
	require.NoError(t, os.WriteFile(keys, []byte(jwks), 0o600))
	verify := func(body []byte) (int, string) {
		require.NoError(t, os.WriteFile(file, body, 0o600))
		return p.habeas(t, "receipt", "verify", file, "--keys", keys)
	}
	good := stored[0].Body
	status, out := verify(good)
	require.Zero(t, status, out)
	for i := 0; i < len(good); i += 50 {
		bad := append([]byte{}, good...)
		bad[i] ^= 1
		_, err := receipt.Verify(bad, []byte(jwks))
		require.Error(t, err, "byte %d", i)
		if i%(50*(len(good)/500)) == 0 { // ten of them with the program itself
			status, out := verify(bad)
			require.Equal(t, 1, status, "byte %d: %s", i, out)
			require.Contains(t, out, "receipt: ")
		}
	}
	require.NoError(t, os.WriteFile(file, good, 0o600))
	_, err = p.store.Seal(within(t))
	require.NoError(t, err)
	status, out = p.habeas(t, "ledger", "verify", "--receipt", file)
	require.Zero(t, status, out)
	p.tamper(t, asked)
}

// tamper changes the ledger as only the database's superuser can, and takes it back.
func (p *production) tamper(t *testing.T, asked actor.Asked) {
	t.Helper()
	conn := p.connect(t, "habeas")
	exec := func(sql string, args ...any) {
		t.Helper()
		_, err := conn.Exec(t.Context(), sql, args...)
		require.NoError(t, err)
	}
	var id string
	var body []byte
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT id::text, body FROM ledger_entries WHERE request_id = $1 ORDER BY at LIMIT 1`,
		asked.ID.String()).Scan(&id, &body))
	_, err := conn.Exec(t.Context(), `UPDATE ledger_entries SET kind = 'nothing' WHERE id = $1`, id)
	require.ErrorContains(t, err, "append-only")
	_, err = conn.Exec(t.Context(), `DELETE FROM ledger_entries WHERE id = $1`, id)
	require.ErrorContains(t, err, "append-only")

	exec(`ALTER TABLE ledger_entries DISABLE TRIGGER append_only`)
	exec(`UPDATE ledger_entries SET body = set_byte(body, length(body) / 2, get_byte(body, length(body) / 2) # 1) WHERE id = $1`, id)
	status, out := p.habeas(t, "ledger", "verify")
	require.Equal(t, 1, status, out)
	require.Contains(t, out, id)
	require.Contains(t, out, string(ledger.EntryChanged))
	exec(`UPDATE ledger_entries SET body = $2 WHERE id = $1`, id, body)
	exec(`CREATE TEMPORARY TABLE kept AS SELECT * FROM ledger_entries WHERE id = $1`, id)
	exec(`DELETE FROM ledger_entries WHERE id = $1`, id)
	status, out = p.habeas(t, "ledger", "verify")
	require.Equal(t, 1, status, out)
	require.Contains(t, out, id)
	require.Contains(t, out, string(ledger.EntryMissing))
	exec(`INSERT INTO ledger_entries SELECT * FROM kept`)
	status, out = p.habeas(t, "ledger", "verify")
	require.Zero(t, status, out)
}
