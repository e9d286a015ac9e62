package opendsr_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/activities/connectors/opendsr/opendsrtest"
	"habeas/models/opendsr"
)

// The examples of sections 6.4, 7.2, 7.4, 7.7, 8.4, 8.7 and 9.3, the second without the comma that the text has too many.
func TestTheExamplesOfTheTextAreRead(t *testing.T) {
	t.Parallel()
	var d opendsr.Discovery
	require.NoError(t, json.Unmarshal([]byte(`{"api_version":"2.0","supported_identities":[{"identity_type":"email","identity_format":"raw"},{"identity_type":"email","identity_format":"sha256"}],
		"supported_subject_request_types":["erasure"],"processor_certificate":"https://exampleprocessor.com/cert.pem"}`), &d))
	require.Equal(t, opendsr.Discovery{
		Version: "2.0", Identities: []opendsr.Identity{{Type: "email", Format: opendsr.Raw}, {Type: "email", Format: opendsr.SHA256}},
		Types: []opendsr.Type{opendsr.Erasure}, Certificate: "https://exampleprocessor.com/cert.pem",
	}, d)

	example := `{"subject_request_id": "a7551968-d5d6-44b2-9831-815ac9017798", "subject_request_type": "erasure", "submitted_time": "2018-10-02T15:00:00Z",
		"subject_identities": [{"identity_type": "email", "identity_value": "johndoe@example.com", "identity_format": "raw"}], "api_version": "2.0",
		"status_callback_urls": ["https://examplecontroller.com/opendsr/callbacks"],
		"extensions": {"example-processor.com": {"foo-processor-custom-id":123456, "property_id": "123456"}, "example-other-processor.com": {"foo-other-processor-custom-id":654321}}}`
	var r opendsr.Request
	require.NoError(t, json.Unmarshal([]byte(example), &r))
	b, err := json.Marshal(r)
	require.NoError(t, err)
	require.JSONEq(t, example, string(b))
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", r.Identities[0], r, r.Identities[0], r.Identities[0].LogValue()), "johndoe")

	var s opendsr.StatusReport
	require.NoError(t, json.Unmarshal([]byte(`{"controller_id":"example_controller_id","expected_completion_time":"2018-11-01T15:00:01Z","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798",
		"request_status":"pending","api_version":"2.0","results_url":"https://exampleprocessor.com/secure/d188d4ba-12db-48a0-898c-cd0f8ba7b345","results_count":103}`), &s))
	require.Equal(t, time.Date(2018, 11, 1, 15, 0, 1, 0, time.UTC), s.ExpectBy.Time)
	require.JSONEq(t, "103", string(s.Results))

	var receipt opendsr.Receipt
	answered := `{"controller_id":"example_controller_id","expected_completion_time":"2018-11-01T15:00:01Z","received_time":"2018-10-02T15:00:01Z",
		"encoded_request":"<BASE64 ENCODED REQUEST>","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798"}`
	require.NoError(t, json.Unmarshal([]byte(answered), &receipt))
	requireSame(t, answered, receipt)
	callback := `{"controller_id":"example_controller_id","expected_completion_time":"2018-11-01T15:00:01Z","status_callback_url":"https://examplecontroller.com/opendsr/callbacks",
		"subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","request_status":"pending","results_url":"https://exampleprocessor.com/secure/d188d4ba-12db-48a0-898c-cd0f8ba7b345","results_count":340}`
	var c opendsr.StatusReport
	require.NoError(t, json.Unmarshal([]byte(callback), &c))
	requireSame(t, callback, c)
	cancelled := `{"controller_id":"example_controller_id","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","received_time":"2018-10-02T15:00:01Z","api_version":"2.0"}`
	var x opendsr.Cancellation
	require.NoError(t, json.Unmarshal([]byte(cancelled), &x))
	requireSame(t, cancelled, x)

	var f opendsr.Failure
	require.NoError(t, json.Unmarshal([]byte(`{"error": {"code": 400, "message": "subject_request_id field is required", "errors": [{"domain": "Validation",
		"reason": "IllegalArgumentException", "message": "subject_request_id field is required."}]}}`), &f))
	require.Equal(t, 400, f.Error.Code)
	require.Equal(t, "IllegalArgumentException", f.Error.Errors[0].Reason)
}

