package recipient

import (
	"fmt"
	"slices"
	"strings"

	"habeas/models"
	"habeas/models/calendar"
)

// Transfer is the ground on which data may go to a third country, Art. 44-49; empty when nobody has said.
type Transfer string

const (
	NoTransfer Transfer = "none"       // nothing leaves the EEA
	Adequacy   Transfer = "adequacy"   // Art. 45
	Clauses    Transfer = "scc"        // standard contractual clauses, Art. 46(2)(c)
	Binding    Transfer = "bcr"        // binding corporate rules, Art. 46(2)(b), 47
	Derogation Transfer = "derogation" // Art. 49
)

// Transfers are all of them.
func Transfers() []Transfer { return []Transfer{NoTransfer, Adequacy, Clauses, Binding, Derogation} }

// Facts are what the register holds of a recipient beside its name and how it is told. They hold nothing personal.
type Facts struct {
	LegalName     string                 `json:"legal_name,omitempty"`
	Subprocessor  bool                   `json:"subprocessor,omitempty"` // Art. 28(2), (4)
	Transfer      Transfer               `json:"transfer,omitempty"`
	Purposes      []string               `json:"purposes,omitempty"`
	Controllers   []string               `json:"controllers,omitempty"` // slugs of those whose data it gets; none named: of all
	Former        []string               `json:"former,omitempty"`      // slugs of those whose data it no longer gets, and may still hold
	Identities    []string               `json:"identities,omitempty"`  // kinds of identity by which it knows a person; none named: those of the data that it gets
	Protocol      string                 `json:"protocol,omitempty"`
	ResponseDays  int                    `json:"response_days,omitempty"` // agreed; 0: none
	ContractOn    calendar.Date          `json:"contract_on,omitzero"`
	ContractUntil calendar.Date          `json:"contract_until,omitzero"`
	ReviewedOn    calendar.Date          `json:"reviewed_on,omitzero"`
	NextReviewOn  calendar.Date          `json:"next_review_on,omitzero"`
	Translations  map[string]Translation `json:"translations,omitempty"` // by language
	EndedOn       calendar.Date          `json:"ended_on,omitzero"`      // it gets nothing from this day on; what it has got, it may still hold
}

// Translation is what a person reads of a recipient in one language. What is empty is read as the register has it.
type Translation struct {
	Purposes  []string `json:"purposes,omitempty" yaml:"purposes"` // in the order of the recipient's own
	Safeguard string   `json:"safeguard,omitempty" yaml:"safeguard"`
}

// Language is the one in which the register is kept.
const Language = "en"

// PurposesIn are the purposes as a person reads them: in their language all together or none.
func (f Facts) PurposesIn(lang string) []models.Said {
	texts, in := f.Purposes, Language
	if t := f.Translations[lang].Purposes; len(t) > 0 && len(t) == len(texts) {
		texts, in = t, lang
	}
	out := make([]models.Said, len(texts))
	for i, text := range texts {
		out[i] = models.Said{Text: text, Lang: in}
	}
	return out
}

// Serves reports whether the data of a controller goes to the recipient.
func (f Facts) Serves(controller string) bool {
	return len(f.Controllers) == 0 || slices.Contains(f.Controllers, controller)
}

// Holds reports whether the recipient may hold data of a controller: what it has got it is told about, Art. 19, also when it gets nothing more.
func (f Facts) Holds(controller string) bool {
	return f.Serves(controller) || slices.Contains(f.Former, controller)
}

// After is f as it follows on an earlier entry: of the given controllers, those whose data the recipient may hold and no longer gets are its
// former ones.
func (f Facts) After(before Facts, controllers []string) Facts {
	former := slices.Concat(before.Former, f.Former)
	f.Former = nil
	for _, c := range controllers {
		if !f.Serves(c) && (before.Serves(c) || slices.Contains(former, c)) {
			f.Former = append(f.Former, c)
		}
	}
	return f
}

