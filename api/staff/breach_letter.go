package staff

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/breach/persons"
	"habeas/models/breach/register"
	"habeas/models/store"
	"habeas/templates"
)

// perMinute is the rate that a new letter proposes: what a small mail server takes without being taken for a spammer.
const perMinute = 120

func (k *Console) letterPage(c echo.Context) error {
	flash := map[string]string{"saved": "flash.letter", "tested": "flash.tested", "approved": "flash.approved", "retried": "flash.retried"}[c.QueryParam("done")]
	return k.showLetter(c, http.StatusOK, func(v *templates.BreachLetterView) { v.Flash = flash })
}

func (k *Console) showLetter(c echo.Context, status int, with func(*templates.BreachLetterView)) error {
	b, err := k.breachOf(c)
	if err != nil {
		return err
	}
	who := caller(c)
	v := templates.BreachLetterView{
		Path: "/staff/breaches/" + b.ID.String(), Reference: b.Reference, Drill: b.Drill, PerMinute: perMinute, MayApprove: who.Role == models.RoleDPO,
		MayDraft: who.Role == models.RoleDPO || who.Role == models.RoleHandler,
	}
	l, err := k.Store.BreachLetter(c.Request().Context(), b.ID)
	switch {
	case err == nil:
		v.Drafted, v.Subject, v.Body, v.Plain, v.PerMinute = true, l.Subject, l.Body, l.Plain, l.PerMinute
		if v.Own, err = k.same(c.Request().Context(), l.DraftedBy, who.ID); err != nil {
			return err
		}
		v.ApprovedAt, v.FinishedAt = in(l.ApprovedAt, b.Zone), in(l.FinishedAt, b.Zone)
		mail, err := templates.BreachPersonMail{
			MailHead: templates.MailHead{Language: "en", Sender: "…", Reference: b.Reference, Zone: b.Zone}, Drill: b.Drill, Title: l.Subject.Reveal(), Body: l.Body, Contact: b.Known.Contact,
		}.Mail()
		if err != nil {
			return err
		}
		v.Preview = "Subject: " + mail.Subject + "\n\n" + mail.Text
	case models.CodeOf(err) != "not_found":
		return err
	}
	counts, err := k.Store.CountBreachPersons(c.Request().Context(), b.ID)
	if err != nil {
		return err
	}
	for _, s := range store.PersonStates() {
		if counts[s] > 0 {
			v.Counts = append(v.Counts, templates.BreachCount{State: string(s), N: counts[s]})
		}
	}
	v.Unclear, v.Unreached, v.Seen = counts[store.PersonUnclear], counts[store.PersonUnreached], b.Latest()
	v.MayRetry = register.Allowed(register.Retried, who.Role, b.State) == nil
	causes, err := k.Store.UnreachedCauses(c.Request().Context(), b.ID)
	if err != nil {
		return err
	}
	for _, cause := range causes {
		v.Causes = append(v.Causes, templates.BreachCause{Code: cause.Key, N: cause.N})
	}
	with(&v)
	return show(k, c, status, "breaches", templates.BreachLetter, v)
}

