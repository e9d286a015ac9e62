package api_test

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"habeas/api"
	"habeas/models"
	"habeas/models/store"
)

func title(t *testing.T, a answer) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(a.body))
	require.NoError(t, err)
	for n := range doc.Descendants() {
		if n.Data == "title" && n.FirstChild != nil {
			return strings.TrimSuffix(n.FirstChild.Data, " – Habeas")
		}
	}
	return ""
}

func TestAPersonAsksThroughThePortal(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.browser()
	require.Contains(t, b.get(c, "/").body, `href="/requests/new?right=erasure"`)
	require.Contains(t, b.get(c, "/requests/new?right=erasure").body, "Company globex")
	require.Equal(t, "/", b.get(c, "/requests/new?right=none").header.Get("Location"))

	bad := b.post(c, "/requests", url.Values{"right": {"erasure"}, "email": {"sam@"}, "name": {"Sam <b>"}, "message": {"kept"}})
	require.Equal(t, 400, bad.status)
	require.True(t, strings.HasPrefix(title(t, bad), "Error: "))
	require.Contains(t, bad.body, `href="#email"`)
	require.Contains(t, bad.body, `href="#controller"`)
	require.Contains(t, bad.body, "kept", "what was typed is kept")
	require.Contains(t, bad.body, "Sam &lt;b&gt;")

	sent := b.post(c, "/requests", url.Values{"right": {"erasure"}, "controller": {"acme"}, "email": {" sam@example.com "}, "name": {"Sam"}, "identity-phone_number": {"+49 1"}})
	require.Equal(t, http.StatusSeeOther, sent.status, sent.body)
	location := sent.header.Get("Location")
	require.Equal(t, "Check your mail", title(t, b.get(c, location)))

	status := strings.Replace(location, "/requests/sent/", "/status/", 1)
	masked := b.get(c, status)
	require.Equal(t, "Confirm your address", title(t, masked))
	require.NotContains(t, masked.body, "acme")

	rows, _, err := b.Requests(t.Context(), models.ScopeOperator(), store.Filter{}, "", 10)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, "portal", string(rows[0].Channel))
	issued := b.issue(filed{id: rows[0].ID})

	require.Equal(t, 400, b.post(c, status+"/verify", url.Values{"code": {""}}).status)
	require.Equal(t, 400, b.post(c, status+"/verify", url.Values{"code": {"1"}}).status)
	for range 3 { // looking at the link uses nothing up
		require.Equal(t, "Confirm your request", title(t, b.get(c, "/verify/"+issued.Token)))
	}
	done := b.post(c, "/verify/"+issued.Token, nil)
	require.Equal(t, http.StatusSeeOther, done.status)
	page := b.get(c, done.header.Get("Location"))
	require.Contains(t, page.body, "Your address is confirmed")
	require.NotContains(t, b.get(c, status).body, "Company acme", "whoever filed the request need not be who owns the mailbox")
	status, _, _ = strings.Cut(done.header.Get("Location"), "?")
	require.Contains(t, page.body, "Company acme")

	used := b.post(c, "/verify/"+issued.Token, nil)
	require.Equal(t, http.StatusConflict, used.status)
	require.Equal(t, "This link has already been used", title(t, used))

	require.Equal(t, http.StatusSeeOther, b.post(c, status+"/withdraw", nil).status)
	require.Equal(t, http.StatusConflict, b.post(c, status+"/withdraw", nil).status, "withdrawn already")
}

func TestAnExpiredLinkSaysWhatToDo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.browser()
	f := b.file(models.Access, "sam@example.com")
	old := b.issue(f)
	b.clock(25 * time.Hour)
	require.Equal(t, "This link has expired", title(t, b.get(c, "/verify/"+old.Token)))
	require.Equal(t, http.StatusConflict, b.post(c, "/verify/"+old.Token, nil).status)
	again := b.post(c, "/status/"+f.token+"/resend", nil)
	require.Equal(t, "/status/"+f.token+"?done=resent", again.header.Get("Location"))
	fresh := b.issue(f)
	require.Equal(t, "There is a newer link", title(t, b.get(c, "/verify/"+old.Token)))
	require.Equal(t, "Confirm your request", title(t, b.get(c, "/verify/"+fresh.Token)))
	require.Equal(t, 404, b.get(c, "/verify/nonsense").status)
}

func TestAQuestionIsAskedAndAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	dpo := b.signIn(b.keys[models.RoleDPO])
	path := "/staff/requests/" + f.id.String()
	require.Equal(t, http.StatusSeeOther, b.post(dpo, path+"/decisions", url.Values{"kind": {"clarify"}, "reason": {"Which address?"}}).status)
	c := b.browser()
	page := b.get(c, "/status/"+f.token)
	require.Contains(t, page.body, "Which address?")
	require.Equal(t, 400, b.post(c, "/status/"+f.token+"/answer", url.Values{"answer": {" "}}).status)
	require.Equal(t, http.StatusSeeOther, b.post(c, "/status/"+f.token+"/answer", url.Values{"answer": {"The canary one"}}).status)
	require.NotContains(t, b.get(c, "/status/"+f.token).body, "Which address?")

	require.NotContains(t, b.get(dpo, path).body, "canary", "what the person wrote is shown with the identity only")
	require.Contains(t, b.post(dpo, path+"/identity", nil).body, "The canary one")
}

func TestAPackageIsFetchedOnceWithACode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	b.advance(f, models.Delivering)
	token := b.pack(f)
	c := b.browser()
	path := "/package/" + token
	require.Contains(t, b.get(c, path).body, "Send me the code")
	require.Equal(t, path+"?code=sent", b.post(c, path+"/code", nil).header.Get("Location"))
	code := b.mails.last(t)
	require.Equal(t, "sam@example.com", code.To.Reveal())
	require.Contains(t, b.get(c, path+"?code=sent").body, "Download (zip)")
	require.Equal(t, 400, b.post(c, path+"/download", url.Values{"code": {""}}).status)
	require.Equal(t, 400, b.post(c, path+"/download", url.Values{"code": {"0"}}).status)

	got := b.post(c, path+"/download", url.Values{"code": {code.Code}})
	require.Equal(t, 200, got.status)
	require.Equal(t, "application/zip", got.header.Get("Content-Type"))
	require.Contains(t, got.header.Get("Content-Disposition"), "attachment")
	require.Contains(t, got.header.Get("Content-Security-Policy"), "sandbox")
	z, err := zip.NewReader(strings.NewReader(got.body), int64(len(got.body)))
	require.NoError(t, err)
	require.Equal(t, "report.txt", z.File[0].Name)
	require.Equal(t, http.StatusConflict, b.post(c, path+"/download", url.Values{"code": {code.Code}}).status, "a code is good for once")

	view, err := b.PackageByToken(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, store.PackageFetched, view.State)
	require.NoError(t, b.ShredPackage(t.Context(), view.ID))
	require.Equal(t, "You have already fetched your data", title(t, b.get(c, path)))
	require.Equal(t, http.StatusConflict, b.post(c, path+"/code", nil).status)
}

// pack makes a package of one small file and gives the token of its link.
func (b *bundle) pack(f filed) string {
	b.t.Helper()
	id, err := b.CreatePackage(b.t.Context(), f.id)
	require.NoError(b.t, err)
	w, err := b.PackageWriter(b.t.Context(), id)
	require.NoError(b.t, err)
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	file, err := z.Create("report.txt")
	require.NoError(b.t, err)
	_, err = io.WriteString(file, "your data")
	require.NoError(b.t, err)
	require.NoError(b.t, z.Close())
	size := int64(buf.Len())
	_, err = io.Copy(w, &buf)
	require.NoError(b.t, err)
	require.NoError(b.t, w.Close())
	token, err := b.FinishPackage(b.t.Context(), id, strings.Repeat("0", 64), size, start.Add(7*24*time.Hour))
	require.NoError(b.t, err)
	return token
}

func TestWithoutMailACodeCannotBeSent(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) { d.Codes = nil })
	f, _ := b.inReview("sam@example.com")
	b.advance(f, models.Delivering)
	require.Equal(t, http.StatusServiceUnavailable, b.post(b.browser(), "/package/"+b.pack(f)+"/code", nil).status)
}

// notice makes a notice to a recipient and gives the token of its link.
func (b *bundle) notice(f filed) (token string, id models.ID) {
	b.t.Helper()
	ctx := b.t.Context()
	analytics, err := b.PutRecipient(ctx, store.Recipient{
		Slug: "analytics", Name: "Parcel Analytics", Channel: store.ChannelMail, Address: "privacy@analytics.example",
		Categories: []string{"user"}, ReminderAfter: 72 * time.Hour,
	})
	require.NoError(b.t, err)
	b.advance(f, models.Executing)
	refs, err := b.CreateNotices(ctx, f.id, models.ID{}, []store.Addressee{{Recipient: analytics, Told: []string{"user.contact.email"}}})
	require.NoError(b.t, err)
	require.Len(b.t, refs, 1)
	message, err := b.NoticeToSend(ctx, refs[0].ID)
	require.NoError(b.t, err)
	require.NoError(b.t, b.MarkNoticeSent(ctx, refs[0].ID, 1))
	b.advance(f, models.Notifying)
	return message.Token, refs[0].ID
}

func TestARecipientAcknowledgesOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	token, _ := b.notice(f)
	c := b.browser()
	page := b.get(c, "/notices/"+token)
	require.Contains(t, page.body, "e-mail address")
	require.NotContains(t, page.body, "user.contact.email")
	require.Contains(t, page.body, "sam@example.com")
	require.Equal(t, 400, b.post(c, "/notices/"+token, url.Values{"answer": {"maybe"}}).status)
	require.Equal(t, http.StatusSeeOther, b.post(c, "/notices/"+token, url.Values{"answer": {"erased"}, "note": {"done"}}).status)
	after := b.get(c, "/notices/"+token)
	require.Contains(t, after.body, "Thank you")
	require.NotContains(t, after.body, "sam@example.com", "an answered link shows nobody")
	require.Equal(t, http.StatusConflict, b.post(c, "/notices/"+token, url.Values{"answer": {"erased"}}).status)
	require.Equal(t, 404, b.get(c, "/notices/nonsense").status)
}

func TestTheDPOWaivesANotice(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	_, id := b.notice(f)
	dpo := b.signIn(b.keys[models.RoleDPO])
	path := "/staff/requests/" + f.id.String()
	require.Contains(t, b.get(dpo, path).body, "Waive this notice")
	form := url.Values{"kind": {"waive"}, "notice_id": {id.String()}, "reason": {""}}
	require.Equal(t, 400, b.post(dpo, path+"/decisions", form).status)
	form.Set("reason", "The company was dissolved.")
	require.Equal(t, http.StatusSeeOther, b.post(dpo, path+"/decisions", form).status)
	require.NotContains(t, b.get(dpo, path).body, "Waive this notice")
}

func TestTheDPODecidesOnThePage(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, p := b.inReview("sam@example.com")
	dpo := b.signIn(b.keys[models.RoleDPO])
	inbox := b.get(dpo, "/staff")
	require.Contains(t, inbox.body, "/staff/requests/"+f.id.String())
	require.Contains(t, inbox.body, "by 1 March 2027, 23:59 Europe/Berlin, in 28 days")

	path := "/staff/requests/" + f.id.String()
	page := b.get(dpo, path)
	require.Contains(t, page.body, "Reg. 952/2013 Art. 51(1)")
	require.Contains(t, page.body, "31 December 2030")
	require.NotContains(t, page.body, "sam@example.com")
	require.NotContains(t, page.body, "Sam Sample")

	stale := b.post(dpo, path+"/decisions", url.Values{"kind": {"approve"}, "plan_digest": {"0"}, "reason": {"Seen twice."}, "choice-3": {"keep"}})
	require.Equal(t, http.StatusConflict, stale.status)
	require.Contains(t, stale.body, "The plan is not the one that was shown")
	require.Contains(t, stale.body, ">Seen twice.</textarea>", "what was typed is kept")
	require.NotContains(t, stale.body, `value="keep" checked`, "a choice was made for another plan")
	vague := b.post(dpo, path+"/decisions", url.Values{"kind": {"change"}, "plan_digest": {p.Digest()}, "choice-3": {"keep"}})
	require.Equal(t, http.StatusBadRequest, vague.status)
	require.Equal(t, 1, strings.Count(vague.body, `value="keep" checked`), "the choice is kept in the form that was sent, and in no other")
	require.Equal(t, http.StatusSeeOther, b.post(dpo, path+"/decisions", url.Values{"kind": {"approve"}, "plan_digest": {p.Digest()}, "choice-3": {"keep"}}).status)
	after := b.get(dpo, path)
	require.Contains(t, after.body, "chosen by the DPO")
	require.NotContains(t, after.body, "Approve and carry out")
}

func TestLookingAtTheIdentityIsRecordedFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	path := "/staff/requests/" + f.id.String()
	dpo := b.signIn(b.keys[models.RoleDPO])
	require.Contains(t, b.post(dpo, path+"/identity", nil).body, "sam@example.com")
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	last := entries[len(entries)-1]
	require.Equal(t, "subject.viewed", last.Kind)
	require.Equal(t, "dpo", last.Data["role"])
	require.Equal(t, 404, b.post(b.signIn(b.globexK), path+"/identity", nil).status)
	require.Equal(t, 403, b.post(b.signIn(b.keys[models.RoleAuditor]), path+"/identity", nil).status)
}

func TestACustomerSeesItsOwnRequestsOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f := b.verified(models.Erasure, "sam@example.com", models.AwaitingInstruction)
	path := "/staff/requests/" + f.id.String()
	acme, globex := b.signIn(b.keys[models.RoleController]), b.signIn(b.globexK)
	require.Contains(t, b.get(acme, path).body, "Give the instruction")
	require.Equal(t, 404, b.get(globex, path).status)
	require.NotContains(t, b.get(globex, "/staff").body, f.id.String())
	require.Contains(t, b.get(globex, "/staff").body, "No open requests")
	require.Equal(t, 403, b.get(acme, "/staff/operations").status)
	require.Equal(t, 404, b.post(globex, path+"/decisions", url.Values{"kind": {"instruct"}}).status)
	require.Equal(t, http.StatusSeeOther, b.post(acme, path+"/decisions", url.Values{"kind": {"instruct"}}).status)
	after := b.get(acme, path).body
	require.NotContains(t, after, "Give the instruction", "it is given, though the request has not moved yet")
	require.NotContains(t, after, "Decline")
	require.Contains(t, after, "Withdraw the request")
}

func TestSigningInAndOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	c := b.browser()
	require.Equal(t, "/staff/login", b.get(c, "/staff").header.Get("Location"))
	bad := b.post(c, "/staff/login", url.Values{"key": {"habeas_dpo_canary"}})
	require.Equal(t, 401, bad.status)
	require.NotContains(t, bad.body, "canary")
	in := b.post(c, "/staff/login", url.Values{"key": {b.keys[models.RoleDPO]}})
	cookie := in.header.Get("Set-Cookie")
	require.Contains(t, cookie, "HttpOnly")
	require.Contains(t, cookie, "SameSite=Lax")
	require.Equal(t, 200, b.get(c, "/staff").status)
	require.Contains(t, b.post(c, "/staff/logout", nil).header.Get("Clear-Site-Data"), "storage")
	require.Equal(t, http.StatusSeeOther, b.get(c, "/staff").status)
	require.Equal(t, "/staff/operations", b.post(c, "/staff/login", url.Values{"key": {b.keys[models.RoleOperator]}}).header.Get("Location"))
	require.Contains(t, b.get(c, "/staff/operations").body, "ready")
}

func TestOverTLSTheCookieIsBoundToTheHost(t *testing.T) {
	t.Parallel()
	b := setup(t, func(d *api.Deps) { d.BaseURL = "https://privacy.example.com" })
	in := b.post(b.browser(), "/staff/login", url.Values{"key": {b.keys[models.RoleDPO]}})
	require.Regexp(t, `^__Host-habeas_session=[^;]+; Path=/; HttpOnly; Secure; SameSite=Lax$`, in.header.Get("Set-Cookie"))
	require.Contains(t, in.header.Get("Strict-Transport-Security"), "max-age=")
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.signIn(b.keys[models.RoleDPO])
	f, _ := b.inReview("sam@example.com")
	for _, path := range []string{"/requests", "/staff/requests/" + f.id.String() + "/decisions", "/staff/logout"} {
		a := b.post(dpo, path, url.Values{"kind": {"refuse"}, "reason": {"x"}}, "Sec-Fetch-Site", "cross-site")
		require.Equal(t, 403, a.status, path)
		require.Equal(t, "This form was sent from another site", title(t, a))
	}
	require.Equal(t, http.StatusSeeOther, b.post(dpo, "/staff/logout", nil, "Sec-Fetch-Site", "same-origin").status)
}

func TestThePortalAnswersAlikeForKnownAndUnknownAddresses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.verified(models.Access, "known@example.com", models.AwaitingInstruction)
	reference := regexp.MustCompile(`[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}|/(?:status|requests/sent)/[A-Za-z0-9_-]+`)
	see := func(email string) (sent, status string) {
		c := b.browser()
		a := b.post(c, "/requests", url.Values{"right": {"access"}, "controller": {"acme"}, "email": {email}})
		require.Equal(t, http.StatusSeeOther, a.status)
		location := a.header.Get("Location")
		sent = b.get(c, location).body
		status = b.get(c, strings.Replace(location, "/requests/sent/", "/status/", 1)).body
		return reference.ReplaceAllString(sent, "X"), reference.ReplaceAllString(status, "X")
	}
	sent, status := see("known@example.com")
	sent2, status2 := see("never@example.com")
	require.Equal(t, sent, sent2)
	require.Equal(t, status, status2)
}
