package models

// Role is what somebody may do in Habeas.
type Role string

const (
	RoleSubject    Role = "subject"    // the person, holding a link or a code
	RoleController Role = "controller" // a customer, holding an API key
	RoleRecipient  Role = "recipient"  // holding an acknowledgement link
	RoleDPO        Role = "dpo"
	RoleHandler    Role = "case_handler"
	RoleAuditor    Role = "auditor" // read-only
	RoleOperator   Role = "operator"
	RoleSystem     Role = "system" // Habeas itself
)

// Staff reports whether the role belongs to the operator's own people.
func (r Role) Staff() bool {
	return r == RoleDPO || r == RoleHandler || r == RoleAuditor || r == RoleOperator
}

// Actor is who did something. ID is the key's or row's identifier, never a name; it is zero for the system and for subjects.
type Actor struct {
	Role Role
	ID   ID
}

// System is Habeas acting by itself.
func System() Actor { return Actor{Role: RoleSystem} }

// Principal is an authenticated caller.
type Principal struct {
	Actor
	Name   string // of the staff member or the key, for the page's header
	Scope  Scope
	Grants []Grant // of a key, or of a token that was given for one; none means all that the role may
}
