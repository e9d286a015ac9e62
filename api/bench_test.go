package api_test

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkSubmit is one public request taken in over HTTP by concurrent callers: checked against the document, sealed and written in one
// transaction, on a PostgreSQL of its own without fsync.
func BenchmarkSubmit(b *testing.B) {
	s := setup(b)
	var n atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			a := s.call("POST", "/v1/requests", "", fmt.Sprintf(`{"controller":"acme","right":"access","email":"p%d@example.com"}`, n.Add(1)))
			require.Equal(b, http.StatusAccepted, a.status)
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkHome is a page without anything of its own but the operator's name.
func BenchmarkHome(b *testing.B) {
	s := setup(b)
	for b.Loop() {
		require.Equal(b, http.StatusOK, s.get(s.client, "/").status)
	}
}
