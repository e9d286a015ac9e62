package detect_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/cmd/internal/datamapcli/detect"
	"habeas/models/datamap"
)

func samples(texts ...string) []datamap.Value {
	var list []datamap.Value
	for _, t := range texts {
		list = append(list, datamap.Text(t))
	}
	return list
}

var (
	nobody  = detect.Setting{}
	person  = detect.Setting{Person: true}
	address = detect.Setting{Address: true}
)

func TestColumnsAreKnownByTheirNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		kind    datamap.Kind
		setting detect.Setting
		want    string // category, confidence, identity
	}{
		{"email", datamap.KindText, nobody, "user.contact.email high email"},
		{"EMAIL_ADDRESS", datamap.KindText, nobody, "user.contact.email high email"},
		{"contactEmail", datamap.KindText, nobody, "user.contact.email high email"},
		{"emailadresse", datamap.KindText, nobody, "user.contact.email high email"},
		{"courriel", datamap.KindText, nobody, "user.contact.email high email"},
		{"email_verified_at", datamap.KindTimestamp, nobody, ""},
		{"email_verified", datamap.KindBool, nobody, ""},
		{"email_template", datamap.KindText, nobody, ""},
		{"email_id", datamap.KindInt, nobody, ""},
		{"vorname", datamap.KindText, nobody, "user.name high "},
		{"FirstName", datamap.KindText, nobody, "user.name high "},
		{"prénom", datamap.KindText, nobody, "user.name high "},
		{"apellidos", datamap.KindText, nobody, "user.name high "},
		{"cognome", datamap.KindText, nobody, "user.name high "},
		{"achternaam", datamap.KindText, nobody, "user.name high "},
		{"nazwisko", datamap.KindText, nobody, "user.name high "},
		{"ansprechpartner", datamap.KindText, nobody, "user.name high "},
		{"name", datamap.KindText, nobody, ""},
		{"name", datamap.KindText, person, "user.name low "},
		{"file_name", datamap.KindText, person, ""},
		{"first_seen", datamap.KindTimestamp, person, ""},
		{"telefonnummer", datamap.KindText, nobody, "user.contact.phone_number high "},
		{"phone_type", datamap.KindText, nobody, ""},
		{"mobile", datamap.KindInt, nobody, "user.contact.phone_number medium "},
		{"strasse", datamap.KindText, nobody, "user.contact.address.street high "},
		{"Straße", datamap.KindText, nobody, "user.contact.address.street high "},
		{"address_line1", datamap.KindText, nobody, "user.contact.address.street high "},
		{"address_id", datamap.KindInt, nobody, ""},
		{"ip_address", datamap.KindText, nobody, "user.device.ip_address high "},
		{"plz", datamap.KindInt, nobody, "user.contact.address.postal_code high "},
		{"ort", datamap.KindText, nobody, ""},
		{"ort", datamap.KindText, address, "user.contact.address.city medium "},
		{"state", datamap.KindText, nobody, ""},
		{"geburtsdatum", datamap.KindDate, nobody, "user.demographic.date_of_birth high "},
		{"date_of_birth", datamap.KindDate, nobody, "user.demographic.date_of_birth high "},
		{"data_urodzenia", datamap.KindDate, nobody, "user.demographic.date_of_birth high "},
		{"birth_place", datamap.KindText, nobody, "user.demographic medium "},
		{"anrede", datamap.KindText, nobody, "user.demographic.gender medium "},
		{"iban", datamap.KindText, nobody, "user.financial.bank_account high "},
		{"card_number", datamap.KindText, nobody, "user.financial.credit_card high "},
		{"passport_number", datamap.KindText, nobody, "user.government_id high "},
		{"steuer_id", datamap.KindText, nobody, ""},
		{"steuernummer", datamap.KindText, nobody, "user.government_id high "},
		{"codice_fiscale", datamap.KindText, nobody, "user.government_id high "},
		{"password_hash", datamap.KindText, nobody, "user.authorization.password high "},
		{"passwort", datamap.KindText, nobody, "user.authorization.password high "},
		{"konfession", datamap.KindText, nobody, "user.demographic.religious_belief medium "},
		{"bemerkung", datamap.KindText, nobody, "user.content low "},
		{"kundennummer", datamap.KindText, person, "user.unique_id medium "},
		{"total", datamap.KindDecimal, person, ""},
		{"status", datamap.KindText, person, ""},
		{"product_id", datamap.KindInt, person, ""},
		{"created_at", datamap.KindTimestamp, person, ""},
		{"quantity", datamap.KindInt, nobody, ""},
	} {
		got := ""
		if g, ok := detect.Look(detect.Column{Name: c.name, Kind: c.kind}, c.setting); ok {
			got = g.Category + " " + g.Confidence.String() + " " + g.Identity
			require.Equal(t, "its name", g.Reason)
		}
		require.Equal(t, c.want, got, "%s %s %+v", c.name, c.kind, c.setting)
	}
}

