package store

import (
	"encoding/json"

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
	form.Identities, form.Claimed = identityForms(s.Identities), identityForms(s.Claimed)
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
	s.Identities, s.Claimed = identitiesFrom(form.Identities), identitiesFrom(form.Claimed)
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
