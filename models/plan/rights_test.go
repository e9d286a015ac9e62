package plan_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/plan"
)

func TestTheOtherRightsArePlannedByWhatTheMapSays(t *testing.T) {
	t.Parallel()
	shared := plan.Row{SharedWith: "a.b"}
	for name, c := range map[string]struct {
		right      models.Right
		collection plan.Collection
		row        plan.Row
		proposed   models.Treatment
		reason     plan.Reason
		options    []models.Treatment
	}{
		"can be marked":          {models.Restriction, plan.Collection{Markable: true}, plan.Row{}, models.TreatRestrict, plan.ReasonGround, nil},
		"cannot be marked":       {models.Restriction, plan.Collection{}, plan.Row{}, models.TreatRestrict, plan.ReasonNoMark, nil},
		"nothing personal":       {models.Restriction, plan.Collection{Kept: true}, plan.Row{}, models.TreatKeep, plan.ReasonKeptByMap, nil},
		"shared and restricted":  {models.Restriction, plan.Collection{Markable: true}, shared, models.TreatRefer, plan.ReasonShared, []models.Treatment{models.TreatRestrict, models.TreatKeep}},
		"to be corrected":        {models.Rectification, plan.Collection{}, shared, models.TreatKeep, plan.ReasonAsIs, nil},
		"another purpose":        {models.Objection, plan.Collection{Markable: true}, plan.Row{}, models.TreatKeep, plan.ReasonOtherPurpose, nil},
		"marketing":              {models.Objection, plan.Collection{Objected: true, Absolute: true}, shared, models.TreatSuppress, plan.ReasonGround, []models.Treatment{models.TreatSuppress}},
		"weighed":                {models.Objection, plan.Collection{Objected: true}, plan.Row{}, models.TreatRefer, plan.ReasonWeigh, []models.Treatment{models.TreatSuppress, models.TreatKeep}},
		"weighed and restricted": {models.Objection, plan.Collection{Objected: true, Markable: true}, plan.Row{}, models.TreatRefer, plan.ReasonWeigh, []models.Treatment{models.TreatSuppress, models.TreatRestrict, models.TreatKeep}},
	} {
		b := plan.NewBuilder(c.right, today, nil)
		_, err := b.Add(c.collection, c.row)
		require.NoError(t, err, name)
		g := b.Groups()[0]
		require.Equal(t, c.proposed, g.Proposed, name)
		require.Equal(t, c.reason, g.Reason, name)
		require.Equal(t, c.options, g.Options, name)
	}
}

func TestASplitKeepsAllRowsAndMergesLikeChoices(t *testing.T) {
	t.Parallel()
	fields := []plan.Field{{Name: "id", Fixed: true}, {Name: "email", Identity: true}, {Name: "body"}}
	p := plan.Plan{Groups: []plan.Group{
		{No: 1, Rows: 10, Proposed: models.TreatRefer, SharedWith: "a.b", Fields: fields, Options: []models.Treatment{models.TreatKeep, models.TreatMask, models.TreatErase}},
		{No: 5, Rows: 1, Proposed: models.TreatErase},
	}}
	one, no, err := p.Split(plan.Split{Group: 1, Rows: 2, Treatment: models.TreatMask, Marked: []string{"body"}})
	require.NoError(t, err)
	require.Equal(t, 6, no)
	two, no, err := one.Split(plan.Split{Group: 1, Rows: 3, Treatment: models.TreatMask, Marked: []string{"body"}})
	require.NoError(t, err)
	require.Equal(t, 6, no)
	var rows int64
	for _, g := range two.Groups {
		rows += g.Rows
	}
	require.EqualValues(t, 11, rows)
	require.EqualValues(t, 10, p.Groups[0].Rows, "the plan that was shown is as it was")
	all, no, err := two.Split(plan.Split{Group: 1, Treatment: models.TreatKeep})
	require.NoError(t, err)
	require.Equal(t, 1, no)
	require.Empty(t, all.Undecided())

	for code, s := range map[string]plan.Split{
		"unknown_group":      {Group: 9, Treatment: models.TreatKeep},
		"choice_not_offered": {Group: 5, Treatment: models.TreatKeep},
		"unknown_field":      {Group: 1, Treatment: models.TreatMask, Marked: []string{"email"}},
	} {
		_, _, err := p.Split(s)
		require.Equal(t, code, models.CodeOf(err))
	}
	p.Groups[0].Fields = fields[2:] // nothing identifies anybody
	_, _, err = p.Split(plan.Split{Group: 1, Treatment: models.TreatMask})
	require.Equal(t, "fields_missing", models.CodeOf(err))
}
