package templates_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"habeas/models"
	"habeas/templates"
)

func TestTheBrowsersLanguageIsTheOneThatFitsBest(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "en", "xx": "en", "ja;q=0.9, en;q=0.1": "en", "de-AT,de;q=0.9,en;q=0.8": "de", "de-CH": "de", "fr-CA": "fr", "es-419,en;q=0.5": "es",
		"it-IT": "it", "nl-BE,fr;q=0.7": "nl", "pl": "pl", "ja, pl;q=0.4, de;q=0.3": "pl", "en-US,de;q=0.9": "en", ";;;": "en",
	} {
		require.Equal(t, want, templates.Match(header), header)
	}
	require.Equal(t, "pl", templates.Match("pl", "de"), "the first preference wins")
}

// words are the texts of a language in the files of one part.
func words(t *testing.T, file string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err, "the language lacks a file")
	out := map[string]string{}
	require.NoError(t, json.Unmarshal(raw, &out), file)
	return out
}

// parts are the files of words to persons, %s being the language.
var parts = []string{
	"pages/words.%s.portal.json", "pages/words.%s.dates.json", "pages/words.%s.law.json", "pages/words.%s.data.json", "mail/words.%s.json", "report/words.%s.json",
}

func partOf(part, lang string) string { return strings.Replace(part, "%s", lang, 1) }

var (
	countedKey = regexp.MustCompile(`\.(zero|one|two|few|many|other)$`)
	place      = regexp.MustCompile(`\{\d\}`)
)

// plurals are the forms that whole numbers take in a language.
func plurals(lang string) map[string]bool {
	names := map[plural.Form]string{plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other"}
	out := map[string]bool{}
	for n := range 2_000_001 {
		if n < 1000 || n%100_000 == 0 {
			out[names[plural.Cardinal.MatchPlural(language.MustParse(lang), n, 0, 0, 0, 0)]] = true
		}
	}
	return out
}

func TestEveryLanguageHasEveryWordToPersons(t *testing.T) {
	t.Parallel()
	for _, part := range parts {
		english := words(t, partOf(part, "en"))
		for _, l := range templates.Languages() {
			own, forms := words(t, partOf(part, l.Tag)), plurals(l.Tag)
			want := map[string]string{} // a key and the English text that it stands for
			for key, text := range english {
				stem := countedKey.ReplaceAllString(key, "")
				if stem == key {
					want[key] = text
					continue
				}
				for form := range forms {
					want[stem+"."+form] = text
				}
			}
			delete(own, "date.first") // some languages write the first of a month in another way
			require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(own)), "%s in %s", part, l.Tag)
			for key, text := range own {
				require.Equal(t, places(want[key]), places(text), "%s in %s", key, l.Tag)
				require.Equal(t, strings.TrimSpace(text), text, "%s in %s", key, l.Tag)
				require.NotContains(t, text, "'", "%s in %s: write ’", key, l.Tag)
				require.NotRegexp(t, ` [;:!?»]|« `, text, "%s in %s: write a narrow no-break space", key, l.Tag)
			}
		}
	}
}

func places(text string) []string {
	return slices.Compact(slices.Sorted(slices.Values(place.FindAllString(text, -1))))
}

// alike are texts that are the same in English and in another language.
var alike = regexp.MustCompile(`^(Habeas|Test:|Name|Code|Export|profiling|Profiling|GDPR|UTC|direct marketing|Direct marketing|Download|\(optional\)|Error:|April|August|September|` +
	`November|Website:?|Source|Records|Record \{0\}|Art\. \{0\} \{1\}|\{0\} file: \{1\}|\{\d\} (MB|kB|bytes?|record|records)|[^\pL]*|[^\pL]*\{\d\}[^\pL]*)$`)

