package recipient

import (
	"slices"

	"habeas/models"
)

// Question is one of the questionnaire. Its words are in the catalogue of the pages under its code.
type Question struct {
	Code     string
	Citation string
}

// Answers that a question may have.
const (
	Yes           = "yes"
	Partly        = "partly"
	No            = "no"
	NotApplicable = "not_applicable"
)

// Answer is what was found out about one question.
type Answer struct {
	Question string
	Value    string
	Note     models.Personal
}

// Vetting is a questionnaire with its answers; its zero value is none.
type Vetting struct {
	Version string
	Answers []Answer
}

// questionnaires are by version. A version that was ever answered is never changed: a new question makes a new version.
var questionnaires = map[string][]Question{
	"2025-1": {
		{"contract", "GDPR Art. 28(3)"},
		{"instructions", "GDPR Art. 28(3)(a)"},
		{"confidentiality", "GDPR Art. 28(3)(b)"},
		{"security", "GDPR Art. 32"},
		{"subprocessors", "GDPR Art. 28(4)"},
		{"deletion", "GDPR Art. 28(3)(g)"},
	},
	"2026-1": {
		{"contract", "GDPR Art. 28(3)"},
		{"instructions", "GDPR Art. 28(3)(a)"},
		{"confidentiality", "GDPR Art. 28(3)(b)"},
		{"security", "GDPR Art. 32"},
		{"certificate", "GDPR Art. 28(5), 42"},
		{"subprocessors", "GDPR Art. 28(4)"},
		{"rights", "GDPR Art. 28(3)(e)"},
		{"breaches", "GDPR Art. 33(2)"},
		{"transfers", "GDPR Art. 44-49"},
		{"deletion", "GDPR Art. 28(3)(g)"},
		{"audits", "GDPR Art. 28(3)(h)"},
	},
}

// Questionnaire is the version that is answered today.
const Questionnaire = "2026-1"

// Questions are those of a version, nil for one that does not exist.
func Questions(version string) []Question { return slices.Clone(questionnaires[version]) }

// Values are the answers that there are.
func Values() []string { return []string{Yes, Partly, No, NotApplicable} }

const maxNote = 4000

// Check fails with bad_vetting when the version does not exist, or an answer is not one of its questions'.
func (v Vetting) Check() error {
	if v.Version == "" && len(v.Answers) == 0 {
		return nil
	}
	questions, ok := questionnaires[v.Version]
	if !ok {
		return models.Errorf(models.Invalid, "bad_vetting", "There is no such version of the questionnaire.").At("/questionnaire")
	}
	seen := map[string]bool{}
	for _, a := range v.Answers {
		known := slices.ContainsFunc(questions, func(q Question) bool { return q.Code == a.Question })
		if !known || seen[a.Question] || !slices.Contains(Values(), a.Value) || len(a.Note) > maxNote {
			return models.Errorf(models.Invalid, "bad_vetting", "An answer does not fit the questionnaire.").At("/answers")
		}
		seen[a.Question] = true
	}
	return nil
}

// Of is the answer to a question, the zero value when there is none.
func (v Vetting) Of(question string) Answer {
	for _, a := range v.Answers {
		if a.Question == question {
			return a
		}
	}
	return Answer{}
}
