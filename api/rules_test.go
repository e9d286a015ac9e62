package api_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"habeas/api"
	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/deadline"
	"habeas/models/hold"
	"habeas/models/rules"
)

// rulesDesk is a member of staff at the page to try dates.
type rulesDesk struct {
	*bundle
	client *http.Client
}

func rulesOf(t *testing.T, role models.Role, opts ...option) rulesDesk {
	t.Helper()
	b := setup(t, opts...)
	return rulesDesk{b, b.signIn(b.keys[role])}
}

// try opens the page with a query.
func (d rulesDesk) try(query string) answer {
	d.t.Helper()
	return d.get(d.client, "/staff/rules?"+query)
}

var spaces = regexp.MustCompile(`\s+`)

// words is the text of the page's main part.
func words(t *testing.T, a answer) string {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(a.body))
	require.NoError(t, err)
	var b strings.Builder
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			b.WriteString(" " + n.Data)
		}
	}
	return spaces.ReplaceAllString(b.String(), " ")
}

// inputs are the fields of the page's form by name.
func inputs(t *testing.T, a answer) map[string]*html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(a.body))
	require.NoError(t, err)
	out := map[string]*html.Node{}
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && (n.Data == "input" || n.Data == "select" || n.Data == "textarea") {
			out[attribute(n, "name")] = n
		}
	}
	return out
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

func selected(n *html.Node) string {
	for o := range n.Descendants() {
		for _, a := range o.Attr {
			if a.Key == "selected" {
				return attribute(o, "value")
			}
		}
	}
	return ""
}

func TestEachFormTeachesBeforeItComputes(t *testing.T) {
	t.Parallel()
	d := rulesOf(t, models.RoleDPO)
	for kind, fields := range map[string][]string{
		"request_deadline": {"regime", "received_on", "received_time", "received_zone", "timezone", "country", "subdivision", "asked3", "answered3", "told_on", "reasons"},
		"regime_deadline":  {"regime", "received_on", "holidays"},
		"breach_deadline":  {"regime", "timezone", "aware_at", "processor_aware_at", "controller_told_at", "contract_hours", "notified_at"},
		"retention":        {"rule1", "rule2", "own", "from-declaration_accepted", "held", "released"},
		"json":             {"case", "input"},
	} {
		page := d.try("kind=" + kind)
		require.Equal(t, 200, page.status, kind)
		require.Contains(t, words(t, page), "How it works", kind)
		require.NotContains(t, page.body, `id="result"`, kind)
		for _, name := range fields {
			require.Contains(t, inputs(t, page), name, kind)
		}
	}
	form := inputs(t, d.try(""))
	require.Equal(t, "Europe/Berlin", selected(form["timezone"]), "the controller's")
	require.Equal(t, "DE", selected(form["country"]))
	require.Equal(t, "DE-BE", selected(form["subdivision"]))
	require.Len(t, childOptions(form["country"]), len(calendar.Countries()))

	empty := d.try("kind=request_deadline&do=compute")
	require.Equal(t, 400, empty.status)
	require.Contains(t, empty.body, `href="#received_on"`)
	require.Contains(t, empty.body, "missing_field")
}

func childOptions(n *html.Node) (values []string) {
	for o := range n.Descendants() {
		if o.Data == "option" {
			values = append(values, attribute(o, "value"))
		}
	}
	return values
}

