package staff

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/breach"
	"habeas/models/breach/authority"
	"habeas/models/breach/register"
	"habeas/models/store"
	"habeas/templates"
	"habeas/templates/notification"
)

func (k *Console) breach(c echo.Context) error {
	flash := ""
	if c.QueryParam("done") == "noted" {
		flash = "flash.decided"
	}
	return k.showBreach(c, http.StatusOK, func(v *templates.BreachView) { v.Flash = flash })
}

func (k *Console) showBreach(c echo.Context, status int, with func(*templates.BreachView)) error {
	b, err := k.breachOf(c)
	if err != nil {
		return err
	}
	all, err := k.Store.Controllers(c.Request().Context(), caller(c).Scope)
	if err != nil {
		return err
	}
	recipients, err := k.subprocessors(c)
	if err != nil {
		return err
	}
	view := k.breachView(b, caller(c), all, recipients)
	with(&view)
	return show(k, c, status, "breaches", templates.Breach, view)
}

// subprocessors are the recipients, for staff.
func (k *Console) subprocessors(c echo.Context) ([]store.Recipient, error) {
	if _, limited := caller(c).Scope.Controller(); limited {
		return nil, nil
	}
	return k.Store.Recipients(c.Request().Context())
}

func (k *Console) breachOf(c echo.Context) (store.Breach, error) {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return store.Breach{}, models.Errorf(models.NotFound, "not_found", "There is no such breach.")
	}
	return k.Store.Breach(c.Request().Context(), caller(c).Scope, id)
}

// noteBreach adds the event of a form. A refusal is told on the page itself, beside what has changed.
func (k *Console) noteBreach(c echo.Context) error {
	b, err := k.breachOf(c)
	if err != nil {
		return err
	}
	form, err := uploadOf(c)
	if err != nil {
		return err
	}
	e, err := k.eventOf(c, b, form)
	if err == nil {
		seen, _ := strconv.Atoi(form.Get("seen")) //nolint:errcheck // without a number nothing was seen, and nothing is asked
		_, err = k.Store.NoteBreach(c.Request().Context(), b.ID, seen, e)
	}
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid || kind == models.Forbidden {
		p := problem.Of(err, "", "")
		return k.showBreach(c, p.Status, func(v *templates.BreachView) { v.Failure = p.Detail })
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/breaches/"+b.ID.String()+"?done=noted")
}

// inMemory is how much of an uploaded form is kept in memory; the rest goes to a file for the time of the call.
const inMemory = 1 << 20

// uploadOf is formOf for a form that may bring a file.
func uploadOf(c echo.Context) (url.Values, error) {
	if !strings.HasPrefix(c.Request().Header.Get("Content-Type"), "multipart/") {
		return formOf(c)
	}
	err := c.Request().ParseMultipartForm(inMemory)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, problem.TooLarge()
	}
	if err != nil {
		return nil, models.Errorf(models.Invalid, "bad_form", "The form cannot be read.")
	}
	return c.Request().PostForm, nil //nolint:forbidigo // a field, not the client
}

