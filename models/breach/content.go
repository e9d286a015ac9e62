package breach

// Authority is what a notification to the authority holds (Art. 33(3)); texts count as given when they are not blank.
type Authority struct {
	Nature           string // (a) nature of the breach
	PersonCategories string // (a) categories of persons
	PersonCount      int    // (a) approximate number; meaningful when PersonCountKnown
	PersonCountKnown bool
	RecordCategories string // (a) categories of records
	RecordCount      int    // (a) approximate number; meaningful when RecordCountKnown
	RecordCountKnown bool
	Contact          string // (b) name and contact details of the DPO or another contact point
	Consequences     string // (c) likely consequences
	Measures         string // (d) measures taken or proposed
	ReasonsForDelay  string // 33(1), mandatory when the notification is late
}

// Persons is what a communication to the persons concerned holds (Art. 34(2)).
type Persons struct {
	Nature        string // plain description of the nature of the breach
	Contact       string // 33(3)(b)
	Consequences  string // 33(3)(c)
	Measures      string // 33(3)(d)
	PlainLanguage bool   // the DPO confirms clear and plain language
	Separate      bool   // sent as a message of its own, not among other news
}

// Gap is a piece of mandatory content that is missing.
type Gap struct {
	Code     string // stable, e.g. "contact_point_missing"
	Message  string
	Citation string
	Later    bool // may follow in a later phase (Art. 33(4)); the contact point and the reasons for delay may not
}

// CheckAuthority lists what a notification under Art. 33(3) lacks, in the order of the article. late says that the 72 hours had
// passed, which makes the reasons for the delay mandatory.
func CheckAuthority(n Authority, late bool) []Gap {
	checks := []struct {
		ok  bool
		gap Gap
	}{
		{given(n.Nature), Gap{"nature_missing", "Describe the nature of the breach.", "GDPR Art. 33(3)(a)", true}},
		{given(n.PersonCategories), Gap{"person_categories_missing", "Name the categories of persons concerned.", "GDPR Art. 33(3)(a)", true}},
		{n.PersonCountKnown && n.PersonCount >= 0, Gap{"person_count_missing", "Give the approximate number of persons concerned.", "GDPR Art. 33(3)(a)", true}},
		{given(n.RecordCategories), Gap{"record_categories_missing", "Name the categories of records concerned.", "GDPR Art. 33(3)(a)", true}},
		{n.RecordCountKnown && n.RecordCount >= 0, Gap{"record_count_missing", "Give the approximate number of records concerned.", "GDPR Art. 33(3)(a)", true}},
		{given(n.Contact), Gap{"contact_point_missing", "Name the data protection officer or another contact point.", "GDPR Art. 33(3)(b)", false}},
		{given(n.Consequences), Gap{"consequences_missing", "Describe the likely consequences.", "GDPR Art. 33(3)(c)", true}},
		{given(n.Measures), Gap{"measures_missing", "Describe the measures taken or proposed.", "GDPR Art. 33(3)(d)", true}},
		{!late || given(n.ReasonsForDelay), Gap{"reasons_for_delay_missing", "Give the reasons for the delay.", "GDPR Art. 33(1)", false}},
	}
	var gaps []Gap
	for _, c := range checks {
		if !c.ok {
			gaps = append(gaps, c.gap)
		}
	}
	return gaps
}

// MayGoOut reports whether a notification with these gaps may be sent now as one phase of several (Art. 33(4)): none of them is
// one that must not wait.
func MayGoOut(gaps []Gap) bool {
	for _, g := range gaps {
		if !g.Later {
			return false
		}
	}
	return true
}

// CheckPersons lists what a communication under Art. 34(2) lacks. Nothing of it may follow later.
func CheckPersons(p Persons) []Gap {
	checks := []struct {
		ok  bool
		gap Gap
	}{
		{given(p.Nature), Gap{Code: "nature_missing", Message: "Say what happened.", Citation: "GDPR Art. 34(2)"}},
		{given(p.Contact), Gap{Code: "contact_point_missing", Message: "Name the data protection officer or another contact point.", Citation: "GDPR Art. 34(2), 33(3)(b)"}},
		{given(p.Consequences), Gap{Code: "consequences_missing", Message: "Describe the likely consequences.", Citation: "GDPR Art. 34(2), 33(3)(c)"}},
		{given(p.Measures), Gap{Code: "measures_missing", Message: "Describe the measures, with what the person can do.", Citation: "GDPR Art. 34(2), 33(3)(d)"}},
		{p.PlainLanguage, Gap{Code: "plain_language_unconfirmed", Message: "Confirm that the text is clear and plain.", Citation: "GDPR Art. 34(2)"}},
		{p.Separate, Gap{Code: "not_separate", Message: "Send it as a message of its own.", Citation: "EDPB Guidelines 9/2022 on Art. 34"}},
	}
	var gaps []Gap
	for _, c := range checks {
		if !c.ok {
			gaps = append(gaps, c.gap)
		}
	}
	return gaps
}

func given(s string) bool {
	for _, r := range s {
		switch r {
		case ' ', '\t', '\n', '\r', '\u00a0':
		default:
			return true
		}
	}
	return false
}
