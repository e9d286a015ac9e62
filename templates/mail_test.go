package templates_test

import (
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/member"
	"habeas/models/plan"
	"habeas/models/recipient"
	"habeas/models/request"
	"habeas/models/subprocessor"
	"habeas/templates"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

type mail interface {
	Mail() (templates.Mail, error)
}

var (
	brussels  = must(time.LoadLocation("Europe/Brussels"))
	expires   = time.Date(2027, 3, 3, 13, 5, 0, 0, time.UTC)
	received  = calendar.Date{Year: 2027, Month: time.February, Day: 1}
	due       = calendar.Date{Year: 2027, Month: time.March, Day: 1}
	extended  = calendar.Date{Year: 2027, Month: time.May, Day: 3}
	holdEnd   = calendar.Date{Year: 2030, Month: time.December, Day: 31}
	requestID = models.MustParseID("0f8e2a8c-1c7b-4d55-9f0e-6f2f3f0c9a11")
	noticeID  = models.MustParseID("5b1d7f9e-8f0a-4b8e-8f60-3f3c0d0a7c22")
	head      = templates.MailHead{Language: "en", Sender: "Nordkai Freight GmbH", Reference: "7K3F-9QXM-2T", Zone: brussels}
)

const (
	authority = "Die Landesbeauftragte für Datenschutz und Informationsfreiheit Bremen"
	link      = "https://privacy.nordkai.example/verify/3vYk0hYV2f7T0c4cVbq8h3kJm1Qd9xKzr2s5uWnPaLg"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// said is a text whose language nobody knows.
func said(text string) models.Said { return models.Said{Text: text} }

// mails is one example of every mail and of every variant of it.
func mails() map[string]mail {
	kept := []templates.KeptPortion{
		{Portion: templates.Portion{What: said("Customs declarations"), Records: 3}, Why: templates.WhyLaw, Law: "Art. 51(1) Regulation (EU) No 952/2013", Counted: &plan.Counted{Years: 3, OfYear: true, Start: "declaration_accepted"}, Through: holdEnd},
		{Portion: templates.Portion{What: said("Shared delivery address"), Records: 1}, Why: templates.WhyShared},
	}
	left := templates.LeftOut{
		By: "Brightline Retail B.V.", Reason: "We answer for our shop's records ourselves.\nWrite to us there.",
		Parts: []templates.Portion{{What: said("Orders"), Records: 12}, {What: said("Paper files"), Unknown: true}},
	}
	erased := []templates.Portion{{What: said("Contact details"), Records: 2}, {What: said("Marketing profile"), Records: 1}}
	ids := []templates.Identifier{{Kind: "E-mail address", Value: "mara.lindholm@example.com"}, {Kind: "Customer number", Value: "NK-004711"}}
	persons := 4100
	recipients := []string{"Baltic Haulage OÜ", "Meridian Customs Brokers"}
	notice := templates.NoticeMail{
		MailHead: head, Right: models.Erasure, Recipient: "Baltic Haulage OÜ", Categories: []string{"Contact details", "Delivery addresses"},
		Identifiers: ids, AnswerBy: extended, Link: link,
	}
	change := templates.ChangeMail{
		MailHead: head, Customer: "Brightline Retail B.V.", Sort: "replace", Slug: "mailer", Old: "older", Name: "Mailer", LegalName: "Mailer Inc.", Country: "US", Transfer: "scc",
		Safeguard: "Module three", Purposes: []string{"sending mail"}, Categories: []string{"Contact details"}, Why: "The old one closes.", Days: 30, Until: extended, Link: link,
	}
	emergency := change
	emergency.Emergency = true
	reminded := notice
	reminded.Reminder, reminded.FirstSentAt = 1, expires
	told := func(right models.Right, fields ...string) mail {
		n := notice
		n.Right, n.Fields = right, fields
		return n
	}
	ofCustomer := notice
	ofCustomer.Right, ofCustomer.Customer = models.Deletion, "Brightline Retail B.V."
	ofCustomer.Identifiers = []templates.Identifier{{Kind: "Controller", Value: "brightline-retail"}}
	reminder := func(kind templates.ReminderKind, notice models.ID, count int) mail {
		return templates.ReminderMail{MailHead: head, Kind: kind, RequestID: requestID, NoticeID: notice, DueOn: due, Link: link, Count: count}
	}
	all := map[string]mail{
		"verification_access":  templates.VerificationMail{MailHead: head, Right: models.Access, Link: link, Code: "1234-5678", ExpiresAt: expires},
		"verification_export":  templates.VerificationMail{MailHead: head, Right: models.Export, Link: link, Code: "1234-5678", ExpiresAt: expires},
		"verification_agent":   templates.VerificationMail{MailHead: head, Right: models.Access, Link: link, ExpiresAt: expires, Agent: true},
		"verification_erasure": templates.VerificationMail{MailHead: head, Right: models.Erasure, Link: link, Code: "1234-5678", ExpiresAt: expires},
		"confirmed":            templates.ConfirmedMail{MailHead: head, Right: models.Erasure, ReceivedOn: received, DueOn: due, Link: link},
		"instruction":          templates.InstructionMail{MailHead: head, Customer: "Brightline Retail B.V.", Right: models.Access, DueOn: due, Link: link},
		"instruction_reminder": templates.InstructionMail{MailHead: head, Customer: "Brightline Retail B.V.", Right: models.Access, DueOn: due, Link: link, Reminder: 2},
		"instruction_paused":   templates.InstructionMail{MailHead: head, Customer: "Brightline Retail B.V.", Right: models.Export, Link: link},
		"reminder_paused":      templates.ReminderMail{MailHead: head, Kind: templates.RemindReview, RequestID: requestID, Link: link},
		"reminder_review":      reminder(templates.RemindReview, models.ID{}, 0),
		"reminder_due_soon":    reminder(templates.RemindDueSoon, models.ID{}, 1),
		"reminder_overdue":     reminder(templates.RemindOverdue, models.ID{}, 3),
		"reminder_notice":      reminder(templates.RemindNotice, noticeID, 1),
		"reminder_by_hand":     reminder(templates.RemindByHand, noticeID, 1),
		"reminder_declined":    reminder(templates.RemindDeclined, noticeID, 2),
		"complaint":            templates.ComplaintMail{MailHead: head, Answer: "We have looked again and corrected it.\nIt will not happen again.", Authority: authority, Link: link},
		"reminder_complaint":   reminder(templates.RemindComplaint, models.ID{}, 0),
		"reminder_proof":       reminder(templates.RemindProof, models.ID{}, 0),
		"reminder_incomplete":  reminder(templates.RemindIncomplete, models.ID{}, 1),
		"extension": templates.ExtensionMail{
			MailHead: head, ReceivedOn: received, DueOn: due, ExtendedTo: extended, Authority: authority, Link: link,
			Reason: "Your data is in eleven systems.\nTwo of them are archives that are searched by hand.",
		},
		"clarification":            templates.ClarificationMail{MailHead: head, Question: "Which of your two customer numbers do you mean?", Paused: true, Link: link},
		"clarification_due":        templates.ClarificationMail{MailHead: head, Question: "Which of your two customer numbers do you mean?", DueOn: due, Link: link},
		"refusal":                  templates.RefusalMail{MailHead: head, Right: models.Erasure, ReceivedOn: received, Ground: "Art. 12(5)(b) GDPR", Reason: "The same request was answered four days ago.", Authority: authority},
		"refusal_plain":            templates.RefusalMail{MailHead: head, Right: models.Export, ReceivedOn: received, Reason: "We hold the data under a legal duty."},
		"erasure":                  templates.ErasureMail{MailHead: head, ReceivedOn: received, Erased: erased, Kept: kept, Recipients: recipients, AllAnswered: true, Authority: authority, Link: link},
		"erasure_complete":         templates.ErasureMail{MailHead: head, ReceivedOn: received, Erased: erased, Authority: authority},
		"erasure_nothing_held":     templates.ErasureMail{MailHead: head, ReceivedOn: received, Authority: authority},
		"deferral":                 templates.DeferralMail{MailHead: head, ReceivedOn: received, HeldThrough: due, ErasedOn: extended, Erased: erased[:1], StillKept: kept[:1], Recipients: recipients},
		"deferral_last":            templates.DeferralMail{MailHead: head, ReceivedOn: received, HeldThrough: due, ErasedOn: extended, Erased: erased[:1]},
		"package_ready":            templates.PackageReadyMail{MailHead: head, Link: link, ExpiresAt: expires, Authority: authority},
		"account_invitation":       templates.AccountMail{MailHead: head, Invitation: true, Link: link, ExpiresAt: expires},
		"account_password":         templates.AccountMail{MailHead: head, Link: link, AskedAt: expires.Add(-time.Hour), Device: "Firefox, Linux", Network: "203.0.113.0/24", ExpiresAt: expires},
		"account_password_manager": templates.AccountMail{MailHead: head, Link: link, ExpiresAt: expires},
		"package_code":             templates.PackageCodeMail{MailHead: head, Code: "1234-5678", ExpiresAt: expires},
		"erasure_left_out":         templates.ErasureMail{MailHead: head, ReceivedOn: received, Erased: erased, LeftOut: left, Authority: authority},
		"package_left_out":         templates.PackageReadyMail{MailHead: head, Link: link, ExpiresAt: expires, LeftOut: left, Authority: authority},
		"restriction": templates.RestrictionMail{
			MailHead: head, ReceivedOn: received, Ground: "Art. 18(1)(a) GDPR", Restricted: erased, Unmarked: []templates.Portion{{What: said("Paper files"), Records: 1}},
			Kept: kept[1:], Recipients: recipients, AllAnswered: true, Authority: authority, Link: link,
		},
		"restriction_nothing_held": templates.RestrictionMail{MailHead: head, ReceivedOn: received, Ground: "Art. 18(1)(d) GDPR", Authority: authority},
		"rectification": templates.RectificationMail{
			MailHead: head, ReceivedOn: received, Corrected: []templates.CorrectedField{{What: said("Delivery addresses"), Field: said("street"), Records: 2}},
			NotCorrected: []templates.CorrectedField{{What: said("Contact details"), Field: said("Customer number"), Why: templates.WhyFixed}},
			Reason:       "The invoice was right when it was written.\nIt stays as it is.", Recipients: recipients, Authority: authority, Link: link,
		},
		"rectification_complete": templates.RectificationMail{
			MailHead: head, ReceivedOn: received, Corrected: []templates.CorrectedField{{What: said("Delivery addresses"), Field: said("street"), Records: 1}}, Authority: authority,
		},
		"objection": templates.ObjectionMail{
			MailHead: head, ReceivedOn: received, Stopped: []request.Purpose{request.DirectMarketing}, Refused: []request.Purpose{request.Research}, Reason: "The study is required by law.",
			Affected: erased[:1], Restricted: erased[1:], Recipients: recipients, AllAnswered: true, Authority: authority, Link: link,
		},
		"objection_plain":      templates.ObjectionMail{MailHead: head, ReceivedOn: received, Stopped: []request.Purpose{request.DirectMarketing, request.Profiling}, Authority: authority},
		"lifting":              templates.LiftingMail{MailHead: head, ReceivedOn: received, Reason: "The data was checked and is correct.", Authority: authority, Link: link},
		"notice_restriction":   told(models.Restriction),
		"notice_rectification": told(models.Rectification, "street", "Telephone number"),
		"notice_objection":     told(models.Objection),
		"breach_alarm":         templates.BreachAlarmMail{MailHead: head, Duty: "authority", Hours: 70, Level: 1, DueAt: expires, AwareAt: expires.Add(-72 * time.Hour), Link: link},
		"breach_alarm_late":    templates.BreachAlarmMail{MailHead: head, Duty: "authority", Hours: 73, Level: 3, DueAt: expires, Late: true, AwareAt: expires.Add(-72 * time.Hour), Link: link},
		"breach_alarm_triage":  templates.BreachAlarmMail{MailHead: head, Drill: true, Duty: "triage", Level: 1, Link: link},
		"breach_customer":      templates.BreachCustomerMail{MailHead: head, Customer: "Brightline Retail B.V.", Update: 1, Nature: "A backup was copied by a stranger.", ReportedAt: expires, Link: link},
		"breach_customer_more": templates.BreachCustomerMail{
			MailHead: head, Customer: "Brightline Retail B.V.", Update: 2, Nature: "A backup was copied by a stranger.", ReportedAt: expires, AwareAt: expires.Add(time.Hour),
			Persons: &persons, Records: &persons, Categories: []string{"Contact details"}, PersonKinds: []string{"consignees"}, Consequences: "Unwanted mail.",
			Measures: "The key was changed.", Contact: "privacy@nordkai.example", Link: link,
		},
		"breach_person": templates.BreachPersonMail{
			MailHead: head, Title: "Your delivery data", Name: "Mara Lindholm", Body: "A backup was copied by a stranger.\nIt held your name and address.\n\n\nYou may get unwanted mail.", Contact: "privacy@nordkai.example",
		},
		"change":          change,
		"change_remove":   templates.ChangeMail{MailHead: head, Customer: "Brightline Retail B.V.", Sort: "remove", Slug: "mailer", Why: "It closes.", Days: 1, Until: due, Link: link},
		"register_review": templates.RegisterMail{MailHead: head, Kind: templates.RegisterReview, Name: "Baltic Haulage OÜ", DueOn: due, Count: 2, Link: link},
		"subscription":    templates.SubscriptionMail{MailHead: head, Link: link, ExpiresAt: expires},
		"subscriber_change": templates.SubscriberChangeMail{
			MailHead: head, Sort: "replace", Old: "Older", Name: "Mailer", LegalName: "Mailer Inc.", Country: "US", Transfer: "scc", Safeguard: "Module three",
			Purposes: []string{"sending mail"}, Categories: []string{"Contact details"}, Link: link, Unsubscribe: link,
		},
		"subscriber_change_gone":    templates.SubscriberChangeMail{MailHead: head, Sort: "remove", Name: "Mailer", Link: link, Unsubscribe: link},
		"change_emergency":          emergency,
		"register_change":           templates.RegisterMail{MailHead: head, Kind: templates.RegisterChange, Name: "Baltic Haulage OÜ", Concerned: 1000, Told: 999, Objected: 3, Unanswered: 1, Link: link},
		"notice":                    notice,
		"notice_reminder":           reminded,
		"contract_end":              templates.ContractEndMail{MailHead: head, Customer: "Brightline Retail B.V.", State: "ordered", Link: link},
		"contract_end_unfetched":    templates.ContractEndMail{MailHead: head, Customer: "Brightline Retail B.V.", State: "returning", Link: link},
		"contract_return":           templates.ContractReturnMail{MailHead: head, Customer: "Brightline Retail B.V.", Link: link, ExpiresAt: expires, EraseFrom: extended},
		"contract_return_at_once":   templates.ContractReturnMail{MailHead: head, Customer: "Brightline Retail B.V.", Link: link, ExpiresAt: expires},
		"contract_deletion":         templates.ContractDeletionMail{MailHead: head, Customer: "Brightline Retail B.V.", Erased: erased, Kept: kept[:1], Recipients: recipients, AllAnswered: true, Link: link},
		"contract_deletion_nothing": templates.ContractDeletionMail{MailHead: head, Customer: "Brightline Retail B.V.", Link: link},
		"notice_deletion":           ofCustomer,
	}
	for name, m := range alerts() {
		all["alert_"+name] = m
	}
	return all
}

// alerts are one example of each mail about the safety of an account.
func alerts() map[string]templates.AlertMail {
	out := map[string]templates.AlertMail{}
	for _, kind := range member.Alerts() {
		m := templates.AlertMail{MailHead: head, Kind: kind, At: expires, Times: 1, Console: "https://privacy.nordkai.example/staff"}
		if !m.ByOther() {
			m.Device, m.Network = "Firefox, Linux", "203.0.113.0/24"
		}
		switch kind {
		case member.AlertFactorAdded, member.AlertFactorRemoved:
			m.Factor = "passkey"
		case member.AlertRecoveryUsed:
			m.Left, m.Times = "7", 3
		case member.AlertRole:
			m.From, m.To = models.RoleAuditor, models.RoleDPO
		case member.AlertLocked:
			code := m
			code.Codes, code.Device = true, ""
			out["locked_code"] = code
		case member.AlertOfficerKey, member.AlertCustomerKey:
			m.Key = "Night script"
		case member.AlertCustomerAdded:
			m.To = models.RoleController
		case member.AlertNewPlace:
			m.SSO = true
		}
		out[string(kind)] = m
	}
	return out
}

func TestMailsLookAsAgreed(t *testing.T) {
	t.Parallel()
	for name, m := range mails() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := m.Mail()
			require.NoError(t, err)
			for file, content := range map[string]string{
				name + ".txt":  "Subject: " + got.Subject + "\n\n" + got.Text,
				name + ".html": got.HTML,
			} {
				file = filepath.Join("testdata", "mail", file)
				if *update {
					require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
				}
				want, err := os.ReadFile(file)
				require.NoError(t, err, "run the test with -update")
				require.Equal(t, string(want), content)
			}
		})
	}
}

