package hold_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/hold"
)

func day(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	require.NoError(t, err)
	return d
}

func anchors(t testing.TB, facts ...string) map[string]calendar.Date {
	t.Helper()
	m := map[string]calendar.Date{}
	for _, f := range facts {
		name, value, _ := strings.Cut(f, "=")
		m[name] = day(t, value)
	}
	return m
}

func compute(t testing.TB, code string, facts ...string) hold.Result {
	t.Helper()
	rule, err := hold.Builtin().Rule(code)
	require.NoError(t, err)
	res, err := hold.Compute(rule, anchors(t, facts...))
	require.NoError(t, err)
	return res
}

func TestEveryRuleHoldsThroughTheLastDayOfItsLaw(t *testing.T) {
	t.Parallel()
	cases := []struct{ code, facts, through string }{
		{"EU_UCC_51", "declaration_accepted=2024-12-31", "2027-12-31"},
		{"EU_UCC_51", "declaration_accepted=2025-01-01", "2028-12-31"},
		{"EU_UCC_51", "discharged_on=2025-06-01", "2028-12-31"},
		{"EU_UCC_51", "declaration_accepted=2024-12-31 discharged_on=2026-01-02", "2029-12-31"},
		{"EU_UCC_51_2", "declaration_accepted=2024-05-01", "2030-12-31"},
		{"DE_AO_147_BUECHER", "annual_accounts_drawn_up=2019-05-20", "2029-12-31"},
		{"DE_AO_147_BUECHER", "document_date=2018-12-31", "2028-12-31"},
		{"DE_AO_147_UZK_UNTERLAGEN", "document_date=2023-04-04", "2033-12-31"},
		{"DE_AO_147_BELEG", "document_date=2024-06-10", "2032-12-31"},
		{"DE_AO_147_BELEG", "document_date=2016-06-10", "2024-12-31"},
		{"DE_AO_147_BELEG", "document_date=2015-01-01", "2023-12-31"},
		{"DE_AO_147_BELEG", "document_date=2014-12-31", "2024-12-31"},
		{"DE_AO_147_BELEG", "document_date=2013-05-05", "2023-12-31"},
		{"DE_AO_147_BRIEF", "document_date=2020-02-29", "2026-12-31"},
		{"DE_GWG_8_4", "relationship_ended=2021-03-03", "2026-12-31"},
		{"FR_CCOM_L123_22", "financial_year_end=2020-12-31", "2030-12-31"},
		{"FR_LPF_L102B", "last_operation=2020-02-29", "2026-03-01"},
		{"NL_AWR_52", "document_date=2020-05-05", "2027-12-31"},
		{"UK_CUSTOMS_RECORDS", "declaration_accepted=2022-07-01", "2026-12-31"},
		{"UK_VAT_6Y", "accounting_period_end=2021-03-31", "2027-03-31"},
		{"EU_VAT_OSS_IOSS", "transaction_date=2022-07-02", "2032-12-31"},
		{"EU_DUAL_USE_27", "export_date=2022-07-02", "2027-12-31"},
		{"EU_AML_5Y", "relationship_ended=2022-07-02", "2027-07-02"},
		{"EU_AML_5Y", "transaction_date=2024-02-29", "2029-03-01"},
		{"US_19CFR_163_4", "entry_date=2021-03-15", "2026-03-15"},
		{"US_19CFR_163_4", "entry_date=2024-02-29", "2029-03-01"},
		{"US_19CFR_163_4_b1_DRAWBACK", "liquidation_date=2023-02-28", "2026-02-28"},
		{"US_19CFR_163_4_b2_PACKING_LIST", "release_date=2026-01-01 conditional_release_end=2026-01-31", "2026-04-01"},
		{"US_19CFR_163_4_b2_PACKING_LIST", "release_date=2026-01-01", "2026-03-02"},
		{"US_19CFR_163_4_b4_LOW_VALUE", "entry_date=2024-11-11", "2026-11-11"},
		{"US_19CFR_111_23", "entry_date=2021-03-15", "2026-03-15"},
		{"US_19CFR_111_23_POA", "revoked_on=2021-03-15 client_inactive_on=2020-01-01", "2026-03-15"},
		{"US_19CFR_111_23_WAREHOUSE", "last_withdrawal=2021-03-15", "2026-03-15"},
		{"US_46CFR_515_33", "shipment_file_closed=2021-04-30", "2026-04-30"},
		{"US_OFAC_501_601", "transaction_date=2025-04-30", "2035-04-30"},
		{"US_EAR_762_6", "export_date=2021-04-30", "2026-04-30"},
	}
	tested := map[string]bool{}
	for _, c := range cases {
		tested[c.code] = true
		t.Run(c.code+" "+c.facts, func(t *testing.T) {
			t.Parallel()
			res := compute(t, c.code, strings.Fields(c.facts)...)
			require.Equal(t, c.through, res.HoldThrough.String())
			require.Equal(t, strings.HasPrefix(c.code, "US_"), res.ThirdCountry)
		})
	}
	for _, r := range hold.Builtin().Rules() {
		require.True(t, tested[r.Code], "%s has no case", r.Code)
		require.NotEmpty(t, r.Law, r.Code)
		require.NotEmpty(t, r.Certainty, r.Code)
		require.False(t, r.ValidFrom.IsZero(), r.Code)
	}
}