// eventOf reads the event of a form.
func (k *Console) eventOf(c echo.Context, b store.Breach, form url.Values) (e register.Event, err error) {
	e = register.Event{Kind: register.Kind(form.Get("kind")), Actor: caller(c).Actor}
	f, w := &e.Facts, &e.Words
	f.Report, f.Regime, f.DueOn, f.Authority = form.Get("report"), register.Regime(form.Get("regime")), form.Get("due_on"), form.Get("authority")
	f.Final, f.Authorities = form.Get("final") == "true", form["authorities"]
	if text := form.Get("recipient"); text != "" {
		if f.Recipient, err = models.ParseID(text); err != nil {
			return e, err
		}
	}
	f.Public = b.Duties.Persons == breach.PublicNotice
	for to, name := range map[*models.Personal]string{
		&w.What: "what", &w.Reason: "reason", &w.Consequences: "consequences", &w.Measures: "measures", &w.Contact: "contact", &w.Delay: "delay", &w.Reference: "reference", &w.By: "by",
	} {
		*to = prose(form, name)
	}
	for to, name := range map[*time.Time]string{&f.AwareAt: "aware_at", &f.At: "at"} {
		if *to, err = localInstant(form.Get(name), name, b.Zone); err != nil {
			return e, err
		}
	}
	if f.Persons, err = count(form, "persons"); err != nil {
		return e, err
	}
	if f.Records, err = count(form, "records"); err != nil {
		return e, err
	}
	f.Lesson, _ = strconv.Atoi(form.Get("lesson")) //nolint:errcheck // no task has the number 0
	f.Count, _ = strconv.Atoi(form.Get("count"))   //nolint:errcheck // left out: nobody was counted
	f.Categories, f.PersonKinds = commas(form.Get("categories")), commas(form.Get("person_kinds"))
	if own := form.Get("own"); own != "" {
		concerned := own == "true"
		f.Own = &concerned
	}
	f.Risk, f.Exceptions = breach.Risk(form.Get("risk")), exceptions(form["exception"])
	if e.Kind == register.Assessed {
		inputs := circumstances(form)
		advice, err := breach.Assess(inputs)
		if err != nil {
			return e, err
		}
		f.Inputs, f.Assessment = &inputs, &advice
	}
	if f.Customers, err = k.customersOf(c, form["customer"]); err != nil {
		return e, err
	}
	f.File, err = fileDigest(c)
	return e, err
}

// prose is a text field as it was typed, with the line ends of this system.
func prose(form url.Values, name string) models.Personal {
	return models.Personal(strings.ReplaceAll(strings.TrimSpace(form.Get(name)), "\r\n", "\n"))
}

// localInstant reads a field of an instant in the establishment's zone. Of an hour that a change of the clocks repeats it takes the earlier one; a
// time that it leaves out is refused.
func localInstant(text, name string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{fieldTime, "2006-01-02T15:04"} {
		at, err := time.ParseInLocation(layout, text, zone)
		if err != nil {
			continue
		}
		if at.Format(layout) != text {
			return at, models.Errorf(models.Invalid, "no_such_time", "On that day the clocks are put forward over this time; it does not exist.").At("/" + name)
		}
		for _, shift := range []time.Duration{time.Hour, 30 * time.Minute} {
			if earlier := at.Add(-shift); earlier.Format(layout) == text {
				return earlier, nil
			}
		}
		return at, nil
	}
	return time.Time{}, models.Errorf(models.Invalid, "bad_instant", "The date and time cannot be read.").At("/" + name)
}

func count(form url.Values, name string) (*int, error) {
	text := strings.TrimSpace(form.Get(name))
	if text == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, models.Errorf(models.Invalid, "bad_count", "A number of persons or records is written in digits.").At("/" + name)
	}
	return &n, nil
}

