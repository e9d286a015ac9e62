package models

// Role is what somebody may do in Habeas.
type Role string

const (
	RoleSubject    Role = "subject"           // the person, holding a link or a code
	RoleController Role = "controller"        // a customer: one of its administrators, or a system of it that holds an API key
	RoleViewer     Role = "controller_viewer" // one of a customer's people who reads and decides nothing
	RoleRecipient  Role = "recipient"         // holding an acknowledgement link
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

// Customer reports whether the role belongs to a customer's people, who see their own controller's rows only.
func (r Role) Customer() bool { return r == RoleController || r == RoleViewer }

// Actor is who did something. ID is the member's, the key's or the row's identifier, never a name; it is zero for the system and for subjects.
type Actor struct {
	Role Role
	ID   ID
}

// System is Habeas acting by itself.
func System() Actor { return Actor{Role: RoleSystem} }

// Principal is an authenticated caller.
type Principal struct {
	Actor
	Name   string // of the member or the key, for the page's header
	Scope  Scope
	Grants []Grant // of a key, or of a token that was given for one; none means all that the role may
}
