package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
)

// customersWay is that of one of the customer's administrators, and of the colleague whom they invite.
func customersWay(t *testing.T, o *office, k *keyboard) {
	p, filed := o.party(t, "Alwine Paket "+k.name, "brightline-retail"), o.party(t, "Balduin Paket "+k.name, "brightline-retail")
	admin, viewer := stranger("Cornelia Kontor "+k.name), stranger("Dietlinde Kontor "+k.name)
	asked := o.askOf(t, models.Erasure, "brightline-retail", p)
	_, err := o.dpo.AwaitState(within(t), asked.ID, models.AwaitingInstruction)
	require.NoError(t, err)
	page := o.Config.BaseURL + "/staff/requests/" + asked.ID.String()

	k.choosePassword(t, o.invite(t, models.RoleController, admin))
	k.signOut(t, page)
	k.signIn(t, admin)
	o.customerInstructs(t, k, asked.ID)
	o.customerFiles(t, k, filed)
	o.closed(t, asked.ID, models.Fulfilled)
	o.erased(t, p)

	k.press(t, `nav a[href="/staff/breaches"]`)
	k.press(t, `main a[href^="/staff/breaches/"]`)
	require.Contains(t, k.text(t, "main"), "wrong carrier")
	k.more(t, "/staff/changes")
	k.press(t, `main a[href^="/staff/changes/"]`)
	require.Contains(t, k.text(t, "main"), "Fjord Post")
	o.customerListens(t, k)
	link := o.customerInvites(t, k, viewer)
	k.signOut(t, page)

	k.choosePassword(t, link)
	o.viewerLooks(t, k, asked.ID)
	k.signOut(t, page)
}

// customerInstructs finds the request that waits and gives the instruction.
func (o *office) customerInstructs(t *testing.T, k *keyboard, id models.ID) {
	t.Helper()
	k.unfold(t, "details.filters")
	k.choose(t, "#f-waits", string(request.WaitsController))
	k.press(t, "form.filter button")
	k.press(t, `a[href="/staff/requests/`+id.String()+`"]`)
	k.write(t, "#reason-instruct", "Keep what belongs to the parcel of her neighbour.")
	k.press(t, `form:has(input[value="instruct"]) button`)
	require.Contains(t, k.text(t, "main"), "the parcel of her neighbour")
	require.False(t, k.is(t, `form:has(input[value="instruct"])`), "it is instructed")
	k.press(t, "a.back")
}

// customerFiles files a request for a person whom the customer has identified; the first attempt lacks the address.
func (o *office) customerFiles(t *testing.T, k *keyboard, p person) {
	t.Helper()
	k.press(t, `main a[href="/staff/requests/new"]`)
	k.press(t, `a[href*="right=erasure"]`)
	k.write(t, "#name", p.Name.Reveal())
	k.press(t, "button.main")
	require.True(t, k.is(t, ".summary a"), "the mistake is named")
	k.write(t, "#email", p.Email.Reveal())
	k.tick(t, "#vouched")
	k.press(t, "button.main")
	require.Contains(t, k.location(t), "/staff/requests/")
	eventually(t, func() bool { return o.count(t, "parties", `SELECT count(*) FROM parties WHERE id = $1`, p.ID) == 0 }, "the person is erased without another word")
}

// customerListens makes a webhook, has it tested and turns it off.
func (o *office) customerListens(t *testing.T, k *keyboard) {
	t.Helper()
	before := o.told()
	k.more(t, "/staff/webhooks")
	k.write(t, "#url", o.hook)
	k.hit(t, `[id="event-request.created"]`, " ")
	require.False(t, k.is(t, `[id="event-request.created"]:checked`), "all are ticked but this one")
	k.press(t, "main form button.main")
	require.Contains(t, k.text(t, "pre"), "whsec_", "the secret is shown once")
	k.press(t, `form[action$="/test"] button`)
	require.NotContains(t, k.text(t, "main"), "whsec_")
	here := k.location(t)
	eventually(t, func() bool { return o.told() > before }, "the customer's server hears the test")
	k.open(t, here)
	k.press(t, `button[name="active"]`)
	require.True(t, k.is(t, `button[name="active"][value="true"]`), "it is off")
}

// customerInvites invites a colleague who may only look, and returns the link from the mail.
func (o *office) customerInvites(t *testing.T, k *keyboard, viewer person) string {
	t.Helper()
	k.more(t, "/staff/members")
	k.write(t, "#name", viewer.Name.Reveal())
	k.write(t, "#email", viewer.Email.Reveal())
	k.choose(t, "#role", string(models.RoleViewer))
	k.press(t, `form[action="/staff/members"] button`)
	require.Contains(t, k.text(t, "table"), viewer.Name.Reveal())
	return o.Config.BaseURL + o.path(t, o.mail(t, viewer, "/staff/link/"), "/staff/link/")
}

// viewerLooks sees what the administrator sees, and is offered nothing to do.
func (o *office) viewerLooks(t *testing.T, k *keyboard, id models.ID) {
	t.Helper()
	require.False(t, k.is(t, `a[href="/staff/requests/new"]`), "nothing is filed")
	require.False(t, k.is(t, "fieldset.bulk"), "nothing is decided")
	k.unfold(t, "details.filters")
	k.choose(t, "#f-open", "closed")
	k.press(t, "form.filter button")
	k.press(t, `a[href="/staff/requests/`+id.String()+`"]`)
	require.Contains(t, k.text(t, "main"), "the parcel of her neighbour")
	require.Zero(t, k.count(t, "main form"), "there is nothing to press")
	k.press(t, `nav a[href="/staff/breaches"]`)
	require.True(t, k.is(t, `main a[href^="/staff/breaches/"]`))
	require.Zero(t, k.count(t, "main form"))
	k.more(t, "/staff/webhooks")
	require.Zero(t, k.count(t, "main form"))
	require.False(t, k.is(t, `nav a[href="/staff/members"]`))
}
