package opendsr_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/activities/connectors/opendsr/opendsrtest"
	"habeas/models"
	"habeas/models/opendsr"
)

func keyFile(t *testing.T, kind string, der []byte, err error) []byte {
	t.Helper()
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func TestAProcessorNeedsACertificateOfAnAuthorityForItsKeyAndDomain(t *testing.T) {
	t.Parallel()
	const domain = "example-processor.com"
	authority, err := opendsrtest.NewAuthority("A")
	require.NoError(t, err)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	now := time.Now()
	issued := func(key crypto.Signer) []byte {
		t.Helper()
		file, err := authority.Issue(key, domain, now.Add(-time.Hour), now.Add(time.Hour))
		require.NoError(t, err)
		return file
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(ec)
	ecKey := keyFile(t, "PRIVATE KEY", pkcs8, err)
	sec1, err := x509.MarshalECPrivateKey(ec)
	for name, c := range map[string]struct{ key, file []byte }{
		"PKCS #8": {ecKey, issued(ec)}, "SEC 1": {keyFile(t, "EC PRIVATE KEY", sec1, err), issued(ec)},
		"PKCS #1": {keyFile(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(long), nil), issued(long)},
	} {
		p, err := opendsr.NewProcessor(domain, c.key, c.file)
		require.NoError(t, err, name)
		h := http.Header{}
		require.NoError(t, p.Seal(h, []byte("{}"), false))
		require.Empty(t, h.Get(opendsr.HeaderSignatureOld))
		cert, err := opendsr.Certificate(p.File, domain, authority.Roots(), now)
		require.NoError(t, err)
		require.NoError(t, opendsr.Verify(cert, []byte("{}"), h.Get(opendsr.HeaderSignature)))
	}

	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: domain}, DNSNames: []string{domain}, NotBefore: now, NotAfter: now.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, ec.Public(), ec)
	self := keyFile(t, "CERTIFICATE", der, err)
	for name, c := range map[string]struct {
		domain    string
		key, file []byte
		want      error
	}{
		"no key":           {domain, []byte("x"), issued(ec), opendsr.ErrKey},
		"no certificate":   {domain, ecKey, []byte("x"), opendsr.ErrOwn},
		"another domain":   {"other.example", ecKey, issued(ec), opendsr.ErrOwn},
		"another key":      {domain, ecKey, issued(long), opendsr.ErrOwn},
		"signed by itself": {domain, ecKey, self, opendsr.ErrSelfSigned},
	} {
		_, err := opendsr.NewProcessor(c.domain, c.key, c.file)
		require.ErrorIs(t, err, c.want, name)
	}
}

func TestAStatusIsPendingAsLongAsTheRequestCanBeCancelled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    opendsr.Progress
		want opendsr.Status
	}{
		{opendsr.Progress{State: models.Received}, opendsr.Pending},
		{opendsr.Progress{State: models.InReview}, opendsr.Pending},
		{opendsr.Progress{State: models.InReview, Withdrawn: true}, opendsr.Cancelled},
		{opendsr.Progress{State: models.InReview, Decided: true}, opendsr.InProgress},
		{opendsr.Progress{State: models.Executing, Right: models.Access}, opendsr.InProgress},
		{opendsr.Progress{State: models.Delivering, Right: models.Access}, opendsr.Completed},
		{opendsr.Progress{State: models.Delivering, Right: models.Export}, opendsr.Completed},
		{opendsr.Progress{State: models.Delivering, Right: models.Erasure}, opendsr.InProgress},
		{opendsr.Progress{State: models.Closed, Outcome: models.Fulfilled}, opendsr.Completed},
		{opendsr.Progress{State: models.Closed, Outcome: models.PartlyFulfilled}, opendsr.Completed},
		{opendsr.Progress{State: models.Closed, Outcome: models.Withdrawn}, opendsr.Cancelled},
		{opendsr.Progress{State: models.Closed, Outcome: models.Refused}, opendsr.Denied},
	} {
		require.Equal(t, c.want, c.p.Status(), "%+v", c.p)
	}
	for _, typ := range opendsr.Types() {
		_, ok := typ.Right()
		require.True(t, ok)
	}
	_, ok := opendsr.Type("rectification").Right()
	require.False(t, ok)
}

// The example of section 8.7 has these members; what it has besides may be left out.
func TestACallbackHasTheMembersOfTheText(t *testing.T) {
	t.Parallel()
	at := time.Date(2018, 11, 1, 15, 0, 1, 0, time.UTC)
	report, err := opendsr.Standing{
		Controller: "example_controller_id", ID: models.MustParseID("a7551968-d5d6-44b2-9831-815ac9017798"), ExpectBy: at, Status: opendsr.Completed,
		ResultsURL: "https://exampleprocessor.com/r", Reference: "7K3F-9QXM-2T",
	}.Report("example-processor.com", "", "https://examplecontroller.com/opendsr/callbacks")
	require.NoError(t, err)
	b, err := json.Marshal(report)
	require.NoError(t, err)
	require.JSONEq(t, `{"controller_id":"example_controller_id","expected_completion_time":"2018-11-01T15:00:01Z",
		"status_callback_url":"https://examplecontroller.com/opendsr/callbacks","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
		"request_status":"completed","results_url":"https://exampleprocessor.com/r","extensions":{"example-processor.com":{"reference":"7K3F-9QXM-2T"}}}`, string(b))
}
