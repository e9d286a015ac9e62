package ledger_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/ledger"
)

var at = time.Date(2026, 3, 2, 9, 30, 0, 123456000, time.UTC)

func signer(t testing.TB, fill byte) (ledger.Signer, ledger.Keys) {
	t.Helper()
	s, err := ledger.NewSigner(bytes.Repeat([]byte{fill}, 32))
	require.NoError(t, err)
	set, err := ledger.JWKS(s.Public())
	require.NoError(t, err)
	keys, err := ledger.ParseJWKS(set)
	require.NoError(t, err)
	return s, keys
}

func id(n byte) models.ID { return models.ID{0: n, 15: 1} }

// chain is a sound chain of n entries with a checkpoint after each second one and at the end.
func chain(t testing.TB, s ledger.Signer, n int) []ledger.Link {
	t.Helper()
	var links []ledger.Link
	head := ledger.Genesis
	for i := 1; i <= n; i++ {
		e := ledger.Entry{
			ID: id(byte(i)), At: at.Add(time.Duration(i) * time.Second), ControllerID: id(200), RequestID: id(201), Kind: "walk.done",
			Actor: models.Actor{Role: models.RoleDPO, ID: id(202)}, Data: map[string]any{"rows": i},
		}
		body, err := e.Body()
		require.NoError(t, err)
		link := ledger.Link{
			Seq: int64(i), EntryID: e.ID, Prev: head, Hash: ledger.Hash(head, body),
			Entry: &ledger.Stored{ID: e.ID, At: e.At, ControllerID: e.ControllerID, RequestID: e.RequestID, Kind: e.Kind, Body: body},
		}
		head = link.Hash
		if i%2 == 0 || i == n {
			c, err := ledger.NewCheckpoint(s, link.Seq, link.Hash, at)
			require.NoError(t, err)
			link.Checkpoint = &c
		}
		links = append(links, link)
	}
	return links
}

func each(links []ledger.Link) iter.Seq2[ledger.Link, error] {
	return func(yield func(ledger.Link, error) bool) {
		for _, l := range links {
			if !yield(l, nil) {
				return
			}
		}
	}
}

func TestBodyIsStableAndReadsBack(t *testing.T) {
	t.Parallel()
	e := ledger.Entry{
		ID: id(1), At: at, RequestID: id(2), Kind: "state.locating", Actor: models.System(), Data: map[string]any{"b": 1, "a": "x<y"},
	}
	body, err := e.Body()
	require.NoError(t, err)
	require.Equal(t, `{"id":"01000000-0000-0000-0000-000000000001","at":"2026-03-02T09:30:00.123456Z",`+
		`"request_id":"02000000-0000-0000-0000-000000000001","kind":"state.locating","role":"system","data":{"a":"x\u003cy","b":1}}`, string(body))
	got, err := ledger.ParseBody(body)
	require.NoError(t, err)
	require.Equal(t, json.Number("1"), got.Data["b"])
	again, err := got.Body()
	require.NoError(t, err)
	require.Equal(t, body, again)
	for _, bad := range []string{"", "[]", `{"name":"Ada"}`, `{"id":"x"}`} {
		_, err := ledger.ParseBody([]byte(bad))
		require.Equal(t, "bad_entry", models.CodeOf(err), bad)
	}
}

func TestSoundChainVerifies(t *testing.T) {
	t.Parallel()
	s, keys := signer(t, 1)
	report, err := ledger.Verify(each(chain(t, s, 7)), nil, keys)
	require.NoError(t, err)
	require.EqualValues(t, 7, report.Entries)
	require.EqualValues(t, 4, report.Checkpoints)
	report, err = ledger.Verify(each(nil), nil, keys)
	require.NoError(t, err)
	require.Zero(t, report.Entries)
}

func TestReadingErrorIsPassedOn(t *testing.T) {
	t.Parallel()
	_, keys := signer(t, 1)
	lost := errors.New("connection lost")
	_, err := ledger.Verify(func(yield func(ledger.Link, error) bool) { yield(ledger.Link{}, lost) }, nil, keys)
	require.ErrorIs(t, err, lost)
}