func TestTheDateIsSaidInWords(t *testing.T) {
	t.Parallel()
	d := rulesOf(t, models.RoleDPO)
	for _, c := range []struct{ name, query, want string }{
		{"rolls over Easter", "kind=request_deadline&received_on=2026-03-05", "Due on Tuesday 7 April 2026, 24:00 Europe/Berlin"},
		{"another place", "kind=request_deadline&received_on=2026-03-05&timezone=Europe/Vienna&country=AT", "Due on Tuesday 7 April 2026, 24:00 Europe/Vienna"},
		{"the day in the controller's zone", "kind=request_deadline&received_on=2026-03-31&received_time=22:30&received_zone=UTC", "Received on 1 April 2026"},
		{
			"two pauses", "kind=request_deadline&received_on=2026-03-03&asked1=2026-03-05&answered1=2026-03-10&asked2=2026-03-12&answered2=2026-03-13",
			"Days on which the clock stood still paused_days 6",
		},
		{"an open question", "kind=request_deadline&received_on=2026-03-05&asked1=2026-03-06", "there is no due date until the person has answered"},
		{
			"an extension", "kind=request_deadline&received_on=2026-03-05&told_on=2026-03-20&reasons=yes",
			"Extended: due on Friday 5 June 2026, 24:00 Europe/Berlin",
		},
		{"an extension without reasons", "kind=request_deadline&received_on=2026-03-05&told_on=2026-03-20", "extension_without_reasons"},
		{
			"a late UK start", "kind=request_deadline&regime=UK_GDPR&timezone=Europe/London&country=GB&subdivision=GB-EAW&received_on=2026-03-02&asked1=2026-03-03&answered1=2026-03-10&about1=identity",
			"The clock starts on clock_start_on Tuesday 10 March 2026",
		},
		{"California", "kind=regime_deadline&regime=US_CA_CCPA&received_on=2026-01-02&holidays=2026-01-19", "Acknowledge by Friday 16 January 2026"},
		{
			"holidays on lines", "kind=regime_deadline&regime=BR_LGPD_BREACH&aware_on=2026-04-30&holidays=" + url.QueryEscape("2026-05-01\r\n2026-05-04,2026-05-05"),
			"Notify by Friday 8 May 2026",
		},
		{
			"NIS2 in hours", "kind=regime_deadline&regime=NIS2&timezone=Europe/Brussels&aware_at=2026-03-06T10:00",
			"Early warning by Saturday 7 March 2026, 10:00 Europe/Brussels (+01:00)",
		},
		{
			"72 hours over the change of the clocks", "kind=breach_deadline&aware_at=2026-10-23T10:00",
			"Notify the authority by Monday 26 October 2026, 09:00 Europe/Berlin (+01:00)",
		},
		{"one second late", "kind=breach_deadline&aware_at=2026-03-02T10:00&notified_at=2026-03-05T10:00:01", "Notified late"},
		{"in time", "kind=breach_deadline&aware_at=2026-03-02T10:00&notified_at=2026-03-05T10:00:00", "Notified in time"},
		{
			"a processor", "kind=breach_deadline&processor_aware_at=2026-03-02T10:00&contract_hours=24",
			"The processor tells the controller by Tuesday 3 March 2026, 10:00",
		},
		{"customs", "kind=retention&rule1=EU_UCC_51&from-declaration_accepted=2027-02-01", "Held through Tuesday 31 December 2030 Erasable from Wednesday 1 January 2031"},
		{
			"the latest of two", "kind=retention&rule1=EU_UCC_51&rule2=DE_AO_147_BELEG&from-declaration_accepted=2027-02-01&from-document_date=2027-02-01",
			"Held through Monday 31 December 2035",
		},
		{"an open legal hold", "kind=retention&rule1=EU_UCC_51&from-declaration_accepted=2027-02-01&held=yes", "Held until the legal hold is released"},
		{
			"a released legal hold", "kind=retention&rule1=EU_UCC_51&from-declaration_accepted=2027-02-01&released=2032-05-03",
			"Held through Monday 3 May 2032",
		},
		{"an old document", "kind=retention&rule1=DE_AO_147_BELEG&from-document_date=2013-06-01", "Held through Sunday 31 December 2023"},
	} {
		page := d.try(c.query)
		require.Equal(t, 200, page.status, "%s: %s", c.name, words(t, page))
		require.Contains(t, words(t, page), c.want, c.name)
		require.Contains(t, page.body, `id="result"`, c.name)
		require.Contains(t, words(t, page), "Version of the rules", c.name)
		require.Contains(t, page.body, `class="steps"`, c.name)
		require.Contains(t, page.body, `class="law"`, c.name)
	}
}

func TestEveryRuleOfTheListCanBeTried(t *testing.T) {
	t.Parallel()
	d := rulesOf(t, models.RoleDPO)
	offered := strings.Join(childOptions(inputs(t, d.try("kind=retention"))["rule1"]), " ") + " " +
		strings.Join(childOptions(inputs(t, d.try("kind=regime_deadline"))["regime"]), " ")
	for _, r := range hold.Builtin().Rules() {
		require.Contains(t, offered, r.Code)
		page := d.try("kind=retention&do=choose&rule1=" + r.Code)
		require.Equal(t, 200, page.status)
		q := "kind=retention&rule1=" + r.Code
		for _, s := range r.Starts {
			require.Contains(t, inputs(t, page), "from-"+s.Field, r.Code)
			q += "&from-" + s.Field + "=2026-05-04"
		}
		require.Contains(t, words(t, d.try(q)), "Held through", r.Code)
	}
	for _, r := range deadline.Regimes() {
		require.Contains(t, offered, r.Code)
		page := d.try("kind=regime_deadline&do=choose&regime=" + r.Code)
		require.Equal(t, 200, page.status)
		q := "kind=regime_deadline&timezone=Europe/Berlin&regime=" + r.Code
		for _, name := range r.Needs() {
			require.Contains(t, inputs(t, page), name, r.Code)
			at := "2027-06-01"
			if strings.HasSuffix(name, "_at") {
				at += "T10:00"
			}
			q += "&" + name + "=" + at
		}
		got := d.try(q)
		require.Equal(t, 200, got.status, r.Code)
		for _, term := range r.Terms { // the field's name follows its words
			require.Regexp(t, `[a-z] `+term.Field+` [A-Z][a-z]+day `, words(t, got), "%s: %s", r.Code, term.Field)
			require.NotContains(t, got.body, `<span>`+term.Field, "%s: %s has words", r.Code, term.Field)
		}
	}
}

