package store_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/store/pgserver"
)

// callers is how many submissions, or single-row commits, are under way at a time.
const callers = 16

// durable is the URL of a migrated database on a cluster of its own that commits as production does.
func durable(b *testing.B) string {
	b.Helper()
	server, err := pgserver.Start(b.Context(), pgserver.Options{Durable: true})
	require.NoError(b, err)
	b.Cleanup(func() { _ = server.Stop() })
	require.NoError(b, server.CreateDatabase(b.Context(), "bench"))
	dsn := server.DSN("bench")
	require.NoError(b, store.Migrate(b.Context(), dsn, func(string) {}))
	return dsn
}

// parallel runs call from so many goroutines until the benchmark ends, and reports how many a second came through.
func parallel(b *testing.B, call func(n int64) error) {
	b.Helper()
	var n atomic.Int64
	next := make(chan struct{}, callers)
	done := make(chan error, callers)
	b.ResetTimer()
	for range callers {
		go func() {
			for range next {
				if err := call(n.Add(1)); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for b.Loop() {
		next <- struct{}{}
	}
	close(next)
	for range callers {
		require.NoError(b, <-done)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// BenchmarkIntake compares a submission (request, submission, ledger entry, start order, sealed and committed) with the commit of a
// single row of the same server at the same concurrency.
func BenchmarkIntake(b *testing.B) {
	for _, fsync := range []bool{true, false} {
		b.Run(fmt.Sprintf("fsync=%t", fsync), func(b *testing.B) {
			var dsn string
			if fsync {
				dsn = durable(b)
			} else {
				dsn = migrated(b)
			}
			b.Run("single-row", func(b *testing.B) { benchmarkSingleRow(b, dsn) })
			b.Run("submit", func(b *testing.B) { benchmarkSubmit(b, dsn) })
		})
	}
}

func benchmarkSingleRow(b *testing.B, dsn string) {
	pool, err := pgxpool.New(b.Context(), fmt.Sprintf("%s&pool_max_conns=%d", dsn, callers))
	require.NoError(b, err)
	defer pool.Close()
	_, err = pool.Exec(b.Context(), "CREATE TABLE IF NOT EXISTS bench (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text NOT NULL)")
	require.NoError(b, err)
	parallel(b, func(int64) error {
		_, err := pool.Exec(b.Context(), "INSERT INTO bench (body) VALUES ($1)", "a row that holds about as many bytes as a short message does")
		return err
	})
}

func benchmarkSubmit(b *testing.B, dsn string) {
	s, err := store.Open(b.Context(), store.Config{DSN: dsn, Vault: newVault(b), MaxConns: callers})
	require.NoError(b, err)
	defer func() { _ = s.Close() }()
	c, err := s.PutController(b.Context(), request.Controller{Slug: "northwind", Name: "Northwind", Operator: true, Timezone: "Europe/Brussels"})
	require.NoError(b, err)
	parallel(b, func(n int64) error {
		email := models.Personal(fmt.Sprintf("p%d@example.org", n))
		_, err := s.Submit(b.Context(), store.Submission{
			Controller: c, Right: models.Erasure, Channel: request.ChannelPortal, Language: "en", Actor: models.Actor{Role: models.RoleSubject},
			Subject: request.Subject{Name: "Ada", Email: email, Identities: []request.Identity{{Kind: "email", Value: email}}},
			// What the portal's form sends.
			Idempotency: &store.Idempotency{Scope: "public", Key: string(email)},
		})
		return err
	})
	benchmarkLedger(b, s)
}

// benchmarkLedger seals and verifies the entries that the submissions left.
func benchmarkLedger(b *testing.B, s *store.Store) {
	begin := time.Now()
	sealed, err := s.Seal(b.Context())
	require.NoError(b, err)
	b.ReportMetric(float64(sealed)/time.Since(begin).Seconds(), "sealed/s")
	jwks, err := s.JWKS()
	require.NoError(b, err)
	begin = time.Now()
	report, err := s.VerifyLedger(b.Context(), jwks)
	require.NoError(b, err)
	b.ReportMetric(float64(report.Entries)/time.Since(begin).Seconds(), "verified/s")
}
