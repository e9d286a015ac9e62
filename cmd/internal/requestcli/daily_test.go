package requestcli_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/api/client"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/models/task"
)

// filed is a request of acme's, in a state.
func (b *bundle) filed(states ...models.State) client.Accepted {
	b.t.Helper()
	got := b.habeas(b.acme, `{"right":"erasure","email":"canary@example.com","name":"Sam Canary","identity_vouched":true}`, "--json", "file")
	require.NoError(b.t, got.err)
	var out client.Accepted
	require.NoError(b.t, json.Unmarshal([]byte(got.out), &out))
	for _, to := range states {
		require.NoError(b.t, b.Advance(b.t.Context(), models.MustParseID(out.ID), to, ""))
	}
	return out
}

// ok runs a command that has to work.
func (b *bundle) ok(key, in string, args ...string) string {
	b.t.Helper()
	got := b.habeas(key, in, args...)
	require.NoError(b.t, got.err, args)
	return got.out
}

func TestEvidenceIsFetchedIntoAFileAndNothingIsOverwritten(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.filed()
	file := filepath.Join(t.TempDir(), "evidence.zip")
	require.Contains(t, b.ok(b.officer, "", "evidence", "download", r.Reference, "--out", file), "evidence.zip, ")
	body, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "PK", string(body[:2]))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.ErrorContains(t, b.habeas(b.officer, "", "evidence", "download", r.Reference, "--out", file).err, "is there already")
	require.Equal(t, "PK", b.ok(b.officer, "", "evidence", "download", r.ID, "--out", "-")[:2])
}

func TestAPersonIsFoundAndShownWithoutTheirAddressOnTheCommandLine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.filed()
	require.Contains(t, b.ok(b.officer, "canary@example.com\n", "search"), r.Reference)
	require.Contains(t, b.ok(b.officer, "nobody@example.com", "search"), "There is no such request.")
	require.Contains(t, b.ok(b.acme, "", "person", r.Reference), `"name": "Sam Canary"`)
	require.Contains(t, b.ok(b.officer, "", "ledger", r.Reference), "subject.viewed")
	empty := b.habeas(b.officer, "", "search")
	require.ErrorContains(t, empty.err, "one e-mail address")
}

func TestStandingInstructionsAreGivenAndEnded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	require.Contains(t, b.ok(b.acme, "", "instruction", "list"), "There is no standing instruction.")
	var given client.Instruction
	require.NoError(t, json.Unmarshal([]byte(b.ok(b.acme, "", "--json", "instruction", "give", "erasure")), &given))
	require.Contains(t, b.ok(b.officer, "", "instruction", "list"), given.ID+"  erasure  acme")
	require.ErrorContains(t, b.habeas(b.acme, "", "instruction", "give", "erasure").err, "[standing_already]")
	require.Contains(t, b.ok(b.acme, "", "instruction", "end", given.ID), "is ended")
	require.ErrorContains(t, b.habeas(b.acme, "", "instruction", "end", given.ID).err, "[not_found]")
}

func TestATaskIsDoneWithItsFiles(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.filed(models.AwaitingInstruction, models.Locating)
	got, err := b.EnsureTask(t.Context(), task.Spec{
		RequestID: models.MustParseID(r.ID), System: "archive", Action: task.Export, Reason: task.Unsupported, Collections: []string{"archive.letters"}, Instructions: "Ask at the desk.",
	})
	require.NoError(t, err)
	id := got.ID.String()
	require.Contains(t, b.ok(b.officer, "", "task", "list"), id+"  export  archive  open")
	file := filepath.Join(t.TempDir(), "letters.txt")
	require.NoError(t, os.WriteFile(file, []byte("Dear Sam"), 0o600))
	var added client.TaskFile
	require.NoError(t, json.Unmarshal([]byte(b.ok(b.officer, "", "--json", "task", "add", id, file)), &added))
	shown := b.ok(b.officer, "", "task", "show", id)
	require.Contains(t, shown, "Ask at the desk.")
	require.Contains(t, shown, added.ID)
	require.Equal(t, "Dear Sam", b.ok(b.officer, "", "task", "fetch", id, added.ID, "--out", "-"))
	require.Contains(t, b.ok(b.officer, "", "task", "remove", id, added.ID), "removed")
	require.ErrorContains(t, b.habeas(b.officer, "", "abandon", r.ID, "--task", id, "--reason", " ").err, "[reason_missing]")
	require.Contains(t, b.ok(b.officer, "", "abandon", r.ID, "--task", id, "--reason", "The archive has burnt down."), "abandon is recorded")
}

func TestAnAgentsProofIsFetchedAndDecided(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c, err := b.ControllerBySlug(t.Context(), "acme")
	require.NoError(t, err)
	proof, err := request.NewProof([]byte("%PDF-1.7\nI authorise Robin.\n%%EOF\n"))
	require.NoError(t, err)
	got, err := b.Submit(t.Context(), store.Submission{
		Controller: c, Right: models.Access, Channel: request.ChannelPortal, Language: "en", Actor: models.Actor{Role: models.RoleSubject},
		Subject: request.Subject{Email: "sam@example.com"}, Agent: &request.Agent{Name: "Robin", Email: "robin@example.net", Basis: request.Mandate, Proof: proof},
	})
	require.NoError(t, err)
	listed := b.ok(b.officer, "", "agent", "list", got.RequestID.String())
	require.NotContains(t, listed, "Robin")
	submission, _, found := strings.Cut(strings.Split(listed, "\n")[1], " ")
	require.True(t, found)
	args := []string{got.RequestID.String(), "--submission", submission}
	require.Contains(t, b.ok(b.officer, "", append([]string{"agent", "proof", "--out", "-"}, args...)...), "I authorise")
	require.Contains(t, b.ok(b.officer, "", append([]string{"agent", "refuse", "--reason", "It is not signed."}, args...)...), "the authority is refused")
	require.ErrorContains(t, b.habeas(b.officer, "", append([]string{"agent", "accept", "--reason", "It is."}, args...)...).err, "[already_decided]")
}