// Whatever an untrusted field holds, the document has no element more than it has with harmless text.
func TestUntrustedTextNeverBecomesMarkup(t *testing.T) {
	t.Parallel()
	const attack = `"><script>alert(1)</script><img src=x onerror=alert(1)>{{.Sender}}</title></blockquote><a href="javascript:alert(1)">x</a>` + "\r\nBcc: x@example.org\u202e"
	for name, m := range mails() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			harmless, err := m.Mail()
			require.NoError(t, err)
			poisoned := poison(m, attack)
			if own, ok := m.(templates.BreachPersonMail); ok { // the text and the contact point are the DPO's own, paragraphs and all
				all := poisoned.(templates.BreachPersonMail)
				all.Body, all.Contact = own.Body, own.Contact
				poisoned = all
			}
			got, err := poisoned.Mail()
			require.NoError(t, err)
			require.Equal(t, elements(t, harmless.HTML), elements(t, got.HTML))
			require.NotContains(t, got.HTML, `href="javascript:`)
			require.NotContains(t, got.Subject+got.Text, "\u202e")
			require.NotRegexp(t, `[\r\n]`, got.Subject)
			require.NotContains(t, got.Text, "\nBcc:", "a line of an untrusted value begins a line of the message")
		})
	}
}

// poison is a copy of m with every string that an untrusted hand could have written replaced by text; enums and dates stay.
func poison(m mail, text string) mail {
	v := reflect.New(reflect.TypeOf(m)).Elem()
	v.Set(reflect.ValueOf(m))
	poisonValue(v, text)
	return v.Interface().(mail)
}

