package templates

import (
	"regexp"
	"strings"
	"time"

	"habeas/models/calendar"
	"habeas/models/plan"
)

const act = `(GDPR|Regulation \(EU\) (?:No )?\d+/\d+|Directive (?:\(EU\) )?\d+/\d+(?:/EC)?)`

// Places in laws of the Union, and what else a citation may say that each language says in its own way.
var (
	reversed  = regexp.MustCompile(`\bGDPR (Art\. \d+(?:\(\d+\))?(?:\([a-z]\))?)`)
	provision = regexp.MustCompile(`\bArt\. (\d+[a-z]?(?:, \d+[a-z]?)*)(?:\((\d+)\))?(?:\(([a-z])\))? ` + act)
	section   = regexp.MustCompile(`§ (\d+[a-z]?)\((\d+)\)`)
	number    = regexp.MustCompile(`\bnos?\. (\d+[a-z]?(?:, \d+[a-z]?)*)`)
	inForce   = regexp.MustCompile(`\b(from|as in force until) (\d{1,2} [A-Z][a-z]+ \d{4})`)
	ofUnion   = regexp.MustCompile(`^(Regulation|Directive) (\(EU\) )?(No )?(\d+/\d+)(/EC)?$`)
)

// cite writes a provision as the language does: "Art. 12(5)(b) GDPR" is "Art. 12 Abs. 5 Buchst. b DSGVO" in German. What a national law is called
// stays as it is.
func (c catalogue) cite(citation string) (string, error) {
	if c.language.String() == english {
		return citation, nil
	}
	var failed error
	say := func(key string, args ...any) string {
		text, err := c.text(key, args...)
		if err != nil {
			failed = err
		}
		return text
	}
	out := reversed.ReplaceAllString(citation, "$1 GDPR")
	out = replace(provision, out, func(m []string) string {
		law := c.ofUnion(m[4], say)
		switch {
		case m[3] != "":
			return say("cite.point", m[1], m[2], m[3], law)
		case m[2] != "":
			return say("cite.paragraph", m[1], m[2], law)
		}
		return say("cite.article", m[1], law)
	})
	out = replace(section, out, func(m []string) string { return say("cite.section", m[1], m[2]) })
	out = replace(number, out, func(m []string) string { return say("cite.number", m[1]) })
	out = replace(inForce, out, func(m []string) string {
		on, err := time.Parse("2 January 2006", m[2])
		if err != nil {
			return m[0]
		}
		day, err := c.date(calendar.DateOf(on))
		if err != nil {
			failed = err
		}
		return say(map[string]string{"from": "cite.from", "as in force until": "cite.until"}[m[1]], day)
	})
	out = strings.ReplaceAll(out, " with §", " "+say("cite.with")+" §")
	if !strings.Contains(out, "UK GDPR") {
		out = strings.ReplaceAll(out, "GDPR", say("cite.law"))
	}
	return out, failed
}

// cites are several provisions in a row.
func (c catalogue) cites(citations []string) (string, error) {
	out := make([]string, len(citations))
	for i, one := range citations {
		var err error
		if out[i], err = c.cite(one); err != nil {
			return "", err
		}
	}
	return strings.Join(out, "; "), nil
}

// ofUnion is the name of a law of the Union.
func (c catalogue) ofUnion(name string, say func(string, ...any) string) string {
	m := ofUnion.FindStringSubmatch(name)
	switch {
	case m == nil:
		return say("cite.law")
	case m[1] == "Regulation" && m[3] != "":
		return say("cite.regulation.no", m[4])
	case m[1] == "Regulation":
		return say("cite.regulation", m[4])
	case m[2] != "":
		return say("cite.directive.eu", m[4])
	case m[5] != "":
		return say("cite.directive.ec", m[4])
	}
	return say("cite.directive", m[4])
}

// replace puts something else for each match, which is given with its groups.
func replace(pattern *regexp.Regexp, text string, with func(m []string) string) string {
	return pattern.ReplaceAllStringFunc(text, func(found string) string { return with(pattern.FindStringSubmatch(found)) })
}

// held says how long a law keeps something and from when, e.g. "Retention period: 3 years from the end of the year in which …"; empty where a plan
// does not say.
func (c catalogue) held(h *plan.Counted) (string, error) {
	if h == nil {
		return "", nil
	}
	period, err := c.period(h)
	if err != nil {
		return "", err
	}
	event := h.Events[c.language.String()]
	if event == "" {
		key := "hold.start." + h.Start
		if h.Events != nil || c.words[key] == "" {
			key = "hold.event"
		}
		if event, err = c.text(key); err != nil {
			return "", err
		}
	}
	key := "hold.of_day"
	if h.OfYear {
		key = "hold.of_year"
	}
	reckoned, err := c.text(key, period, event)
	if err != nil {
		return "", err
	}
	return c.text("hold.period", reckoned)
}

// period is a length of time in words: years, months, days.
func (c catalogue) period(h *plan.Counted) (string, error) {
	var out string
	for _, part := range []struct {
		n   int
		key string
	}{{h.Years, "hold.years"}, {h.Months, "hold.months"}, {h.Days, "hold.days"}} {
		if part.n == 0 {
			continue
		}
		words, err := c.counted(part.key, part.n)
		if err == nil && out != "" {
			words, err = c.text("hold.and", out, words)
		}
		if err != nil {
			return "", err
		}
		out = words
	}
	return out, nil
}
