package devserver

import (
	"context"

	"habeas/models"
	"habeas/models/store"
)

// Account is somebody of the sample company who has been invited and has not chosen a password yet. Opening Link does both.
type Account struct {
	ID    models.ID
	Role  models.Role
	Name  string
	Email string
	Link  string // path of the one-time link
}

// invite makes an account for each sort of people that the consoles are for.
func (s *Server) invite(ctx context.Context, db *store.Store, customer models.ID) error {
	for _, a := range []Account{
		{Role: models.RoleDPO, Name: "Ada Brandt", Email: "ada.brandt@nordkai.example"},
		{Role: models.RoleHandler, Name: "Jonas Petersen", Email: "jonas.petersen@nordkai.example"},
		{Role: models.RoleAuditor, Name: "Ines Kaya", Email: "ines.kaya@audit.example"},
		{Role: models.RoleController, Name: "Vera Jansen", Email: "vera.jansen@brightline.example"},
		{Role: models.RoleViewer, Name: "Bram Visser", Email: "bram.visser@brightline.example"},
	} {
		spec := store.MemberSpec{Role: a.Role, Name: models.Personal(a.Name), Email: models.Personal(a.Email)}
		if a.Role.Customer() {
			spec.ControllerID = customer
		}
		m, token, err := db.InviteFirst(ctx, spec)
		if err != nil {
			return err
		}
		a.ID, a.Link = m.ID, "/staff/link/"+token
		s.Accounts = append(s.Accounts, a)
	}
	return nil
}

// Account is the one of the sample company's people who has a role.
func (s *Server) Account(role models.Role) Account {
	for _, a := range s.Accounts {
		if a.Role == role {
			return a
		}
	}
	return Account{}
}
