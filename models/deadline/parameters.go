package deadline

import (
	"habeas/models"
	"habeas/models/calendar"
)

// Regimes whose limits are months with roll-over; the others are in Regimes.
const (
	EUGDPR = "EU_GDPR"
	UKGDPR = "UK_GDPR"
)

// PromptDays is how many days after receipt (or after the last answer) a question about identity is taken to be asked "without
// undue delay" (EDPB Guidelines 01/2022 §159). The law gives no number: half of the shortest month is a cautious reading, and a
// person's own finding (Pause.Undue) overrides it.
const PromptDays = 14

// Parameters are the dated numbers of a regime that counts in months. Which set applies depends on the day of receipt.
type Parameters struct {
	Regime         string
	Law            string
	ValidFrom      calendar.Date // first day of receipt
	ValidTo        calendar.Date // last day of receipt; zero when still in force
	Months         int           // the ordinary period
	ExtendedMonths int           // the whole period when extended, counted from the clock's start
	StartsLate     bool          // the clock starts on the latest of receipt, identity information and fee
	Inclusive      bool          // both the asking and the answering day are excluded from the period
	PromptDays     int           // a later question does not pause; 0 when the law sets no such condition
	Start          string        // citations
	End            string
	Roll           string
	Extension      string
	Refusal        string
	Pause          string
	Certainty      string // "high", "medium" where a text or a transition was not read, "convention" where the law is silent
	Note           string
}

const art3 = "Reg. (EEC, Euratom) 1182/71 Art. 3"

// Monthly lists the regimes that count in months, each with its versions in order.
func Monthly() []Parameters {
	return []Parameters{
		{
			Regime: EUGDPR, Law: "Regulation (EU) 2016/679 Art. 12", ValidFrom: calendar.Date{Year: 2018, Month: 5, Day: 25},
			Months: 1, ExtendedMonths: 3, PromptDays: PromptDays,
			Start: "GDPR Art. 12(3); " + art3 + "(1)", End: art3 + "(2)(c); EDPB Guidelines 01/2022 §160",
			Roll: art3 + "(4); EDPB Guidelines 01/2022 §161", Extension: "GDPR Art. 12(3)", Refusal: "GDPR Art. 12(4)",
			Pause: "GDPR Art. 12(6); EDPB Guidelines 01/2022 §159", Certainty: "high",
			Note: "How a pause is counted (difference of the dates, added after the months) and when a question is late is a convention.",
		},
		{
			Regime: UKGDPR, Law: "UK GDPR Art. 12 before the Data (Use and Access) Act 2025, with the ICO's guidance",
			ValidFrom: calendar.Date{Year: 2018, Month: 5, Day: 25}, ValidTo: calendar.Date{Year: 2026, Month: 2, Day: 4},
			Months: 1, ExtendedMonths: 3, StartsLate: true,
			Start: "UK GDPR Art. 12(3), 12(5), 12(6); ICO right of access guidance", End: art3 + "(2)(c); ICO right of access guidance",
			Roll: art3 + "(4); ICO right of access guidance", Extension: "UK GDPR Art. 12(3)", Refusal: "UK GDPR Art. 12(4)",
			Pause: "ICO right of access guidance (clarification)", Certainty: "medium",
			Note: "Before Art. 12A the late start and the pause were the regulator's practice, not statute.",
		},
		{
			Regime: UKGDPR, Law: "UK GDPR Art. 12 and 12A (Data (Use and Access) Act 2025 s. 76, in force by SI 2026/82)",
			ValidFrom: calendar.Date{Year: 2026, Month: 2, Day: 5},
			Months:    1, ExtendedMonths: 3, StartsLate: true, Inclusive: true,
			Start: "UK GDPR Art. 12A(2)", End: "UK GDPR Art. 12A(1); ICO right of access guidance",
			Roll: art3 + "(4); ICO right of access guidance", Extension: "UK GDPR Art. 12A(3), (4)", Refusal: "UK GDPR Art. 12(4)",
			Pause: "UK GDPR Art. 12A(6)", Certainty: "high",
			Note: "Applied to requests received on or after 5 February 2026.",
		},
	}
}

var monthly = Monthly()

// parametersFor finds the version in force on the day of receipt without copying the table.
func parametersFor(regime string, received calendar.Date) (*Parameters, error) {
	known := false
	for i := range monthly {
		p := &monthly[i]
		if p.Regime != regime {
			continue
		}
		known = true
		if !received.Before(p.ValidFrom) && (p.ValidTo.IsZero() || !received.After(p.ValidTo)) {
			return p, nil
		}
	}
	if known {
		return nil, models.Errorf(models.Invalid, "not_in_force", "The regime was not in force on the day of receipt.").At("received_at")
	}
	return nil, models.Errorf(models.Invalid, "unknown_regime", "The regime is not one that counts in months; see `habeas rules list`.").At("regime")
}
