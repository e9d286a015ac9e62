package breach

// Risk is the DPO's finding on the risk to the persons concerned.
type Risk string

// Risks, from GDPR Art. 33(1) and 34(1).
const (
	RiskUnlikely Risk = "unlikely"
	RiskLikely   Risk = "likely"
	RiskHigh     Risk = "high"
)

// Exceptions are the DPO's findings under Art. 34(3).
type Exceptions struct {
	Unintelligible   bool // (a) the data is unintelligible to whoever has it, e.g. encrypted
	LaterMeasures    bool // (b) measures taken since then make the high risk unlikely
	Disproportionate bool // (c) telling each person would be a disproportionate effort
}

// Telling is what the persons concerned are owed.
type Telling string

// Ways of telling the persons.
const (
	TellNobody   Telling = "none"
	TellEach     Telling = "each_person"
	PublicNotice Telling = "public_notice"
)

// Authorities says who is notified.
type Authorities string

// With an establishment in the Union the lead authority, without one every authority concerned.
const (
	NoAuthority    Authorities = ""
	LeadAuthority  Authorities = "lead"
	EveryAuthority Authorities = "every"
)

// Duties follow from the DPO's findings. Every breach is documented (Art. 33(5)), whatever else is owed.
type Duties struct {
	Authorities Authorities
	Persons     Telling
	Steps       []string
}

// DutiesFor applies Art. 33 and 34 to the DPO's findings; it fails with bad_value when the risk is none of the three.
func DutiesFor(risk Risk, ex Exceptions, establishedInEU bool) (Duties, error) {
	d := Duties{Persons: TellNobody, Steps: []string{"The breach is documented with its facts, effects and remedies (GDPR Art. 33(5))."}}
	switch risk {
	case RiskUnlikely:
		d.step("A risk is unlikely: no notification, and the reasons are documented (GDPR Art. 33(1), (5)).")
		return d, nil
	case RiskLikely, RiskHigh:
	default:
		return Duties{}, invalid("bad_value", "The risk is unlikely, likely or high.", "risk")
	}
	if establishedInEU {
		d.Authorities = LeadAuthority
		d.step("The lead authority is notified (GDPR Art. 33(1), 55, 56).")
	} else {
		d.Authorities = EveryAuthority
		d.step("Without an establishment in the Union every authority concerned is notified (EDPB Guidelines 9/2022 §73).")
	}
	if risk == RiskHigh {
		d.persons(ex)
	}
	return d, nil
}

func (d *Duties) persons(ex Exceptions) {
	switch {
	case ex.Unintelligible:
		d.step("The data is unintelligible to others: the persons need not be told (GDPR Art. 34(3)(a)).")
	case ex.LaterMeasures:
		d.step("Later measures make the high risk unlikely: the persons need not be told (GDPR Art. 34(3)(b)).")
	case ex.Disproportionate:
		d.Persons = PublicNotice
		d.step("Telling each person would be a disproportionate effort: a public notice takes its place (GDPR Art. 34(3)(c)).")
	default:
		d.Persons = TellEach
		d.step("The risk is high: the persons are told without undue delay (GDPR Art. 34(1)).")
	}
}

func (d *Duties) step(s string) { d.Steps = append(d.Steps, s) }