func TestAnyDamageToAnyPlaceIsFound(t *testing.T) {
	t.Parallel()
	s, keys := signer(t, 1)
	foreign, _ := signer(t, 2)
	damages := map[string]func(l *ledger.Link, rt *rapid.T){
		"body":  func(l *ledger.Link, rt *rapid.T) { l.Entry.Body = flipped(rt, l.Entry.Body) },
		"prev":  func(l *ledger.Link, rt *rapid.T) { l.Prev = flipped(rt, l.Prev) },
		"hash":  func(l *ledger.Link, rt *rapid.T) { l.Hash = flipped(rt, l.Hash) },
		"at":    func(l *ledger.Link, _ *rapid.T) { l.Entry.At = l.Entry.At.Add(time.Microsecond) },
		"kind":  func(l *ledger.Link, _ *rapid.T) { l.Entry.Kind += "x" },
		"owner": func(l *ledger.Link, _ *rapid.T) { l.Entry.ControllerID = models.ID{} },
		"about": func(l *ledger.Link, _ *rapid.T) { l.Entry.RequestID = id(9) },
		"id":    func(l *ledger.Link, _ *rapid.T) { l.Entry.ID = id(99) },
		"gone":  func(l *ledger.Link, _ *rapid.T) { l.Entry = nil },
		"seq":   func(l *ledger.Link, _ *rapid.T) { l.Seq += 2 },
		"signed by another": func(l *ledger.Link, _ *rapid.T) {
			c, err := ledger.NewCheckpoint(foreign, l.Seq, l.Hash, at)
			require.NoError(t, err)
			l.Checkpoint = &c
		},
		"signed for another place": func(l *ledger.Link, _ *rapid.T) {
			c, err := ledger.NewCheckpoint(s, l.Seq+1, l.Hash, at)
			require.NoError(t, err)
			c.Size = l.Seq
			l.Checkpoint = &c
		},
		"signed another hash": func(l *ledger.Link, _ *rapid.T) {
			c, err := ledger.NewCheckpoint(s, l.Seq, ledger.Genesis, at)
			require.NoError(t, err)
			l.Checkpoint = &c
		},
	}
	for name, damage := range damages {
		rapid.Check(t, func(rt *rapid.T) {
			links := chain(t, s, rapid.IntRange(1, 9).Draw(rt, "entries"))
			i := rapid.IntRange(0, len(links)-1).Draw(rt, "place")
			damage(&links[i], rt)
			_, err := ledger.Verify(each(links), nil, keys)
			fault, ok := errors.AsType[*ledger.Fault](err)
			require.True(rt, ok, name)
			require.EqualValues(rt, i+1, fault.Seq, "%s: %v", name, fault)
		})
	}
}

func flipped(rt *rapid.T, b []byte) []byte {
	out := bytes.Clone(b)
	out[rapid.IntRange(0, len(out)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
	return out
}

func TestCutChainIsTold(t *testing.T) {
	t.Parallel()
	s, keys := signer(t, 1)
	whole := chain(t, s, 6)
	problem := func(links []ledger.Link, tail []ledger.Checkpoint, anchors ...ledger.Anchor) ledger.Problem {
		_, err := ledger.Verify(each(links), tail, keys, anchors...)
		fault, ok := errors.AsType[*ledger.Fault](err)
		require.True(t, ok)
		return fault.Problem
	}
	tail := []ledger.Checkpoint{*whole[5].Checkpoint}
	require.Equal(t, ledger.ChainCut, problem(whole[:4], tail))
	require.Equal(t, ledger.ChainCut, problem(nil, tail))
	require.Equal(t, ledger.CheckpointBad, problem(whole[:3], nil), "no seal ends without a checkpoint")
	require.Equal(t, ledger.LinkMissing, problem(whole[1:], nil))
	tail[0].Signature = nil
	require.Equal(t, ledger.CheckpointBad, problem(whole[:4], tail))

	anchor := ledger.Anchor{Seq: 5, Hash: whole[4].Hash}
	_, err := ledger.Verify(each(whole), nil, keys, anchor, ledger.Anchor{Seq: 6, Hash: whole[5].Hash})
	require.NoError(t, err)
	require.Equal(t, ledger.ChainCut, problem(whole[:4], nil, anchor))
	require.Equal(t, ledger.AnchorWrong, problem(whole, nil, ledger.Anchor{Seq: 5, Hash: whole[3].Hash}))
}

func TestSignatureHoldsForItsPurposeOnly(t *testing.T) {
	t.Parallel()
	s, keys := signer(t, 1)
	sig := s.Sign("receipt v1", []byte("text"))
	require.True(t, keys.Verify(s.KID(), "receipt v1", []byte("text"), sig))
	require.False(t, keys.Verify(s.KID(), "ledger checkpoint v1", []byte("text"), sig))
	require.False(t, keys.Verify(s.KID(), "receipt v1", []byte("test"), sig))
	require.False(t, keys.Verify("another", "receipt v1", []byte("text"), sig))
}

func TestJWKSIsTheRFC8037Form(t *testing.T) {
	t.Parallel()
	// The key and its thumbprint are those of RFC 8037, appendix A.
	set := `{"keys":[{"kty":"RSA"},{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"what it calls itself"}]}`
	keys, err := ledger.ParseJWKS([]byte(set))
	require.NoError(t, err)
	require.Contains(t, keys, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
	for _, bad := range []string{"", "{}", `{"keys":[{"kty":"RSA"}]}`, `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AAAA"}]}`} {
		_, err := ledger.ParseJWKS([]byte(bad))
		require.Equal(t, "bad_jwks", models.CodeOf(err), bad)
	}
	_, err = ledger.NewSigner([]byte("short"))
	require.Equal(t, "bad_signing_key", models.CodeOf(err))
}
