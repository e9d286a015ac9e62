package rules_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models/hold"
	"habeas/models/rules"
)

func line(kind, input string) []byte {
	return fmt.Appendf(nil, `{"id":"T-1","kind":%q,"input":%s}`, kind, input)
}

const (
	berlin = `"regime":"EU_GDPR","timezone":"Europe/Berlin","country":"DE","subdivision":"BE"`
	london = `"regime":"UK_GDPR","timezone":"Europe/London","country":"GB","subdivision":"EAW"`
)

func TestBadCasesHaveAStableCodeAndASentence(t *testing.T) {
	t.Parallel()
	r, g, b, h := "request_deadline", "regime_deadline", "breach_deadline", "retention"
	for name, c := range map[string]struct{ kind, input, code, field string }{
		"a date that does not exist":        {r, `{` + berlin + `,"received_at":"2026-02-30"}`, "bad_date", "received_at"},
		"a date in another form":            {r, `{` + berlin + `,"received_at":"30.1.2026"}`, "bad_date", "received_at"},
		"a date that is a number":           {r, `{` + berlin + `,"received_at":20260130}`, "bad_date", "received_at"},
		"an instant without a zone":         {r, `{` + berlin + `,"received_at":"2026-01-30T10:00:00"}`, "instant_without_zone", "received_at"},
		"an instant that does not exist":    {r, `{` + berlin + `,"received_at":"2026-01-30T25:00:00Z"}`, "bad_instant", "received_at"},
		"a year that is a slip":             {r, `{` + berlin + `,"received_at":"0202-01-30"}`, "date_out_of_range", "received_at"},
		"before the GDPR":                   {r, `{` + berlin + `,"received_at":"2018-05-24"}`, "not_in_force", "received_at"},
		"no receipt":                        {r, `{` + berlin + `}`, "missing_field", "received_at"},
		"no zone":                           {r, `{"regime":"EU_GDPR","country":"DE","received_at":"2026-01-30"}`, "missing_field", "timezone"},
		"an unknown zone":                   {r, `{"regime":"EU_GDPR","timezone":"Europe/Bonn","country":"DE","received_at":"2026-01-30"}`, "unknown_zone", "timezone"},
		"the zone of this machine":          {r, `{"regime":"EU_GDPR","timezone":"Local","country":"DE","received_at":"2026-01-30"}`, "unknown_zone", "timezone"},
		"no country":                        {r, `{"regime":"EU_GDPR","timezone":"Europe/Berlin","received_at":"2026-01-30"}`, "missing_field", "country"},
		"an unknown country":                {r, `{"regime":"EU_GDPR","timezone":"Europe/Berlin","country":"XX","received_at":"2026-01-30"}`, "unknown_country", ""},
		"an unknown subdivision":            {r, `{"regime":"EU_GDPR","timezone":"Europe/Berlin","country":"DE","subdivision":"ZZ","received_at":"2026-01-30"}`, "unknown_subdivision", ""},
		"an unknown regime":                 {r, `{"regime":"MARS","timezone":"Europe/Berlin","country":"DE","received_at":"2026-01-30"}`, "unknown_regime", "regime"},
		"an answer before its question":     {r, `{` + berlin + `,"received_at":"2026-01-30","pauses":[{"asked_on":"2026-02-03","answered_on":"2026-02-02"}]}`, "answer_before_question", "pauses"},
		"a question before the request":     {r, `{` + berlin + `,"received_at":"2026-01-30","pauses":[{"asked_on":"2026-01-29"}]}`, "question_before_request", "pauses"},
		"a pause without a question":        {r, `{` + berlin + `,"received_at":"2026-01-30","pauses":[{"answered_on":"2026-01-29"}]}`, "missing_field", "pauses/0/asked_on"},
		"a bad date in a pause":             {r, `{` + berlin + `,"received_at":"2026-01-30","pauses":[{"asked_on":"2026-02-01"},{"asked_on":"2026-02-31"}]}`, "bad_date", "pauses/1/asked_on"},
		"a misspelt field in a pause":       {r, `{` + berlin + `,"received_at":"2026-01-30","pauses":[{"asked_on":"2026-02-01","answerd_on":"2026-02-02"}]}`, "unknown_field", "pauses/0/answerd_on"},
		"pauses that are no list":           {r, `{` + berlin + `,"received_at":"2026-01-30","pauses":"none"}`, "bad_value", "pauses"},
		"an extension before the request":   {r, `{` + berlin + `,"received_at":"2026-01-30","extension":{"notified_at":"2026-01-29","reason":"x"}}`, "extension_before_request", "extension"},
		"an extension without its date":     {r, `{` + berlin + `,"received_at":"2026-01-30","extension":{"reason":"x"}}`, "missing_field", "extension/notified_at"},
		"a misspelt field":                  {r, `{` + berlin + `,"recieved_at":"2026-01-30","received_at":"2026-01-30"}`, "unknown_field", "recieved_at"},
		"a field given twice":               {r, `{` + berlin + `,"received_at":"2026-01-30","received_at":"2026-01-31"}`, "duplicate_field", "received_at"},
		"a fact under two names":            {r, `{` + berlin + `,"received_at":"2026-01-30","received_on":"2026-01-31"}`, "duplicate_field", "received_on"},
		"identity under two names":          {r, `{` + london + `,"received_at":"2026-03-02","id_verified_on":"2026-03-05","identity_received_at":"2026-03-04"}`, "duplicate_field", "identity_received_at"},
		"a fee in the EU":                   {r, `{` + berlin + `,"received_at":"2026-01-30","fee_paid_on":"2026-01-31"}`, "not_applicable", "fee_received_on"},
		"identity in the EU, not asked":     {r, `{` + berlin + `,"received_at":"2026-01-30","identity_received_on":"2026-01-31"}`, "missing_field", "identity_asked_on"},
		"identity before it was asked":      {r, `{` + london + `,"received_at":"2026-03-02","identity_asked_on":"2026-03-05","identity_received_on":"2026-03-04"}`, "answer_before_question", "identity_received_on"},
		"an input that is no object":        {r, `[]`, "bad_value", ""},
		"an unknown kind":                   {"request", `{}`, "unknown_kind", "kind"},
		"a regime of the other kind":        {g, `{"regime":"EU_GDPR","received_on":"2026-01-30"}`, "unknown_regime", "regime"},
		"a regime without its fact":         {g, `{"regime":"CH_FADP"}`, "missing_field", "received_on"},
		"a regime with another's fact":      {g, `{"regime":"CH_FADP","received_on":"2026-01-30","aware_on":"2026-01-30"}`, "unknown_field", "aware_on"},
		"bad holidays":                      {g, `{"regime":"US_CA_CCPA","received_on":"2026-01-30","holidays":["2026-01-32"]}`, "bad_date", "holidays"},
		"business days of an unknown place": {g, `{"regime":"US_CA_CCPA","received_on":"2026-01-30","country":"US"}`, "unknown_country", ""},
		"an appeal before the request":      {g, `{"regime":"US_VA_VCDPA","received_on":"2026-01-30","appeal_received_on":"2026-01-29"}`, "appeal_before_request", "appeal_received_on"},
		"hours from a day":                  {g, `{"regime":"NIS2","aware_at":"2026-01-30","timezone":"Europe/Berlin"}`, "bad_instant", "aware_at"},
		"awareness without a zone":          {b, `{"regime":"EU_GDPR","aware_at":"2026-01-30T10:00:00","timezone":"Europe/Berlin"}`, "instant_without_zone", "aware_at"},
		"nobody aware":                      {b, `{"regime":"EU_GDPR","timezone":"Europe/Berlin"}`, "missing_field", "aware_at"},
		"notified before aware":             {b, `{"regime":"EU_GDPR","aware_at":"2026-01-30T10:00:00Z","notified_at":"2026-01-30T09:59:59Z","timezone":"Europe/Berlin"}`, "notified_before_aware", "notified_at"},
		"told before the processor knew":    {b, `{"regime":"EU_GDPR","processor_aware_at":"2026-01-30T10:00:00Z","controller_told_at":"2026-01-30T09:59:59Z","timezone":"Europe/Berlin"}`, "told_before_aware", "controller_told_at"},
		"an unknown rule":                   {h, `{"rule":"EU_UCC_99","declaration_accepted":"2026-01-30"}`, "unknown_rule", "rule"},
		"a rule without its date":           {h, `{"rule":"EU_UCC_51","document_date":"2026-01-30"}`, "missing_field", "declaration_accepted or discharged_on"},
		"a misspelt date":                   {h, `{"rule":"EU_UCC_51","declaration_acepted":"2026-01-30"}`, "unknown_field", "declaration_acepted"},
		"an unknown rule among several":     {h, `{"rule":"MULTIPLE_HOLDS_MAX","holds":["EU_UCC_51","X"],"declaration_accepted":"2026-01-30"}`, "unknown_rule", "rule"},
		"no holds":                          {h, `{"rule":"MULTIPLE_HOLDS_MAX","holds":[],"declaration_accepted":"2026-01-30"}`, "missing_field", "holds"},
		"holds within holds":                {h, `{"rule":"MULTIPLE_HOLDS_MAX","holds":["MULTIPLE_HOLDS_MAX"]}`, "unknown_rule", "rule"},
		"a legal hold over nothing":         {h, `{"rule":"LEGAL_HOLD_OVERRIDES","litigation_hold_released":"2026-01-30"}`, "missing_field", "base_rule"},
		"a legal hold over itself":          {h, `{"rule":"LEGAL_HOLD_OVERRIDES","base_rule":"LEGAL_HOLD_OVERRIDES"}`, "unknown_rule", "rule"},
		"a base rule of an ordinary rule":   {h, `{"rule":"EU_UCC_51","base_rule":"EU_UCC_51","declaration_accepted":"2026-01-30"}`, "not_applicable", "base_rule"},
		"content for nobody":                {"breach_content", `{"to":"press"}`, "bad_value", "to"},
		"severity of nothing":               {"breach_severity", `{}`, "missing_field", "data"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := eval(t, line(c.kind, c.input))
			require.NotNil(t, a.Error, "%v", a.Result)
			require.Equal(t, c.code, a.Error.Code)
			require.Equal(t, c.field, a.Error.Field)
			require.True(t, strings.HasSuffix(a.Error.Message, "."), a.Error.Message)
			require.Equal(t, "T-1", a.ID)
			require.Nil(t, a.Result)
			require.True(t, known(a.Error.Code), "%s is not in the table of codes", a.Error.Code)
		})
	}
}