// commas splits a list with commas.
func commas(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func exceptions(chosen []string) (out breach.Exceptions) {
	for _, c := range chosen {
		switch c {
		case "unintelligible":
			out.Unintelligible = true
		case "measures":
			out.LaterMeasures = true
		case "effort":
			out.Disproportionate = true
		}
	}
	return out
}

func circumstances(form url.Values) breach.Circumstances {
	out := breach.Circumstances{
		Identification: breach.Identification(form.Get("identification")), Confidentiality: breach.Loss(form.Get("confidentiality")), Integrity: breach.Loss(form.Get("integrity")),
		Availability: breach.Loss(form.Get("availability")), Malicious: form.Get("malicious") == "true", Unintelligible: form.Get("unintelligible") == "true",
	}
	for _, c := range form["context"] {
		out.Data = append(out.Data, breach.Data{Context: breach.Context(c)})
	}
	return out
}

func (k *Console) customersOf(c echo.Context, chosen []string) ([]register.Customer, error) {
	var out []register.Customer
	for _, text := range chosen {
		id, err := models.ParseID(text)
		if err != nil {
			return nil, err
		}
		one, err := k.Store.ControllerByID(c.Request().Context(), caller(c).Scope, id)
		if err != nil {
			return nil, err
		}
		out = append(out, register.Customer{ID: one.ID, Hours: one.BreachHours})
	}
	return out, nil
}

// fileDigest is the digest of the file of a form, "" when there is none. The file itself is not kept: it is the authority's, and the sender has it.
func fileDigest(c echo.Context) (string, error) {
	if c.Request().MultipartForm == nil || len(c.Request().MultipartForm.File["file"]) == 0 {
		return "", nil
	}
	f, err := c.Request().MultipartForm.File["file"][0].Open()
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() //nolint:errcheck // it was only read
	body, err := io.ReadAll(f)
	if err != nil {
		return "", err
	}
	return notification.Digest(body), nil
}

// notification is the draft of the next phase to an authority, as it would be sent now.
func (k *Console) notification(c echo.Context) error {
	b, err := k.breachOf(c)
	if err != nil {
		return err
	}
	code := c.QueryParam("authority")
	a, ok := authority.ByCode(code)
	if !ok {
		return models.Errorf(models.Invalid, "unknown_authority", "Choose an authority of the register.")
	}
	operator, err := k.Store.Operator(c.Request().Context())
	if err != nil {
		return err
	}
	n := draft(b, a, k.Now())
	recipients, err := k.subprocessors(c)
	if err != nil {
		return err
	}
	for _, r := range recipients {
		if r.ID == b.Recipient {
			n.Processor = r.Name
		}
	}
	n.Controller = notification.Party{Name: operator.Name, Country: operator.Country, Establishment: operator.Subdivision}
	kind, name, write := "application/pdf", "pdf", n.PDF
	if c.QueryParam("form") == "json" {
		kind, name, write = "application/json", "json", n.JSON
	}
	body, err := write()
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="breach-`+b.Reference+"-"+code+"."+name+`"`)
	return c.Blob(http.StatusOK, kind, body)
}

// draft fills a notification from the record.
func draft(b store.Breach, a authority.Authority, now time.Time) notification.Notification {
	n := notification.Notification{
		Reference: b.Reference, Drill: b.Drill, Phase: 1, Authority: a.Name, PreparedAt: now, Zone: b.Zone, Lead: b.EU, ReportedAt: b.ReportedAt, AwareAt: b.AwareAt,
		Nature: b.Known.Nature, PersonKinds: b.Known.PersonKinds, Persons: b.Known.Persons, Categories: b.Known.Categories, Records: b.Known.Records, Contact: b.Known.Contact,
		Consequences: b.Known.Consequences, Measures: b.Known.Measures, PersonsTold: personsTold(b),
	}
	if !b.AwareAt.IsZero() {
		n.DueAt = b.AwareAt.Add(breach.Hours * time.Hour)
		n.Late = len(b.Phases) == 0 && now.After(n.DueAt)
	}
	for _, p := range b.Phases {
		if p.Authority == a.Code {
			n.Earlier = append(n.Earlier, notification.Earlier{Phase: p.Phase, At: p.At, Reference: p.Reference})
			n.Phase = p.Phase + 1
		}
		n.Late, n.Delay = n.Late || p.Delay != "", p.Delay
	}
	var before time.Time
	for _, e := range b.Events {
		if e.Kind == register.Aware {
			if !before.IsZero() {
				n.Corrections = append(n.Corrections, notification.Correction{At: before, Reason: e.Words.Reason})
			}
			before = e.Facts.AwareAt
		}
	}
	gaps := breach.CheckAuthority(b.Notification(n.Delay), n.Late)
	for _, g := range gaps {
		n.Missing = append(n.Missing, g.Message)
	}
	n.Final = len(gaps) == 0
	return n
}

func personsTold(b store.Breach) string {
	switch {
	case b.Risk == "":
		return ""
	case b.Messaged:
		return "The persons concerned were told on " + b.MessagedAt.In(b.Zone).Format("2 January 2006, 15:04 -07:00") + "."
	case b.Duties.Persons == breach.TellEach:
		return "The persons concerned are told without undue delay."
	case b.Duties.Persons == breach.PublicNotice:
		return "A public notice is published (Art. 34(3)(c))."
	}
	return "The persons concerned are not told: " + b.Duties.Steps[len(b.Duties.Steps)-1]
}
