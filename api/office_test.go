package api_test

import (
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/store"
)

// colleagues are people of one office who have accounts and have never signed in from it.
func (b *bundle) colleagues(n int) (out []somebody) {
	b.t.Helper()
	tokens := make([]string, n)
	for i := range n {
		email := fmt.Sprintf("person%d@northwind.example", i)
		m, token, err := b.InviteFirst(b.t.Context(), store.MemberSpec{Role: models.RoleAuditor, Name: "Mara Lind", Email: models.Personal(email)})
		require.NoError(b.t, err)
		out, tokens[i] = append(out, somebody{m, email, good}), token
	}
	var group sync.WaitGroup
	for _, token := range tokens {
		group.Go(func() { b.post(b.browser(), "/staff/link/"+token, url.Values{"password": {good}}) })
	}
	group.Wait()
	return out
}

func TestAnOfficeBehindOneAddressSignsInWithinAMinute(t *testing.T) {
	t.Parallel()
	b := setup(t)
	people := b.colleagues(30)
	statuses := make([]int, len(people))
	var group sync.WaitGroup
	for i, one := range people {
		group.Go(func() {
			c := b.browser()
			if i%3 == 0 { // who mistypes first
				b.post(c, "/staff/login", url.Values{"email": {one.email}, "password": {"wrong"}})
			}
			statuses[i] = b.post(c, "/staff/login", one.form()).status
		})
	}
	group.Wait()
	for i, status := range statuses {
		require.Equal(t, http.StatusSeeOther, status, i)
	}
}

func TestWhoSpraysPasswordsFromOneAddressIsStoppedAndTheOfficeIsNot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mara := b.person(models.RoleAuditor, models.ID{}, "mara@northwind.example")
	known := b.browser()
	require.Equal(t, http.StatusSeeOther, b.post(known, "/staff/login", mara.form()).status)
	let := 0
	sprayer := b.browser()
	for i := range 120 {
		a := b.post(sprayer, "/staff/login", url.Values{"email": {fmt.Sprintf("person%d@northwind.example", i)}, "password": {"Winter2027!"}})
		if a.status == http.StatusUnauthorized {
			let++
		}
		if a.status == http.StatusTooManyRequests && i > 60 {
			require.NotEmpty(t, a.header.Get("Retry-After"))
		}
	}
	require.Equal(t, store.FailuresPerAddress, let, "in a quarter of an hour, however many accounts are tried")
	require.Equal(t, http.StatusTooManyRequests, b.post(b.browser(), "/staff/login", mara.form()).status, "the address is full")
	require.Equal(t, http.StatusSeeOther, b.post(known, "/staff/login", mara.form()).status, "a known browser beside it is not kept out")
	foreign := b.post(known, "/staff/login", url.Values{"email": {"person1@northwind.example"}, "password": {"Winter2027!"}})
	require.Equal(t, http.StatusTooManyRequests, foreign.status, "nor does it open others' accounts to guessing")
}

func TestNobodyIsLockedOutForLongerThanIsSaid(t *testing.T) {
	t.Parallel()
	b := setup(t)
	mara := b.person(models.RoleAuditor, models.ID{}, "mara@northwind.example")
	known := b.browser()
	b.enter(known, mara)
	stranger, anew := b.browser(), b.browser()
	for range 8 {
		b.post(stranger, "/staff/login", url.Values{"email": {mara.email}, "password": {"wrong"}})
	}
	require.Equal(t, http.StatusTooManyRequests, b.post(anew, "/staff/login", mara.form()).status, "a new browser in the same network")
	require.Equal(t, http.StatusSeeOther, b.post(known, "/staff/login", mara.form()).status)

	require.Equal(t, 200, b.post(anew, "/staff/forgot", url.Values{"email": {mara.email}}).status)
	mails, err := b.ClaimLinkMails(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, mails, 1)
	const next = "another pear under ladders"
	require.Equal(t, "/staff", b.post(anew, "/staff/link/"+mails[0].Token, url.Values{"password": {next}}).header.Get("Location"), "at once, by mail")
	require.Equal(t, http.StatusSeeOther, b.post(anew, "/staff/login", url.Values{"email": {mara.email}, "password": {next}}).status, "by now it is known")

	later := b.browser()
	form := url.Values{"email": {mara.email}, "password": {next}}
	require.Equal(t, http.StatusTooManyRequests, b.post(later, "/staff/login", form).status)
	b.clock(15 * time.Minute)
	require.Equal(t, http.StatusSeeOther, b.post(later, "/staff/login", form).status, "a quarter of an hour after the last attempt that counted")
}

func TestLinksForNewPasswordsAreLimitedByAddress(t *testing.T) {
	t.Parallel()
	b := setup(t)
	statuses := map[int]int{}
	for i := range 15 {
		statuses[b.post(b.client, "/staff/forgot", url.Values{"email": {fmt.Sprintf("p%d@northwind.example", i)}}).status]++
	}
	require.Equal(t, map[int]int{200: 10, 429: 5}, statuses)
}
