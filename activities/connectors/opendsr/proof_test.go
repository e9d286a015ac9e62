package opendsr_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors"
	"habeas/activities/connectors/opendsr"
	"habeas/activities/connectors/opendsr/opendsrtest"
	"habeas/models"
	dsr "habeas/models/opendsr"
)

func TestAnAnswerThatIsNotProvedIsNotBelieved(t *testing.T) {
	t.Parallel()
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	issue := func(p *opendsrtest.Processor, a *opendsrtest.Authority, domain string, from, to time.Duration) {
		file, err := a.Issue(p.Key, domain, time.Now().Add(from), time.Now().Add(to))
		require.NoError(t, err)
		p.Certificate = file
	}
	for name, c := range map[string]func(p *opendsrtest.Processor){
		"no signature": func(p *opendsrtest.Processor) {
			p.Alter = func(h http.Header, b []byte) []byte { h.Del(dsr.HeaderSignature); return b }
		},
		"no domain": func(p *opendsrtest.Processor) {
			p.Alter = func(h http.Header, b []byte) []byte { h.Del(dsr.HeaderDomain); return b }
		},
		"a changed body": func(p *opendsrtest.Processor) {
			p.Alter = func(_ http.Header, b []byte) []byte { return bytes.Replace(b, []byte("2018"), []byte("2019"), 1) }
		},
		"a signature in part": func(p *opendsrtest.Processor) {
			p.Alter = func(h http.Header, b []byte) []byte {
				h.Set(dsr.HeaderSignature, h.Get(dsr.HeaderSignature)[:80])
				return b
			}
		},
		"another's signature": func(p *opendsrtest.Processor) { p.Key = stranger },
		"another's domain":    func(p *opendsrtest.Processor) { p.Domain = "other-processor.com" },
		"another certificate": func(p *opendsrtest.Processor) { issue(p, p.Authority, "other-processor.com", -time.Hour, time.Hour) },
		"an expired one":      func(p *opendsrtest.Processor) { issue(p, p.Authority, p.Domain, -2*time.Hour, -time.Hour) },
		"one of the future":   func(p *opendsrtest.Processor) { issue(p, p.Authority, p.Domain, time.Hour, 2*time.Hour) },
		"an unknown authority": func(p *opendsrtest.Processor) {
			a, err := opendsrtest.NewAuthority("B")
			require.NoError(t, err)
			issue(p, a, p.Domain, -time.Hour, time.Hour)
		},
		"no certificate": func(p *opendsrtest.Processor) { p.Certificate = []byte("<html>canary</html>") },
		"another request": func(p *opendsrtest.Processor) {
			p.Alter = func(h http.Header, b []byte) []byte {
				b = bytes.ReplaceAll(b, []byte(sent), []byte("a7551968-d5d6-44b2-9831-815ac9017798"))
				signature, _ := dsr.Sign(p.Key, b)
				h.Set(dsr.HeaderSignature, signature)
				return b
			}
		},
	} {
		b := setup(t, func(p *opendsrtest.Processor, _ map[string]any) { c(p) })
		_, err := b.Submit(t.Context(), order(connectors.RightErase))
		require.Equal(t, opendsr.CodeUnproven, models.CodeOf(err), "%s: %v", name, err)
		requireError(t, err, models.Invalid, opendsr.CodeUnproven)
		_, err = b.Follow(t.Context(), id)
		requireError(t, err, models.Invalid, opendsr.CodeUnproven)
	}
}

func TestACertificateThatWasReplacedIsFetchedAnew(t *testing.T) {
	t.Parallel()
	b := setup(t, nil)
	_, err := b.Submit(t.Context(), order(connectors.RightErase))
	require.NoError(t, err)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	b.Do(func(p *opendsrtest.Processor) {
		p.Key = key
		p.Certificate, err = p.Authority.Issue(key, p.Domain, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	})
	require.NoError(t, err)
	got, err := b.Follow(t.Context(), id)
	require.NoError(t, err)
	verify(t, b, got.Proof, true)
}
