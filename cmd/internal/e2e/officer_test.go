package e2e_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/receipt"
)

// invoiced is somebody with an invoice that must be kept, who shares an address with another person.
func (h *house) invoiced(t *testing.T, name string) person {
	t.Helper()
	p := h.housemates(t, name)
	h.insert(t, "invoices", statement{
		`INSERT INTO invoices VALUES ($1, $2, $1, '2024-05-02', $3, $4, 'Kirchweg 9, 28195 Bremen', 412.50, 'EUR', NULL)`,
		[]any{p.ID, "E2E-" + strconv.FormatInt(p.ID, 10), name, p.Email.Reveal()},
	})
	return p
}

// officersWay is that of the data protection officer, from the invitation to the evidence.
func officersWay(t *testing.T, o *office, k *keyboard) {
	p, officer := o.invoiced(t, "Ludmilla Rechnung "+k.name), stranger("Frauke Deich "+k.name)
	asked := o.ask(t, models.Erasure, p)
	_, err := o.dpo.AwaitState(within(t), asked.ID, models.InReview)
	require.NoError(t, err)
	page := o.Config.BaseURL + "/staff/requests/" + asked.ID.String()

	o.officerSignsIn(t, k, officer, page)
	link := `a[href="/staff/requests/` + asked.ID.String() + `"]`
	k.unfold(t, "details.filters")
	k.choose(t, "#f-state", string(models.InReview))
	k.press(t, "form.filter button")
	require.True(t, k.is(t, link), "the filter shows the request")
	k.write(t, "#q", p.Email.Reveal())
	k.press(t, "form.search button")
	require.Equal(t, 1, k.count(t, "table.inbox tbody tr"), "the address finds one request")
	require.NotContains(t, k.text(t, "main"), p.Email.Reveal())
	k.press(t, link)
	require.Contains(t, k.text(t, "#plan"), "§ 147", "the hold names its law")

	o.officerDecides(t, k, asked.ID)
	_, err = o.dpo.AwaitState(within(t), asked.ID, models.Closed)
	require.NoError(t, err)
	k.write(t, "#q", asked.Reference)
	k.press(t, "form.search button")
	k.press(t, link)
	require.Contains(t, k.text(t, "p.lead"), "Partly fulfilled")
	o.onlyHeld(t, p, map[string]bool{"invoices.invoices": true})

	file, err := os.ReadFile(k.fetch(t, `a[download][href*="/receipts/"]`, k.fetches(t), ".json"))
	require.NoError(t, err)
	keys, err := o.public.Keys(within(t))
	require.NoError(t, err)
	signed, err := receipt.Verify(file, keys)
	require.NoError(t, err)
	require.Equal(t, asked.ID, signed.Request.ID)
	k.verifyLedger(t)
	k.signOut(t, page)
}

// officerSignsIn takes an invitation, sets up an app for codes because the role must have one, leaves, and comes back with the password and a code.
func (o *office) officerSignsIn(t *testing.T, k *keyboard, officer person, page string) {
	t.Helper()
	k.choosePassword(t, o.invite(t, models.RoleDPO, officer))
	k.press(t, `form[action$="/factor/begin"] button`)
	secret := strings.ReplaceAll(k.text(t, "code.secret"), " ", "")
	code := func(at time.Time) string {
		code, err := totp.GenerateCode(secret, at)
		require.NoError(t, err)
		return code
	}
	k.write(t, "#code", code(o.Clock.Now()))
	k.press(t, `form[action$="/factor/confirm"] button`)
	require.Equal(t, 10, k.count(t, ".codes li"), "codes for the day on which the phone is lost")
	k.press(t, "button.main")
	require.True(t, k.is(t, `form[action="/staff/search"]`), "the inbox is open")
	k.signOut(t, page)
	k.signIn(t, officer)
	require.True(t, k.is(t, `form[action="/staff/login/factor"]`), "a password alone opens nothing")
	k.write(t, "#code", code(o.Clock.Now().Add(30*time.Second))) // each code is taken once; that of the next half minute is good already
	k.press(t, "button.main")
}

// officerDecides looks at what two persons share, keeps it for the other one, and approves the plan.
func (o *office) officerDecides(t *testing.T, k *keyboard, id models.ID) {
	t.Helper()
	plan, err := o.dpo.Plan(within(t), id)
	require.NoError(t, err)
	shared := 0
	for _, g := range plan.Groups {
		if g.Treatment == string(models.TreatRefer) {
			shared = g.No
		}
	}
	require.Positive(t, shared)
	k.press(t, `#plan a[href$="/groups/`+strconv.Itoa(shared)+`"]`)
	require.NotContains(t, k.text(t, "main"), "Kirchweg", "what is in the records is shown on demand only")
	k.press(t, `form[action*="/values"] button`)
	require.Contains(t, k.text(t, "main"), "Kirchweg")
	k.tick(t, `input[name="row"]`)
	k.pick(t, `input[name="treatment"]`, "#treatment-keep")
	k.write(t, "#reason", "The housemate still lives there.")
	k.press(t, `form[action*="/decision"] button.main`)
	require.Contains(t, k.text(t, "main"), "The housemate still lives there.")
	k.press(t, `form:has(input[value="approve"]) button`)
	require.False(t, k.is(t, `form:has(input[value="approve"])`), "it is decided")
	k.press(t, "a.back")
}

// verifyLedger has the ledger verified in the page.
func (k *keyboard) verifyLedger(t *testing.T) {
	t.Helper()
	k.more(t, "/staff/ledger")
	k.press(t, `form[action="/staff/ledger/verify"] button`)
	for range tabs { // another officer may have begun it just now
		if !k.is(t, `main a[href="/staff/ledger"]`) {
			break
		}
		k.press(t, `main a[href="/staff/ledger"]`)
	}
	require.True(t, k.is(t, ".verdict.good"), k.text(t, "main"))
}
