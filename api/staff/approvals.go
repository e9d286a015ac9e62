package staff

import (
	"context"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
	"habeas/templates"
)

// addApprovals says whether two persons have to approve the plan of a request, and who has done so first. Customers learn the role and no name.
func (k *Console) addApprovals(ctx context.Context, who models.Principal, r request.Request, v *templates.PlanView) error {
	two, first, err := k.Store.Approvals(ctx, who.Scope, r.ID)
	if models.CodeOf(err) == "key_destroyed" {
		return nil
	}
	if v.FourEyes = two; err != nil || first == nil {
		return err
	}
	v.First = &templates.FirstView{Name: first.Name.Reveal(), Role: string(first.Actor.Role), At: first.At, Own: first.Actor.ID == who.ID, Reason: first.Reason}
	if !who.Role.Staff() || v.First.Name == "" {
		v.First.Name = k.Text("en", "plan.first.somebody")
	}
	return nil
}

// approvable says why somebody cannot approve a plan now, though the state would allow it; empty when they can.
func approvable(who models.Principal, two bool, first *store.FirstApproval) string {
	switch {
	case !two || first == nil:
		return ""
	default:
		return models.MessageOf(first.Second(who.Actor, first.Digest), "")
	}
}
