package plan_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
)

var today = calendar.Date{Year: 2026, Month: time.November, Day: 22}

// fixedHold gives each rule a fixed last day; a rule without an anchor lacks its start date.
func fixedHold(ends map[string]plan.Hold) plan.HoldFunc {
	return func(rule string, anchors map[string]calendar.Date) (plan.Hold, error) {
		if len(anchors) == 0 {
			return plan.Hold{}, models.Errorf(models.Invalid, "missing_field", "The start date is missing.")
		}
		return ends[rule], nil
	}
}

func end(rule string, year int, thirdCountry bool) plan.Hold {
	through := calendar.Date{Year: year, Month: time.December, Day: 31}
	return plan.Hold{Rule: rule, Through: through, ErasableFrom: through.AddDays(1), ThirdCountry: thirdCountry}
}

func TestErasureGroupsByWhatStandsAgainstIt(t *testing.T) {
	t.Parallel()
	hold := fixedHold(map[string]plan.Hold{
		"EU": end("EU", 2030, false), "DE": end("DE", 2033, false), "OVER": end("OVER", 2025, false), "US": end("US", 2040, true),
	})
	start := map[string]calendar.Date{"start": today}
	anchors := map[string]map[string]calendar.Date{"EU": start, "DE": start, "OVER": start, "US": start}
	rules := func(codes ...string) (out []plan.HoldRule) {
		for _, c := range codes {
			out = append(out, plan.HoldRule{Code: c})
		}
		return out
	}
	cases := []struct {
		name       string
		collection plan.Collection
		row        plan.Row
		proposed   models.Treatment
		reason     plan.Reason
		rule       string
		options    int
	}{
		{"nothing stands against it", plan.Collection{}, plan.Row{}, models.TreatErase, plan.ReasonGround, "", 0},
		{"masked by the map", plan.Collection{Masked: true}, plan.Row{}, models.TreatMask, plan.ReasonGround, "", 0},
		{"kept by the map", plan.Collection{Kept: true}, plan.Row{}, models.TreatKeep, plan.ReasonKeptByMap, "", 0},
		{"held", plan.Collection{Holds: rules("EU")}, plan.Row{Anchors: anchors}, models.TreatRetain, plan.ReasonHeld, "EU", 0},
		{"the latest hold wins", plan.Collection{Holds: rules("DE", "EU")}, plan.Row{Anchors: anchors}, models.TreatRetain, plan.ReasonHeld, "DE", 0},
		{"a hold that is over", plan.Collection{Holds: rules("OVER")}, plan.Row{Anchors: anchors}, models.TreatErase, plan.ReasonGround, "", 0},
		{"third-country law needs the DPO", plan.Collection{Holds: rules("US")}, plan.Row{Anchors: anchors}, models.TreatRefer, plan.ReasonThirdCountry, "US", 2},
		{"the Union's law outranks a later third-country one", plan.Collection{Holds: rules("US", "EU")}, plan.Row{Anchors: anchors}, models.TreatRetain, plan.ReasonHeld, "EU", 0},
		{"the same in the other order", plan.Collection{Holds: rules("EU", "US")}, plan.Row{Anchors: anchors}, models.TreatRetain, plan.ReasonHeld, "EU", 0},
		{"shared", plan.Collection{}, plan.Row{SharedWith: "a.b"}, models.TreatRefer, plan.ReasonShared, "", 3},
		{"shared and kept unasked by the map", plan.Collection{SharedKept: true}, plan.Row{SharedWith: "a.b"}, models.TreatKeep, plan.ReasonShared, "", 0},
		{"shared without its start date", plan.Collection{Holds: rules("EU")}, plan.Row{SharedWith: "a.b"}, models.TreatRefer, plan.ReasonAnchorMissing, "EU", 3},
		{"shared and held", plan.Collection{Holds: rules("EU")}, plan.Row{SharedWith: "a.b", Anchors: anchors}, models.TreatRefer, plan.ReasonSharedHeld, "EU", 2},
		{"start date missing", plan.Collection{Holds: rules("EU")}, plan.Row{}, models.TreatRefer, plan.ReasonAnchorMissing, "EU", 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b := plan.NewBuilder(models.Erasure, today, hold)
			no, err := b.Add(c.collection, c.row)
			require.NoError(t, err)
			require.Equal(t, 1, no)
			g := b.Groups()[0]
			require.Equal(t, c.proposed, g.Proposed)
			require.Equal(t, c.reason, g.Reason)
			require.Equal(t, c.rule, g.Rule)
			require.Len(t, g.Options, c.options)
		})
	}
}

