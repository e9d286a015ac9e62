package trust_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/trust"
)

var (
	at  = time.Date(2026, time.March, 2, 23, 30, 0, 0, time.UTC)
	dpa = models.ID{1}
)

func document(no int64, version string, file byte) trust.Entry {
	return trust.Entry{No: no, Item: dpa, Kind: trust.Document, Facts: trust.Facts{Title: "Contract", Version: version}, File: trust.File{ID: models.ID{file}}}
}

func release(no int, upTo int64) trust.Release {
	return trust.Release{No: no, UpTo: upTo, At: at.Add(time.Duration(no) * time.Hour)}
}

func labels(items []trust.Item) (out []string) {
	for _, i := range items {
		for _, v := range i.Versions {
			out = append(out, v.Facts.Title+" "+v.Facts.Version)
		}
	}
	return out
}

func TestOnlyWhatWasPublishedIsPublicAndItsVersionsStay(t *testing.T) {
	t.Parallel()
	c := trust.Content{Entries: []trust.Entry{document(1, "1", 1)}}
	require.Empty(t, c.Public())
	require.Equal(t, []string{"Contract 1"}, labels(c.Preview(at)))
	require.Len(t, c.Pending(), 1)
	c.Releases = append(c.Releases, release(1, 1))
	c.Entries = append(c.Entries, document(2, "2-wrong", 2), document(3, "2", 3))
	require.Equal(t, []string{"Contract 1"}, labels(c.Public()))
	require.Len(t, c.Pending(), 2)
	c.Releases = append(c.Releases, release(2, 3))
	require.Equal(t, []string{"Contract 2", "Contract 1"}, labels(c.Public()), "what was put right before was never public")
	require.Equal(t, []trust.File{{ID: models.ID{3}}, {ID: models.ID{1}}}, trust.Files(c.Public()))

	renamed := document(4, "2", 3)
	renamed.Facts.Title = "Agreement"
	c.Entries, c.Releases = append(c.Entries, renamed), append(c.Releases, release(3, 4))
	require.Equal(t, []string{"Agreement 2", "Contract 1"}, labels(c.Public()), "the same document under another title is no version")
	require.Equal(t, c.Releases[1].At, c.Public()[0].Versions[0].PublishedAt)

	gone := document(5, "2", 3)
	gone.Removed = true
	c.Entries = append(c.Entries, gone)
	require.Len(t, c.Public(), 1)
	require.Empty(t, c.Preview(at))
	c.Releases = append(c.Releases, release(4, 5))
	require.Empty(t, c.Public())
	require.Empty(t, trust.Files(c.Public()), "its files are nobody's any more")
	require.EqualValues(t, 5, c.Latest())
}

func TestItemsComeByKindAndThenInTheirOrder(t *testing.T) {
	t.Parallel()
	c := trust.Content{Releases: []trust.Release{release(1, 4)}}
	for i, kind := range []trust.Kind{trust.Location, trust.Document, trust.Page, trust.Document} {
		c.Entries = append(c.Entries, trust.Entry{No: int64(i + 1), Item: models.ID{byte(10 + i)}, Kind: kind})
	}
	var got []byte
	for _, i := range c.Public() {
		got = append(got, i.ID[0])
	}
	require.Equal(t, []byte{12, 11, 13, 10}, got)
}

func TestAVersionHasItsOwnDayOrThatOfItsPublication(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("Europe/Brussels")
	require.NoError(t, err)
	v := trust.Version{PublishedAt: at}
	require.Equal(t, "2026-03-03", v.On(zone).String())
	v.Facts.Dated = calendar.Date{Year: 2026, Month: 1, Day: 1}
	require.Equal(t, "2026-01-01", v.On(zone).String())
}

func TestAnItemSaysWhatItsKindNeeds(t *testing.T) {
	t.Parallel()
	file := trust.File{ID: models.ID{1}}
	for field, e := range map[string]trust.Entry{
		"/title":    {Kind: trust.Document, File: file},
		"/file":     {Kind: trust.Document, Facts: trust.Facts{Title: "x"}},
		"/link":     {Kind: trust.Document, Facts: trust.Facts{Title: "x", Link: "javascript:alert(1)"}},
		"/issuer":   {Kind: trust.Certificate, Facts: trust.Facts{Title: "x"}},
		"/country":  {Kind: trust.Location, Facts: trust.Facts{What: "x"}},
		"/region":   {Kind: trust.Location, Facts: trust.Facts{Country: "DE", What: "x", Region: "a\nb"}},
		"/intro":    {Kind: trust.Page, Facts: trust.Facts{Intro: strings.Repeat("x", 8001)}},
		"/kind":     {Kind: "poem"},
		"/provider": {Kind: trust.Location, Facts: trust.Facts{Country: "DE", What: "x", Provider: strings.Repeat("é", 301)}},
	} {
		err := e.Check()
		require.Equal(t, "bad_trust", models.CodeOf(err), field)
		require.Equal(t, field, err.(*models.Error).Field) //nolint:errorlint,forcetypeassert // it is made here
	}
	for _, link := range []string{"http://a.example", "https://", "https://user:pw@a.example", "https://a.example/\"x", "data:text/html,x"} {
		require.Error(t, trust.Entry{Kind: trust.Document, Facts: trust.Facts{Title: "x", Link: link}}.Check(), link)
	}
	both := trust.Entry{Kind: trust.Certificate, File: file, Facts: trust.Facts{Title: "x", Issuer: "y", Link: "https://a.example"}}
	require.Error(t, both.Check())
	both.File = trust.File{}
	require.NoError(t, both.Check())
	require.NoError(t, trust.Entry{Kind: trust.Document, Removed: true}.Check())
	other := trust.Entry{Kind: trust.Location, File: file, Facts: trust.Facts{Country: "DE", What: "x", Title: "not its"}}.OfItsKind()
	require.Equal(t, trust.Entry{Kind: trust.Location, Facts: trust.Facts{Country: "DE", What: "x"}}, other)
}

func TestAFileIsAPDFOrPlainText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"%PDF-1.7\nx\n%%EOF\n": trust.MediaPDF, "Grüße\r\n\tan alle < 3\n": trust.MediaText, "# Policy\n": trust.MediaText,
	} {
		media, err := trust.Media([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, media)
	}
	for text, code := range map[string]string{
		"": "file_empty", strings.Repeat("x", trust.MaxFile+1): "file_too_large", "<script>alert(1)</script>": "bad_file_type", "\ufeff \n<!doctype html>": "bad_file_type",
		"%PDF-1.7 cut": "bad_file_type", "\x89PNG\r\n\x1a\n": "bad_file_type", "a\x00b": "bad_file_type", "PK\x03\x04": "bad_file_type", "\xff\xfe": "bad_file_type", "a\x1b[2J": "bad_file_type",
	} {
		_, err := trust.Media([]byte(text))
		require.Equal(t, code, models.CodeOf(err), "%.20q", text)
	}
}
