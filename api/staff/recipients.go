package staff

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/models"
	"habeas/models/breach/register"
	"habeas/models/calendar"
	"habeas/models/recipient"
	"habeas/models/store"
	"habeas/models/subprocessor"
	"habeas/templates"
)

// recipients is the register, filtered.
func (k *Console) recipients(c echo.Context) error {
	all, err := k.Store.Recipients(c.Request().Context())
	if err != nil {
		return err
	}
	today, err := k.today(c)
	if err != nil {
		return err
	}
	view := templates.RecipientsView{Query: c.QueryParam("q"), Only: c.QueryParam("only"), CanEdit: caller(c).Role == models.RoleDPO}
	for _, r := range all {
		row := recipientRow(r)
		if r.Facts.ReviewDue(today) {
			view.Due = append(view.Due, row)
		}
		if fits(r, row, view.Query, view.Only, today) {
			view.Rows = append(view.Rows, row)
		}
	}
	return show(k, c, http.StatusOK, "recipients", templates.Recipients, view)
}

// today is the day in the operator's zone.
func (k *Console) today(c echo.Context) (calendar.Date, error) {
	operator, err := k.Store.Operator(c.Request().Context())
	if err != nil {
		return calendar.Date{}, err
	}
	zone, err := time.LoadLocation(operator.Timezone)
	if err != nil {
		return calendar.Date{}, err
	}
	return calendar.DateOf(k.Now().In(zone)), nil
}

func fits(r store.Recipient, row templates.RecipientRow, query, only string, today calendar.Date) bool {
	switch {
	case only == "subprocessors" && !r.Facts.Subprocessor, only == "due" && !r.Facts.ReviewDue(today), only == "gaps" && row.Gaps == 0:
		return false
	}
	text := strings.ToLower(strings.Join([]string{r.Name, r.Slug, r.Facts.LegalName, r.Country, r.Purpose}, "\n"))
	return strings.Contains(text, strings.ToLower(strings.TrimSpace(query)))
}

func recipientRow(r store.Recipient) templates.RecipientRow {
	return templates.RecipientRow{
		Path: "/staff/recipients/" + r.ID.String(), Name: r.Name, Country: r.Country, Transfer: string(r.Facts.Transfer), Subprocessor: r.Facts.Subprocessor,
		Categories: templates.CategoriesInWords(r.Categories), NextReviewOn: r.Facts.NextReviewOn, EndedOn: r.Facts.EndedOn,
		Gaps: len(r.Facts.Gaps(r.Country, register.InUnion(r.Country))),
	}
}

func (k *Console) recipientOf(c echo.Context) (store.Recipient, error) {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return store.Recipient{}, models.Errorf(models.NotFound, "not_found", "There is no such recipient.")
	}
	return k.Store.RecipientByID(c.Request().Context(), id)
}

// recipient is one recipient with its history and its vetting.
func (k *Console) recipient(c echo.Context) error {
	r, err := k.recipientOf(c)
	if err != nil {
		return err
	}
	history, err := k.Store.RecipientHistory(c.Request().Context(), r.ID)
	if err != nil {
		return err
	}
	f := r.Facts
	view := templates.RecipientView{
		RecipientRow: recipientRow(r), Slug: r.Slug, LegalName: f.LegalName, Safeguard: r.Safeguard, Channel: string(r.Channel), Protocol: f.Protocol, Address: r.Address,
		Contacts: r.Contacts, Purposes: f.Purposes, Identities: f.Identities, Controllers: f.Controllers, Former: f.Former, ResponseDays: f.ResponseDays, ContractOn: f.ContractOn,
		ContractUntil: f.ContractUntil, ReviewedOn: f.ReviewedOn, Missing: f.Gaps(r.Country, register.InUnion(r.Country)), Questionnaire: r.Vetting.Version,
		CanEdit: caller(c).Role == models.RoleDPO,
	}
	if r.Vetting.Version != "" {
		view.Answers = vettingRows(r.Vetting, r.Vetting.Version)
	}
	for _, v := range history {
		view.Versions = append(view.Versions, templates.RecipientVersionRow{No: v.No, At: v.At, By: string(v.Actor.Role), Changed: v.Changed})
	}
	if c.QueryParam("done") == "saved" {
		view.Flash = "register.saved"
	}
	return show(k, c, http.StatusOK, "recipients", templates.Recipient, view)
}