func TestAHoldOnSomeFieldsLeavesTheOthersToBeMasked(t *testing.T) {
	t.Parallel()
	hold := fixedHold(map[string]plan.Hold{"EU": end("EU", 2030, false), "DE": end("DE", 2033, false)})
	start := map[string]calendar.Date{"start": today}
	row := plan.Row{Anchors: map[string]map[string]calendar.Date{"EU": start, "DE": start}}

	b := plan.NewBuilder(models.Erasure, today, hold)
	_, err := b.Add(plan.Collection{Name: "some", Holds: []plan.HoldRule{{"EU", []string{"value"}}, {"DE", []string{"name", "value"}}}}, row)
	require.NoError(t, err)
	_, err = b.Add(plan.Collection{Name: "whole", Holds: []plan.HoldRule{{"EU", []string{"value"}}, {"DE", nil}}}, row)
	require.NoError(t, err)

	require.Equal(t, []string{"name", "value"}, b.Groups()[0].HeldFields)
	require.Empty(t, b.Groups()[1].HeldFields)
}

func TestACopyRefersSharedRowsAndWithholdsWhatIsNotPortable(t *testing.T) {
	t.Parallel()
	treat := func(right models.Right, c plan.Collection, r plan.Row) models.Treatment {
		b := plan.NewBuilder(right, today, fixedHold(nil))
		_, err := b.Add(c, r)
		require.NoError(t, err)
		return b.Groups()[0].Proposed
	}
	require.Equal(t, models.TreatDisclose, treat(models.Access, plan.Collection{}, plan.Row{}))
	require.Equal(t, models.TreatRefer, treat(models.Access, plan.Collection{}, plan.Row{SharedWith: "a.b"}))
	require.Equal(t, models.TreatWithhold, treat(models.Export, plan.Collection{}, plan.Row{}))
	require.Equal(t, models.TreatDisclose, treat(models.Export, plan.Collection{Portable: true}, plan.Row{}))
}

func TestAtTheEndOfAContractOwnRowsAreReturnedWholeAndSharedOnesErasedOnlyByDecision(t *testing.T) {
	t.Parallel()
	held := fixedHold(map[string]plan.Hold{"R": {Rule: "R", Through: today.AddDays(1), ErasableFrom: today.AddDays(2)}})
	ruled, shared := plan.Collection{Holds: []plan.HoldRule{{Code: "R"}}}, plan.Row{SharedWith: "a.b"}
	dated := plan.Row{Anchors: map[string]map[string]calendar.Date{"R": {"start": today}}}
	for name, c := range map[string]struct {
		right      models.Right
		collection plan.Collection
		row        plan.Row
		proposed   models.Treatment
	}{
		"returned":                {models.Return, plan.Collection{}, plan.Row{}, models.TreatDisclose},
		"returned though shared":  {models.Return, plan.Collection{}, shared, models.TreatDisclose},
		"returned though held":    {models.Return, ruled, plan.Row{}, models.TreatDisclose},
		"returned though kept":    {models.Return, plan.Collection{Kept: true}, plan.Row{}, models.TreatDisclose},
		"erased":                  {models.Deletion, plan.Collection{}, plan.Row{}, models.TreatErase},
		"masked":                  {models.Deletion, plan.Collection{Masked: true}, plan.Row{}, models.TreatMask},
		"held":                    {models.Deletion, ruled, dated, models.TreatRetain},
		"shared with another one": {models.Deletion, plan.Collection{}, shared, models.TreatRefer},
	} {
		b := plan.NewBuilder(c.right, today, held)
		_, err := b.Add(c.collection, c.row)
		require.NoError(t, err, name)
		require.Equal(t, c.proposed, b.Groups()[0].Proposed, name)
	}
}