func TestARecordIsErasableTheDayAfterItsHold(t *testing.T) {
	t.Parallel()
	rules := hold.Builtin().Rules()
	rapid.Check(t, func(t *rapid.T) {
		rule := rapid.SampledFrom(rules).Draw(t, "rule")
		on := calendar.Date{Year: 1990, Month: 1, Day: 1}.AddDays(rapid.IntRange(0, 40000).Draw(t, "day"))
		res, err := hold.Compute(rule, map[string]calendar.Date{rule.Starts[0].Field: on})
		require.NoError(t, err)
		require.Equal(t, res.HoldThrough.AddDays(1), res.ErasableFrom)
		require.True(t, res.HoldThrough.After(on))
		later, err := hold.Compute(rule, map[string]calendar.Date{rule.Starts[0].Field: on.AddDays(400)})
		require.NoError(t, err)
		if len(rule.Transitions) == 0 {
			require.False(t, later.HoldThrough.Before(res.HoldThrough), "a later start never ends earlier")
		}
	})
}

func TestAnExplanationNamesTheDateTheLawAndTheReckoning(t *testing.T) {
	t.Parallel()
	res := compute(t, "EU_UCC_51", "declaration_accepted=2027-03-05")
	require.Equal(t, "kept until 31 December 2030: Art. 51(1) Regulation (EU) No 952/2013, three years after the end of the year in which the customs declaration was accepted", res.Explanation)
	require.Equal(t, []string{
		"declaration_accepted is 5 March 2027.",
		"The period runs from the end of that year, 31 December 2027.",
		"Three years after the end of the year in which the customs declaration was accepted: the last day held is 31 December 2030 (Art. 51(1) Regulation (EU) No 952/2013).",
		"Erasable from 1 January 2031.",
	}, res.Steps)
	require.Contains(t, res.RuleSetVersion, hold.Reviewed)
	require.Contains(t, compute(t, "US_19CFR_163_4", "entry_date=2021-03-15").Steps[2], "no exemption under Art. 17(3)(b)")
	aml := compute(t, "EU_AML_5Y", "relationship_ended=2021-03-15")
	require.True(t, aml.MustDelete)
	require.Contains(t, aml.Steps[2], "Must be deleted")
	old := compute(t, "DE_AO_147_BELEG", "document_date=2014-12-31")
	require.Contains(t, old.Citation, "until 31 December 2024")
}

