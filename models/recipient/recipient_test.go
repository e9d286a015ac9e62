package recipient_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/recipient"
)

func full() recipient.Entry {
	return recipient.Entry{
		Slug: "mailer", Name: "=HYPERLINK(\"https://evil.example\")", Channel: "mail", Address: "privacy@mailer.example", Categories: []string{"user.contact", "user.name"},
		Country: "US", Safeguard: "'+module two", Reminder: "72h0m0s", Contacts: "@Sam\n+32 2 000",
		Facts: recipient.Facts{
			LegalName: "-Mailer Inc.", Subprocessor: true, Transfer: recipient.Clauses, Purposes: []string{"+sending mail", "bounces"}, Identities: []string{"email", "customer_number"}, Controllers: []string{"acme"},
			Protocol: "smtp", ResponseDays: 10, ContractOn: calendar.Date{Year: 2025, Month: 1, Day: 2}, NextReviewOn: calendar.Date{Year: 2026, Month: 1, Day: 2},
		},
	}.WithVetting(recipient.Vetting{Version: "2026-1", Answers: []recipient.Answer{{Question: "security", Value: "partly", Note: "=no \"MFA\""}}})
}

func TestARegisterComesBackFromEitherFile(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]struct {
		write func(*bytes.Buffer, []recipient.Entry) error
		read  func(*bytes.Buffer) ([]recipient.Entry, error)
	}{
		"csv": {
			func(b *bytes.Buffer, l []recipient.Entry) error { return recipient.WriteCSV(b, l) },
			func(b *bytes.Buffer) ([]recipient.Entry, error) { return recipient.ReadCSV(b) },
		},
		"json": {
			func(b *bytes.Buffer, l []recipient.Entry) error { return recipient.WriteJSON(b, l) },
			func(b *bytes.Buffer) ([]recipient.Entry, error) { return recipient.ReadJSON(b) },
		},
	} {
		var b bytes.Buffer
		want := []recipient.Entry{full(), {Slug: "small", Name: "Small", Channel: "mail"}}
		require.NoError(t, form.write(&b, want), name)
		got, err := form.read(&b)
		require.NoError(t, err, name)
		require.Equal(t, want, got, name)
	}
}

func TestNoCellOfTheRegisterIsAFormulaAndEveryTextComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		line := rapid.StringMatching(`[=+\-@'a "\t;,]{0,6}`)
		e := recipient.Entry{Slug: "s", Name: line.Draw(t, "name"), Safeguard: line.Draw(t, "safeguard"), Contacts: line.Draw(t, "contacts")}
		var b bytes.Buffer
		require.NoError(t, recipient.WriteCSV(&b, []recipient.Entry{e}))
		rows, err := csv.NewReader(bytes.NewReader(b.Bytes())).ReadAll()
		require.NoError(t, err)
		for _, cell := range rows[1] {
			require.False(t, cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r"), cell)
		}
		got, err := recipient.ReadCSV(&b)
		require.NoError(t, err)
		require.Equal(t, []recipient.Entry{e}, got)
	})
}

func TestAFileThatIsNoRegisterIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "slug,colour\nx,red\n", "slug,subprocessor\nx,perhaps\n", "slug,contract_on\nx,2026-02-30\n", "slug,name\nonly one\n", "slug,answers\nx,{\n"} {
		_, err := recipient.ReadCSV(strings.NewReader(text))
		require.Equal(t, "bad_file", models.CodeOf(err), text)
	}
	for _, text := range []string{"", "[]", `{"schema":"x"}`, `{"schema":"habeas/recipients/1","recipients":[{"colour":1}]}`} {
		_, err := recipient.ReadJSON(strings.NewReader(text))
		require.Equal(t, "bad_file", models.CodeOf(err), text)
	}
}

func TestFactsThatContradictThemselvesAreRefused(t *testing.T) {
	t.Parallel()
	day := func(n int) calendar.Date { return calendar.Date{Year: 2026, Month: 1, Day: n} }
	for field, f := range map[string]recipient.Facts{
		"/transfer": {Transfer: "friendship"}, "/response_days": {ResponseDays: -1}, "/contract_until": {ContractOn: day(2), ContractUntil: day(1)},
		"/next_review_on": {ReviewedOn: day(2), NextReviewOn: day(1)}, "/purposes": {Purposes: []string{"a\nb"}}, "/controllers": {Controllers: []string{"a", "a"}},
		"/legal_name": {LegalName: "a\rb"},
	} {
		err := f.Check()
		require.Equal(t, "bad_recipient", models.CodeOf(err), field)
		require.Equal(t, field, err.(*models.Error).Field) //nolint:errorlint,forcetypeassert // it is made here
	}
	require.NoError(t, full().Check())
}

func TestAnAnswerBelongsToAQuestionOfItsVersion(t *testing.T) {
	t.Parallel()
	answered := func(version, question, value string) recipient.Vetting {
		return recipient.Vetting{Version: version, Answers: []recipient.Answer{{Question: question, Value: value}}}
	}
	require.NoError(t, answered("2026-1", "audits", "yes").Check())
	require.NoError(t, recipient.Vetting{}.Check())
	for _, v := range []recipient.Vetting{answered("2025-1", "audits", "yes"), answered("1999-1", "audits", "yes"), answered("2026-1", "audits", "maybe"), answered("", "audits", "yes")} {
		require.Equal(t, "bad_vetting", models.CodeOf(v.Check()))
	}
	require.NotEmpty(t, recipient.Questions(recipient.Questionnaire))
}

func TestGapsFollowTheLaw(t *testing.T) {
	t.Parallel()
	codes := func(g []recipient.Gap) (out []string) {
		for _, one := range g {
			out = append(out, one.Code)
		}
		return out
	}
	require.Equal(t, []string{"legal_name", "country", "purposes", "contract", "review"}, codes(recipient.Facts{Subprocessor: true}.Gaps("", false)))
	require.Empty(t, full().Gaps("US", false))
	third := full().Facts
	third.Transfer = recipient.NoTransfer
	require.Equal(t, []string{"transfer"}, codes(third.Gaps("US", false)))
	require.Empty(t, third.Gaps("DE", true))
}
