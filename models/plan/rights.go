package plan

import "habeas/models"

// judgeRestriction plans a row that is to be marked as restricted. A row that another person shares would be withheld from that person's
// processing too, so the DPO decides.
func judgeRestriction(c Collection, row Row) Group {
	switch {
	case c.Kept && !c.Markable:
		return Group{Proposed: models.TreatKeep, Reason: ReasonKeptByMap, SharedWith: row.SharedWith}
	case row.SharedWith != "":
		return Group{
			Proposed: models.TreatRefer, Reason: ReasonShared, SharedWith: row.SharedWith,
			Options: []models.Treatment{models.TreatRestrict, models.TreatKeep},
		}
	case !c.Markable:
		return Group{Proposed: models.TreatRestrict, Reason: ReasonNoMark}
	}
	return Group{Proposed: models.TreatRestrict, Reason: ReasonGround}
}

// judgeObjection plans a row by what it is used for. Against direct marketing nothing can be weighed, Art. 21(3); in other cases the DPO
// weighs, Art. 21(1), and may have the rows restricted as well.
func judgeObjection(c Collection, row Row) Group {
	if !c.Objected {
		return Group{Proposed: models.TreatKeep, Reason: ReasonOtherPurpose, SharedWith: row.SharedWith}
	}
	g := Group{Proposed: models.TreatSuppress, Reason: ReasonGround, SharedWith: row.SharedWith, Options: []models.Treatment{models.TreatSuppress}}
	if c.Markable {
		g.Options = append(g.Options, models.TreatRestrict)
	}
	if !c.Absolute {
		g.Proposed, g.Reason = models.TreatRefer, ReasonWeigh
		g.Options = append(g.Options, models.TreatKeep)
	}
	return g
}