// requireSame expects that what was read is written as it was.
func requireSame(t *testing.T, text string, read any) {
	t.Helper()
	b, err := json.Marshal(read)
	require.NoError(t, err)
	require.JSONEq(t, text, string(b))
}

func TestStatusesAreUnderstoodHoweverTheyAreSpelt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]opendsr.Status{
		"pending": opendsr.Pending, "in_progress": opendsr.InProgress, "in-progress": opendsr.InProgress, "In Progress": opendsr.InProgress, "INPROGRESS": opendsr.InProgress,
		"distributed": opendsr.InProgress, "completed": opendsr.Completed, "Complete": opendsr.Completed, "cancelled": opendsr.Cancelled, "canceled": opendsr.Cancelled,
		"denied": opendsr.Denied, "rejected": opendsr.Denied,
	} {
		got, ok := opendsr.ReadStatus(text)
		require.True(t, ok, text)
		require.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "ok", "done?", "complete!", "uncompleted"} {
		_, ok := opendsr.ReadStatus(text)
		require.False(t, ok, text)
	}
}

func TestTimesAreReadLeniently(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"2018-11-01T15:00:01Z"`: "2018-11-01T15:00:01Z", `"2018-11-01T15:00:01.25+02:00"`: "2018-11-01T13:00:01Z", `"2018-11-01T15:00:01+0000"`: "2018-11-01T15:00:01Z",
		`"2018-11-01T15:00:01"`: "2018-11-01T15:00:01Z", `"2018-11-01"`: "2018-11-01T00:00:00Z", `"soon"`: "0001-01-01T00:00:00Z", `null`: "0001-01-01T00:00:00Z", `5`: "0001-01-01T00:00:00Z",
	} {
		var at opendsr.Time
		require.NoError(t, json.Unmarshal([]byte(text), &at), text)
		b, err := json.Marshal(at)
		require.NoError(t, err)
		require.Equal(t, `"`+want+`"`, string(b), text)
	}
}

// Section 1.1: identifiers are lower case and of version 4.
func TestAnIdentifierHasTheFormOfVersionFour(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var id [16]byte
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		text := opendsr.RequestID(id)
		require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, text)
		require.Equal(t, text, opendsr.RequestID(id))
	})
	require.Equal(t, "0188a0f2-7d9b-4b5a-9c3e-0123456789ab", opendsr.RequestID([16]byte{1, 0x88, 0xa0, 0xf2, 0x7d, 0x9b, 0x7b, 0x5a, 0x9c, 0x3e, 1, 0x23, 0x45, 0x67, 0x89, 0xab}))
}

func TestFormatsHashWhatTheyAreGiven(t *testing.T) {
	t.Parallel()
	for format, want := range map[opendsr.Format]string{
		opendsr.Raw: "abc", opendsr.MD5: "900150983cd24fb0d6963f7d28e17f72", opendsr.SHA1: "a9993e364706816aba3e25717850c26c9cd0d89d",
		opendsr.SHA256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
	} {
		got, ok := format.Of("abc")
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	_, ok := opendsr.Format("sha512").Of("abc")
	require.False(t, ok)
}

func TestASignatureFitsOneBodyOneKeyAndOneCertificate(t *testing.T) {
	t.Parallel()
	authority, err := opendsrtest.NewAuthority("A")
	require.NoError(t, err)
	other, err := opendsrtest.NewAuthority("B")
	require.NoError(t, err)
	now := time.Now()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	body := []byte(`{"subject_request_id": "x"}`)

	file, err := authority.Issue(rsaKey, "example-processor.com", now.Add(-time.Hour), now.Add(time.Hour))
	require.NoError(t, err)
	cert, err := opendsr.Certificate(file, "example-processor.com", authority.Roots(), now)
	require.NoError(t, err)
	signature, err := opendsr.Sign(rsaKey, body)
	require.NoError(t, err)
	require.NoError(t, opendsr.Verify(cert, body, signature))
	require.NoError(t, opendsr.Verify(cert, body, signature[:76]+"\n "+signature[76:]), "broken into lines as in the text")
	foreign, err := opendsr.Sign(ecKey, body)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		body      []byte
		signature string
	}{
		"another body": {append(body, ' '), signature}, "no signature": {body, ""}, "no Base64": {body, "?" + signature}, "another key": {body, foreign}, "a part": {body, signature[:40]},
	} {
		require.ErrorIs(t, opendsr.Verify(cert, c.body, c.signature), opendsr.ErrSignature, name)
	}

	file2, err := authority.Issue(ecKey, "example-processor.com", now.Add(-time.Hour), now.Add(time.Hour))
	require.NoError(t, err)
	cert2, err := opendsr.Certificate(file2, "EXAMPLE-processor.com", authority.Roots(), now)
	require.NoError(t, err)
	require.NoError(t, opendsr.Verify(cert2, body, foreign), "by ECDSA")

	for name, c := range map[string]func() error{
		"another domain": func() error { _, err := opendsr.Certificate(file, "processor.com", authority.Roots(), now); return err },
		"another authority": func() error {
			_, err := opendsr.Certificate(file, "example-processor.com", other.Roots(), now)
			return err
		},
		"the machine's": func() error { _, err := opendsr.Certificate(file, "example-processor.com", nil, now); return err },
		"expired": func() error {
			_, err := opendsr.Certificate(file, "example-processor.com", authority.Roots(), now.Add(2*time.Hour))
			return err
		},
		"not yet valid": func() error {
			_, err := opendsr.Certificate(file, "example-processor.com", authority.Roots(), now.Add(-2*time.Hour))
			return err
		},
		"no certificate": func() error {
			_, err := opendsr.Certificate([]byte("<html>"), "example-processor.com", authority.Roots(), now)
			return err
		},
		"a broken one": func() error {
			_, err := opendsr.Certificate(append([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), file...), "example-processor.com", authority.Roots(), now)
			return err
		},
	} {
		require.ErrorIs(t, c(), opendsr.ErrCertificate, name)
	}
}

func TestAProofIsVerifiedWithoutTheBodyThatMustNotBeStored(t *testing.T) {
	t.Parallel()
	p, err := opendsrtest.New("example-processor.com")
	require.NoError(t, err)
	for body, kept := range map[string]bool{
		`{"subject_request_id": "x", "encoded_request": "Y2FuYXJ5"}`: false, `{"Encoded_Request": "Y2FuYXJ5"}`: false, `{"subject_request_id": "x"}`: true, `Y2FuYXJ5`: false,
	} {
		signature, err := opendsr.Sign(p.Key, []byte(body))
		require.NoError(t, err)
		b, err := json.Marshal(opendsr.NewProof(p.Domain, signature, p.Certificate, []byte(body), time.Now()))
		require.NoError(t, err)
		var proof opendsr.Proof
		require.NoError(t, json.Unmarshal(b, &proof))
		require.Equal(t, kept, proof.Body != nil, body)
		require.NoError(t, proof.Verify(p.Authority.Roots()))

		changed := proof
		changed.Digest = append([]byte{proof.Digest[0] ^ 1}, proof.Digest[1:]...)
		require.ErrorIs(t, changed.Verify(p.Authority.Roots()), opendsr.ErrSignature)
		changed = proof
		changed.Body = []byte("{}")
		require.ErrorIs(t, changed.Verify(p.Authority.Roots()), opendsr.ErrSignature)
		changed = proof
		changed.Domain = "other.example"
		require.ErrorIs(t, changed.Verify(p.Authority.Roots()), opendsr.ErrCertificate)
	}
}
