package templates_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/hold"
	"habeas/models/plan"
	"habeas/templates"
)

func keptIn(t *testing.T, lang string, k templates.Kept) string {
	t.Helper()
	k.Rows = 1
	return statusIn(t, lang, templates.StatusView{Right: models.Erasure, State: models.Closed, Kept: []templates.Kept{k}})
}

func TestAKindOfIdentityWithoutWordsIsCalledAsTheDataMapCallsItElseByItsCodeInWords(t *testing.T) {
	t.Parallel()
	e, err := templates.New()
	require.NoError(t, err)
	in := frame
	in.Lang = "de"
	body, err := templates.Form.Render(e, in, templates.FormView{Right: models.Access, Identities: []templates.IdentityField{
		{Kind: "phone_number", Called: models.Said{Text: "Durchwahl", Lang: "de"}},
		{Kind: "loyalty_card", Called: models.Said{Text: "Bonus card", Lang: "en"}},
		{Kind: "tax_number"},
	}})
	require.NoError(t, err)
	require.Contains(t, string(body), `<label for="identity-phone_number">Telefonnummer `)
	require.Contains(t, string(body), `<label for="identity-loyalty_card"><span class="foreign" lang="en">Bonus card</span> `)
	require.Contains(t, string(body), `<label for="identity-tax_number">Tax number `)
}

func TestALawIsCitedAsTheLanguageDoes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ lang, citation, want string }{
		{"en", "Art. 51(1) Regulation (EU) No 952/2013", "Art. 51(1) Regulation (EU) No 952/2013"},
		{"de", "Art. 51(1) Regulation (EU) No 952/2013", "Art. 51 Abs. 1 Verordnung (EU) Nr. 952/2013"},
		{"fr", "Art. 51(1) Regulation (EU) No 952/2013", "art. 51, par. 1, règlement (UE) nº 952/2013"},
		{"pl", "Art. 51(1) Regulation (EU) No 952/2013", "art. 51 ust. 1 rozporządzenia (UE) nr 952/2013"},
		{"es", "Art. 27 Regulation (EU) 2021/821", "art. 27 Reglamento (UE) 2021/821"},
		{"it", "Art. 369k, 369x Directive 2006/112/EC", "art. 369k, 369x direttiva 2006/112/CE"},
		{"nl", "GDPR Art. 17(3)(e)", "art. 17, lid 3, onder e), AVG"},
		{"de", "Art. 12(5)(b) GDPR", "Art. 12 Abs. 5 Buchst. b DSGVO"},
		{"de", "§ 147(3) AO with § 147(1) nos. 2, 3, 5; § 257(4) HGB", "§ 147 Abs. 3 AO in Verbindung mit § 147 Abs. 1 Nr. 2, 3, 5; § 257 Abs. 4 HGB"},
		{"fr", "Art. 40 Directive (EU) 2015/849; Art. 77 Regulation (EU) 2024/1624 from 10 July 2027", "art. 40 directive (UE) 2015/849; art. 77 règlement (UE) 2024/1624 à partir du 10 juillet 2027"},
		{"de", "19 CFR 163.4(b)(1)", "19 CFR 163.4(b)(1)"},
		{"de", "Art. L123-22 Code de commerce", "Art. L123-22 Code de commerce"},
	} {
		require.Contains(t, keptIn(t, c.lang, templates.Kept{Citation: c.citation}), c.want+"</span>", c.citation)
	}
}

func TestAHoldIsExplainedInEveryLanguage(t *testing.T) {
	t.Parallel()
	year := &plan.Counted{Years: 3, OfYear: true, Start: "declaration_accepted"}
	day := &plan.Counted{Days: 60, Start: "release_date"}
	own := &plan.Counted{Years: 1, Months: 6, Start: "delivered_on", Events: map[string]string{"en": "the goods were delivered", "de": "die Ware abgeliefert wurde"}}
	for _, c := range []struct {
		lang    string
		counted *plan.Counted
		want    string
	}{
		{"en", year, "Retention period: 3 years from the end of the year in which the customs declaration was accepted."},
		{"de", year, "Aufbewahrungsfrist: 3 Jahre ab dem Ende des Jahres, in dem die Zollanmeldung angenommen wurde."},
		{"pl", year, "Okres przechowywania: 3 lata od końca roku, w którym przyjęto zgłoszenie celne."},
		{"pl", &plan.Counted{Years: 5, Start: "relationship_ended"}, "Okres przechowywania: 5 lat od dnia, w którym zakończono stosunki gospodarcze."},
		{"fr", day, "Durée de conservation\u202f: 60 jours à compter du jour où le délai de mainlevée a expiré."},
		{"de", own, "Aufbewahrungsfrist: 1 Jahr und 6 Monate ab dem Tag, an dem die Ware abgeliefert wurde."},
		{"it", own, "Periodo di conservazione: 1 anno e 6 mesi dal giorno in cui si è verificato l’evento rilevante."},
	} {
		require.Contains(t, keptIn(t, c.lang, templates.Kept{Counted: c.counted}), c.want)
	}
	require.NotContains(t, keptIn(t, "en", templates.Kept{}), "Retention period", "a plan of old does not say")
}

func TestEveryBuiltInRuleHasItsStartInWords(t *testing.T) {
	t.Parallel()
	english := words(t, "pages/words.en.law.json")
	for _, rule := range hold.Builtin().Rules() {
		for _, s := range rule.Starts {
			require.Equal(t, s.Event, english["hold.start."+s.Field], rule.Code)
		}
	}
}

func TestWhatIsInAnotherLanguageIsMarked(t *testing.T) {
	t.Parallel()
	page := keptIn(t, "pl", templates.Kept{What: models.Said{Text: "Import <declarations>", Lang: "en"}})
	require.Contains(t, page, `<span class="foreign" lang="en">Import &lt;declarations&gt;</span>`)
	require.NotContains(t, keptIn(t, "en", templates.Kept{What: models.Said{Text: "Import declarations", Lang: "en"}}), "foreign")
	require.NotContains(t, keptIn(t, "pl", templates.Kept{What: models.Said{Text: "Zgłoszenia celne", Lang: "pl"}}), "foreign")

	mail := templates.ErasureMail{MailHead: head, ReceivedOn: received, Erased: []templates.Portion{{What: models.Said{Text: "<b>Orders", Lang: "en"}, Records: 2}}}
	mail.Language = "it"
	got, err := mail.Mail()
	require.NoError(t, err)
	require.Contains(t, got.HTML, `<li><span class="foreign" lang="en">&lt;b&gt;Orders</span>: 2</li>`)
	require.Contains(t, got.Text, "- <b>Orders: 2\n")
}

func TestDataCategoriesAreSaidInTheLanguageOfThePerson(t *testing.T) {
	t.Parallel()
	codes := []string{"user.contact.address.street", "user.contact.address.city", "user.name", "user.unheard_of", "system.operations"}
	require.Equal(t, []string{"Postanschrift", "Name", "Daten über Sie", "technische Daten"}, templates.CategoriesIn("de", codes))
	require.Equal(t, []string{"adres pocztowy", "imię i nazwisko", "dane o osobie", "dane techniczne"}, templates.CategoriesIn("pl-PL", codes))
	require.Equal(t, "unheard of", templates.CategoryWords("user.unheard_of"), "staff see the part itself")
	require.Equal(t, "Irlandia", templates.CountryIn("pl", "IE"))
	require.Equal(t, "elsewhere", templates.CountryIn("pl", "elsewhere"))
	require.NotContains(t, templates.CountryIn("fr", "DE"), "Germany")
}
