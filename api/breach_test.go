package api_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/register"
	"habeas/models/store"
)

// desk is the DPO's browser with a breach on it.
type desk struct {
	*bundle
	dpo  *http.Client
	path string
}

// onDesk is a breach that somebody reported on the public page.
func onDesk(t *testing.T) *desk {
	t.Helper()
	b := setup(t)
	d := &desk{bundle: b, dpo: b.signIn(b.keys[models.RoleDPO])}
	a := b.post(b.client, "/report", url.Values{"what": {"A laptop of <b>Sam</b> was left in a train."}, "source": {"employee"}, "contact": {"extension 12"}})
	require.Equal(t, http.StatusOK, a.status, a.body)
	d.path = "/staff/breaches/" + d.only().ID.String()
	return d
}

func (d *desk) only() store.Breach {
	d.t.Helper()
	list, err := d.Breaches(d.t.Context(), models.ScopeOperator(), 10)
	require.NoError(d.t, err)
	require.Len(d.t, list, 1)
	return list[0]
}

// note sends the form of an event.
func (d *desk) note(kind string, more url.Values) answer {
	d.t.Helper()
	form := url.Values{"kind": {kind}}
	for k, v := range more {
		form[k] = v
	}
	return d.post(d.dpo, d.path+"/events", form)
}

func (d *desk) noted(kind string, more url.Values) {
	d.t.Helper()
	a := d.note(kind, more)
	require.Equal(d.t, http.StatusSeeOther, a.status, a.body)
}

// local is an instant as its field writes it.
func local(at time.Time) string {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return at.In(zone).Format("2006-01-02T15:04:05")
}

func TestABreachGoesFromAStrangersReportToItsEndInTheConsole(t *testing.T) {
	t.Parallel()
	d := onDesk(t)
	board := d.get(d.dpo, "/staff/breaches")
	require.Contains(t, board.body, d.only().Reference)
	require.Contains(t, board.body, "Judge the report")
	page := d.get(d.dpo, d.path)
	require.Contains(t, page.body, "A laptop of &lt;b&gt;Sam&lt;/b&gt; was left in a train.")

	d.clock(30 * time.Minute)
	d.noted("aware", url.Values{"aware_at": {local(start.Add(10 * time.Minute))}, "seen": {"1"}})
	require.Equal(t, start.Add(10*time.Minute), d.only().AwareAt)
	require.Contains(t, d.get(d.dpo, d.path).body, "71 h 40 min left")
	d.noted("found", url.Values{
		"persons": {"41"}, "records": {"120"}, "person_kinds": {"consignees, drivers"}, "categories": {"addresses"}, "consequences": {"Burglary."}, "measures": {"Wiped from afar."},
		"contact": {"privacy@northwind.example"}, "customer": {d.acme.ID.String()},
	})
	require.Equal(t, []string{"consignees", "drivers"}, d.only().Known.PersonKinds)
	require.Equal(t, d.acme.ID, d.only().Customers[0].ID)
	d.noted("assessed", url.Values{"context": {"simple", "behavioral"}, "identification": {"maximum"}, "confidentiality": {"full"}, "malicious": {"true"}})
	require.InDelta(t, 2*1+0.5+0.5, d.only().Assessment.Score, 0)
	d.noted("decided", url.Values{"risk": {"likely"}, "reason": {"Addresses and routes."}})

	a := d.get(d.dpo, d.path+"/notification?authority=DE-BE&form=pdf")
	require.Equal(t, http.StatusOK, a.status)
	require.Equal(t, "application/pdf", a.header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(a.body, "%PDF-"))
	a = d.get(d.dpo, d.path+"/notification?authority=DE-BE&form=json")
	require.InDelta(t, 41, a.json(t)["approximate_persons"], 0)
	require.Equal(t, true, a.json(t)["complete"])

	d.submit("the file that was sent")
	sum := sha256.Sum256([]byte("the file that was sent"))
	require.Equal(t, hex.EncodeToString(sum[:]), d.only().Phases[0].File)

	refused := d.note("closed", url.Values{"reason": {"done"}})
	require.Equal(t, http.StatusConflict, refused.status)
	require.Contains(t, refused.body, "a customer has not been told")
	_, err := d.NoteBreach(t.Context(), d.only().ID, 0, register.Event{Kind: register.Told, Actor: models.System(), Facts: register.Facts{Customer: d.acme.ID, At: d.only().ReportedAt}})
	require.NoError(t, err)
	d.customerAnswers()
	d.noted("lesson", url.Values{"what": {"Encrypt the disks."}, "due_on": {"2027-04-01"}})
	d.noted("lesson_done", url.Values{"lesson": {"1"}})
	d.noted("closed", url.Values{"reason": {"The laptop came back unopened."}})
	require.Equal(t, register.Ended, d.only().State)
	require.Contains(t, d.get(d.dpo, "/staff/breaches").body, "No breach is open")

	file := d.get(d.dpo, "/staff/breaches/register.json")
	var out struct{ Breaches []map[string]any }
	require.NoError(t, json.Unmarshal([]byte(file.body), &out))
	require.Equal(t, "Burglary.", out.Breaches[0]["effects"])
	require.Len(t, out.Breaches[0]["events"], len(d.only().Events))
	require.NotContains(t, d.log.String(), "Sam")
	require.NotContains(t, d.log.String(), "extension 12")
}