func known(code string) bool {
	for _, c := range rules.Codes() {
		if c.Code == code {
			return true
		}
	}
	return false
}

func TestLinesThatAreNoCases(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{`:                           `{"id":null,"error":{"code":"bad_json","message":"The line is not one JSON object in UTF-8."}}`,
		`[]`:                          `{"id":null,"error":{"code":"bad_json","message":"The line is not one JSON object in UTF-8."}}`,
		"\"\xff\"":                    `{"id":null,"error":{"code":"bad_json","message":"The line is not one JSON object in UTF-8."}}`,
		`{"id":"a"} {}`:               `{"id":null,"error":{"code":"bad_json","message":"The line is not one JSON object in UTF-8."}}`,
		`{}`:                          `{"id":null,"error":{"code":"missing_field","message":"The case needs an id.","field":"id"}}`,
		`{"id":"a"}`:                  `{"id":"a","error":{"code":"missing_field","message":"The case needs a kind.","field":"kind"}}`,
		`{"id":7,"kind":"retention"}`: `{"id":7,"error":{"code":"missing_field","message":"The case needs an input.","field":"input"}}`,
		`{"id":{},"kind":"retention","input":{}}`:          `{"id":null,"error":{"code":"bad_value","message":"The id is a text or a number.","field":"id"}}`,
		`{"id":"a","kind":7,"input":{}}`:                   `{"id":"a","error":{"code":"bad_value","message":"The kind is a text.","field":"kind"}}`,
		`{"id":"a","id":"b","kind":"retention","input":1}`: `{"id":"b","error":{"code":"duplicate_field","message":"The field is given twice.","field":"id"}}`,
	} {
		require.Equal(t, want, string(rules.Eval([]byte(text), zones())), text)
	}
}

func TestAnAnswerNeverRepeatsTextThatMayBePersonal(t *testing.T) {
	t.Parallel()
	a := rules.Eval(line("retention", `{"rule":"anna@example.org","Anna Example +49":"x","declaration_accepted":"born 1970"}`), zones())
	require.NotContains(t, string(a), "nna")
	require.NotContains(t, string(a), "1970")
	require.Contains(t, string(a), `"code"`)
}

func TestAFailingZoneLookUpIsAnUnknownZone(t *testing.T) {
	t.Parallel()
	broken := func(string) (*time.Location, error) { return nil, errors.New("disk on fire") }
	out := rules.Eval(line("request_deadline", `{`+berlin+`,"received_at":"2026-01-30"}`), broken)
	require.Contains(t, string(out), `"code":"unknown_zone"`)
	require.NotContains(t, string(out), "fire")
}

func TestFactsUnderTheirOtherNames(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ input, field, want string }{
		"identity":                      {london + `,"received_at":"2026-03-02","identity_received_on":"2026-03-10"`, "clock_start_on", "2026-03-10"},
		"identity information":          {london + `,"received_at":"2026-03-02","identity_information_received_on":"2026-03-10"`, "clock_start_on", "2026-03-10"},
		"identity at an instant":        {london + `,"received_at":"2026-03-02","identity_received_at":"2026-03-31T23:30:00Z"`, "clock_start_on", "2026-04-01"},
		"proof of identity":             {london + `,"received_at":"2026-03-02","proof_of_identity_provided_on":"2026-03-10"`, "clock_start_on", "2026-03-10"},
		"fee":                           {london + `,"received_at":"2026-03-02","fee_paid_on":"2026-03-11"`, "clock_start_on", "2026-03-11"},
		"fee and identity":              {london + `,"received_at":"2026-03-02","fee_received_on":"2026-03-11","identity_confirmed_on":"2026-03-10"`, "clock_start_on", "2026-03-11"},
		"a pause about identity":        {london + `,"received_at":"2026-03-02","pauses":[{"kind":"identity","asked_on":"2026-03-03","answered_on":"2026-03-09"}]`, "clock_start_on", "2026-03-09"},
		"clarifications":                {london + `,"received_at":"2026-03-02","clarifications":[{"asked_on":"2026-03-09","answered_on":"2026-03-16"}]`, "due_on", "2026-04-10"},
		"one pause alone":               {london + `,"received_at":"2026-03-02","pauses":{"asked_on":"2026-03-09","answered_on":"2026-03-16"}`, "due_on", "2026-04-10"},
		"a pause at instants":           {berlin + `,"received_at":"2026-03-05","pauses":[{"asked_at":"2026-03-05T23:30:00Z","answered_at":"2026-03-16T10:00:00+01:00"}]`, "due_on", "2026-04-15"},
		"EU identity is a pause":        {berlin + `,"received_at":"2026-03-05","identity_asked_on":"2026-03-06","identity_received_on":"2026-03-16"`, "due_on", "2026-04-15"},
		"receipt without seconds":       {berlin + `,"received_at":"2026-03-04T23:30Z"`, "clock_start_on", "2026-03-05"},
		"local holidays":                {berlin + `,"received_at":"2026-01-31","holidays":["2026-03-02"]`, "due_on", "2026-03-03"},
		"a subdivision with its prefix": {strings.Replace(berlin, `"BE"`, `"DE-BE"`, 1) + `,"received_at":"2027-02-08"`, "due_on", "2027-03-09"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := eval(t, line("request_deadline", "{"+c.input+"}"))
			require.Nil(t, a.Error)
			require.Equal(t, c.want, a.Result[c.field])
		})
	}
}

func TestAPausedRequestHasNoDueDate(t *testing.T) {
	t.Parallel()
	for _, input := range []string{
		berlin + `,"received_at":"2026-03-05","pauses":[{"asked_on":"2026-03-06"}]`,
		berlin + `,"received_at":"2026-03-05","pauses":[{"asked_on":"2026-03-06","answered_on":null}]`,
		london + `,"received_at":"2026-03-05","identity_received_on":null`,
		london + `,"received_at":"2026-03-05","identity_asked_on":"2026-03-06"`,
		london + `,"received_at":"2026-03-05","fee_requested_on":"2026-03-06"`,
	} {
		a := eval(t, line("request_deadline", "{"+input+"}"))
		require.Nil(t, a.Error)
		require.Equal(t, true, a.Result["paused"])
		require.Equal(t, "paused", a.Result["status"])
		for _, field := range []string{"due_on", "unrolled_due_on", "due_before"} {
			require.Contains(t, a.Result, field)
			require.Nil(t, a.Result[field])
		}
	}
}

func TestAnExtensionToldTooLateIsNotValidAndSaysWhy(t *testing.T) {
	t.Parallel()
	a := eval(t, line("request_deadline", `{`+berlin+`,"received_at":"2026-01-31","extension":{"notified_at":"2026-03-03","reason":"complex"}}`))
	require.Nil(t, a.Error)
	require.Equal(t, false, a.Result["extension_valid"])
	require.Nil(t, a.Result["extended_due_on"])
	require.Equal(t, "2026-03-02", a.Result["due_on"])
	finding := a.Result["findings"].([]any)[0].(map[string]any)
	require.Equal(t, "extension_after_due", finding["code"])
	require.Contains(t, finding["message"], "3 March 2026")
}

func TestLegalHolds(t *testing.T) {
	t.Parallel()
	const base = `"rule":"LEGAL_HOLD_OVERRIDES","base_rule":"EU_UCC_51","declaration_accepted":"2023-04-04"`
	later := eval(t, line("retention", `{`+base+`,"litigation_hold_released":"2027-06-30"}`)).Result
	require.Equal(t, []any{"2027-06-30", "2027-07-01", "art_17_3_e"}, []any{later["hold_through"], later["erasable_from"], later["erasure_exemption"]})
	earlier := eval(t, line("retention", `{`+base+`,"litigation_hold_released":"2025-06-30"}`)).Result
	require.Equal(t, []any{"2026-12-31", "2027-01-01", "art_17_3_b"}, []any{earlier["hold_through"], earlier["erasable_from"], earlier["erasure_exemption"]})
	open := eval(t, line("retention", `{`+base+`}`)).Result
	require.Equal(t, []any{nil, nil, true}, []any{open["hold_through"], open["erasable_from"], open["open"]})
	several := eval(t, line("retention", `{"rule":"LEGAL_HOLD_OVERRIDES","base_rule":"MULTIPLE_HOLDS_MAX","holds":["EU_UCC_51","DE_AO_147_BRIEF"],`+
		`"declaration_accepted":"2023-04-04","document_date":"2023-04-04","litigation_hold_released":"2025-06-30"}`)).Result
	require.Equal(t, "2029-12-31", several["hold_through"])
}

func TestBreachAnswers(t *testing.T) {
	t.Parallel()
	waiting := eval(t, line("breach_deadline", `{"regime":"EU_GDPR","timezone":"Europe/Berlin","processor_aware_at":"2026-05-11T09:00:00+02:00","contract_hours":24}`)).Result
	require.Nil(t, waiting["due_at"])
	require.Equal(t, "2026-05-12T09:00:00+02:00", waiting["processor_due_at"])
	content := eval(t, line("breach_content", `{"to":"authority","nature":"n","contact":"c","late":true}`)).Result
	require.Equal(t, false, content["complete"])
	require.Equal(t, false, content["may_go_out"])
	score := eval(t, line("breach_severity", `{"data":[{"context":"financial","adjust":1,"reason":"a year"}],"identification":"maximum","confidentiality":"full","persons":500}`)).Result
	require.InDelta(t, 4.5, score["score"], 0)
	require.Equal(t, "very_high", score["level"])
	require.Equal(t, []any{"many_persons"}, score["flags"])
}

func TestRegimesOutsideTheirTimeAreAnsweredWithAFinding(t *testing.T) {
	t.Parallel()
	a := eval(t, line("regime_deadline", `{"regime":"CH_FADP","received_at":"2023-08-30T23:30:00Z","timezone":"Europe/Zurich"}`)).Result
	require.Equal(t, "2023-09-30", a["respond_by"])
	require.Equal(t, false, a["in_force"])
	require.Len(t, a["findings"], 1)
}

func TestHoursAreAnsweredInTheZoneOrElseInTheOffsetOfTheFact(t *testing.T) {
	t.Parallel()
	a := eval(t, line("regime_deadline", `{"regime":"NIS2","aware_at":"2026-10-24T10:00:00+02:00","timezone":"Europe/Berlin"}`)).Result
	require.Equal(t, []any{"2026-10-25T09:00:00+01:00", "2026-10-27T09:00:00+01:00", "2026-11-27"}, []any{a["early_warning_by"], a["notify_by"], a["final_report_by"]})
	a = eval(t, line("regime_deadline", `{"regime":"NIS2","aware_at":"2026-10-24T10:00:00+02:00"}`)).Result
	require.Equal(t, []any{"2026-10-25T10:00:00+02:00", "2026-10-27T10:00:00+02:00"}, []any{a["early_warning_by"], a["notify_by"]})
}

func TestADeploymentsRulesAreAnsweredToo(t *testing.T) {
	t.Parallel()
	added, err := hold.ParseRules(strings.NewReader(`[{"code":"ACME","citation":"§ 1","jurisdiction":"DE","start":"claim_on","period":"P3Y","computation":"from_the_day","exemption":"art_17_3_e"}]`))
	require.NoError(t, err)
	cat, err := hold.Builtin().With(added...)
	require.NoError(t, err)
	out := rules.Evaluator{Zones: zones(), Catalogue: cat}.Eval(line("retention", `{"rule":"ACME","claim_on":"2024-02-29"}`))
	require.Contains(t, string(out), `"hold_through":"2027-03-01"`)
	require.Contains(t, string(rules.Eval(line("retention", `{"rule":"ACME","claim_on":"2024-02-29"}`), zones())), "unknown_field")
}

func TestEveryResultNamesItsRuleSetAndItsSteps(t *testing.T) {
	t.Parallel()
	for kind, input := range map[string]string{
		"request_deadline": `{` + berlin + `,"received_at":"2026-01-30"}`, "regime_deadline": `{"regime":"CH_FADP","received_on":"2026-01-30"}`,
		"breach_deadline": `{"regime":"EU_GDPR","aware_at":"2026-01-30T10:00:00Z","timezone":"UTC"}`,
		"retention":       `{"rule":"EU_UCC_51","declaration_accepted":"2026-01-30"}`,
	} {
		a := eval(t, line(kind, input))
		require.Nil(t, a.Error, kind)
		require.NotEmpty(t, a.Result["steps"], kind)
		require.NotEmpty(t, a.Result["rule_set"], kind)
		require.Equal(t, kind, a.Kind)
	}
}

func TestThePrintedLawIsTheLawThatRuns(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/law.md")
	require.NoError(t, err)
	require.Equal(t, string(rules.Law(hold.Builtin())), string(page), "run: go generate ./cmd/internal/rulescli")
}

func TestEveryEntryIsCitedAndSaysWhatItDoes(t *testing.T) {
	t.Parallel()
	for _, e := range rules.Entries(hold.Builtin()) {
		require.NotEmpty(t, e.Citation, e.Code)
		require.NotEmpty(t, e.Needs, e.Code)
		require.NotEmpty(t, e.Answers, e.Code)
		require.NotEmpty(t, e.Rule, e.Code)
		require.NotEmpty(t, rules.Find(hold.Builtin(), e.Code))
	}
	require.Len(t, rules.Find(hold.Builtin(), "UK_GDPR"), 2)
}

func TestTheExampleOfEveryKindIsAnswered(t *testing.T) {
	t.Parallel()
	for _, k := range rules.Kinds() {
		a := eval(t, line(k.Name, k.Example))
		require.Nil(t, a.Error, k.Name)
		require.NotEmpty(t, a.Result, k.Name)
		require.NotEmpty(t, k.Purpose)
	}
}

func FuzzEval(f *testing.F) {
	data, err := os.ReadFile("testdata/rules.jsonl")
	require.NoError(f, err)
	for l := range strings.Lines(string(data)) {
		f.Add([]byte(strings.TrimSpace(l)))
	}
	f.Add(line("breach_severity", `{"data":[{"context":"financial","adjust":1,"reason":"a"}],"identification":"maximum"}`))
	f.Add(line("breach_content", `{"to":"persons","nature":"\u0000\ud800"}`))
	f.Add([]byte(`{"id":"\"","kind":"retention","input":{"rule":"EU_UCC_51","declaration_accepted":"9999-12-31"}}`))
	z := zones()
	f.Fuzz(func(t *testing.T, in []byte) {
		out := rules.Eval(in, z)
		var a answer
		require.True(t, json.Valid(out), "%q", out)
		require.NoError(t, json.Unmarshal(out, &a), "%q", out)
		require.NotContains(t, string(out), "\n")
		require.NotEqual(t, a.Error == nil, a.Result == nil, "%q", out)
		if a.Error != nil {
			require.True(t, known(a.Error.Code), a.Error.Code)
			require.NotEqual(t, "internal", a.Error.Code)
		}
	})
}