func TestChoicesAreThoseOffered(t *testing.T) {
	t.Parallel()
	b := plan.NewBuilder(models.Erasure, today, fixedHold(nil))
	for _, with := range []string{"", "a.b"} {
		_, err := b.Add(plan.Collection{Name: "c"}, plan.Row{SharedWith: with})
		require.NoError(t, err)
	}
	p := plan.Plan{Right: models.Erasure, Groups: b.Groups()}
	require.Equal(t, []int{2}, p.Undecided())

	_, err := p.Choose(map[int]models.Treatment{}, true)
	require.Equal(t, "choice_missing", models.CodeOf(err))
	_, err = p.Choose(map[int]models.Treatment{3: models.TreatKeep}, false)
	require.Equal(t, "unknown_group", models.CodeOf(err))
	_, err = p.Choose(map[int]models.Treatment{1: models.TreatKeep}, false)
	require.Equal(t, "choice_not_offered", models.CodeOf(err))

	chosen, err := p.Choose(map[int]models.Treatment{2: models.TreatKeep}, true)
	require.NoError(t, err)
	require.Empty(t, chosen.Undecided())
	require.NotEqual(t, p.Digest(), chosen.Digest())
	require.Equal(t, models.TreatRefer, p.Groups[1].Treatment(), "the plan that was shown stays as it was")
}

func TestEveryRowIsInExactlyOneGroup(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hold := fixedHold(map[string]plan.Hold{"EU": end("EU", 2030, false), "US": end("US", 2031, true)})
		b := plan.NewBuilder(models.Erasure, today, hold)
		n := rapid.IntRange(1, 200).Draw(t, "rows")
		for range n {
			c := plan.Collection{Name: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "collection")}
			if rapid.Bool().Draw(t, "held") {
				c.Holds = []plan.HoldRule{{Code: rapid.SampledFrom([]string{"EU", "US"}).Draw(t, "rule")}}
			}
			row := plan.Row{SharedWith: rapid.SampledFrom([]string{"", "x.y"}).Draw(t, "shared")}
			if rapid.Bool().Draw(t, "anchored") {
				row.Anchors = map[string]map[string]calendar.Date{"EU": {"s": today}, "US": {"s": today}}
			}
			no, err := b.Add(c, row)
			require.NoError(t, err)
			require.Equal(t, c.Name, b.Groups()[no-1].Collection)
		}
		var total int64
		for _, g := range b.Groups() {
			total += g.Rows
			if g.Proposed == models.TreatRetain {
				require.False(t, g.HoldThrough.Before(today), "a hold that is over retains nothing")
				require.Equal(t, g.HoldThrough.AddDays(1), g.ErasableOn)
			}
		}
		require.EqualValues(t, n, total)
	})
}

func TestRowsWhoseHoldsCoverOtherFieldsAreKeptApart(t *testing.T) {
	t.Parallel()
	hold := func(rule string, anchors map[string]calendar.Date) (plan.Hold, error) {
		through := today.AddDays(1000)
		if rule == "SHORT" {
			through = anchors["start"].AddDays(365)
		}
		return plan.Hold{Rule: rule, Through: through, ErasableFrom: through.AddDays(1)}, nil
	}
	c := plan.Collection{Name: "invoices", Holds: []plan.HoldRule{{Code: "LONG", Fields: []string{"number"}}, {Code: "SHORT", Fields: []string{"name"}}}}
	row := func(start calendar.Date) plan.Row {
		return plan.Row{Anchors: map[string]map[string]calendar.Date{"LONG": {"start": start}, "SHORT": {"start": start}}}
	}
	b := plan.NewBuilder(models.Erasure, today, hold)
	over, err := b.Add(c, row(today.AddDays(-400)))
	require.NoError(t, err)
	stands, err := b.Add(c, row(today.AddDays(-100)))
	require.NoError(t, err)
	require.NotEqual(t, over, stands, "the name of the second row is still held and must not be masked")
	require.Equal(t, []string{"number"}, b.Groups()[over-1].HeldFields)
	require.Equal(t, []string{"name", "number"}, b.Groups()[stands-1].HeldFields)
}
