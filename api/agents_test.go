package api_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

var signedMandate = []byte("%PDF-1.7\nI authorise Robin Counsel.\n%%EOF\n")

// askForAnother sends the form of an agent as a browser does; changes replace what it says.
func (b *bundle) askForAnother(name string, proof []byte, changes ...string) answer {
	b.t.Helper()
	fields := map[string]string{
		"right": "access", "controller": "acme", "name": "Sam Sample", "email": "sam@example.com",
		"agent_name": "Robin Counsel", "agent_email": "robin@example.net", "agent_basis": "mandate",
	}
	for i := 0; i+1 < len(changes); i += 2 {
		fields[changes[i]] = changes[i+1]
	}
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for field, value := range fields {
		require.NoError(b.t, w.WriteField(field, value))
	}
	part, err := w.CreateFormFile("proof", name)
	require.NoError(b.t, err)
	_, err = part.Write(proof)
	require.NoError(b.t, err)
	require.NoError(b.t, w.Close())
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+"/requests/agent", &body)
	require.NoError(b.t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(b.browser(), r)
}

// represented is a request that an agent has made, with the agent.
func (b *bundle) represented() (filed, store.Agent) {
	b.t.Helper()
	sent := b.askForAnother("mandate.pdf", signedMandate)
	require.Equal(b.t, http.StatusSeeOther, sent.status, sent.body)
	token := strings.TrimPrefix(sent.header.Get("Location"), "/requests/sent/")
	st, err := b.StatusByToken(b.t.Context(), token)
	require.NoError(b.t, err)
	agents, err := b.Agents(b.t.Context(), models.ScopeOperator(), st.RequestID)
	require.NoError(b.t, err)
	require.Len(b.t, agents, 1)
	return filed{st.RequestID, token}, agents[0]
}

func TestTheFormOfAnAgentIsCheckedAndKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	form := b.get(b.browser(), "/requests/new?right=access&controller=acme&for=other").body
	require.Contains(t, form, `enctype="multipart/form-data"`)
	require.Contains(t, b.get(b.browser(), "/requests/new?right=access&controller=acme").body, `href="/requests/new?controller=acme&amp;for=other&amp;right=access"`)

	page := []byte("<!doctype html><script>alert(1)</script>")
	large := append(append([]byte("%PDF-1.7\n"), make([]byte, request.MaxProof)...), "%%EOF"...)
	for name, one := range map[string]struct {
		proof   []byte
		field   string
		words   string
		changes []string
	}{
		"too large":    {large, "proof", "Add a file of at most 5 MB", nil},
		"wrong type":   {[]byte("PK\x03\x04 a document"), "proof", "Add the proof as PDF, PNG or JPEG", nil},
		"a page":       {page, "proof", "Add the proof as PDF, PNG or JPEG", nil},
		"none":         {nil, "proof", "Add the proof of your authority", nil},
		"same address": {signedMandate, "agent_email", "it must not be the person’s", []string{"agent_email", "SAM@example.com"}},
		"no address":   {signedMandate, "agent_email", "Enter your e-mail address in the form", []string{"agent_email", "robin"}},
		"no name":      {signedMandate, "agent_name", "Enter your full name", []string{"agent_name", " "}},
		"no basis":     {signedMandate, "agent_basis", "Choose why you may act", []string{"agent_basis", "friend"}},
		"no person":    {signedMandate, "email", "Enter", []string{"email", ""}},
	} {
		got := b.askForAnother("mandate.pdf", one.proof, one.changes...)
		require.Equal(t, http.StatusBadRequest, got.status, name)
		require.Contains(t, got.body, `href="#`+one.field+`"`, name)
		require.Contains(t, got.body, one.words, name)
		require.Contains(t, got.body, `value="Sam Sample"`, name)
	}
	huge := b.askForAnother("mandate.pdf", append(large, make([]byte, 2*request.MaxProof)...))
	require.Equal(t, http.StatusRequestEntityTooLarge, huge.status)
	trap := b.askForAnother("mandate.pdf", signedMandate, "website", "http://spam.example")
	require.Equal(t, http.StatusBadRequest, trap.status)
	rows, _, err := b.Requests(t.Context(), models.ScopeOperator(), store.Filter{}, "", 10)
	require.NoError(t, err)
	require.Empty(t, rows)
}

func TestAProofMayBeAPicture(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var asPNG, asJPEG bytes.Buffer
	picture := image.NewGray(image.Rect(0, 0, 8, 8))
	require.NoError(t, png.Encode(&asPNG, picture))
	require.NoError(t, jpeg.Encode(&asJPEG, picture, nil))
	for address, content := range map[string][]byte{"a@example.com": asPNG.Bytes(), "b@example.com": asJPEG.Bytes()} {
		got := b.askForAnother("whatever.exe", content, "email", address)
		require.Equal(t, http.StatusSeeOther, got.status, got.body)
	}
}