// submit notes a notification with its file, as a browser sends one.
func (d *desk) submit(file string) {
	d.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range map[string]string{
		"kind": "submitted", "authority": "DE-BE", "at": local(start.Add(30 * time.Minute)), "reference": "DSB-1", "by": "D. Officer", "final": "true",
	} {
		require.NoError(d.t, w.WriteField(name, value))
	}
	part, err := w.CreateFormFile("file", "notification.pdf")
	require.NoError(d.t, err)
	_, err = part.Write([]byte(file))
	require.NoError(d.t, err)
	require.NoError(d.t, w.Close())
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url+d.path+"/events", &body)
	require.NoError(d.t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	a := d.do(d.dpo, r)
	require.Equal(d.t, http.StatusSeeOther, a.status, a.body)
}

// customerAnswers opens the link that a customer was mailed, and confirms.
func (d *desk) customerAnswers() {
	d.t.Helper()
	token, err := d.BreachToken(d.t.Context(), d.only().ID, d.acme.ID)
	require.NoError(d.t, err)
	page := d.get(d.client, "/breaches/"+token)
	require.Equal(d.t, http.StatusOK, page.status)
	require.Contains(d.t, page.body, "Wiped from afar.")
	for range 2 { // a second click says the same
		require.Equal(d.t, http.StatusSeeOther, d.post(d.client, "/breaches/"+token, url.Values{}).status)
	}
	require.Contains(d.t, d.get(d.client, "/breaches/"+token).body, "You confirmed this on")
	require.Equal(d.t, http.StatusNotFound, d.get(d.client, "/breaches/"+token+"x").status)
}

func TestOfTwoOfficersTheSecondIsToldToLookAgain(t *testing.T) {
	t.Parallel()
	d := onDesk(t)
	d.noted("aware", url.Values{"aware_at": {local(start)}, "seen": {"1"}})
	d.noted("decided", url.Values{"risk": {"high"}, "reason": {"x"}, "seen": {"2"}})
	a := d.note("decided", url.Values{"risk": {"unlikely"}, "reason": {"y"}, "seen": {"2"}})
	require.Equal(t, http.StatusConflict, a.status)
	require.Contains(t, a.body, "look again and decide then")
	require.Equal(t, breach.RiskHigh, d.only().Risk)
}

func TestInstantsOfAFormAreOfTheEstablishment(t *testing.T) {
	t.Parallel()
	d := onDesk(t)
	d.clock(300 * 24 * time.Hour) // 28 November 2027: both changes of the clocks are over
	for text, want := range map[string]string{
		"2027-03-28T02:30:00": "the clocks are put forward over this time",
		"2028-01-01T00:00":    "aware in the future",
		"soon":                "cannot be read",
		"":                    "with its zone",
	} {
		a := d.note("aware", url.Values{"aware_at": {text}})
		require.Equal(t, http.StatusBadRequest, a.status, text)
		require.Contains(t, a.body, want, text)
	}
	d.noted("aware", url.Values{"aware_at": {"2027-10-31T02:30"}})
	require.Equal(t, "2027-10-31T00:30:00Z", d.only().AwareAt.UTC().Format(time.RFC3339), "of the hour that comes twice, the earlier one")
}

