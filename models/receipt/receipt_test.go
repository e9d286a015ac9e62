package receipt_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/ledger"
	"habeas/models/plan"
	"habeas/models/receipt"
)

var (
	requestID = models.MustParseID("5f0c1a52-5c0c-4f3b-8d8e-0d3f8f1a2b3c")
	at        = time.Date(2026, 3, 2, 9, 30, 0, 123456000, time.UTC)
)

func entry(t testing.TB, seq int64, request models.ID, kind string) receipt.Entry {
	t.Helper()
	body, err := ledger.Entry{
		ID: models.MustParseID(fmt.Sprintf("00000000-0000-7000-8000-%012d", seq)), At: at, RequestID: request, Kind: kind,
		Actor: models.System(), Data: map[string]any{"rows": 3, "rule": "a<b>&c"},
	}.Body()
	require.NoError(t, err)
	prev := ledger.Hash(ledger.Genesis, []byte{byte(seq)})
	return receipt.Entry{Seq: seq, Prev: prev, Hash: ledger.Hash(prev, body), Body: body}
}

func sample(t testing.TB) receipt.Receipt {
	t.Helper()
	return receipt.Receipt{
		Request: receipt.Request{
			ID: requestID, Reference: "7K3F-9QXM-2TB", Right: models.Erasure, Article: models.Erasure.Article(), Controller: "northwind",
			ControllerName: "Northwind <&> Sons", Channel: "portal", ReceivedAt: at, VerifiedAt: at, ClosedAt: at, Outcome: models.PartlyFulfilled, IssuedAt: at,
		},
		Clock: receipt.Clock{Regime: "EU_GDPR", Timezone: "Europe/Brussels", DueOn: calendar.Date{Year: 2026, Month: 4, Day: 2}, Steps: []string{"one month"}},
		Plan:  receipt.Plan{Version: 1, Groups: []plan.Group{{No: 1, Dataset: "crm", Collection: "contacts", Rows: 3, Proposed: models.TreatErase}}},
		Rows:  []receipt.Rows{{Group: 1, Status: "erased", Rows: 3}},
		Notices: []receipt.Notice{{
			ID: requestID, Recipient: "Mailer", State: "acknowledged", Categories: []string{"user.contact"}, QueuedAt: at, SentAt: at, ClosedAt: at, Answer: "erased",
		}},
		Deferrals: []receipt.Deferral{{ID: requestID, Group: 2, Rows: 1, Rule: "EU_UCC_51", DueOn: calendar.Date{Year: 2030, Month: 1, Day: 1}, State: "pending"}},
		Ledger:    receipt.Ledger{Size: 9, Hash: ledger.Genesis},
		Entries:   []receipt.Entry{entry(t, 2, requestID, "request.received"), entry(t, 5, requestID, "state.closed")},
	}
}

func keys(t testing.TB, fill byte) (ledger.Signer, []byte) {
	t.Helper()
	s, err := ledger.NewSigner(bytes.Repeat([]byte{fill}, 32))
	require.NoError(t, err)
	set, err := ledger.JWKS(s.Public())
	require.NoError(t, err)
	return s, set
}

func signed(t testing.TB, r receipt.Receipt) (file, jwks []byte) {
	t.Helper()
	s, set := keys(t, 1)
	b, err := receipt.Sign(r, s)
	require.NoError(t, err)
	return b, set
}

// faultOf is what verification finds.
func faultOf(t testing.TB, file, jwks []byte) *receipt.Fault {
	t.Helper()
	_, err := receipt.Verify(file, jwks)
	fault, ok := errors.AsType[*receipt.Fault](err)
	require.True(t, ok, "verification gave %v", err)
	return fault
}

func TestSignedReceiptVerifiesAndReadsBack(t *testing.T) {
	t.Parallel()
	file, jwks := signed(t, sample(t))
	got, err := receipt.Verify(file, jwks)
	require.NoError(t, err)
	require.Equal(t, sample(t).Request, got.Request)
	require.Equal(t, sample(t).Plan, got.Plan)
	require.Len(t, got.Entries, 2)

	empty, jwks := signed(t, receipt.Receipt{})
	_, err = receipt.Verify(empty, jwks)
	require.NoError(t, err)
}

