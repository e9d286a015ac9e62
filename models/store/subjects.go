package store

import (
	"encoding/json"
	"reflect"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store/vault"
)

// subjectForm is request.Subject with its text in the open, which models.Personal refuses to write: it exists only between the row and
// the seal.
type subjectForm struct {
	Name       string         `json:"name,omitempty"`
	Email      string         `json:"email,omitempty"`
	Message    string         `json:"message,omitempty"`
	Identities []identityForm `json:"identities,omitempty"`
	Claimed    []identityForm `json:"claimed,omitempty"`
	Statement  *statementForm `json:"statement,omitempty"`
}

type statementForm struct {
	Ground      request.Ground    `json:"ground,omitempty"`
	Purposes    []request.Purpose `json:"purposes,omitempty"`
	Situation   string            `json:"situation,omitempty"`
	Wrong       string            `json:"wrong,omitempty"`
	Correct     string            `json:"correct,omitempty"`
	Corrections []identityForm    `json:"corrections,omitempty"` // field and value
}

func statementOf(s request.Statement) *statementForm {
	form := statementForm{
		Ground: s.Ground, Purposes: s.Purposes, Situation: s.Situation.Reveal(), Wrong: s.Wrong.Reveal(), Correct: s.Correct.Reveal(),
	}
	for _, c := range s.Corrections {
		form.Corrections = append(form.Corrections, identityForm{c.Field.Reveal(), c.Value.Reveal()})
	}
	if reflect.ValueOf(form).IsZero() {
		return nil
	}
	return &form
}

func (f *statementForm) statement() request.Statement {
	if f == nil {
		return request.Statement{}
	}
	s := request.Statement{
		Ground: f.Ground, Purposes: f.Purposes, Situation: models.Personal(f.Situation), Wrong: models.Personal(f.Wrong), Correct: models.Personal(f.Correct),
	}
	for _, c := range f.Corrections {
		s.Corrections = append(s.Corrections, request.Said{Field: models.Personal(c.Kind), Value: models.Personal(c.Value)})
	}
	return s
}

// statementFacts are what the ledger says of a statement: words of the law, nothing that is personal.
func statementFacts(data map[string]any, s request.Statement) map[string]any {
	if s.Ground != "" {
		data["ground"] = s.Ground
	}
	if len(s.Purposes) > 0 {
		data["purposes"] = s.Purposes
	}
	return data
}

type identityForm struct {
	Kind  string `json:"kind"`
	Value string `json:"value"`
}

func subjectPlace(submissionID models.ID) string {
	return "submissions.subject/" + submissionID.String()
}

func sealSubject(key *vault.Key, submissionID models.ID, s request.Subject) ([]byte, error) {
	form := subjectForm{Name: s.Name.Reveal(), Email: s.Email.Reveal(), Message: s.Message.Reveal()}
	form.Identities, form.Claimed, form.Statement = identityForms(s.Identities), identityForms(s.Claimed), statementOf(s.Statement)
	plain, err := json.Marshal(form)
	if err != nil {
		return nil, err
	}
	return key.Seal(subjectPlace(submissionID), plain), nil
}

func openSubject(key *vault.Key, submissionID models.ID, sealed []byte) (request.Subject, error) {
	plain, err := key.Open(subjectPlace(submissionID), sealed)
	if err != nil {
		return request.Subject{}, err
	}
	var form subjectForm
	if err := json.Unmarshal(plain, &form); err != nil {
		return request.Subject{}, err
	}
	s := request.Subject{
		Name: models.Personal(form.Name), Email: models.Personal(form.Email), Message: models.Personal(form.Message),
	}
	s.Identities, s.Claimed, s.Statement = identitiesFrom(form.Identities), identitiesFrom(form.Claimed), form.Statement.statement()
	return s, nil
}

func identityForms(list []request.Identity) (out []identityForm) {
	for _, i := range list {
		out = append(out, identityForm{i.Kind, i.Value.Reveal()})
	}
	return out
}

func identitiesFrom(forms []identityForm) (out []request.Identity) {
	for _, f := range forms {
		out = append(out, request.Identity{Kind: f.Kind, Value: models.Personal(f.Value)})
	}
	return out
}
