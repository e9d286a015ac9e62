package staff

import (
	"context"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"habeas/api/problem"
	"habeas/api/words"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates"
)

// reviewReminders shows who would be reminded of each of the requests, and who would not and why. Nothing is sent yet.
func (k *Console) reviewReminders(c echo.Context) error {
	return k.remindings(c, false, func(ctx context.Context, who models.Principal, id models.ID) ([]store.Reminding, error) {
		return k.Store.Remindings(ctx, who.Scope, id)
	})
}

// sendReminders orders the reminders of each of the requests by itself; the page says what was and was not sent.
func (k *Console) sendReminders(c echo.Context) error {
	return k.remindings(c, true, func(ctx context.Context, who models.Principal, id models.ID) ([]store.Reminding, error) {
		return k.Store.Remind(ctx, who.Scope, id, who.Actor)
	})
}

func (k *Console) remindings(c echo.Context, sent bool, of func(context.Context, models.Principal, models.ID) ([]store.Reminding, error)) error {
	form, err := formOf(c)
	if err != nil {
		return err
	}
	ids, err := chosen(form)
	if models.CodeOf(err) == "bad_bulk" {
		p := problem.Of(err, "", "")
		return k.showInbox(c, p.Status, url.Values{}, func(_ context.Context, v *templates.InboxView) error {
			v.Failure = p.Detail
			return nil
		})
	}
	if err != nil {
		return err
	}
	ctx, who := c.Request().Context(), caller(c)
	view := templates.RemindersView{Sent: sent, Rows: make([]templates.RemindersRow, len(ids))}
	zones := make([]string, len(ids))
	for i, id := range ids { // one that is not there stops all of it, before anybody is written to
		r, err := k.Store.Request(ctx, who.Scope, id)
		if err != nil {
			return err
		}
		zones[i] = r.Clock.Timezone
		view.Rows[i] = templates.RemindersRow{
			ID: id.String(), Path: "/staff/requests/" + id.String(), Reference: r.Reference, Right: r.Right, State: r.State, Outcome: r.Outcome,
		}
	}
	for i, id := range ids {
		list, err := of(ctx, who, id)
		if err != nil {
			view.Rows[i].Failure = models.MessageOf(err, "It could not be recorded just now.")
			continue
		}
		for _, one := range list {
			if one.Refusal == "" {
				view.Possible++
			}
			view.Rows[i].To = append(view.Rows[i].To, templates.RemindedRow{
				Party: string(one.Party), Name: one.Name, Last: in(one.Last, words.Zone(zones[i])), Refusal: one.Refusal,
			})
		}
	}
	return show(k, c, http.StatusOK, "inbox", templates.Reminders, view)
}