func TestARuleOfTheDeploymentIsTriedByItsCode(t *testing.T) {
	t.Parallel()
	cat, err := hold.Builtin().With(hold.Rule{
		Code: "ACME_VISITORS", Law: "House rules", Citation: "House rules 4", Jurisdiction: "DE", Period: hold.Period{Months: 3},
		Starts: []hold.Start{{Field: "visit_ended"}}, Computation: hold.FromDay, Exemption: hold.LegalObligation,
	})
	require.NoError(t, err)
	d := rulesOf(t, models.RoleDPO, func(deps *api.Deps) { deps.Eval = rules.Evaluator{Zones: time.LoadLocation, Catalogue: cat}.Eval })
	form := d.try("kind=retention&rule1=own&own=ACME_VISITORS&do=choose")
	require.Equal(t, 200, form.status)
	require.Contains(t, inputs(t, form), "from-visit_ended")
	require.NotContains(t, inputs(t, form), "from-declaration_accepted")
	page := d.try("kind=retention&rule1=own&own=ACME_VISITORS&from-visit_ended=2026-05-04")
	require.Contains(t, words(t, page), "Held through Tuesday 4 August 2026")
	require.Contains(t, words(t, page), "House rules 4")

	unknown := d.try("kind=retention&rule1=own&own=NO_SUCH_RULE")
	require.Equal(t, 400, unknown.status)
	require.Contains(t, unknown.body, `href="#own"`)
	require.Contains(t, unknown.body, "unknown_rule")
}