func TestThePersonAgreesToAnAgentOrObjects(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.represented()
	c := b.browser()
	require.Equal(t, "We have asked the person", title(t, b.get(c, "/requests/sent/"+f.token)))
	require.Contains(t, b.get(c, "/status/"+f.token).body, "asked whether you may act for them")
	require.NotContains(t, b.get(c, "/status/"+f.token).body, "/verify", "no code is asked of the agent")

	link := "/verify/" + b.issue(f).Token
	ask := b.get(c, link)
	require.Equal(t, "Do you agree to this request?", title(t, ask))
	require.Contains(t, ask.body, "Robin Counsel")
	require.NotContains(t, ask.body, f.token)
	done := b.post(c, link, nil)
	require.Equal(t, http.StatusSeeOther, done.status)
	require.NotContains(t, done.header.Get("Location"), f.token)
	agent := b.get(c, "/status/"+f.token).body
	require.Contains(t, agent, "The answer goes to the person alone.")
	require.NotContains(t, agent, "/withdraw")

	b.clock(60e9)
	sent := b.askForAnother("mandate.pdf", signedMandate, "email", "kim@example.com")
	token := strings.TrimPrefix(sent.header.Get("Location"), "/requests/sent/")
	st, err := b.StatusByToken(t.Context(), token)
	require.NoError(t, err)
	link = "/verify/" + b.issue(filed{st.RequestID, token}).Token
	require.Equal(t, link, b.post(c, link+"/object", nil).header.Get("Location"))
	require.Equal(t, "You have objected", title(t, b.get(c, link)))
	require.Contains(t, b.get(c, "/status/"+token).body, "asked whether you may act for them", "the agent is not told who objected")
}

func TestOnlyCaseworkFetchesAProofAndOnlyTheDPODecides(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, agent := b.represented()
	path := "/staff/requests/" + f.id.String() + "/agents/" + agent.SubmissionID.String()
	for _, key := range []string{b.keys[models.RoleController], b.globexK, b.keys[models.RoleAuditor], b.keys[models.RoleOperator]} {
		b.clock(60e9)
		who := b.signIn(key)
		require.Equal(t, http.StatusForbidden, b.post(who, path+"/proof", nil).status)
		require.Equal(t, http.StatusForbidden, b.post(who, path, nil).status)
	}
	b.clock(60e9)
	handler, dpo := b.signIn(b.keys[models.RoleHandler]), b.signIn(b.keys[models.RoleDPO])
	shown := b.get(handler, "/staff/requests/"+f.id.String()).body
	require.Contains(t, shown, path+"/proof")
	require.NotContains(t, shown, "Robin Counsel", "names are shown with the identity only")
	require.NotContains(t, shown, `value="accept"`)
	require.Contains(t, b.post(dpo, "/staff/requests/"+f.id.String()+"/identity", nil).body, "Robin Counsel")

	got := b.post(handler, path+"/proof", nil)
	require.Equal(t, string(signedMandate), got.body)
	require.Equal(t, "application/octet-stream", got.header.Get("Content-Type"))
	require.Regexp(t, `^attachment; filename=proof-[0-9a-f]{8}\.pdf$`, got.header.Get("Content-Disposition"))
	require.Contains(t, got.header.Get("Content-Security-Policy"), "sandbox")
	entries, err := b.Ledger(t.Context(), models.ScopeOperator(), f.id)
	require.NoError(t, err)
	require.Equal(t, "agent.proof_viewed", entries[len(entries)-1].Kind)

	require.Equal(t, http.StatusBadRequest, b.post(dpo, path, map[string][]string{"authority": {"accept"}}).status, "a reason is needed")
	accepted := b.post(dpo, path, map[string][]string{"authority": {"accept"}, "reason": {"It is signed."}})
	require.Equal(t, http.StatusSeeOther, accepted.status, accepted.body)
	require.Contains(t, b.get(dpo, "/staff/requests/"+f.id.String()).body, "Proof accepted")
	require.Equal(t, http.StatusConflict, b.post(dpo, path, map[string][]string{"authority": {"refuse"}, "reason": {"No."}}).status)
	require.NotContains(t, b.log.String(), "Robin")

	b.advance(f, models.Verifying)
	require.NoError(t, b.Advance(t.Context(), f.id, models.Closed, models.Withdrawn))
	require.NoError(t, b.DestroyKey(t.Context(), f.id))
	gone := b.post(dpo, path+"/proof", nil)
	require.NotEqual(t, http.StatusOK, gone.status)
	require.NotContains(t, gone.body, "authorise")
	require.NotContains(t, b.get(dpo, "/staff/requests/"+f.id.String()).body, path+"/proof")
}