func TestTheLatestHoldWins(t *testing.T) {
	t.Parallel()
	customs := compute(t, "EU_UCC_51", "declaration_accepted=2023-04-04")
	tax := compute(t, "DE_AO_147_UZK_UNTERLAGEN", "document_date=2023-04-04")
	res, err := hold.Latest(customs, tax)
	require.NoError(t, err)
	require.Equal(t, "DE_AO_147_UZK_UNTERLAGEN", res.RuleCode)
	require.Equal(t, "2033-12-31", res.HoldThrough.String())
	again, err := hold.Latest(tax, customs)
	require.NoError(t, err)
	require.Equal(t, res.HoldThrough, again.HoldThrough)

	foreign := compute(t, "US_19CFR_163_4", "entry_date=2021-12-31")
	domestic := compute(t, "EU_UCC_51", "declaration_accepted=2023-01-01")
	for _, order := range [][]hold.Result{{foreign, domestic}, {domestic, foreign}} {
		res, err = hold.Latest(order...)
		require.NoError(t, err)
		require.Equal(t, hold.LegalObligation, res.Exemption, "with equal ends the exemption that counts is named")
	}
	longer := compute(t, "US_19CFR_163_4", "entry_date=2024-04-04") // 2029-04-04
	res, err = hold.Latest(longer, customs)
	require.NoError(t, err)
	require.True(t, res.ThirdCountry)
	require.Equal(t, "2026-12-31", res.ExemptThrough.String(), "after that day only the third country's law holds the record")
	require.True(t, longer.ExemptThrough.IsZero())
	require.Equal(t, "2028-01-01", hold.WithLegalHold(longer, day(t, "2028-01-01")).ExemptThrough.String())

	open := hold.WithLegalHold(customs, calendar.Date{})
	res, err = hold.Latest(open, tax)
	require.NoError(t, err)
	require.True(t, res.Open)
	_, err = hold.Latest()
	require.Equal(t, "missing_field", models.CodeOf(err))
}

func TestALegalHoldOutlastsTheOthersUntilItIsReleased(t *testing.T) {
	t.Parallel()
	base := compute(t, "EU_UCC_51", "declaration_accepted=2023-04-04") // 2026-12-31
	steps := len(base.Steps)

	later := hold.WithLegalHold(base, day(t, "2027-06-30"))
	require.Equal(t, "2027-06-30", later.HoldThrough.String())
	require.Equal(t, "2027-07-01", later.ErasableFrom.String())
	require.Equal(t, hold.LegalClaims, later.Exemption)
	require.Contains(t, later.Explanation, "GDPR Art. 17(3)(e)")

	earlier := hold.WithLegalHold(base, day(t, "2025-06-30"))
	require.Equal(t, base.HoldThrough, earlier.HoldThrough)
	require.Equal(t, hold.LegalObligation, earlier.Exemption)

	open := hold.WithLegalHold(base, calendar.Date{})
	require.True(t, open.Open)
	require.True(t, open.HoldThrough.IsZero())
	require.True(t, open.ErasableFrom.IsZero())
	require.Len(t, base.Steps, steps, "the base result is left as it was")
}

func TestARecordWithoutTheRulesDateIsAnErrorAndNotAGuess(t *testing.T) {
	t.Parallel()
	rule, err := hold.Builtin().Rule("EU_UCC_51")
	require.NoError(t, err)
	_, err = hold.Compute(rule, anchors(t, "document_date=2023-04-04"))
	require.Equal(t, "missing_field", models.CodeOf(err))
	_, err = hold.Compute(rule, map[string]calendar.Date{"declaration_accepted": {Year: 9999, Month: 1, Day: 1}})
	require.Equal(t, "date_out_of_range", models.CodeOf(err))
	_, err = hold.Builtin().Rule("NOPE")
	require.Equal(t, "unknown_rule", models.CodeOf(err))
}

const house = `[{"code": "ACME_CLAIMS", "citation": "§ 195 BGB", "jurisdiction": "DE", "start": "claim_arose_on", "period": "P3Y",
	"computation": "end_of_calendar_year", "exemption": "art_17_3_e", "valid_from": "2002-01-01"},
	{"code": "ACME_CMR", "law": "CMR", "citation": "Art. 32(1) CMR", "jurisdiction": "EU", "start": [{"field": "delivered_on", "event": "the goods were delivered"},
	"agreed_on"], "period": "P1Y3M", "computation": "from_the_day", "exemption": "art_17_3_e", "must_delete": true}]`