func poisonValue(v reflect.Value, text string) {
	switch {
	case v.Type() == reflect.TypeFor[models.Right](), v.Type() == reflect.TypeFor[templates.ReminderKind]():
	case v.Type() == reflect.TypeFor[member.Alert](), v.Type() == reflect.TypeFor[models.Role]():
	case v.Type() == reflect.TypeFor[templates.Why](), v.Type() == reflect.TypeFor[request.Purpose]():
	case v.Type() == reflect.TypeFor[templates.RegisterKind](), v.Type() == reflect.TypeFor[subprocessor.Sort](), v.Type() == reflect.TypeFor[recipient.Transfer]():
	case v.Type() == reflect.TypeFor[time.Time](), v.Type() == reflect.TypeFor[calendar.Date](), v.Kind() == reflect.Pointer:
	case v.Kind() == reflect.String && v.Len() > 0:
		v.SetString(text)
	case v.Kind() == reflect.Slice:
		fresh := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(fresh, v)
		v.Set(fresh)
		for i := range v.Len() {
			poisonValue(v.Index(i), text)
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Language" {
				poisonValue(v.Field(i), text)
			}
		}
	}
}

func elements(t *testing.T, document string) []string {
	t.Helper()
	var list []string
	for z := html.NewTokenizer(strings.NewReader(document)); ; {
		switch z.Next() {
		case html.ErrorToken:
			return list
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			token := z.Token()
			for i := range token.Attr {
				if token.Attr[i].Key == "href" {
					token.Attr[i].Val = ""
				}
			}
			list = append(list, token.String())
		}
	}
}