func TestFiguresAreToldAsTablesAndAsJSON(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.filed(models.AwaitingInstruction, models.Locating, models.InReview)
	require.NoError(t, b.CreateDeferrals(t.Context(), models.MustParseID(r.ID), []plan.Group{{
		No: 1, System: "erp", Dataset: "customs", Collection: "declarations", Rows: 3, Proposed: models.TreatRetain, Citation: "Reg. 952/2013 Art. 51(1)",
		ErasableOn: calendar.Date{Year: 2031, Month: 1, Day: 1},
	}}))
	require.Contains(t, b.ok(b.acme, "", "holds"), r.Reference+"  customs.declarations  3     2031-01-01  Reg. 952/2013 Art. 51(1)  acme")
	require.Contains(t, b.ok(b.officer, "", "dashboard"), "all              1     0     0        0       -")
	year := b.ok(b.officer, "", "list", "--json")
	require.Contains(t, year, r.Reference)
	got, err := b.Request(t.Context(), models.ScopeOperator(), models.MustParseID(r.ID))
	require.NoError(t, err)
	period := got.ReceivedAt.Format("2006")
	require.Contains(t, b.ok(b.officer, "", "report", period), "Summary,Received,Number,1")
	require.Contains(t, b.ok(b.officer, "", "--json", "report", period), `"received": 1`)
	require.ErrorContains(t, b.habeas(b.officer, "", "report", "soon").err, "[bad_period]")
}

func TestAPlanIsChangedWithItsReason(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.filed(models.AwaitingInstruction, models.Locating, models.InReview)
	p, err := b.SavePlan(t.Context(), plan.Plan{RequestID: models.MustParseID(r.ID), Right: models.Erasure, RuleSet: "test", Groups: []plan.Group{
		{No: 1, System: "erp", Dataset: "tracking", Collection: "watchers", Rows: 1, Proposed: models.TreatRefer, Reason: plan.ReasonShared, Options: []models.Treatment{models.TreatKeep, models.TreatErase}},
	}})
	require.NoError(t, err)
	args := []string{"change", r.ID, "--plan", p.Digest(), "--choice", "1=keep", "--reason", "Another person's, too."}
	require.Contains(t, b.ok(b.officer, "", args...), "change is recorded")
}

func TestTheRowsOfAGroupAreListed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, r, address := t.Context(), b.filed(models.AwaitingInstruction, models.Locating), datamap.Address{Dataset: "chat", Collection: "messages"}
	id := models.MustParseID(r.ID)
	var rows []datamap.FoundRow
	for n := range int64(3) {
		rows = append(rows, datamap.FoundRow{
			System: "chat", Address: address, Key: datamap.Key{datamap.Int(n)}, Shared: true,
			Reason: datamap.ShareReason{Code: datamap.SharedOtherIdentity, Via: address},
		})
	}
	_, err := b.Found(id).Add(ctx, rows)
	require.NoError(t, err)
	sorting, err := b.GroupRows(ctx, id, func(store.LocatedRow) (int, error) { return 1, nil })
	require.NoError(t, err)
	_, err = b.SavePlan(ctx, plan.Plan{RequestID: id, Right: models.Erasure, RuleSet: "test", Sorting: sorting, Groups: []plan.Group{{
		No: 1, System: "chat", Dataset: "chat", Collection: "messages", Rows: 3, Proposed: models.TreatRefer, Reason: plan.ReasonShared,
	}}})
	require.NoError(t, err)
	require.NoError(t, b.KeepValues(ctx, id, address, []datamap.Key{{datamap.Int(0)}}, []datamap.Row{{
		Columns: []string{"body"}, Values: []datamap.Value{datamap.Text("Dear neighbour")},
	}}))

	got := b.ok(b.acme, "", "rows", r.Reference, "1", "--limit", "2")
	require.Equal(t, 2, strings.Count(got, "other_identity  chat.messages"), got)
	require.Contains(t, got, "There are more")
	require.ErrorContains(t, b.habeas(b.acme, "", "rows", r.Reference, "1", "--values").err, "[values_forbidden]")
	require.ErrorContains(t, b.habeas(b.officer, "", "rows", r.Reference, "2").err, "[not_found]")
	require.Contains(t, b.ok(b.officer, "", "rows", r.Reference, "1", "--values"), `"value": "Dear neighbour"`)
}

func TestTheLedgerIsVerifiedFromATerminal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.filed()
	_, err := b.Seal(t.Context())
	require.NoError(t, err)
	require.Contains(t, b.ok(b.officer, "", "ledger", "--verify"), "are unchanged")
	require.Contains(t, b.ok(b.officer, "", "--json", "ledger", "--verify"), `"state": "good"`)
	wrong := b.habeas(b.officer, "", "ledger")
	exit, ok := errors.AsType[*rulescli.ExitError](wrong.err)
	require.True(t, ok)
	require.Equal(t, rulescli.Usage, exit.Status)
}
