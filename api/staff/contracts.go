package staff

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"habeas/api/certificate"
	"habeas/api/intake"
	"habeas/api/problem"
	"habeas/models"
	"habeas/models/contractend"
	"habeas/models/store"
	"habeas/templates"
)

// contracts lists the ends of contracts: all of them for staff, for a customer its own.
func (k *Console) contracts(c echo.Context) error {
	who := caller(c)
	list, err := k.Store.ContractEnds(c.Request().Context(), who.Scope, boardSize)
	if err != nil {
		return err
	}
	view := templates.ContractsView{CanOrder: contractend.Allowed(contractend.Ordered, who.Role, "") == nil}
	for i := range list {
		row := contractRow(&list[i])
		if list[i].Closed() {
			view.Over = append(view.Over, row)
		} else {
			view.Open = append(view.Open, row)
		}
	}
	return show(k, c, http.StatusOK, "contracts", templates.Contracts, view)
}

func contractRow(end *store.ContractEnd) templates.ContractRow {
	return templates.ContractRow{
		Path: "/staff/contracts/" + end.ID.String(), Reference: end.Reference, Customer: end.Customer, State: string(end.State), LastDay: end.LastDay,
		EraseFrom: end.EraseFrom(), Return: end.Return, Unfetched: end.Unfetched && end.State == contractend.Giving,
	}
}

func (k *Console) contractOf(c echo.Context) (store.ContractEnd, error) {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return store.ContractEnd{}, models.Errorf(models.NotFound, "not_found", "There is no such end of a contract.")
	}
	return k.Store.ContractEnd(c.Request().Context(), caller(c).Scope, id)
}

func (k *Console) contract(c echo.Context) error {
	flash := ""
	if c.QueryParam("done") == "noted" {
		flash = "flash.decided"
	}
	return k.showContract(c, http.StatusOK, flash, "")
}

func (k *Console) showContract(c echo.Context, status int, flash, failure string) error {
	end, err := k.contractOf(c)
	if err != nil {
		return err
	}
	who := caller(c)
	view := templates.ContractView{ContractRow: contractRow(&end), GraceDays: end.GraceDays, Seen: end.Latest(), Offers: map[string]bool{}, Flash: flash, Failure: failure}
	for _, kind := range contractend.Kinds() {
		view.Offers[string(kind)] = kind != contractend.Ordered && contractend.Allowed(kind, who.Role, end.State) == nil
	}
	view.Offers[string(contractend.Released)] = view.Offers[string(contractend.Released)] && end.Return
	if view.Offers[string(contractend.Approved)] {
		if err := k.Store.MayApproveEnd(c.Request().Context(), end.Record, who.ID); models.KindOf(err) == models.Forbidden {
			view.Refusal = models.MessageOf(err, "")
		} else if err != nil {
			return err
		}
	}
	for _, e := range end.Events {
		view.Events = append(view.Events, templates.ContractEvent{
			At: e.At.In(end.Zone), Kind: string(e.Kind), By: string(e.Actor.Role), Reason: e.Reason, Members: e.Facts.Members, Keys: e.Facts.Keys, Webhooks: e.Facts.Webhooks,
		})
	}
	for _, id := range []models.ID{end.Returns, end.Erases} {
		if id.IsZero() {
			continue
		}
		r, err := k.Store.Request(c.Request().Context(), who.Scope, id)
		if err != nil {
			return err
		}
		view.Requests = append(view.Requests, templates.ContractRequest{
			Path: "/staff/requests/" + id.String(), Right: r.Right, Reference: r.Reference, State: r.State, Outcome: r.Outcome,
		})
	}
	if end.State == contractend.Over {
		view.Certificate = view.Path + "/certificate.pdf"
	}
	return show(k, c, status, "contracts", templates.Contract, view)
}

func (k *Console) newContract(c echo.Context) error {
	return k.showContractForm(c, http.StatusOK, url.Values{"grace_days": {"30"}, "return": {"yes"}}, "")
}

// showContractForm shows the form of an order. A customer orders for itself.
func (k *Console) showContractForm(c echo.Context, status int, form url.Values, failure string) error {
	customers, err := intake.Customers(c.Request().Context(), k.Store, caller(c).Scope)
	if err != nil {
		return err
	}
	view := templates.ContractFormView{Fields: map[string]string{}, Failure: failure}
	for _, one := range customers {
		view.Customers = append(view.Customers, templates.Option{Value: one.Slug, Label: one.Name, Selected: one.Slug == form.Get("customer")})
	}
	for _, name := range []string{"last_day", "grace_days", "return", "reason"} {
		view.Fields[name] = form.Get(name)
	}
	return show(k, c, status, "contracts", templates.ContractForm, view)
}

// orderContract takes an order in. Whoever orders types the customer's slug, so that nobody ends a contract with one click too many.
func (k *Console) orderContract(c echo.Context) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	made, err := k.readOrder(c, form)
	if kind := models.KindOf(err); kind == models.Invalid || kind == models.Conflict {
		answer := problem.Of(err, "", "")
		return k.showContractForm(c, answer.Status, form, answer.Detail)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/contracts/"+made.ID.String())
}

func (k *Console) readOrder(c echo.Context, form url.Values) (store.ContractEnd, error) {
	grace, err := strconv.Atoi(line(form, "grace_days"))
	if err != nil {
		grace = -1 // which is refused as every number of days that cannot be
	}
	return intake.EndContract(c.Request().Context(), k.Store, caller(c), intake.ContractOrder{
		Customer: form.Get("customer"), Confirm: line(form, "confirm"), LastDay: line(form, "last_day"), GraceDays: grace,
		Return: form.Get("return") == "yes", Reason: prose(form, "reason"),
	})
}

// noteContract adds the event of a form. A refusal is told on the page itself, beside what has changed.
func (k *Console) noteContract(c echo.Context) error {
	end, err := k.contractOf(c)
	if err != nil {
		return err
	}
	form, err := formOf(c)
	if err != nil {
		return err
	}
	seen, _ := strconv.Atoi(form.Get("seen")) //nolint:errcheck // without a number nothing was seen, and nothing is asked
	_, err = k.Store.NoteContractEnd(c.Request().Context(), caller(c).Scope, end.ID, seen, contractend.Event{
		Kind: contractend.Kind(form.Get("kind")), Actor: caller(c).Actor, Reason: prose(form, "reason"),
	})
	if kind := models.KindOf(err); kind == models.Conflict || kind == models.Invalid || kind == models.Forbidden {
		answer := problem.Of(err, "", "")
		return k.showContract(c, answer.Status, "", answer.Detail)
	}
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/contracts/"+end.ID.String()+"?done=noted")
}

// contractCertificate is the certificate as a document.
func (k *Console) contractCertificate(c echo.Context) error {
	end, err := k.contractOf(c)
	if err != nil {
		return err
	}
	name, pdf, err := certificate.File(c.Request().Context(), k.Store, caller(c).Scope, end)
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	return c.Blob(http.StatusOK, "application/pdf", pdf)
}
