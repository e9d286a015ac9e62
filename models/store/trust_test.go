package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"habeas/models"
	"habeas/models/store"
	"habeas/models/trust"
)

func agreement(version string) trust.Entry {
	return trust.Entry{Kind: trust.Document, Actor: officer, Facts: trust.Facts{Title: "Agreement", Version: version}}
}

func pdf(words string) *store.TrustUpload {
	return &store.TrustUpload{Name: "agreement.pdf", Content: []byte("%PDF-1.7\n" + words + "\n%%EOF\n")}
}

func (b *bundle) keepsTrust(e trust.Entry, seen int64, upload *store.TrustUpload) trust.Entry {
	b.t.Helper()
	e, err := b.KeepTrust(b.t.Context(), e, seen, upload)
	require.NoError(b.t, err)
	return e
}

func TestAFileIsForThePublicOnceItIsPublishedAndAsLongAsItsItemIsShown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.keepsTrust(agreement("1"), 0, pdf("one"))
	_, _, err := b.PublicTrustFile(t.Context(), first.File.ID)
	requireCode(t, "not_found", err)
	requireCode(t, "trust_changed", b.PublishTrust(t.Context(), 0, officer))
	require.NoError(t, b.PublishTrust(t.Context(), first.No, officer))
	requireCode(t, "nothing_to_publish", b.PublishTrust(t.Context(), first.No, officer))
	file, content, err := b.PublicTrustFile(t.Context(), first.File.ID)
	require.NoError(t, err)
	require.Equal(t, []any{"agreement.pdf", trust.MediaPDF, string(pdf("one").Content)}, []any{file.Name, file.Media, string(content)})

	second := agreement("2")
	second.Item = first.Item
	_, err = b.KeepTrust(t.Context(), second, 0, pdf("two"))
	requireCode(t, "trust_changed", err)
	second = b.keepsTrust(second, first.No, pdf("two"))
	_, _, err = b.PublicTrustFile(t.Context(), second.File.ID)
	requireCode(t, "not_found", err)
	require.NoError(t, b.PublishTrust(t.Context(), second.No, officer))
	for _, id := range []models.ID{first.File.ID, second.File.ID} {
		_, _, err = b.PublicTrustFile(t.Context(), id)
		require.NoError(t, err, "former versions too")
	}
	titled := second
	titled.Facts.Title = "Contract"
	titled = b.keepsTrust(titled, second.No, nil)
	require.Equal(t, second.File, titled.File, "without another one the file stays")
	linked := titled
	linked.Facts.Link = "https://a.example/contract"
	linked.File = trust.File{}
	linked = b.keepsTrust(linked, titled.No, nil)
	require.Empty(t, linked.File)

	gone := b.keepsTrust(trust.Entry{Item: first.Item, Actor: officer, Removed: true}, linked.No, nil)
	_, err = b.KeepTrust(t.Context(), trust.Entry{Item: first.Item, Actor: officer}, gone.No, nil)
	requireCode(t, "not_found", err)
	require.NoError(t, b.PublishTrust(t.Context(), gone.No, officer))
	_, _, err = b.PublicTrustFile(t.Context(), first.File.ID)
	requireCode(t, "not_found", err)
	_, _, err = b.TrustFile(t.Context(), first.File.ID)
	require.NoError(t, err, "for those who write it the history stays")
	for _, table := range []string{"trust_entries", "trust_releases"} {
		require.ErrorContains(t, b.try("DELETE FROM "+table), "append-only")
	}
	require.ErrorContains(t, b.try("UPDATE trust_files SET content = ''"), "append-only")
	require.Equal(t, 5, b.count("SELECT count(*) FROM ledger_entries WHERE kind = 'trust.changed'"))
	require.Equal(t, 3, b.count("SELECT count(*) FROM ledger_entries WHERE kind = 'trust.published'"))
	require.Zero(t, b.count("SELECT count(*) FROM ledger_entries WHERE convert_from(body, 'UTF8') ~ 'Agreement|agreement|Contract'"))
}

func TestWhatIsRefusedLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for code, upload := range map[string]*store.TrustUpload{
		"bad_file_type": {Name: "x.html", Content: []byte("<html>")}, "file_too_large": {Name: "x.txt", Content: make([]byte, trust.MaxFile+1)}, "file_empty": {Name: "x"}, "bad_trust": nil,
	} {
		_, err := b.KeepTrust(t.Context(), agreement("1"), 0, upload)
		requireCode(t, code, err)
	}
	untitled := agreement("1")
	untitled.Facts.Title = ""
	_, err := b.KeepTrust(t.Context(), untitled, 0, pdf("x"))
	requireCode(t, "bad_trust", err)
	stranger := agreement("1")
	stranger.Item = models.ID{7}
	_, err = b.KeepTrust(t.Context(), stranger, 0, pdf("x"))
	requireCode(t, "not_found", err)
	require.Zero(t, b.count("SELECT (SELECT count(*) FROM trust_files) + (SELECT count(*) FROM trust_entries)"))
}

func TestOfThoseWhoWriteTheTextOfThePageAtOnceOneIsFirst(t *testing.T) {
	t.Parallel()
	b := setup(t)
	errs := make([]error, 6)
	var group errgroup.Group
	for i := range errs {
		group.Go(func() error {
			_, errs[i] = b.KeepTrust(t.Context(), trust.Entry{Kind: trust.Page, Actor: officer, Facts: trust.Facts{Intro: "Welcome."}}, 0, nil)
			return nil
		})
	}
	require.NoError(t, group.Wait())
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		requireCode(t, "trust_changed", err)
	}
	require.Equal(t, 1, made)
	content, err := b.TrustContent(t.Context())
	require.NoError(t, err)
	require.Equal(t, trust.PageItem, content.Entries[0].Item)
}