// ReviewDue reports whether the recipient is to be reviewed on a day or before it.
func (f Facts) ReviewDue(today calendar.Date) bool {
	return f.EndedOn.IsZero() && !f.NextReviewOn.IsZero() && !f.NextReviewOn.After(today)
}

const (
	maxText  = 500
	maxItems = 1000
	maxDays  = 3650
)

// Check fails with bad_recipient and the field at fault.
func (f Facts) Check() error {
	switch {
	case f.Transfer != "" && !slices.Contains(Transfers(), f.Transfer):
		return bad("transfer", "The ground of a transfer must be one of none, adequacy, scc, bcr, derogation.")
	case f.ResponseDays < 0 || f.ResponseDays > maxDays:
		return bad("response_days", "The agreed response time is a number of days from 0 to 3650.")
	case !f.ContractUntil.IsZero() && f.ContractUntil.Before(f.ContractOn):
		return bad("contract_until", "The contract cannot end before it begins.")
	case !f.NextReviewOn.IsZero() && f.NextReviewOn.Before(f.ReviewedOn):
		return bad("next_review_on", "The next review comes after the last one.")
	}
	for field, text := range map[string]string{"legal_name": f.LegalName, "protocol": f.Protocol} {
		if !oneLine(text) {
			return bad(field, "This must be one line of at most 500 characters.")
		}
	}
	for field, list := range map[string][]string{"purposes": f.Purposes, "controllers": f.Controllers, "former": f.Former, "identities": f.Identities} {
		if err := checkList(field, list); err != nil {
			return err
		}
	}
	for lang, t := range f.Translations {
		if len(t.Purposes) > 0 && len(t.Purposes) != len(f.Purposes) {
			return bad("translations/"+lang+"/purposes", "Translated purposes must be as many as the recipient has, in the same order.")
		}
	}
	return nil
}

func checkList(field string, list []string) error {
	if len(list) > maxItems {
		return bad(field, "There are too many of these.")
	}
	seen := map[string]bool{}
	for _, one := range list {
		if strings.TrimSpace(one) != one || one == "" || !oneLine(one) || seen[one] {
			return bad(field, "Each of these must be one line, and named once.")
		}
		seen[one] = true
	}
	return nil
}

func oneLine(text string) bool { return len(text) <= maxText && !strings.ContainsAny(text, "\r\n\x00") }

func bad(field, sentence string) error {
	return models.Errorf(models.Invalid, "bad_recipient", "%s", sentence).At("/" + field)
}

// Gap is something that the register should say and does not.
type Gap struct {
	Code     string
	Citation string
}

// Gaps are what is missing of a recipient in a country, by its ISO code; inside says that the GDPR applies there. They hinder nothing.
func (f Facts) Gaps(country string, inside bool) []Gap {
	var out []Gap
	add := func(missing bool, code, citation string) {
		if missing {
			out = append(out, Gap{code, citation})
		}
	}
	add(f.LegalName == "", "legal_name", "GDPR Art. 30(1)(d)")
	add(country == "", "country", "GDPR Art. 30(1)(e)")
	add(country != "" && !inside && (f.Transfer == "" || f.Transfer == NoTransfer), "transfer", "GDPR Art. 44")
	add(len(f.Purposes) == 0, "purposes", "GDPR Art. 30(1)(b)")
	add(f.Subprocessor && f.ContractOn.IsZero(), "contract", "GDPR Art. 28(4)")
	add(f.Subprocessor && f.NextReviewOn.IsZero(), "review", "GDPR Art. 28(1)")
	return out
}

// ParseDate reads a day of the register; an empty text is none. It fails with bad_recipient.
func ParseDate(field, text string) (calendar.Date, error) {
	if text = strings.TrimSpace(text); text == "" {
		return calendar.Date{}, nil
	}
	d, err := calendar.ParseDate(text)
	if err != nil {
		return d, bad(field, fmt.Sprintf("%s must be a day like 2027-03-31.", field))
	}
	return d, nil
}