func TestADeploymentAddsItsOwnRules(t *testing.T) {
	t.Parallel()
	added, err := hold.ParseRules(strings.NewReader(house))
	require.NoError(t, err)
	cat, err := hold.Builtin().With(added...)
	require.NoError(t, err)
	require.Len(t, cat.Rules(), len(hold.Builtin().Rules())+2)
	require.True(t, cat.Knows("delivered_on"))
	require.False(t, hold.Builtin().Knows("delivered_on"), "the built-in catalogue is left as it was")
	require.NotEqual(t, hold.Builtin().Digest(), cat.Digest())

	rule, err := cat.Rule("ACME_CMR")
	require.NoError(t, err)
	res, err := hold.Compute(rule, anchors(t, "delivered_on=2025-01-31"))
	require.NoError(t, err)
	require.Equal(t, "2026-04-30", res.HoldThrough.String())
	require.Equal(t, "kept until 30 April 2026: Art. 32(1) CMR, one year and three months after the day on which the goods were delivered", res.Explanation)
	require.Regexp(t, "^rule-ACME_CMR-[0-9a-f]{8}$", res.RuleSetVersion, "the version of a deployment's rule is its own")
	res, err = hold.Compute(rule, anchors(t, "agreed_on=2025-01-31"))
	require.NoError(t, err)
	require.Contains(t, res.Explanation, "the date “agreed on” falls")
	_, err = cat.With(rule)
	require.Equal(t, "duplicate_rule", models.CodeOf(err))
}

func TestTheExampleOfARuleFileIsOne(t *testing.T) {
	t.Parallel()
	added, err := hold.ParseRules(strings.NewReader(hold.FileExample))
	require.NoError(t, err)
	_, err = hold.Builtin().With(added...)
	require.NoError(t, err)
	require.Len(t, added, 2)
}

func TestADeploymentsRuleThatCannotBeComputedOrCitedIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ from, to, code string }{
		"no JSON":         {house, "rules:", "bad_rules_file"},
		"more after it":   {house, house + "[]", "bad_rules_file"},
		"unknown key":     {`"law"`, `"lawname"`, "bad_rules_file"},
		"no code":         {"ACME_CMR", "", "bad_rule"},
		"bad code":        {"ACME_CMR", "ACME CMR", "bad_rule"},
		"no citation":     {"§ 195 BGB", "", "bad_rule"},
		"no jurisdiction": {`"DE"`, `""`, "bad_rule"},
		"no start":        {`"claim_arose_on"`, `[]`, "bad_rule"},
		"start not text":  {`"claim_arose_on"`, `7`, "bad_rules_file"},
		"bad start field": {`claim_arose_on`, `Claim arose`, "bad_rule"},
		"bad period":      {"P3Y", "3 years", "bad_period"},
		"no period":       {"P3Y", "P", "bad_period"},
		"zero period":     {"P3Y", "P0D", "bad_period"},
		"wrong order":     {"P3Y", "P1D3Y", "bad_period"},
		"time period":     {"P3Y", "PT3H", "bad_period"},
		"bad computation": {"end_of_calendar_year", "whenever", "bad_rule"},
		"bad exemption":   {`"art_17_3_e", "valid`, `"art_17", "valid`, "bad_rule"},
		"bad date":        {"2002-01-01", "2002-02-30", "bad_rules_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := hold.ParseRules(strings.NewReader(strings.ReplaceAll(house, c.from, c.to)))
			require.Error(t, err)
			require.Equal(t, c.code, models.CodeOf(err))
		})
	}
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]hold.Period{
		"P3Y": {Years: 3}, "P60D": {Days: 60}, "P1Y6M": {Years: 1, Months: 6}, "P2W": {Days: 14}, "P1Y2M3D": {Years: 1, Months: 2, Days: 3},
	} {
		p, err := hold.ParsePeriod(text)
		require.NoError(t, err, text)
		require.Equal(t, want, p)
	}
	require.Equal(t, "P1Y6M", hold.Period{Years: 1, Months: 6}.String())
	require.Equal(t, "P0D", hold.Period{}.String())
	require.Equal(t, "one year and six months", hold.Period{Years: 1, Months: 6}.Words())
	require.Equal(t, "60 days", hold.Period{Days: 60}.Words())
}

func FuzzParseRules(f *testing.F) {
	f.Add(house)
	f.Add(`[{"start":[{"field":1}]}]`)
	f.Fuzz(func(t *testing.T, s string) {
		rules, err := hold.ParseRules(strings.NewReader(s))
		if err != nil {
			require.NotEqual(t, "internal", models.CodeOf(err))
			return
		}
		for _, r := range rules {
			_, _ = hold.Compute(r, map[string]calendar.Date{r.Starts[0].Field: {Year: 2024, Month: 2, Day: 29}})
		}
	})
}