// letterDone goes back to the page, with a word of what was done or why not.
func (k *Console) letterDone(c echo.Context, b store.Breach, done string, err error) error {
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid || kind == models.Forbidden {
		p := problem.Of(err, "", "")
		return k.showLetter(c, p.Status, func(v *templates.BreachLetterView) { v.Failure = p.Detail })
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/breaches/"+b.ID.String()+"/letter?done="+done)
}

func (k *Console) draftLetter(c echo.Context) error {
	b, err := k.breachOf(c)
	if err != nil {
		return err
	}
	form, err := formOf(c)
	if err != nil {
		return err
	}
	rate, _ := strconv.Atoi(form.Get("per_minute")) //nolint:errcheck // no number is refused as too small a one
	l := store.BreachLetter{BreachID: b.ID, Subject: prose(form, "subject"), Body: prose(form, "body"), Plain: form.Get("plain") == "true", PerMinute: rate}
	return k.letterDone(c, b, "saved", k.Store.DraftBreachLetter(c.Request().Context(), l, caller(c).Actor))
}

func (k *Console) testLetter(c echo.Context) error {
	b, err := k.breachOf(c)
	if err != nil {
		return err
	}
	return k.letterDone(c, b, "tested", k.Store.OrderBreachTest(c.Request().Context(), b.ID, caller(c).Actor))
}

func (k *Console) approveLetter(c echo.Context) error {
	b, err := k.breachOf(c)
	if err != nil {
		return err
	}
	return k.letterDone(c, b, "approved", k.Store.ApproveBreachLetter(c.Request().Context(), b.ID, caller(c).Actor))
}

func (k *Console) settleLetter(c echo.Context) error {
	b, err := k.breachOf(c)
	if err != nil {
		return err
	}
	form, err := formOf(c)
	if err != nil {
		return err
	}
	_, err = k.Store.SettleUnclear(c.Request().Context(), b.ID, form.Get("again") == "true", caller(c).Actor)
	return k.letterDone(c, b, "saved", err)
}

// retryLetter lets persons be written to again who could not be reached; the event is in the record of the breach.
func (k *Console) retryLetter(c echo.Context) error {
	b, err := k.breachOf(c)
	if err != nil {
		return err
	}
	form, err := formOf(c)
	if err != nil {
		return err
	}
	seen, _ := strconv.Atoi(form.Get("seen")) //nolint:errcheck // without a number nothing was seen, and nothing is asked
	e := register.Event{Kind: register.Retried, Actor: caller(c).Actor}
	e.Facts.Cause, e.Words.Reason = form.Get("cause"), prose(form, "reason")
	_, err = k.Store.NoteBreach(c.Request().Context(), b.ID, seen, e)
	return k.letterDone(c, b, "retried", err)
}

// addPersons reads a list as it comes: it is never kept as a whole.
func (k *Console) addPersons(c echo.Context) error {
	b, err := k.breachOf(c)
	if err != nil {
		return err
	}
	report, err := k.readPersons(c, b)
	if _, customer := caller(c).Scope.Controller(); customer { // it does not see the operator's letter
		return k.listed(c, report, err)
	}
	if err != nil {
		return k.letterDone(c, b, "", err)
	}
	return k.showLetter(c, http.StatusOK, func(v *templates.BreachLetterView) { v.Report = report })
}

func (k *Console) readPersons(c echo.Context, b store.Breach) (*templates.BreachListReport, error) {
	file, err := firstFile(c)
	if err != nil {
		return nil, err
	}
	ctx := c.Request().Context()
	list, err := k.Store.BreachPersonList(ctx, b.ID)
	if err != nil {
		return nil, err
	}
	report, err := persons.Read(file, func(p persons.Person) error { return list.Add(ctx, p) })
	if err != nil {
		return nil, err
	}
	return &templates.BreachListReport{
		Lines: report.Lines, Added: int(list.Added), Duplicates: report.Duplicates, Broken: report.BrokenAll, BrokenLines: report.Broken,
	}, list.Close(ctx, caller(c).Actor)
}

// listed shows a customer what became of its list, on its page of the breach.
func (k *Console) listed(c echo.Context, report *templates.BreachListReport, err error) error {
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid {
		p := problem.Of(err, "", "")
		return k.showBreach(c, p.Status, func(v *templates.BreachView) { v.Failure = p.Detail })
	}
	if err != nil {
		return err
	}
	return k.showBreach(c, http.StatusOK, func(v *templates.BreachView) { v.Report = report })
}

// firstFile is the file of an uploaded form, which has no other field before it.
func firstFile(c echo.Context) (io.Reader, error) {
	missing := models.Errorf(models.Invalid, "file_missing", "Choose a file.")
	if !strings.HasPrefix(c.Request().Header.Get("Content-Type"), "multipart/") {
		return nil, missing
	}
	parts, err := c.Request().MultipartReader()
	if err != nil {
		return nil, missing
	}
	part, err := parts.NextPart()
	if err != nil || part.FormName() != "file" || part.FileName() == "" {
		return nil, missing
	}
	return part, nil
}