func TestEveryChangedByteFails(t *testing.T) {
	t.Parallel()
	file, jwks := signed(t, sample(t))
	for i := range file {
		for _, mask := range []byte{1, 0x20} { // 0x20 turns the case of a letter, which a lenient reader of JSON would not notice
			changed := bytes.Clone(file)
			changed[i] ^= mask
			_, err := receipt.Verify(changed, jwks)
			require.Error(t, err, "byte %d, %q", i, file[max(0, i-20):min(len(file), i+20)])
		}
	}
	for _, cut := range []int{0, 1, len(file) / 2, len(file) - 1} {
		_, err := receipt.Verify(file[:cut], jwks)
		require.Error(t, err)
	}
	_, err := receipt.Verify(append(bytes.Clone(file), '\n'), jwks)
	require.Error(t, err)
}

func TestInsertedBytesFail(t *testing.T) {
	t.Parallel()
	file, jwks := signed(t, sample(t))
	rapid.Check(t, func(rt *rapid.T) {
		i := rapid.IntRange(0, len(file)).Draw(rt, "at")
		text := rapid.SliceOfN(rapid.SampledFrom([]byte(" \n\t{},\"0a")), 1, 4).Draw(rt, "text")
		changed := append(append(bytes.Clone(file[:i]), text...), file[i:]...)
		if _, err := receipt.Verify(changed, jwks); err == nil && !bytes.Equal(changed, file) {
			rt.Fatalf("%q inserted at %d was not noticed", text, i)
		}
	})
}

func TestFaultNamesThePartOrEntry(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, new string
		part     string
		entry    int
	}{
		"an entry's kind":   {`"kind": "state.closed"`, `"kind": "state.opened"`, "entries", 2},
		"an entry's data":   {`"rows": 3,` + "\n            " + `"rule"`, `"rows": 4,` + "\n            " + `"rule"`, "entries", 1},
		"a place":           {`"seq": 5`, `"seq": 6`, "entries", 0},
		"the outcome":       {`"outcome": "partly_fulfilled"`, `"outcome": "fulfilled"`, "request", 0},
		"a due date":        {`"due_on": "2026-04-02"`, `"due_on": "2026-04-03"`, "clock", 0},
		"a plan's rows":     {`"rows": 3,` + "\n          " + `"proposed"`, `"rows": 2,` + "\n          " + `"proposed"`, "plan", 0},
		"what became":       {`"status": "erased"`, `"status": "kept"`, "rows", 0},
		"an answer":         {`"answer": "erased"`, `"answer": "not_held"`, "notices", 0},
		"a deferral":        {`"state": "pending"`, `"state": "done"`, "deferrals", 0},
		"the ledger's size": {`"size": 9`, `"size": 8`, "ledger", 0},
		"the format":        {`receipt/1"`, `receipt/2"`, "file", 0},
		"a space":           {`"size": 9`, `"size":  9`, "file", 0},
		"a member's case":   {`"size": 9`, `"Size": 9`, "file", 0},
		"a second member":   {`"size": 9`, `"size": 8, "size": 9`, "file", 0},
		"another member":    {`"size": 9`, `"sized": 9`, "file", 0},
	} {
		file, jwks := signed(t, sample(t))
		changed := bytes.Replace(file, []byte(c.old), []byte(c.new), 1)
		require.False(t, bytes.Equal(file, changed), name)
		fault := faultOf(t, changed, jwks)
		require.Equal(t, c.part, fault.Part, "%s: %v", name, fault)
		require.Equal(t, c.entry, fault.Entry, "%s: %v", name, fault)
	}
}

func TestEntriesOfAnotherRequestOrOutOfOrderFail(t *testing.T) {
	t.Parallel()
	r := sample(t)
	r.Entries[1] = entry(t, 5, models.MustParseID("00000000-0000-4000-8000-000000000001"), "state.closed")
	file, jwks := signed(t, r)
	require.Equal(t, 2, faultOf(t, file, jwks).Entry)

	r = sample(t)
	r.Entries[0], r.Entries[1] = r.Entries[1], r.Entries[0]
	file, jwks = signed(t, r)
	require.Equal(t, 2, faultOf(t, file, jwks).Entry)
}

func TestAnotherKeyDoesNotVerify(t *testing.T) {
	t.Parallel()
	file, _ := signed(t, sample(t))
	_, foreign := keys(t, 2)
	require.Equal(t, "signature", faultOf(t, file, foreign).Part)
	_, err := receipt.Verify(file, []byte("not a key set"))
	require.Equal(t, "bad_jwks", models.CodeOf(err))
}

func FuzzVerify(f *testing.F) {
	file, jwks := signed(f, sample(f))
	f.Add(file)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := receipt.Verify(b, jwks); err == nil && !bytes.Equal(b, file) {
			t.Fatal("a file that was not signed verifies")
		}
	})
}
