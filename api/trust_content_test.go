package api_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/trust"
)

// sendItem sends a form with a file, if a name is given.
func (b *bundle) sendItem(t *testing.T, c *http.Client, path string, fields map[string]string, name string, content []byte) answer {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for field, value := range fields {
		require.NoError(t, w.WriteField(field, value))
	}
	if name != "" {
		part, err := w.CreateFormFile("file", name)
		require.NoError(t, err)
		_, err = part.Write(content)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, &body)
	require.NoError(t, err)
	r.Header.Set("Content-Type", w.FormDataContentType())
	return b.do(c, r)
}

var pdf = []byte("%PDF-1.7\nx\n%%EOF\n")

var fileLink = regexp.MustCompile(`/trust/files/[0-9a-f-]{36}`)

// publish makes all public that was written.
func (b *bundle) publish(t *testing.T, dpo *http.Client) {
	t.Helper()
	content, err := b.TrustContent(t.Context())
	require.NoError(t, err)
	in(t, b.post(dpo, "/staff/trust/publish", url.Values{"seen": {strconv.FormatInt(content.Latest(), 10)}}))
}

func TestTheDPOWritesThePublicPageAndNobodySeesItBeforeItIsPublished(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.signIn(b.keys[models.RoleDPO])
	for _, fields := range []map[string]string{
		{"kind": "page", "intro": "Hello " + nasty, "contact": "Desk at northwind"},
		{"kind": "certificate", "title": "ISO 27001", "issuer": "Certifier", "valid_until": "2027-01-31", "link": "https://certifier.example/1"},
		{"kind": "location", "country": "FI", "region": "Helsinki", "provider": "Cloud", "what": "Backups"},
	} {
		require.Equal(t, "/staff/trust", in(t, b.sendItem(t, dpo, "/staff/trust/items", fields, "", nil)))
	}
	in(t, b.sendItem(t, dpo, "/staff/trust/items", map[string]string{"kind": "document", "title": "Agreement", "version": "1.0", "dated": "2027-01-05"}, `../../etc/agree"ment.pdf`, pdf))
	page := b.get(dpo, "/staff/trust").body
	require.Contains(t, page, "4 changes are not public yet")
	require.NotContains(t, page, "<script")
	public := b.get(b.client, "/trust").body
	draft := b.get(dpo, "/staff/trust/preview").body
	wanted := []string{"Hello &lt;script", "Desk at northwind", "ISO 27001", "expired", "Finland, Helsinki", "Backups", "Agreement", "Version 1.0", "5 January 2027", "https://certifier.example/1"}
	for _, words := range wanted {
		require.NotContains(t, public, words)
		require.Contains(t, draft, words)
	}
	file := fileLink.FindString(draft)
	require.Equal(t, http.StatusNotFound, b.get(b.client, file).status)

	b.publish(t, dpo)
	public = b.get(b.client, "/trust").body
	for _, words := range wanted {
		require.Contains(t, public, words)
	}
	require.NotContains(t, public, "<script")
	got := b.get(b.client, file)
	require.Equal(t, []any{http.StatusOK, string(pdf)}, []any{got.status, got.body})
	for header, value := range map[string]string{
		"Content-Type": "application/pdf", "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
		"Content-Disposition": `attachment; filename="agree\"ment.pdf"`,
	} {
		require.Equal(t, value, got.header.Get(header))
	}

	b.clock(time.Minute)
	for _, key := range []string{b.keys[models.RoleController], b.globexK} {
		customer := b.signIn(key)
		page := b.get(customer, "/staff/trust")
		require.Equal(t, http.StatusOK, page.status)
		require.Contains(t, page.body, "Agreement")
		require.NotContains(t, page.body, "/staff/trust/items", "it reads, and does not write")
	}
}

func TestADocumentKeepsItsFormerVersionsForDownload(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.signIn(b.keys[models.RoleDPO])
	in(t, b.sendItem(t, dpo, "/staff/trust/items", map[string]string{"kind": "document", "title": "Notice", "version": "1"}, "a.txt", []byte("the <b>first</b> text")))
	b.publish(t, dpo)
	content, err := b.TrustContent(t.Context())
	require.NoError(t, err)
	item := "/staff/trust/items/" + content.Entries[0].Item.String()
	edit := b.get(dpo, item+"/edit")
	require.Contains(t, edit.body, `name="seen" value="1"`)
	stale := b.sendItem(t, dpo, item, map[string]string{"title": "Notice", "version": "2", "seen": "0"}, "b.txt", []byte("second"))
	require.Equal(t, http.StatusConflict, stale.status)
	require.Contains(t, stale.body, "Somebody has changed this")
	in(t, b.sendItem(t, dpo, item, map[string]string{"title": "Notice", "version": "2", "seen": "1"}, "b.txt", []byte("second")))
	require.Contains(t, b.get(dpo, item).body, "not public")
	require.Len(t, fileLink.FindAllString(b.get(b.client, "/trust").body, -1), 1)
	require.Equal(t, http.StatusConflict, b.post(dpo, "/staff/trust/publish", url.Values{"seen": {"1"}}).status, "it was not looked at")
	b.publish(t, dpo)
	public := b.get(b.client, "/trust").body
	require.Contains(t, public, "1 former version")
	var texts []string
	for _, path := range fileLink.FindAllString(public, -1) {
		got := b.get(b.client, path)
		require.Equal(t, "text/plain; charset=utf-8", got.header.Get("Content-Type"))
		require.Contains(t, got.header.Get("Content-Disposition"), "attachment")
		texts = append(texts, got.body)
	}
	require.Equal(t, []string{"second", "the <b>first</b> text"}, texts)

	require.Equal(t, http.StatusConflict, b.post(dpo, item+"/remove", url.Values{"seen": {"1"}}).status)
	in(t, b.post(dpo, item+"/remove", url.Values{"seen": {"2"}}))
	require.Contains(t, b.get(b.client, "/trust").body, "Notice", "not yet")
	b.publish(t, dpo)
	require.NotContains(t, b.get(b.client, "/trust").body, "Notice")
	require.Equal(t, http.StatusNotFound, b.get(b.client, fileLink.FindString(public)).status)
	require.Equal(t, http.StatusNotFound, b.get(dpo, item+"/edit").status)
	require.Contains(t, b.get(dpo, item).body, "removed", "the history stays")
}