func TestNoEnglishIsLeftInOtherLanguages(t *testing.T) {
	t.Parallel()
	for _, part := range parts {
		english := words(t, partOf(part, "en"))
		for _, l := range templates.Languages()[1:] {
			for key, text := range words(t, partOf(part, l.Tag)) {
				if len(strings.Fields(english[key])) > 1 || !alike.MatchString(text) {
					if alike.MatchString(text) || strings.HasPrefix(key, "month.") {
						continue
					}
					require.NotEqual(t, english[key], text, "%s in %s", key, l.Tag)
				}
				if l.Tag != "it" && !strings.HasSuffix(key, ".uk") {
					require.NotContains(t, text, "GDPR", "%s in %s: the law has a name of its own", key, l.Tag)
				}
			}
		}
	}
}

// sentences are the texts of four words and more, up to their first argument.
func sentences(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, part := range parts {
		for _, text := range words(t, partOf(part, "en")) {
			begin, _, _ := strings.Cut(text, "{")
			if len(strings.Fields(begin)) >= 4 {
				out = append(out, strings.TrimSpace(begin))
			}
		}
	}
	return out
}

// toPerson are the examples of mails that go to persons.
func toPerson(t *testing.T) map[string]mail {
	t.Helper()
	names, err := filepath.Glob("mail/person/*.html")
	require.NoError(t, err)
	require.Len(t, names, 15)
	out := map[string]mail{}
	for name, m := range mails() {
		for _, file := range names {
			kind := strings.TrimSuffix(filepath.Base(file), ".html")
			if (name == kind || strings.HasPrefix(name, kind+"_")) && !strings.HasPrefix(name, "notice") {
				out[name] = m
			}
		}
	}
	return out
}

// in is a mail in another language.
func in(m mail, lang string) mail {
	v := reflect.New(reflect.TypeOf(m)).Elem()
	v.Set(reflect.ValueOf(m))
	v.FieldByName("Language").SetString(lang)
	return v.Interface().(mail)
}

func TestMailsToPersonsLookAsAgreedInEveryLanguage(t *testing.T) {
	t.Parallel()
	left := sentences(t)
	for _, l := range templates.Languages()[1:] {
		for name, m := range toPerson(t) {
			t.Run(l.Tag+"/"+name, func(t *testing.T) {
				t.Parallel()
				got, err := in(m, l.Tag).Mail()
				require.NoError(t, err)
				require.Contains(t, got.HTML, `<html lang="`+l.Tag+`">`)
				english, err := m.Mail()
				require.NoError(t, err)
				require.Equal(t, elements(t, strings.Replace(english.HTML, `lang="en"`, `lang="`+l.Tag+`"`, 1)), elements(t, got.HTML), "the same structure")
				unfolded := strings.Join(strings.Fields(got.Text), " ")
				for _, sentence := range left {
					require.NotContains(t, got.Subject+" "+unfolded, sentence)
				}
				content, file := "Subject: "+got.Subject+"\n\n"+got.Text, filepath.Join("testdata", "mail", l.Tag, name+".txt")
				if *update {
					require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
					require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
				}
				want, err := os.ReadFile(file)
				require.NoError(t, err, "run the test with -update")
				require.Equal(t, string(want), content)
			})
		}
	}
}

func TestPagesToPersonsAreInEveryLanguage(t *testing.T) {
	t.Parallel()
	e, err := templates.New()
	require.NoError(t, err)
	left := sentences(t)
	for p, n := range templates.Examples() {
		if !templates.ToPersons(p) {
			continue
		}
		for _, l := range templates.Languages()[1:] {
			for i := range n {
				f := frame
				f.Lang, f.Here, f.Authority = l.Tag, "/x?a=b", ""
				body, err := p.Sample(e, f, i)
				require.NoError(t, err)
				page := string(body)
				require.Contains(t, page, `<html lang="`+l.Tag+`">`)
				require.Contains(t, page, `<a href="/x?a=b&amp;lang=en" lang="en" hreflang="en">English</a>`)
				require.Equal(t, 1, strings.Count(page, `aria-current="true"`))
				for _, sentence := range left {
					require.NotContains(t, page, sentence, "%s/%d in %s", p.Name(), i, l.Tag)
				}
			}
		}
	}
}

