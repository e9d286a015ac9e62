package member

import (
	"net/mail"
	"slices"
	"strings"

	"habeas/models"
)

// State is where an account stands.
type State string

const (
	Invited     State = "invited"     // a link was sent, nobody has signed in yet
	Active      State = "active"      // may sign in
	Deactivated State = "deactivated" // may not, for good; its identifier stays in the ledger
)

// Staff are the roles of the operator's own people.
func Staff() []models.Role {
	return []models.Role{models.RoleDPO, models.RoleHandler, models.RoleOperator, models.RoleAuditor}
}

// Customers are the roles of a customer's people.
func Customers() []models.Role { return []models.Role{models.RoleController, models.RoleViewer} }

// Managers are the roles that manage accounts: the officer all of them, an operator those of operators and customers, a customer's administrators their own.
func Managers() []models.Role {
	return []models.Role{models.RoleDPO, models.RoleOperator, models.RoleController}
}

// maxName is how long a name may be, in bytes.
const maxName = 200

// Check reports what is wrong with a new account, with code bad_member_name, bad_email or bad_member_role. The controller is zero for staff.
func Check(role models.Role, controller models.ID, name, email models.Personal) error {
	switch {
	case strings.TrimSpace(name.Reveal()) == "" || len(name) > maxName || strings.ContainsAny(name.Reveal(), "\r\n"):
		return models.Errorf(models.Invalid, "bad_member_name", "Give the person's name, in one line.").At("/name")
	case Address(email) == "":
		return models.Errorf(models.Invalid, "bad_email", "Give an e-mail address in the form name@example.com.").At("/email")
	}
	return CheckRole(role, controller)
}

// CheckRole reports a role that an account cannot have, with code bad_member_role.
func CheckRole(role models.Role, controller models.ID) error {
	fits := Staff()
	if !controller.IsZero() {
		fits = Customers()
	}
	if !slices.Contains(fits, role) {
		return models.Errorf(models.Invalid, "bad_member_role", "Choose a role of staff, or for a controller one of its own roles.").At("/role")
	}
	return nil
}

// MayManage reports whether somebody may invite, change and deactivate accounts of a role. An operator runs the machine and neither decides nor sees whom
// requests are about, and so has no way to somebody who does: they give no such role, and take no such person's second step or password. The rows that
// they see are the scope's to say.
func MayManage(by, role models.Role) bool {
	switch by {
	case models.RoleDPO:
		return role.Staff() || role.Customer()
	case models.RoleOperator:
		return role == models.RoleOperator || role.Customer()
	case models.RoleController:
		return role.Customer()
	default:
		return false
	}
}

// Address is an e-mail address as accounts are found by it: trimmed and in small letters. It is empty for what is no bare address.
func Address(email models.Personal) models.Personal {
	s := strings.ToLower(strings.TrimSpace(email.Reveal()))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || len(s) > 254 {
		return ""
	}
	return models.Personal(s)
}
