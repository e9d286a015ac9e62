package activities

import (
	"context"

	"habeas/models"
	"habeas/models/plan"
	"habeas/templates"
	"habeas/templates/report"
)

// leftOut words what the customer's instruction has left out of a plan, for the person.
func (a *Activities) leftOut(ctx context.Context, l letterContext, p plan.Plan) (templates.LeftOut, error) {
	groups := p.LeftOut()
	if p.Narrowed == nil || len(groups) == 0 {
		return templates.LeftOut{}, nil
	}
	d, err := a.deps.Store.Decision(ctx, models.ScopeOperator(), p.Narrowed.DecisionID)
	if err != nil {
		return templates.LeftOut{}, err
	}
	out := templates.LeftOut{By: p.Narrowed.Name, Reason: d.Reason}
	for _, g := range groups {
		part := a.portion(l, g)
		part.Unknown = g.By != ""
		out.Parts = addPortion(out.Parts, part)
	}
	return out, nil
}

// reported is the same for the report and the list of contents of a copy.
func reported(left templates.LeftOut) report.LeftOut {
	out := report.LeftOut{By: left.By, Reason: left.Reason}
	for _, p := range left.Parts {
		out.Parts = append(out.Parts, report.Part{What: p.What, Records: p.Records, Unknown: p.Unknown})
	}
	return out
}
