package breach

import (
	"strconv"

	"habeas/models"
)

// MethodCitation names the method of Assess.
const MethodCitation = "ENISA, Recommendations for a methodology of the assessment of severity of personal data breaches, v1.0 (2013)"

// Context is the kind of data, the base of the data processing context (DPC).
type Context string

// Contexts with their base scores 1 to 4. With several, the highest score counts.
const (
	Simple     Context = "simple"
	Behavioral Context = "behavioral"
	Financial  Context = "financial"
	Sensitive  Context = "sensitive"
)

// Identification is the ease of identification (EI).
type Identification string

// Eases of identification: 0.25, 0.5, 0.75, 1.
const (
	Negligible  Identification = "negligible"
	Limited     Identification = "limited"
	Significant Identification = "significant"
	Maximum     Identification = "maximum"
)

// Loss is how bad one circumstance of the breach (CB) is.
type Loss string

// Losses add 0, 0.25 or 0.5. What they mean differs: confidentiality towards known or unknown recipients, integrity altered with or
// without a way back, availability lost for a time or for good.
const (
	NoLoss   Loss = "none"
	SomeLoss Loss = "some" // known recipients; recoverable alteration; temporary unavailability
	FullLoss Loss = "full" // unknown recipients; no way back; permanent unavailability
)

// Data is one kind of data with the DPO's adjustment of its score.
type Data struct {
	Context Context
	Adjust  int    // -3 to 3: volume, special character of the controller or the persons, invalid or public data
	Reason  string // needed with an adjustment
}

// Circumstances are the inputs of the score.
type Circumstances struct {
	Data            []Data
	Identification  Identification
	Confidentiality Loss
	Integrity       Loss
	Availability    Loss
	Malicious       bool // adds 0.5
	Persons         int  // above 100 raises a flag, not the score
	Unintelligible  bool // encrypted with a safe key: a flag, Art. 34(3)(a)
}

// Level is the band of a score.
type Level string

// Levels: below 2, below 3, below 4, from 4 on.
const (
	Low      Level = "low"
	Medium   Level = "medium"
	High     Level = "high"
	VeryHigh Level = "very_high"
)

// Assessment is advice with its workings; the DPO decides and writes down why.
type Assessment struct {
	DPC, EI, CB, Score float64 // multiples of 0.25
	Level              Level
	Flags              []string // "many_persons", "unintelligible"
	AdviseAuthority    bool     // the score suggests a notification under Art. 33
	AdvisePersons      bool     // the score suggests a communication under Art. 34
	Steps              []string
	Method             string
	RuleSet            string
}

// Assess computes score = DPC × EI + CB. It fails with missing_field (no data, no ease of identification), bad_value and
// adjustment_without_reason.
func Assess(c Circumstances) (Assessment, error) {
	a := Assessment{Method: MethodCitation, RuleSet: RuleSet()}
	dpc, err := a.context(c.Data)
	if err != nil {
		return Assessment{}, err
	}
	ei, err := quarters("identification", string(c.Identification), string(Negligible), string(Limited), string(Significant), string(Maximum))
	if err != nil {
		return Assessment{}, err
	}
	ei++
	a.step("Ease of identification is " + string(c.Identification) + ": " + points(ei) + ".")
	cb, err := a.circumstances(c)
	if err != nil {
		return Assessment{}, err
	}
	score := dpc*ei + cb // in quarters: dpc is whole
	a.DPC, a.EI, a.CB, a.Score = float64(dpc), float64(ei)/4, float64(cb)/4, float64(score)/4
	a.Level = level(score)
	a.step("Score: " + strconv.Itoa(dpc) + " × " + points(ei) + " + " + points(cb) + " = " + points(score) + ", " + string(a.Level) + ".")
	a.flags(c)
	a.advise(c)
	return a, nil
}

func (a *Assessment) context(data []Data) (int, error) {
	best := 0
	for _, d := range data {
		q, err := quarters("context", string(d.Context), string(Simple), string(Behavioral), string(Financial), string(Sensitive))
		if err != nil {
			return 0, err
		}
		if d.Adjust < -3 || d.Adjust > 3 {
			return 0, invalid("bad_value", "An adjustment is between -3 and 3.", "adjust")
		}
		if d.Adjust != 0 && !given(d.Reason) {
			return 0, invalid("adjustment_without_reason", "An adjusted score needs its reason.", "reason")
		}
		score := min(max(q+1+d.Adjust, 1), 4)
		s := "Data of the kind " + string(d.Context) + ": base " + strconv.Itoa(q+1)
		if d.Adjust != 0 {
			s += ", adjusted by " + strconv.Itoa(d.Adjust) + " to " + strconv.Itoa(score)
		}
		a.step(s + ".")
		best = max(best, score)
	}
	if best == 0 {
		return 0, invalid("missing_field", "At least one kind of data is needed.", "data")
	}
	return best, nil
}

func (a *Assessment) circumstances(c Circumstances) (int, error) {
	total := 0
	for _, l := range []struct {
		name string
		loss Loss
	}{{"confidentiality", c.Confidentiality}, {"integrity", c.Integrity}, {"availability", c.Availability}} {
		if l.loss == "" {
			continue
		}
		q, err := quarters(l.name, string(l.loss), string(NoLoss), string(SomeLoss), string(FullLoss))
		if err != nil {
			return 0, err
		}
		if q > 0 {
			a.step("Loss of " + l.name + " (" + string(l.loss) + "): " + points(q) + ".")
		}
		total += q
	}
	if c.Malicious {
		a.step("Malicious intent: 0.50.")
		total += 2
	}
	return total, nil
}

// flags are what the method leaves outside the score.
func (a *Assessment) flags(c Circumstances) {
	if c.Persons > 100 {
		a.Flags = append(a.Flags, "many_persons")
		a.step("More than 100 persons are concerned: to be weighed beside the score.")
	}
	if c.Unintelligible {
		a.Flags = append(a.Flags, "unintelligible")
		a.step("The data is unintelligible to whoever has it: Art. 34(3)(a) may apply, and the risk may be unlikely.")
	}
}

func (a *Assessment) advise(c Circumstances) {
	a.AdviseAuthority = a.Level != Low
	a.AdvisePersons = (a.Level == High || a.Level == VeryHigh) && !c.Unintelligible
	switch {
	case a.AdvisePersons:
		a.step("Advice: a high risk is likely; notify the authority (Art. 33) and tell the persons (Art. 34). The DPO decides.")
	case a.AdviseAuthority:
		a.step("Advice: a risk is likely; notify the authority (Art. 33). The DPO decides.")
	default:
		a.step("Advice: a risk may be unlikely; if so, document the breach with the reasons (Art. 33(5)). The DPO decides.")
	}
}

func level(q int) Level {
	switch {
	case q < 8:
		return Low
	case q < 12:
		return Medium
	case q < 16:
		return High
	}
	return VeryHigh
}

// quarters is the index of value among its scale; the scales rise by a quarter or by one.
func quarters(field, value string, scale ...string) (int, error) {
	if value == "" {
		return 0, invalid("missing_field", "The assessment is incomplete.", field)
	}
	for i, s := range scale {
		if s == value {
			return i, nil
		}
	}
	return 0, models.Errorf(models.Invalid, "bad_value", "The value is not one of the method's scale.").At(field)
}

func points(q int) string { return strconv.FormatFloat(float64(q)/4, 'f', 2, 64) }

func (a *Assessment) step(s string) { a.Steps = append(a.Steps, s) }
