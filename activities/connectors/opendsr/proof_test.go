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

// call is a callback as a processor signs it.
func call(t *testing.T, p *opendsrtest.Processor, body string) http.Header {
	t.Helper()
	signature, err := dsr.Sign(p.Key, []byte(body))
	require.NoError(t, err)
	h := http.Header{}
	h.Set(dsr.HeaderDomain, p.Domain)
	h.Set(dsr.HeaderSignature, signature)
	return h
}

func TestACallIsProvedAsAnAnswerIsAndAlwaysSigned(t *testing.T) {
	t.Parallel()
	const body = `{"subject_request_id":"` + sent + `","request_status":"completed"}`
	b := setup(t, func(_ *opendsrtest.Processor, set map[string]any) { set["unsigned"] = true })
	s := b.system.(*opendsr.System)
	domain, err := s.Proved(t.Context(), call(t, b.Processor, body), []byte(body))
	require.NoError(t, err)
	require.Equal(t, "example-processor.com", domain)
	old := http.Header{}
	old.Set(dsr.HeaderDomainOld, b.Domain)
	old.Set(dsr.HeaderSignatureOld, call(t, b.Processor, body).Get(dsr.HeaderSignature))
	_, err = s.Proved(t.Context(), old, []byte(body))
	require.NoError(t, err, "by the names of OpenGDPR")

	for name, change := range map[string]func(http.Header){
		"no signature":        func(h http.Header) { h.Del(dsr.HeaderSignature) },
		"no domain":           func(h http.Header) { h.Del(dsr.HeaderDomain) },
		"another's domain":    func(h http.Header) { h.Set(dsr.HeaderDomain, "other-processor.com") },
		"another's signature": func(h http.Header) { h.Set(dsr.HeaderSignature, call(t, b.Processor, "{}").Get(dsr.HeaderSignature)) },
	} {
		h := call(t, b.Processor, body)
		change(h)
		_, err := s.Proved(t.Context(), h, []byte(body))
		require.Equal(t, opendsr.CodeUnproven, models.CodeOf(err), name)
	}
}

func TestARequestNamesOurAddressForCallbacksWhereItMayBeCalled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		own  string
		set  any
		want []string
	}{
		{"https://privacy.example.com/opendsr/v2/callbacks", nil, []string{"https://privacy.example.com/opendsr/v2/callbacks", "https://other.example/"}},
		{"https://privacy.example.com/opendsr/v2/callbacks", false, []string{"https://other.example/"}},
		{"http://127.0.0.1/opendsr/v2/callbacks", nil, []string{"https://other.example/"}},
		{"http://127.0.0.1/opendsr/v2/callbacks", true, []string{"http://127.0.0.1/opendsr/v2/callbacks", "https://other.example/"}},
		{"", true, []string{"https://other.example/"}},
	} {
		b := setup(t, func(_ *opendsrtest.Processor, set map[string]any) {
			set["status_callback_urls"] = []string{"https://other.example/"}
			if c.set != nil {
				set["callback"] = c.set
			}
			set[ownCallback] = c.own
		})
		_, err := b.Submit(t.Context(), order(connectors.RightErase))
		require.NoError(t, err)
		asked, _ := b.Asked()
		require.Equal(t, c.want, asked[sent].Callbacks)
	}
}