func TestWhoSeesWhatOfABreach(t *testing.T) {
	t.Parallel()
	d := onDesk(t)
	d.noted("found", url.Values{"customer": {d.acme.ID.String()}})
	d.clock(time.Minute)
	acme, globex := d.signIn(d.keys[models.RoleController]), d.signIn(d.globexK)
	page := d.get(acme, d.path)
	require.Equal(t, http.StatusOK, page.status)
	require.NotContains(t, page.body, "extension 12", "who reported it is not the customer's business")
	require.NotContains(t, page.body, "Judge the report")
	require.Contains(t, d.get(acme, "/staff/breaches").body, d.only().Reference)
	require.Equal(t, http.StatusNotFound, d.get(globex, d.path).status)
	require.NotContains(t, d.get(globex, "/staff/breaches").body, d.only().Reference)

	d.clock(time.Minute)
	operator := d.signIn(d.keys[models.RoleOperator])
	require.Equal(t, http.StatusSeeOther, d.post(operator, d.path+"/events", url.Values{"kind": {"heard"}}).status)
	a := d.post(operator, d.path+"/events", url.Values{"kind": {"dismissed"}, "reason": {"x"}})
	require.Equal(t, http.StatusForbidden, a.status)
	require.Equal(t, register.Suspected, d.only().State)
}

func TestAReportThatSaysNothingIsSentBackWithWhatWasTyped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.post(b.client, "/report", url.Values{"what": {" "}, "source": {"employee"}, "contact": {"me"}})
	require.Equal(t, http.StatusBadRequest, a.status)
	require.Contains(t, a.body, "Say what happened")
	require.Contains(t, a.body, `value="me"`)
	a = b.post(b.client, "/report", url.Values{"what": {"It is gone."}})
	require.Contains(t, a.body, "Say where the report comes from.")
	require.Contains(t, a.body, "It is gone.")
	a = b.post(b.client, "/report", url.Values{"what": {"Buy this"}, "source": {"employee"}, "website": {"x"}})
	require.Equal(t, http.StatusBadRequest, a.status)
	list, err := b.Breaches(t.Context(), models.ScopeOperator(), 10)
	require.NoError(t, err)
	require.Empty(t, list)
}

