package e2e_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/config"
	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/persons"
	record "habeas/models/breach/register"
	"habeas/models/store"
)

// bulkVariable names the environment variable by which `make bulk` sets how many persons are written to.
const bulkVariable = "HABEAS_TEST_PERSONS"

var (
	author   = models.Actor{Role: models.RoleDPO, ID: models.ID{1}}
	approver = models.Actor{Role: models.RoleDPO, ID: models.ID{2}}
)

// TestEverybodyWhomABreachConcernsGetsOneMessage kills the worker three times and lets the mail server fail in every way in between.
func TestEverybodyWhomABreachConcernsGetsOneMessage(t *testing.T) {
	text := os.Getenv(bulkVariable)
	if text == "" {
		t.Skip("writing to very many persons while workers are killed takes minutes: make bulk")
	}
	t.Parallel()
	known, err := strconv.Atoi(text)
	require.NoError(t, err)
	perMinute, patience := 600_000, 30*time.Minute
	if known < 10_000 { // slow enough to be killed in the middle
		perMinute, patience = 12_000, 6*time.Minute
	}
	server := startMailServer(t, func(call int) fault {
		switch {
		case call == known/10:
			return tookHungUp
		case call == known/8:
			return lostHungUp
		case call == 3*known/8:
			return down
		case call > known/2 && call <= known/2+3:
			return busy
		}
		return noFault
	})
	p := startProduction(t, func(p *production) {
		p.configure = append(p.configure, func(c *config.Config) {
			c.SMTP.Port, c.SMTP.Log, c.SMTP.Grace = server.port, server.log.Name(), 6*time.Second
		})
	})
	id := p.affect(t, known, perMinute)
	since := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, quarter := range []int{1, 2, 3} {
		p.awaitMailing(ctx, t, id, server, time.Millisecond, func() bool { return server.taken() > quarter*known/4 })
		require.Equal(t, -1, p.worker.signal(t, syscall.SIGKILL))
		require.Less(t, server.taken(), known, "it was killed in the middle")
		p.startWorker(t)
	}
	var b store.Breach
	p.awaitMailing(ctx, t, id, server, 50*time.Millisecond, func() bool {
		var err error
		b, err = p.store.Breach(t.Context(), models.ScopeOperator(), id)
		return err == nil && b.Messaged
	})
	t.Logf("%d messages within %s, of which the most in one second were %d", server.taken(), time.Since(since).Round(time.Second), server.most(time.Second))

	counts, err := p.store.CountBreachPersons(t.Context(), id)
	require.NoError(t, err)
	require.Len(t, server.refused, known/100)
	require.Equal(t, map[store.PersonState]int64{store.PersonSent: int64(server.taken()), store.PersonRefused: int64(len(server.refused))}, counts)
	require.Equal(t, known, server.taken())
	require.Equal(t, known, b.Events[len(b.Events)-1].Facts.Count)
	for i := range known {
		require.Equal(t, 1, server.took[address(i)], "person %d", i)
	}
	for _, window := range []time.Duration{time.Second, 10 * time.Second} { // one more for each connection may have waited for the server
		require.LessOrEqual(t, server.most(window), int(window.Minutes()*float64(perMinute))+8, window)
	}
	for _, domain := range []string{affected, strangers} {
		require.NotContains(t, p.worker.log.String()+p.serve.log.String(), domain, "no address is logged")
	}
}

// awaitMailing waits for a step of the mailing. When the worker ends by itself, or ctx does, the test fails at once and says how far everything was.
func (p *production) awaitMailing(ctx context.Context, t *testing.T, id models.ID, server *mailServer, every time.Duration, done func() bool) {
	t.Helper()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
			continue
		case <-p.worker.exited:
		case <-ctx.Done():
		}
		why := "the time is up, the worker runs"
		if p.worker.over() {
			why = "the worker has ended: " + p.worker.cmd.ProcessState.String()
		}
		counts, err := p.store.CountBreachPersons(t.Context(), id)
		log := strings.Split(strings.TrimSpace(p.worker.log.String()), "\n")
		require.Fail(t, "the mailing does not go on", "%s; persons by state: %v (%v); the server has taken %d; the worker's last words:\n%s",
			why, counts, err, server.taken(), strings.Join(log[max(0, len(log)-40):], "\n"))
	}
}

func address(i int) string { return fmt.Sprintf("person-%d%s", i, affected) }

// affect makes a breach of high risk that concerns persons whom the mail server knows, and some whom it does not, and lets their message go out.
func (p *production) affect(t *testing.T, known, perMinute int) models.ID {
	t.Helper()
	ctx := t.Context()
	b, err := p.store.ReportBreach(ctx, record.Event{
		Actor: author, Facts: record.Facts{Source: record.FromEmployee}, Words: record.Words{What: "A backup was public."},
	})
	require.NoError(t, err)
	for _, e := range []record.Event{
		{Kind: record.Aware, Facts: record.Facts{AwareAt: time.Now()}},
		{Kind: record.Found, Words: record.Words{Contact: "the data protection officer", Consequences: "unwanted mail", Measures: "the backup was closed"}},
		{Kind: record.Decided, Facts: record.Facts{Risk: breach.RiskHigh}, Words: record.Words{Reason: "passwords were in it"}},
	} {
		e.Actor = author
		_, err := p.store.NoteBreach(ctx, b.ID, 0, e)
		require.NoError(t, err)
	}
	list, err := p.store.BreachPersonList(ctx, b.ID)
	require.NoError(t, err)
	for i := range known {
		require.NoError(t, list.Add(ctx, persons.Person{Email: models.Personal(address(i)), Name: "Sample Person"}))
		if i%100 == 50 {
			require.NoError(t, list.Add(ctx, persons.Person{Email: models.Personal(fmt.Sprintf("person-%d%s", i, strangers))}))
		}
	}
	require.NoError(t, list.Close(ctx, author))
	letter := store.BreachLetter{BreachID: b.ID, Subject: "What happened to your data", Body: "A backup was public.", Plain: true, PerMinute: perMinute}
	require.NoError(t, p.store.DraftBreachLetter(ctx, letter, author))
	require.NoError(t, p.store.ApproveBreachLetter(ctx, b.ID, approver))
	return b.ID
}