func TestAMistakeStandsBesideItsFieldAndNothingTypedIsLost(t *testing.T) {
	t.Parallel()
	d := rulesOf(t, models.RoleDPO)
	for _, c := range []struct{ query, field, code string }{
		{"kind=request_deadline&received_on=2026-02-30", "received_on", "bad_date"},
		{"kind=request_deadline&received_on=2017-12-31", "received_on", "date_out_of_range"},
		{"kind=request_deadline&received_on=2201-01-01", "received_on", "date_out_of_range"},
		{"kind=request_deadline&received_on=2018-01-02", "received_on", "not_in_force"},
		{"kind=request_deadline&received_on=2026-03-05&regime=XX", "regime", "unknown_regime"},
		{"kind=request_deadline&received_on=2026-03-05&timezone=Mars/Base", "timezone", "unknown_zone"},
		{"kind=request_deadline&received_on=2026-03-05&timezone=Local", "timezone", "unknown_zone"},
		{"kind=request_deadline&received_on=2026-03-05&country=XX&subdivision=", "country", "unknown_country"},
		{"kind=request_deadline&received_on=2026-03-05&country=DE&subdivision=DE-XX", "subdivision", "unknown_subdivision"},
		{"kind=request_deadline&received_on=2026-03-05&received_time=25:00", "received_time", "bad_instant"},
		{"kind=request_deadline&received_on=2026-03-29&received_time=02:30&received_zone=Europe/Berlin", "received_time", "bad_instant"},
		{"kind=request_deadline&received_on=2026-03-05&asked1=2026-03-04", "asked1", "question_before_request"},
		{"kind=request_deadline&received_on=2026-03-05&asked2=2026-03-09&answered2=2026-03-08", "answered2", "answer_before_question"},
		{"kind=request_deadline&received_on=2026-03-05&answered3=2026-03-08", "asked3", "missing_field"},
		{"kind=request_deadline&received_on=2026-03-05&asked1=2026-03-06&about1=fee", "about1", "not_applicable"},
		{"kind=request_deadline&received_on=2026-03-05&told_on=2026-03-04&reasons=yes", "told_on", "extension_before_request"},
		{"kind=request_deadline&received_on=2026-03-05&reasons=yes", "told_on", "missing_field"},
		{"kind=regime_deadline&regime=XX&do=compute", "regime", "unknown_regime"},
		{"kind=regime_deadline&regime=US_CA_CCPA&do=compute", "received_on", "missing_field"},
		{"kind=regime_deadline&regime=US_CA_CCPA&received_on=2026-01-02&holidays=x", "holidays", "bad_date"},
		{"kind=regime_deadline&regime=US_CA_CCPA&received_on=2026-01-02&holidays=2017-01-01", "holidays", "date_out_of_range"},
		{"kind=regime_deadline&regime=US_VA_VCDPA&received_on=2026-01-02&appeal_received_on=2026-01-01", "appeal_received_on", "appeal_before_request"},
		{"kind=breach_deadline&do=compute", "aware_at", "missing_field"},
		{"kind=breach_deadline&aware_at=x", "aware_at", "bad_instant"},
		{"kind=breach_deadline&aware_at=2026-03-29T02:30", "aware_at", "bad_instant"},
		{"kind=breach_deadline&aware_at=2300-03-29T02:30", "aware_at", "date_out_of_range"},
		{"kind=breach_deadline&aware_at=2026-03-02T10:00&notified_at=2026-03-01T10:00", "notified_at", "notified_before_aware"},
		{"kind=breach_deadline&processor_aware_at=2026-03-02T10:00&controller_told_at=2026-03-01T10:00", "controller_told_at", "told_before_aware"},
		{"kind=breach_deadline&aware_at=2026-03-02T10:00&processor_aware_at=2026-03-02T09:00&contract_hours=99999", "contract_hours", "bad_contract_hours"},
		{"kind=breach_deadline&aware_at=2026-03-02T10:00&contract_hours=x", "contract_hours", "bad_value"},
		{"kind=retention&rule1=EU_UCC_51&do=compute", "from-declaration_accepted", "missing_field"},
		{"kind=retention&rule1=EU_UCC_51&from-declaration_accepted=1899-01-01", "from-declaration_accepted", "date_out_of_range"},
		{"kind=retention&rule1=XX&do=compute", "rule1", "unknown_rule"},
		{"kind=retention&rule1=own&do=compute", "rule1", "missing_field"},
	} {
		page := d.try(c.query)
		require.Equal(t, 400, page.status, c.query)
		require.True(t, strings.HasPrefix(title(t, page), "Error: "), c.query)
		require.Contains(t, page.body, `href="#`+c.field+`"`, c.query)
		require.Contains(t, page.body, `id="`+c.field+`-error"`, c.query)
		require.Contains(t, page.body, "<code>"+c.code+"</code>", c.query)
		require.NotContains(t, page.body, `id="result"`, c.query)
		q, err := url.ParseQuery(c.query)
		require.NoError(t, err)
		form := inputs(t, page)
		require.Equal(t, "true", attribute(form[c.field], "aria-invalid"), c.query)
		for name := range q {
			if v := q.Get(name); v != "" && name != "do" {
				require.Contains(t, []string{attribute(form[name], "value"), selected(form[name]), content(form[name])}, v, "%s: %s", c.query, name)
			}
		}
	}
}

func content(n *html.Node) string {
	if n.FirstChild != nil && n.Data == "textarea" {
		return n.FirstChild.Data
	}
	return ""
}

func TestATimeThatTheClocksShowedTwiceIsNeverGuessed(t *testing.T) {
	t.Parallel()
	d := rulesOf(t, models.RoleDPO)
	const query = "kind=breach_deadline&timezone=Europe/Berlin&aware_at=2026-10-25T02:30"
	page := d.try(query)
	require.Equal(t, 400, page.status)
	require.Contains(t, page.body, "ambiguous_time")
	require.Equal(t, []string{"", "+02:00", "+01:00"}, childOptions(inputs(t, page)["aware_at_offset"]))
	require.Contains(t, words(t, d.try(query+"&aware_at_offset=%2B02:00")), "Notify the authority by Wednesday 28 October 2026, 01:30 Europe/Berlin")
	require.Contains(t, words(t, d.try(query+"&aware_at_offset=%2B01:00")), "Notify the authority by Wednesday 28 October 2026, 02:30 Europe/Berlin")
}