// TestPagesToPersonsUseWordsOfEveryLanguage holds literal keys in branches that no example takes to the words that every language has.
func TestPagesToPersonsUseWordsOfEveryLanguage(t *testing.T) {
	t.Parallel()
	known := words(t, partOf(parts[0], "en"))
	for _, part := range parts[1:4] {
		maps.Copy(known, words(t, partOf(part, "en")))
	}
	for p := range templates.Examples() {
		if !templates.ToPersons(p) {
			continue
		}
		body, err := os.ReadFile("pages/" + p.Name() + ".html")
		require.NoError(t, err)
		for _, m := range keyUse.FindAllStringSubmatch(string(body), -1) {
			key := m[1] + m[2]
			require.True(t, known[key] != "" || known[key+".one"] != "", "%s: %s is not a word to persons", p.Name(), key)
		}
	}
}

func TestDatesAndNumbersAreSaidAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][3]string{
		"en": {"by 1 March 2027, 23:59 Europe/Berlin, in 1 day", "by 1 March 2027, 23:59 Europe/Berlin, in 3 days", "by 1 March 2027, 23:59 Europe/Berlin, in 12 days"},
		"de": {"bis 1. März 2027, 23:59 Uhr (Europe/Berlin), noch 1 Tag", "bis 1. März 2027, 23:59 Uhr (Europe/Berlin), noch 3 Tage", "bis 1. März 2027, 23:59 Uhr (Europe/Berlin), noch 12 Tage"},
		"fr": {"au plus tard le 1er mars 2027, 23:59 (Europe/Berlin), dans 1 jour", "au plus tard le 1er mars 2027, 23:59 (Europe/Berlin), dans 3 jours", "au plus tard le 1er mars 2027, 23:59 (Europe/Berlin), dans 12 jours"},
		"pl": {"do 1 marca 2027, 23:59 (Europe/Berlin), pozostał 1 dzień", "do 1 marca 2027, 23:59 (Europe/Berlin), pozostały 3 dni", "do 1 marca 2027, 23:59 (Europe/Berlin), pozostało 12 dni"},
	} {
		for i, days := range []int{1, 3, 12} {
			d := templates.Due{On: due, Zone: "Europe/Berlin", Days: days}
			require.Contains(t, statusIn(t, lang, templates.StatusView{Right: "access", State: "in_review", Due: d}), want[i])
		}
	}
	for lang, want := range map[string][4]string{
		"de": {"1 Datensatz", "2 Datensätze", "5 Datensätze", "22 Datensätze"}, "pl": {"1 rekord", "2 rekordy", "5 rekordów", "22 rekordy"},
		"fr": {"1 enregistrement", "2 enregistrements", "5 enregistrements", "22 enregistrements"},
	} {
		for i, n := range []int64{1, 2, 5, 22} {
			require.Contains(t, statusIn(t, lang, templates.StatusView{Right: "erasure", State: "closed", Kept: []templates.Kept{{What: models.Said{Text: "x"}, Rows: n}}}), want[i]+"<")
		}
	}
}

func statusIn(t *testing.T, lang string, v templates.StatusView) string {
	t.Helper()
	e, err := templates.New()
	require.NoError(t, err)
	f := frame
	f.Lang = lang
	body, err := templates.Status.Render(e, f, v)
	require.NoError(t, err)
	return string(body)
}

func TestAnArgumentIsNeverReadAsAPlaceForAnother(t *testing.T) {
	t.Parallel()
	m := templates.ConfirmedMail{MailHead: head, Right: "access", ReceivedOn: received, DueOn: due}
	m.Sender = "{1} {0}"
	got, err := m.Mail()
	require.NoError(t, err)
	require.Contains(t, strings.Join(strings.Fields(got.Text), " "), "You asked {1} {0} for a copy")
}