// vettingRows are the questions of a version with the answers that are known.
func vettingRows(v recipient.Vetting, version string) []templates.VettingRow {
	var out []templates.VettingRow
	for _, q := range recipient.Questions(version) {
		a := v.Of(q.Code)
		out = append(out, templates.VettingRow{Code: q.Code, Citation: q.Citation, Value: a.Value, Note: a.Note})
	}
	return out
}

func (k *Console) newRecipient(c echo.Context) error {
	blank := store.Recipient{Channel: store.ChannelMail, ReminderAfter: 72 * time.Hour}
	return k.showRecipientForm(c, http.StatusOK, blank, formFields(blank), 0, "", "")
}

func (k *Console) editRecipient(c echo.Context) error {
	r, err := k.recipientOf(c)
	if err != nil {
		return err
	}
	return k.showRecipientForm(c, http.StatusOK, r, formFields(r), r.Version, "", "")
}

func (k *Console) showRecipientForm(c echo.Context, status int, r store.Recipient, fields map[string]string, version int, failure, announce string) error {
	view := templates.RecipientFormView{
		Path: "/staff/recipients", Action: "/staff/recipients", New: r.ID.IsZero(), Version: version, Fields: fields, Subprocessor: r.Facts.Subprocessor,
		Answers: vettingRows(r.Vetting, recipient.Questionnaire), Questionnaire: recipient.Questionnaire, Values: recipient.Values(), Failure: failure, Announce: announce,
		Transfers: transfers(string(r.Facts.Transfer)),
	}
	for _, channel := range []store.RecipientChannel{store.ChannelMail, store.ChannelWebhook, store.ChannelOpenDSR, store.ChannelManual} {
		view.Channels = append(view.Channels, templates.Option{Value: string(channel), Selected: channel == r.Channel})
	}
	if !view.New {
		view.Path += "/" + r.ID.String()
		view.Action = view.Path
	}
	return show(k, c, status, "recipients", templates.RecipientForm, view)
}

func transfers(chosen string) []templates.Option {
	var out []templates.Option
	for _, t := range recipient.Transfers() {
		out = append(out, templates.Option{Value: string(t), Selected: string(t) == chosen})
	}
	return out
}

// formFields are a recipient's texts as its form has them.
func formFields(r store.Recipient) map[string]string {
	f := r.Facts
	return map[string]string{
		"slug": r.Slug, "name": r.Name, "legal_name": f.LegalName, "country": r.Country, "safeguard": r.Safeguard, "address": r.Address.Reveal(), "protocol": f.Protocol,
		"contacts": r.Contacts.Reveal(), "purposes": strings.Join(f.Purposes, "\n"), "categories": strings.Join(r.Categories, "\n"),
		"identities": strings.Join(f.Identities, "\n"), "controllers": strings.Join(f.Controllers, "\n"), "reminder_days": strconv.Itoa(int(r.ReminderAfter / (24 * time.Hour))),
		"response_days": strconv.Itoa(f.ResponseDays), "contract_on": f.ContractOn.String(), "contract_until": f.ContractUntil.String(),
		"reviewed_on": f.ReviewedOn.String(), "next_review_on": f.NextReviewOn.String(),
	}
}

func (k *Console) addRecipient(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	slug := strings.TrimSpace(form.Get("slug"))
	if _, err := k.Store.RecipientBySlug(c.Request().Context(), slug); err == nil {
		taken := models.Errorf(models.Conflict, "already_registered", "The register has a recipient with this short name already.")
		return k.sendBack(c, store.Recipient{Slug: slug}, form, taken)
	}
	return k.keepRecipient(c, store.Recipient{Slug: slug}, form)
}

func (k *Console) saveRecipient(c echo.Context) error {
	r, err := k.recipientOf(c)
	if err != nil {
		return err
	}
	form, err := formOf(c)
	if err != nil {
		return err
	}
	return k.keepRecipient(c, r, form)
}

func (k *Console) keepRecipient(c echo.Context, known store.Recipient, form url.Values) error {
	r, err := readRecipient(known, form)
	if err == nil {
		seen, _ := strconv.Atoi(form.Get("seen")) //nolint:errcheck // without a number nothing was seen, and nothing is asked
		r, err = k.Store.SaveRecipient(c.Request().Context(), r, seen, caller(c).Actor)
	}
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		return k.sendBack(c, known, form, err)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/recipients/"+r.ID.String()+"?done=saved")
}

