package drp_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/drp"
)

var now = time.Date(2027, time.February, 1, 9, 0, 0, 0, time.UTC)

// key is that of RFC 8032, section 7.1, test 1.
var key = ed25519.NewKeyFromSeed([]byte{
	0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a, 0xf4, 0x92, 0xec, 0x2c, 0xc4,
	0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32, 0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60,
})

func sign(body string) []byte {
	return []byte(base64.StdEncoding.EncodeToString(append(ed25519.Sign(key, []byte(body)), body...)))
}

func public() ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

// codeOf is the code of an error, empty for none.
func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return models.CodeOf(err)
}

func TestAMessageIsWhatFollowsItsSignature(t *testing.T) {
	t.Parallel()
	m, err := drp.Read(public(), sign(`{"a":1}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"a":1}`, string(m.Body))
	empty, err := drp.Read(public(), sign(""))
	require.NoError(t, err)
	require.Empty(t, empty.Body)
	// The signature of the empty message in RFC 8032 is what libsodium puts before it.
	known, err := hex.DecodeString("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b")
	require.NoError(t, err)
	require.Equal(t, known, empty.Signed)
}

func TestASignatureIsRefusedUnlessItIsTheAgents(t *testing.T) {
	t.Parallel()
	other, _, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	for name, x := range map[string]struct {
		key  ed25519.PublicKey
		text string
		code string
	}{
		"no base64":        {public(), "{}", "bad_encoding"},
		"base64 of URLs":   {public(), strings.NewReplacer("+", "-", "/", "_").Replace(string(sign("~~~???")) + "_-"), "bad_encoding"},
		"too short":        {public(), base64.StdEncoding.EncodeToString(make([]byte, 63)), "bad_encoding"},
		"nothing":          {public(), "", "bad_encoding"},
		"another's key":    {other, string(sign("{}")), "wrong_signature"},
		"another body":     {public(), string(sign("{}")[:84]) + "eyJhIjoxfQ==", "wrong_signature"},
		"a signature of 0": {public(), base64.StdEncoding.EncodeToString(make([]byte, 70)), "wrong_signature"},
	} {
		_, err := drp.Read(x.key, []byte(x.text))
		require.Equal(t, x.code, models.CodeOf(err), name)
	}
}

func TestTheChecksAreMadeInTheOrderOfTheText(t *testing.T) {
	t.Parallel()
	// Each step mends one more claim of a message in which everything is wrong.
	claims := map[string]string{"agent-id": "X", "business-id": "X", "issued-at": "2027-02-01T09:00:01Z", "expires-at": "2027-02-01T09:00:00Z", "drp.version": "0.7"}
	for _, step := range []struct{ code, claim, value string }{
		{"wrong_agent", "agent-id", "AGENT"},
		{"wrong_business", "business-id", "ACME"},
		{"issued_later", "issued-at", "2027-02-01T09:00:00Z"},
		{"message_expired", "expires-at", "2027-02-01T09:00:01Z"},
		{"unknown_version", "drp.version", "1.0"},
		{"", "", ""},
	} {
		body, err := json.Marshal(claims)
		require.NoError(t, err)
		read, err := drp.ReadSetup(body)
		require.NoError(t, err)
		require.Equal(t, step.code, codeOf(read.Check("AGENT", []string{"OTHER", "ACME"}, now)))
		claims[step.claim] = step.value
	}
}

func TestTimesAreISO8601AndWhatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	for text, code := range map[string]string{
		"2027-02-01T09:10:00Z": "", "2027-02-01T10:10:00+01:00": "", "2027-02-01T09:10:00.123456+0000": "", "2027-02-01T09:10:00.5": "",
		"2027-02-01T09:10:00+01:00": "message_expired", "tomorrow": "message_expired", "": "message_expired",
	} {
		read, err := drp.ReadSetup(fmt.Appendf(nil, `{"agent-id":"A","business-id":"B","issued-at":"2027-02-01T08:00:00Z","expires-at":%q,"drp.version":"1.0"}`, text))
		require.NoError(t, err)
		require.Equal(t, code, codeOf(read.Check("A", []string{"B"}, now)), text)
	}
	read, err := drp.ReadSetup([]byte(`{"agent-id":"A","business-id":"B","expires-at":1801472400,"drp.version":"1.0"}`))
	require.NoError(t, err)
	require.Equal(t, "issued_later", models.CodeOf(read.Check("A", []string{"B"}, now)))
}