// upload sends a file, as a browser does.
func (d *desk) upload(c *http.Client, path, name, file string) answer {
	d.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("file", name)
	require.NoError(d.t, err)
	_, err = part.Write([]byte(file))
	require.NoError(d.t, err)
	require.NoError(d.t, w.Close())
	r, err := http.NewRequestWithContext(d.t.Context(), http.MethodPost, d.url+path, &body)
	require.NoError(d.t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return d.do(c, r)
}

func TestTheMessageToThePersonsTakesFourEyes(t *testing.T) {
	t.Parallel()
	d := onDesk(t)
	d.noted("aware", url.Values{"aware_at": {local(start)}})
	d.noted("found", url.Values{"contact": {"privacy@northwind.example"}, "consequences": {"Burglary."}, "measures": {"Wiped."}})
	letter := url.Values{"subject": {"About your delivery"}, "body": {"Your address was <i>seen</i>."}, "per_minute": {"60"}, "plain": {"true"}}
	require.Equal(t, http.StatusSeeOther, d.post(d.dpo, d.path+"/letter", letter).status)
	page := d.get(d.dpo, d.path+"/letter")
	require.Contains(t, page.body, "Your address was &lt;i&gt;seen&lt;/i&gt;.")
	require.Contains(t, page.body, "Somebody else approves it.")
	a := d.post(d.dpo, d.path+"/letter", url.Values{"subject": {"x"}, "body": {"y"}, "per_minute": {"0"}})
	require.Equal(t, http.StatusBadRequest, a.status)

	a = d.upload(d.dpo, d.path+"/persons", "list.csv", "name,email\nSam,sam@example.com\n,SAM@example.com\n,nobody\n,eve@example.com\n")
	require.Contains(t, a.body, "4 lines were read: 2 persons added, 1 twice in the file, 1 without an address")
	require.Contains(t, d.post(d.dpo, d.path+"/persons", url.Values{}).body, "Choose a file.")

	d.clock(time.Minute)
	second := d.signIn(d.key(store.KeySpec{Role: models.RoleDPO, Name: "Deputy"}))
	for _, c := range []struct {
		by   *http.Client
		want string
	}{{d.dpo, "Somebody other than the author"}, {second, "not told each"}} {
		a = d.post(c.by, d.path+"/letter/approve", url.Values{})
		require.Contains(t, a.body, c.want)
	}
	d.noted("decided", url.Values{"risk": {"high"}, "reason": {"x"}})
	require.Equal(t, http.StatusSeeOther, d.post(second, d.path+"/letter/approve", url.Values{}).status)
	require.Contains(t, d.get(d.dpo, d.path+"/letter").body, "it goes out now")
	require.Equal(t, http.StatusConflict, d.post(d.dpo, d.path+"/letter", letter).status)
	require.NotContains(t, d.log.String(), "sam@")
}

func TestTheDPOHasThoseWhoWereNotReachedTriedAgain(t *testing.T) {
	t.Parallel()
	d := onDesk(t)
	d.noted("aware", url.Values{"aware_at": {local(start)}})
	d.upload(d.dpo, d.path+"/persons", "list.csv", "sam@example.com\nkim@example.com\n")
	id := d.only().ID
	people, err := d.ClaimBreachPersons(t.Context(), id, 2)
	require.NoError(t, err)
	require.NoError(t, d.MarkBreachPersons(t.Context(), id, []store.PersonOutcome{
		people[0].Outcome(store.PersonUnreached, "mail_deferred"), people[1].Outcome(store.PersonUnreached, "mail_broken"),
	}))
	require.Equal(t, http.StatusSeeOther, d.post(d.dpo, d.path+"/letter", url.Values{"subject": {"x"}, "body": {"y"}, "per_minute": {"60"}}).status)
	page := d.get(d.dpo, d.path+"/letter").body
	require.Contains(t, page, "Whom their mail server put off: 1")
	require.Contains(t, page, "With whom the connection broke: 1")

	require.Equal(t, http.StatusBadRequest, d.post(d.dpo, d.path+"/letter/retry", url.Values{"cause": {"mail_broken"}}).status, "without a reason")
	handler := d.signIn(d.keys[models.RoleHandler])
	require.NotContains(t, d.get(handler, d.path+"/letter").body, "/letter/retry")
	require.Equal(t, http.StatusForbidden, d.post(handler, d.path+"/letter/retry", url.Values{"reason": {"x"}}).status)
	require.Equal(t, http.StatusSeeOther, d.post(d.dpo, d.path+"/letter/retry", url.Values{"cause": {"mail_broken"}, "reason": {"Up again."}}).status)
	counts, err := d.CountBreachPersons(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, map[store.PersonState]int64{store.PersonWaiting: 1, store.PersonUnreached: 1}, counts)
	require.Contains(t, d.get(d.dpo, d.path).body, "Had the message tried again")

	event := func(body string) answer {
		return d.call("POST", "/v1/breaches/"+id.String()+"/events", d.keys[models.RoleDPO], body)
	}
	require.Equal(t, http.StatusConflict, event(`{"kind":"retried","cause":"mail_broken","reason":"x"}`).status, "nobody is put back twice")
	require.Equal(t, http.StatusAccepted, event(`{"kind":"retried","reason":"x"}`).status)
	counts, err = d.CountBreachPersons(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, map[store.PersonState]int64{store.PersonWaiting: 2}, counts)
}

func TestNobodyIsWrittenToWithoutAContactPointAndOfTwoWhoApproveAtOnceOneIsTooLate(t *testing.T) {
	t.Parallel()
	d := onDesk(t)
	d.noted("aware", url.Values{"aware_at": {local(start)}})
	d.noted("decided", url.Values{"risk": {"high"}, "reason": {"x"}})
	letter := url.Values{"subject": {"About your delivery"}, "body": {"Your address was seen."}, "per_minute": {"60"}, "plain": {"true"}}
	require.Equal(t, http.StatusSeeOther, d.post(d.dpo, d.path+"/letter", letter).status)
	d.upload(d.dpo, d.path+"/persons", "list.csv", "sam@example.com\n")
	d.clock(time.Minute)
	second := d.signIn(d.key(store.KeySpec{Role: models.RoleDPO, Name: "Deputy"}))
	a := d.post(second, d.path+"/letter/approve", url.Values{})
	require.Equal(t, http.StatusConflict, a.status)
	require.Contains(t, a.body, "contact point")
	d.noted("found", url.Values{"contact": {"privacy@northwind.example"}, "consequences": {"Burglary."}, "measures": {"Wiped."}})
	d.clock(time.Minute)
	third := d.signIn(d.key(store.KeySpec{Role: models.RoleDPO, Name: "Another deputy"}))
	answers := make([]answer, 2)
	var group sync.WaitGroup
	for i, who := range []*http.Client{second, third} {
		group.Go(func() { answers[i] = d.post(who, d.path+"/letter/approve", url.Values{}) })
	}
	group.Wait()
	require.ElementsMatch(t, []int{http.StatusSeeOther, http.StatusConflict}, []int{answers[0].status, answers[1].status})
}

func TestAListOfAHundredThousandPersonsIsTakenIn(t *testing.T) {
	t.Parallel()
	d := onDesk(t)
	var list strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&list, "somebody.with.a.name.of.their.own.%d@haulage.example\n", i)
	}
	a := d.upload(d.dpo, d.path+"/persons", "list.csv", list.String())
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.body, "100000 persons added")
	require.Equal(t, http.StatusRequestEntityTooLarge, d.upload(d.dpo, d.path+"/persons", "list.csv", strings.Repeat(list.String()[:1<<20], 21)).status)
}