func TestWhatIsTypedIsEscaped(t *testing.T) {
	t.Parallel()
	d := rulesOf(t, models.RoleDPO)
	const evil = `"><script>alert(1)</script>`
	for _, kind := range []string{"request_deadline", "regime_deadline", "breach_deadline", "retention"} {
		q := url.Values{"kind": {kind}, "do": {"compute"}}
		for name := range inputs(t, d.try("kind="+kind)) {
			if name != "kind" {
				q.Set(name, evil)
			}
		}
		page := d.try(q.Encode())
		require.Equal(t, 400, page.status, kind)
		require.NotContains(t, page.body, "<script", kind)
		require.Contains(t, page.body, html.EscapeString(evil)[len("&#34;"):], "what was typed is kept")
	}
	posted := d.post(d.client, "/staff/rules", url.Values{"kind": {"retention"}, "input": {`{"rule":"</textarea><script>"}`}})
	require.Equal(t, 400, posted.status)
	require.NotContains(t, posted.body, "<script")
	require.NotContains(t, d.try("kind="+url.QueryEscape(evil)).body, "<script")
}

func TestAResultIsLinkedAndWrittenAsTheCommandTakesIt(t *testing.T) {
	t.Parallel()
	d := rulesOf(t, models.RoleDPO)
	page := d.try("kind=request_deadline&received_on=2026-03-05&told_on=2026-03-20&reasons=yes&do=compute&asked1=")
	links := regexp.MustCompile(`<a href="(/staff/rules\?[^"]*received_on[^"]*)"`).FindStringSubmatch(page.body)
	require.Len(t, links, 2)
	link := html.UnescapeString(links[1])
	require.NotContains(t, link, "do=")
	require.NotContains(t, link, "asked1")
	require.Contains(t, words(t, d.get(d.client, link)), "Extended: due on Friday 5 June 2026")

	pre := regexp.MustCompile(`(?s)<pre[^>]*><code>(.*?)</code></pre>`).FindAllStringSubmatch(page.body, -1)
	require.Len(t, pre, 2)
	got := rules.Eval([]byte(html.UnescapeString(pre[0][1])), time.LoadLocation)
	require.JSONEq(t, html.UnescapeString(pre[1][1]), string(got))
}

func TestTheFormFollowsTheCountryThatWasChosen(t *testing.T) {
	t.Parallel()
	d := rulesOf(t, models.RoleDPO)
	form := inputs(t, d.try("kind=request_deadline&country=ES&subdivision=DE-BE&do=choose"))
	require.Contains(t, childOptions(form["subdivision"]), "ES-MD")
	require.Empty(t, selected(form["subdivision"]), "a part of another country is not kept")
	require.NotContains(t, inputs(t, d.try("kind=request_deadline&country=PL&do=choose")), "subdivision")
}

func TestStaffTryDatesAndCustomersMayNot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const path = "/staff/rules?kind=request_deadline&received_on=2026-03-05"
	for _, role := range []models.Role{models.RoleDPO, models.RoleHandler, models.RoleAuditor, models.RoleOperator} {
		require.Contains(t, words(t, b.get(b.signIn(b.keys[role]), path)), "Due on Tuesday 7 April 2026", role)
	}
	require.Equal(t, http.StatusForbidden, b.get(b.signIn(b.keys[models.RoleController]), path).status)
	require.Equal(t, http.StatusSeeOther, b.get(b.browser(), path).status)
}

// examplePart finds the example that the page offers for a case that is written out.
var examplePart = regexp.MustCompile(`(?s)<textarea id="input"[^>]*>(.*?)</textarea>`)

func TestEachOfferedExampleComputes(t *testing.T) {
	t.Parallel()
	d := rulesOf(t, models.RoleDPO)
	for _, kind := range rules.Kinds() {
		m := examplePart.FindStringSubmatch(d.try("kind=json&case=" + kind.Name).body)
		require.Len(t, m, 2, kind.Name)
		a := d.post(d.client, "/staff/rules", url.Values{"kind": {kind.Name}, "input": {html.UnescapeString(m[1])}})
		require.Equal(t, 200, a.status, "%s: %s", kind.Name, m[1])
		require.Contains(t, a.body, `class="verdict`, kind.Name)
	}
	bad := d.post(d.client, "/staff/rules", url.Values{"kind": {"retention"}, "input": {"{"}})
	require.Equal(t, 400, bad.status)
	require.Contains(t, bad.body, "bad_json")
	require.Equal(t, 400, d.post(d.client, "/staff/rules", url.Values{"kind": {"retention"}, "input": {`{"rule":"XX"}`}}).status)
}