func TestColumnsAreKnownByTheirValues(t *testing.T) {
	t.Parallel()
	mails := samples("ann@example.com", "bob@example.org", "cy@example.net", "")
	for name, c := range map[string]struct {
		column detect.Column
		want   string
	}{
		"e-mail addresses":            {detect.Column{Name: "x1", Kind: datamap.KindText, Samples: mails}, "user.contact.email high its values are e-mail addresses"},
		"one is not enough for high":  {detect.Column{Name: "x1", Kind: datamap.KindText, Samples: mails[:1]}, "user.contact.email medium its values are e-mail addresses"},
		"name and values":             {detect.Column{Name: "mail", Kind: datamap.KindText, Samples: mails}, "user.contact.email high its name, and its values are e-mail addresses"},
		"values against the name":     {detect.Column{Name: "bemerkung", Kind: datamap.KindText, Samples: mails}, "user.contact.email high its values are e-mail addresses"},
		"a mail that is none":         {detect.Column{Name: "mail", Kind: datamap.KindText, Samples: samples("express", "letter")}, ""},
		"IBANs":                       {detect.Column{Name: "k", Kind: datamap.KindText, Samples: samples("DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "FR1420041010050500013M02606")}, "user.financial.bank_account high its values are IBANs"},
		"wrong check digits":          {detect.Column{Name: "k", Kind: datamap.KindText, Samples: samples("DE89370400440532013001", "GB82WEST12345698765433")}, ""},
		"cards":                       {detect.Column{Name: "k", Kind: datamap.KindText, Samples: samples("4111 1111 1111 1111", "5500005555555559", "340000000000009")}, "user.financial.credit_card medium its values are numbers with the check digit of payment cards"},
		"other long numbers":          {detect.Column{Name: "k", Kind: datamap.KindText, Samples: samples("4111111111111112", "5500005555555551")}, ""},
		"telephone numbers":           {detect.Column{Name: "k", Kind: datamap.KindText, Samples: samples("+49 30 901820", "+44 20 7946 0958", "0033 1 42 68 53 00")}, "user.contact.phone_number medium its values are telephone numbers"},
		"plain numbers":               {detect.Column{Name: "k", Kind: datamap.KindText, Samples: samples("4930901820", "2079460958")}, ""},
		"IP addresses":                {detect.Column{Name: "k", Kind: datamap.KindText, Samples: samples("192.0.2.1", "2001:db8::1", "198.51.100.7")}, "user.device.ip_address medium its values are IP addresses"},
		"addresses in texts":          {detect.Column{Name: "k", Kind: datamap.KindText, Samples: samples("please write to ann@example.com today")}, "user.content medium its texts contain e-mail addresses"},
		"documents":                   {detect.Column{Name: "k", Kind: datamap.KindJSON, Samples: []datamap.Value{datamap.NewValue(datamap.KindJSON, `{"a": [{"vorname": "Ann"}], "n": 1}`)}}, "user.name medium its documents have a key vorname"},
		"documents with data as keys": {detect.Column{Name: "k", Kind: datamap.KindJSON, Samples: []datamap.Value{datamap.NewValue(datamap.KindJSON, `{"Ann Smith": {"Smith": "ann@example.com"}}`)}}, ""},
		"a comment":                   {detect.Column{Name: "k7", Kind: datamap.KindText, Comment: "Geburtsdatum des Kunden"}, "user.demographic.date_of_birth medium its comment"},
		"an array":                    {detect.Column{Name: "k", Kind: datamap.KindText, Samples: []datamap.Value{datamap.Array(mails...)}}, "user.contact.email high its values are e-mail addresses"},
	} {
		got := ""
		if g, ok := detect.Look(c.column, nobody); ok {
			got = g.Category + " " + g.Confidence.String() + " " + g.Reason
		}
		require.Equal(t, c.want, got, name)
	}
}

func TestAReasonNeverTellsAValue(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{"canary@example.com", "DE89370400440532013000", "4111111111111111", "+493012345678", "write canary@example.com now"} {
		for _, kind := range []datamap.Kind{datamap.KindText, datamap.KindJSON} {
			value := datamap.NewValue(kind, secret)
			if kind == datamap.KindJSON {
				value = datamap.NewValue(kind, `{"canary": "`+secret+`", "email": "`+secret+`"}`)
			}
			g, ok := detect.Look(detect.Column{Name: "x", Kind: kind, Samples: []datamap.Value{value, value}}, nobody)
			require.True(t, ok, secret)
			require.NotContains(t, g.Reason, "canary")
			require.NotContains(t, g.Reason, secret)
		}
	}
}

func TestATableAboutPeopleIsKnownByItsNameOrItsColumns(t *testing.T) {
	t.Parallel()
	col := func(name string) detect.Column { return detect.Column{Name: name, Kind: datamap.KindText} }
	for table, c := range map[string]struct {
		columns []detect.Column
		want    detect.Setting
	}{
		"app.customers":  {nil, person},
		"Firmenkunde":    {nil, person},
		"user_role":      {nil, nobody},
		"product":        {[]detect.Column{col("name")}, nobody},
		"x":              {[]detect.Column{col("vorname")}, person},
		"supplier":       {[]detect.Column{col("email"), col("street")}, address},
		"lagerstandort":  {[]detect.Column{col("plz")}, address},
		"mitarbeiter_ma": {nil, person},
	} {
		require.Equal(t, c.want, detect.SettingOf(table, c.columns), table)
	}
	require.True(t, detect.Staff("hr.mitarbeiterstamm"))
	require.False(t, detect.Staff("kunde"))
	require.True(t, detect.Role("support_rep_id"))
	require.True(t, detect.Role("createdBy"))
	require.False(t, detect.Role("customer_id"))
	require.True(t, detect.Alike([]string{"email", "alt_email"}))
	require.False(t, detect.Alike([]string{"sender_email", "receiver_email"}))
}
