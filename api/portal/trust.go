package portal

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"habeas/models/calendar"
	"habeas/models/store"
	"habeas/models/trust"
	"habeas/templates"
)

// historySize is how many changes the public list tells of.
const historySize = 200

// trust is the public page: subprocessors with their dated history, documents, and whether the service works. It names no customer, and no system but
// those that have a public name.
func (p *Portal) trust(c echo.Context) error { return p.showTrust(c, http.StatusOK, "", nil) }

func (p *Portal) showTrust(c echo.Context, status int, email string, errs templates.Errors) error {
	ctx := c.Request().Context()
	content, err := p.Store.TrustContent(ctx)
	if err != nil {
		return err
	}
	view, err := p.trustView(ctx, asked(c), content.Public())
	if err != nil {
		return err
	}
	view.Email, view.Errors = email, errs
	return show(p, c, status, templates.Trust, view)
}

// filter is what somebody wants to see of the list.
type filter struct{ query, country, purpose, category string }

func asked(c echo.Context) filter {
	return filter{strings.TrimSpace(c.QueryParam("q")), c.QueryParam("country"), c.QueryParam("purpose"), c.QueryParam("category")}
}

// TrustPreview is the page as it would be when all that was written for it was published now.
func (p *Portal) TrustPreview(ctx context.Context) (templates.TrustView, error) {
	content, err := p.Store.TrustContent(ctx)
	if err != nil {
		return templates.TrustView{}, err
	}
	view, err := p.trustView(ctx, filter{}, content.Preview(p.Now()))
	view.Preview = true
	return view, err
}

// trustView gathers the page.
func (p *Portal) trustView(ctx context.Context, f filter, items []trust.Item) (view templates.TrustView, err error) {
	if err := p.addItems(ctx, &view, items); err != nil {
		return view, err
	}
	if view.Service, err = p.service(ctx); err != nil {
		return view, err
	}
	if err := p.addSubprocessors(ctx, &view, f); err != nil {
		return view, err
	}
	changes, err := p.Store.PublicChanges(ctx, historySize)
	for _, one := range changes {
		view.History = append(view.History, templates.TrustChange{
			On: one.On, Announced: one.Announced, Upcoming: one.Upcoming, Emergency: one.Emergency, Sort: string(one.Sort), Name: one.Name, Old: one.Old,
		})
	}
	return view, err
}

// addSubprocessors lists those at work that fit what was asked, and what may be asked.
func (p *Portal) addSubprocessors(ctx context.Context, view *templates.TrustView, f filter) error {
	all, err := p.Store.Recipients(ctx)
	if err != nil {
		return err
	}
	today := calendar.DateOf(p.Now())
	countries, purposes, categories := choices{}, choices{}, choices{}
	for _, r := range all {
		if ended := r.Facts.EndedOn; !r.Facts.Subprocessor || (!ended.IsZero() && !ended.After(today)) {
			continue
		}
		countries.add(r.Country, templates.CountryWords(r.Country))
		for _, one := range r.Facts.Purposes {
			purposes.add(one, one)
		}
		for _, one := range r.Categories {
			categories.add(one, templates.CategoryWords(one))
		}
		if f.fits(r) {
			view.Rows = append(view.Rows, trustRow(r))
		}
	}
	view.Filter = templates.TrustFilter{
		Query: f.query, On: f != filter{}, Countries: countries.options(f.country), Purposes: purposes.options(f.purpose), Categories: categories.options(f.category),
	}
	return nil
}

func trustRow(r store.Recipient) templates.TrustRow {
	return templates.TrustRow{
		Name: r.Name, LegalName: r.Facts.LegalName, Country: templates.CountryWords(r.Country), Transfer: string(r.Facts.Transfer), Safeguard: r.Safeguard,
		Purposes: r.Facts.Purposes, Categories: templates.CategoriesInWords(r.Categories), Since: r.Facts.ContractOn,
	}
}

func (f filter) fits(r store.Recipient) bool {
	text := strings.ToLower(strings.Join(append(slices.Clone(r.Facts.Purposes), r.Name, r.Facts.LegalName, r.Country, templates.CountryWords(r.Country)), "\n"))
	return strings.Contains(text, strings.ToLower(f.query)) && (f.country == "" || r.Country == f.country) &&
		(f.purpose == "" || slices.Contains(r.Facts.Purposes, f.purpose)) && (f.category == "" || len(r.Receives([]string{f.category})) > 0)
}

// choices are what a filter's list offers, with the words for each.
type choices map[string]string

func (c choices) add(value, words string) {
	if value != "" {
		c[value] = words
	}
}

func (c choices) options(chosen string) []templates.Option {
	var out []templates.Option
	for value, words := range c {
		out = append(out, templates.Option{Value: value, Label: words, Selected: value == chosen})
	}
	slices.SortFunc(out, func(a, b templates.Option) int { return strings.Compare(a.Label+"\n"+a.Value, b.Label+"\n"+b.Value) })
	return out
}