func TestARequestIsNoOtherMessage(t *testing.T) {
	t.Parallel()
	_, err := drp.ReadSetup([]byte(`{"exercise":"access"}`))
	require.Equal(t, "other_message", models.CodeOf(err))
	require.Equal(t, "other_message", models.CodeOf(drp.ReadRevocation([]byte(`{"exercise":"access"}`))))
	require.NoError(t, drp.ReadRevocation([]byte(`{"reason":"I don't want my account deleted"}`)))
	require.Equal(t, "bad_json", models.CodeOf(drp.ReadRevocation([]byte(`"canary"`))))
	_, err = drp.ReadExercise([]byte(`{"email_verified":"canary"}`))
	require.Equal(t, "bad_json", models.CodeOf(err))
	require.NotContains(t, err.Error(), "canary")
}

func TestActionsAreOurRightsOrNone(t *testing.T) {
	t.Parallel()
	for action, right := range map[drp.Action]models.Right{
		"access": models.Access, "access:categories": models.Access, "access:specific": models.Access, "deletion": models.Erasure,
		"sale:opt-out": "", "sale:opt_out": "", "sale:opt-in": "", "sale:opt_in": "",
	} {
		got, known := action.Right()
		require.True(t, known, action)
		require.Equal(t, right, got, action)
	}
	_, known := drp.Action("portability").Right()
	require.False(t, known)
}

func TestAStatusSaysNothingOfWhatThePersonHasNotConfirmed(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		drp.Progress
		status drp.Status
		reason drp.Reason
	}{
		{drp.Progress{Denied: drp.ClaimNotCovered, Revoked: true}, drp.Denied, drp.ClaimNotCovered},
		{drp.Progress{Revoked: true}, drp.Revoked, ""},
		{drp.Progress{State: models.Closed, Outcome: models.Fulfilled}, drp.InProgress, drp.NeedVerification},
		{drp.Progress{Late: true, State: models.Executing}, drp.Denied, drp.InsufVerification},
		{drp.Progress{Verified: true, Late: true, State: models.Executing}, drp.InProgress, ""},
		{drp.Progress{Verified: true, State: models.Closed, Outcome: models.Fulfilled}, drp.Fulfilled, ""},
		{drp.Progress{Verified: true, State: models.Closed, Outcome: models.PartlyFulfilled}, drp.Fulfilled, ""},
		{drp.Progress{Verified: true, State: models.Delivering, Results: true}, drp.Fulfilled, ""},
		{drp.Progress{State: models.Delivering, Results: true}, drp.InProgress, drp.NeedVerification},
		{drp.Progress{Verified: true, State: models.Closed, Outcome: models.Refused}, drp.Denied, drp.Other},
		{drp.Progress{Verified: true, State: models.Closed, Outcome: models.Withdrawn}, drp.Revoked, ""},
		{drp.Progress{Verified: true, State: models.Closed, Outcome: models.Lapsed}, drp.Denied, drp.InsufVerification},
	} {
		status, reason := x.Status()
		require.Equal(t, x.status, status, "%+v", x.Progress)
		require.Equal(t, x.reason, reason, "%+v", x.Progress)
	}
}

func TestAMarkChangesWithWhatAnAgentIsToldOnly(t *testing.T) {
	t.Parallel()
	verified := drp.Progress{Verified: true, State: models.Locating}
	require.Equal(t, verified.Mark(), drp.Progress{Verified: true, State: models.Executing}.Mark())
	for _, other := range []drp.Progress{
		{State: models.Locating},
		{Verified: true, State: models.Locating, Extended: true},
		{Verified: true, State: models.Delivering, Results: true},
		{Verified: true, State: models.Closed, Outcome: models.Fulfilled},
		{Revoked: true},
		{Late: true},
	} {
		require.NotEqual(t, verified.Mark(), other.Mark(), "%+v", other)
	}
}

func TestAKeyIs32BytesInBase64(t *testing.T) {
	t.Parallel()
	k, ok := drp.Key("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
	require.True(t, ok)
	require.Equal(t, public(), k)
	for _, bad := range []string{"", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHUQ=="} {
		_, ok := drp.Key(bad)
		require.False(t, ok, bad)
	}
}