// sendBack shows the form with what was typed.
func (k *Console) sendBack(c echo.Context, known store.Recipient, form url.Values, err error) error {
	p := problem.Of(err, "", "")
	announce := ""
	if p.Code == "must_be_announced" {
		announce = announcePath(known, form)
	}
	fields := formFields(known)
	for name := range fields {
		fields[name] = form.Get(name)
	}
	known.Facts.Subprocessor, known.Facts.Transfer = form.Get("subprocessor") == "true", recipient.Transfer(form.Get("transfer"))
	known.Channel, known.Vetting = store.RecipientChannel(form.Get("channel")), readVetting(form, recipient.Vetting{})
	return k.showRecipientForm(c, p.Status, known, fields, known.Version, p.Detail, announce)
}

// announcePath is the form of an announced change with what somebody wanted to write into the register at once. Nothing in it is personal.
func announcePath(known store.Recipient, form url.Values) string {
	out := url.Values{"sort": {string(subprocessor.Add)}, "slug": {known.Slug}}
	if known.Facts.Subprocessor && known.Facts.EndedOn.IsZero() {
		out.Set("sort", string(subprocessor.Change))
		if form.Get("subprocessor") != "true" {
			out.Set("sort", string(subprocessor.Remove))
		}
	}
	for _, name := range []string{"name", "legal_name", "country", "transfer", "safeguard", "purposes", "categories", "controllers"} {
		if value := form.Get(name); value != "" {
			out.Set(name, value)
		}
	}
	return "/staff/changes/new?" + out.Encode()
}

// readRecipient is a known entry with what a form says.
func readRecipient(r store.Recipient, form url.Values) (store.Recipient, error) {
	f := &r.Facts
	r.Name, r.Country, r.Safeguard = line(form, "name"), line(form, "country"), line(form, "safeguard")
	r.Channel, r.Address, r.Contacts = store.RecipientChannel(form.Get("channel")), models.Personal(line(form, "address")), prose(form, "contacts")
	if secret := line(form, "secret"); secret != "" || r.Channel != store.ChannelWebhook {
		r.Secret = models.Personal(secret)
	}
	r.Categories, f.Purposes, f.Controllers = listed(form, "categories"), listed(form, "purposes"), listed(form, "controllers")
	f.Identities = listed(form, "identities")
	r.Purpose = ""
	f.LegalName, f.Protocol, f.Subprocessor = line(form, "legal_name"), line(form, "protocol"), form.Get("subprocessor") == "true"
	f.Transfer = recipient.Transfer(form.Get("transfer"))
	days, err := strconv.Atoi(line(form, "reminder_days"))
	if err != nil || days < 1 || days > 365 {
		return r, models.Errorf(models.Invalid, "bad_recipient", "Say after how many days it is reminded.").At("/reminder_days")
	}
	r.ReminderAfter = time.Duration(days) * 24 * time.Hour
	if f.ResponseDays, err = strconv.Atoi("0" + line(form, "response_days")); err != nil {
		return r, models.Errorf(models.Invalid, "bad_recipient", "The agreed time is a number of days.").At("/response_days")
	}
	for name, to := range map[string]*calendar.Date{
		"contract_on": &f.ContractOn, "contract_until": &f.ContractUntil, "reviewed_on": &f.ReviewedOn, "next_review_on": &f.NextReviewOn,
	} {
		if *to, err = recipient.ParseDate(name, form.Get(name)); err != nil {
			return r, err
		}
	}
	r.Vetting = readVetting(form, r.Vetting)
	return r, nil
}

// readVetting reads the answers of today's questionnaire. Without any, those that are known stay, of whichever version.
func readVetting(form url.Values, known recipient.Vetting) recipient.Vetting {
	out := recipient.Vetting{Version: recipient.Questionnaire}
	for _, q := range recipient.Questions(recipient.Questionnaire) {
		if value := form.Get("vetting." + q.Code); value != "" {
			out.Answers = append(out.Answers, recipient.Answer{Question: q.Code, Value: value, Note: prose(form, "note."+q.Code)})
		}
	}
	if len(out.Answers) == 0 {
		return known
	}
	return out
}

func line(form url.Values, name string) string { return strings.TrimSpace(form.Get(name)) }

// listed are the items of a field that takes one a line.
func listed(form url.Values, name string) []string {
	var out []string
	for item := range strings.Lines(form.Get(name)) {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}
