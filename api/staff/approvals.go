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
	own, err := k.same(ctx, first.Actor.ID, who.ID)
	if err != nil {
		return err
	}
	v.First = &templates.FirstView{Name: first.Name.Reveal(), Role: string(first.Actor.Role), At: first.At, Own: own, Reason: first.Reason}
	if !who.Role.Staff() || v.First.Name == "" {
		v.First.Name = k.Text("en", "plan.first.somebody")
	}
	return nil
}

// same reports whether two actors are known to be one person, as a member and the access key that they made.
func (k *Console) same(ctx context.Context, first, second models.ID) (bool, error) {
	err := k.Store.Apart(ctx, first, second)
	if models.KindOf(err) == models.Forbidden {
		return models.CodeOf(err) == "same_person", nil
	}
	return false, err
}

// approvable fails with why somebody cannot approve a plan now, though the state would allow it.
func (k *Console) approvable(ctx context.Context, who models.Principal, two bool, first *store.FirstApproval) error {
	if !two || first == nil {
		return nil
	}
	if err := first.Second(who.Actor, first.Digest); err != nil {
		return err
	}
	return k.Store.Apart(ctx, first.Actor.ID, who.ID)
}