func TestACustomerBringsTheListOfItsOwnPersons(t *testing.T) {
	t.Parallel()
	d := onDesk(t)
	d.clock(time.Minute)
	acme, globex := d.signIn(d.keys[models.RoleController]), d.signIn(d.globexK)
	require.Equal(t, http.StatusNotFound, d.upload(acme, d.path+"/persons", "list.csv", "sam@example.com\n").status, "its data is not concerned")
	d.noted("found", url.Values{"customer": {d.acme.ID.String()}})
	require.Contains(t, d.get(acme, d.path).body, "Bring a list of the persons")
	a := d.upload(acme, d.path+"/persons", "list.csv", "sam@example.com\nnobody\n")
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.body, "2 lines were read: 1 persons added")
	require.NotContains(t, a.body, "extension 12")
	require.Equal(t, http.StatusNotFound, d.upload(globex, d.path+"/persons", "list.csv", "eve@example.com\n").status)
	require.Contains(t, d.upload(acme, d.path+"/persons", "", "").body, "Choose a file.")
	counts, err := d.CountBreachPersons(t.Context(), d.only().ID)
	require.NoError(t, err)
	require.Equal(t, map[store.PersonState]int64{store.PersonWaiting: 1}, counts)
}

func TestTheRegisterIsATableInWhichNothingIsAFormula(t *testing.T) {
	t.Parallel()
	d := onDesk(t)
	d.noted("found", url.Values{"what": {`=HYPERLINK("http://evil.example";"x")`}, "persons": {"12"}})
	d.noted("dismissed", url.Values{"reason": {"a, \"test\""}})
	a := d.get(d.dpo, "/staff/breaches/register.csv")
	require.Equal(t, "text/csv; charset=utf-8", a.header.Get("Content-Type"))
	lines, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 2)
	line := map[string]string{}
	for i, name := range lines[0] {
		line[name] = lines[1][i]
	}
	require.Equal(t, d.only().Reference, line["reference"])
	require.Equal(t, `'=HYPERLINK("http://evil.example";"x")`, line["facts"])
	require.Equal(t, "12", line["approximate_persons"])
	require.Equal(t, `a, "test"`, line["reasoning"])
	document := d.get(d.dpo, "/staff/breaches/register.pdf")
	require.Equal(t, "application/pdf", document.header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(document.body, "%PDF-"))
	require.Contains(t, d.get(d.dpo, d.path).body, "Times reached")
}
