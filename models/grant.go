package models

import "slices"

// Grant is one thing that an access key may do; outside it is called a scope, as in OAuth 2.0, and here not, because Scope is whose rows a query sees.
// A key without grants may do all that its role may, a key with some may do these and nothing else, and no more than its role.
type Grant string

const (
	GrantReadRequests  Grant = "requests:read"
	GrantWriteRequests Grant = "requests:write" // file requests, order searches, enter corrections
	GrantDecisions     Grant = "decisions"
	GrantPersonal      Grant = "personal" // see who somebody is, find their requests, fetch proofs and files
	GrantBreaches      Grant = "breaches"
	GrantWebhooks      Grant = "webhooks"
	GrantSuppressions  Grant = "suppressions"
	GrantRecipients    Grant = "recipients" // read the register
	GrantChanges       Grant = "changes"    // of subprocessors: read, and object
	GrantContracts     Grant = "contracts"  // their ends: order, approve, withdraw, release
	GrantKeys          Grant = "keys"
)

// Grants are all that there are.
func Grants() []Grant {
	return []Grant{
		GrantReadRequests, GrantWriteRequests, GrantDecisions, GrantPersonal, GrantBreaches, GrantWebhooks, GrantSuppressions, GrantRecipients, GrantChanges, GrantContracts, GrantKeys,
	}
}

// ParseGrants reads words as grants, each once and in their order above. It fails with unknown_scope.
func ParseGrants(words []string) ([]Grant, error) {
	for _, w := range words {
		if !slices.Contains(Grants(), Grant(w)) {
			return nil, Errorf(Invalid, "unknown_scope", "There is no such scope.").At("/scopes")
		}
	}
	var out []Grant
	for _, g := range Grants() {
		if slices.Contains(words, string(g)) {
			out = append(out, g)
		}
	}
	return out, nil
}

// May reports whether the caller's grants allow one; no grant, which no route of programs has, is allowed to whoever has no grants.
func (p Principal) May(g Grant) bool {
	return len(p.Grants) == 0 || slices.Contains(p.Grants, g)
}

// Narrowed is what is left of grants when only some are asked for: all of them when none is asked for. ok is false when more is asked for than there is.
func Narrowed(held, asked []Grant) (left []Grant, ok bool) {
	if len(asked) == 0 {
		return held, true
	}
	for _, g := range asked {
		if len(held) > 0 && !slices.Contains(held, g) {
			return nil, false
		}
	}
	return asked, true
}

// MayGiveKey reports whether somebody may make access keys of a role. Nobody gives what they do not have; a customer's first key comes from the operator's
// people, whom its administrators hear of.
func MayGiveKey(by, role Role) bool {
	may := map[Role]bool{
		RoleSystem:     true,
		RoleDPO:        role.Staff() || role == RoleController,
		RoleOperator:   role == RoleOperator || role == RoleController,
		RoleController: role == RoleController,
	}
	return may[by]
}