func TestEveryDateOfAMailNamesItsZone(t *testing.T) {
	t.Parallel()
	date := regexp.MustCompile(`\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December) \d{4}( at \d\d:\d\d [A-Z]+)?`)
	dated := 0
	for name, m := range mails() {
		got, err := m.Mail()
		require.NoError(t, err, name)
		folded := strings.Join(strings.Fields(got.Text), " ")
		for _, at := range date.FindAllStringIndex(folded, -1) {
			dated++
			require.True(t, strings.HasPrefix(folded[at[1]:], " (Europe/Brussels)"), "%s: %s", name, folded[at[0]:])
		}
	}
	require.Greater(t, dated, 25)
}

func TestInstantsAreShownInTheirZone(t *testing.T) {
	t.Parallel()
	for want, zone := range map[string]*time.Location{
		"3 March 2027 at 14:05 CET (Europe/Brussels)":         brussels,
		"3 March 2027 at 13:05 UTC":                           nil,
		"3 March 2027 at 10:05 UTC-03:00 (America/Sao_Paulo)": must(time.LoadLocation("America/Sao_Paulo")),
	} {
		got, err := templates.MailHead{Zone: zone}.Instant(expires)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestAMailWithoutItsDateIsRefused(t *testing.T) {
	t.Parallel()
	_, err := templates.VerificationMail{MailHead: head, Right: models.Access, Link: link, Code: "1234-5678"}.Mail()
	require.ErrorContains(t, err, "a time is missing")
	_, err = templates.ConfirmedMail{MailHead: head, Right: models.Access, DueOn: due, Link: link}.Mail()
	require.ErrorContains(t, err, "a date is missing")
}

// A shared or watched mailbox shows subjects to others: none names a right, a person or what it is about beyond the reference.
func TestSubjectsToPersonsNameNoRight(t *testing.T) {
	t.Parallel()
	for name, m := range mails() {
		if slices.ContainsFunc([]string{"notice", "reminder", "instruction", "breach_", "contract_", "alert_"}, func(kind string) bool { return strings.HasPrefix(name, kind) }) {
			continue // to companies and staff
		}
		got, err := m.Mail()
		require.NoError(t, err)
		require.NotRegexp(t, `(?i)eras|delet|access|export|portab|GDPR|personal data|refus|Nordkai`, got.Subject, name)
	}
}

func TestNegativeAnswersNameComplaintAndCourt(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"refusal", "extension", "erasure", "erasure_nothing_held", "package_ready"} {
		got, err := mails()[name].Mail()
		require.NoError(t, err)
		folded := strings.Join(strings.Fields(got.Text), " ")
		require.Contains(t, folded, "complaint with the supervisory authority, "+authority, name)
		require.Contains(t, folded, "you can go to court", name)
	}
}

func TestMailsLoadNothingFromOutside(t *testing.T) {
	t.Parallel()
	for name, m := range mails() {
		got, err := m.Mail()
		require.NoError(t, err)
		require.NotRegexp(t, `(?i)<(img|link|script|iframe|object)|url\(|@import|src=`, got.HTML, name)
		require.NotContains(t, got.HTML+got.Text+got.Subject, "[redacted]", name)
		require.NotContains(t, got.HTML+got.Text, "ZgotmplZ", name)
	}
}

func TestLanguagesFallBackToEnglish(t *testing.T) {
	t.Parallel()
	mail := templates.PackageCodeMail{MailHead: head, Code: "1234-5678", ExpiresAt: time.Date(2027, time.March, 3, 14, 5, 0, 0, time.UTC)}
	want, err := mail.Mail()
	require.NoError(t, err)
	for _, language := range []string{"en-IE", "xx", ""} {
		mail.Language = language
		got, err := mail.Mail()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}