func TestAFileOfAnotherKindOrSizeIsRefusedWithWhatWasTyped(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.signIn(b.keys[models.RoleDPO])
	fields := map[string]string{"kind": "document", "title": "Kept as typed"}
	for name, c := range map[string]struct {
		content []byte
		status  int
		words   string
	}{
		"page.html": {[]byte("<!doctype html><script>alert(1)</script>"), http.StatusBadRequest, "Only a PDF or a plain text"},
		"a.pdf":     {[]byte("\x89PNG\r\n\x1a\n"), http.StatusBadRequest, "Only a PDF or a plain text"},
		"empty.txt": {nil, http.StatusBadRequest, "not empty"},
		"much.txt":  {bytes.Repeat([]byte("a"), trust.MaxFile+1), http.StatusBadRequest, "5 MB"},
		"more.txt":  {bytes.Repeat([]byte("a"), 10<<20), http.StatusRequestEntityTooLarge, ""},
	} {
		a := b.sendItem(t, dpo, "/staff/trust/items", fields, name, c.content)
		require.Equal(t, c.status, a.status, name)
		require.Contains(t, a.body, c.words, name)
		if c.status == http.StatusBadRequest {
			require.Contains(t, a.body, "Kept as typed", name)
		}
	}
	require.Contains(t, b.sendItem(t, dpo, "/staff/trust/items", fields, "", nil).body, "Choose a file, or give a link.")
	fields["link"] = "javascript:alert(1)"
	require.Equal(t, http.StatusBadRequest, b.sendItem(t, dpo, "/staff/trust/items", fields, "", nil).status)
	require.Equal(t, http.StatusBadRequest, b.sendItem(t, dpo, "/staff/trust/items", map[string]string{"kind": "poem"}, "", nil).status)
	require.Equal(t, http.StatusBadRequest, b.sendItem(t, dpo, "/staff/trust/items", map[string]string{"kind": "certificate", "title": "x", "issuer": "y", "valid_until": "2027-02-30"}, "", nil).status)
	require.Equal(t, http.StatusNotFound, b.get(dpo, "/staff/trust/new?kind=poem").status)
	content, err := b.TrustContent(t.Context())
	require.NoError(t, err)
	require.Empty(t, content.Entries)
}

func TestNobodyElseWritesThePublicPageOrSeesWhatIsNotPublic(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := b.signIn(b.keys[models.RoleDPO])
	in(t, b.sendItem(t, dpo, "/staff/trust/items", map[string]string{"kind": "document", "title": "Secret plan"}, "a.pdf", pdf))
	content, err := b.TrustContent(t.Context())
	require.NoError(t, err)
	entry := content.Entries[0]
	file, item := "/staff/trust/files/"+entry.File.ID.String(), "/staff/trust/items/"+entry.Item.String()
	keys := map[string]string{"other": b.globexK}
	for role, key := range b.keys {
		keys[string(role)] = key
	}
	delete(keys, "dpo")
	for who, key := range keys {
		b.clock(time.Minute)
		c := b.signIn(key)
		for _, path := range []string{"/staff/trust/items", item} {
			require.Equal(t, http.StatusForbidden, b.sendItem(t, c, path, map[string]string{"kind": "document", "title": "x", "seen": "1"}, "a.pdf", pdf).status, who)
		}
		for _, path := range []string{item + "/remove", "/staff/trust/publish"} {
			require.Equal(t, http.StatusForbidden, b.post(c, path, url.Values{"seen": {"1"}}).status, who)
		}
		staff := who == "case_handler" || who == "auditor"
		for _, path := range []string{file, item, "/staff/trust/preview"} {
			require.Equal(t, staff, b.get(c, path).status == http.StatusOK, "%s by %s", path, who)
		}
		require.Equal(t, staff, strings.Contains(b.get(c, "/staff/trust").body, "Secret plan"), who)
	}
	require.NotContains(t, b.get(b.client, "/trust").body, "Secret plan")
	require.Equal(t, http.StatusNotFound, b.get(b.client, "/trust/files/"+entry.File.ID.String()).status)
}
