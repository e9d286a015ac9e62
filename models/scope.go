package models

// Scope limits a query to one controller's rows. Every store method that reads or writes a tenant's rows takes one; its zero
// value sees nothing.
type Scope struct {
	controller ID
	all        bool
}

// ScopeOf sees the rows of one controller.
func ScopeOf(controller ID) Scope { return Scope{controller: controller} }

// ScopeOperator sees the rows of all controllers: the operator's own staff and workers, never a customer.
func ScopeOperator() Scope { return Scope{all: true} }

// Controller is the one controller the scope is limited to; ok is false for the operator's scope.
func (s Scope) Controller() (id ID, ok bool) { return s.controller, !s.all }

// Allows reports whether rows of the controller are inside the scope.
func (s Scope) Allows(controller ID) bool {
	return !controller.IsZero() && (s.all || s.controller == controller)
}
