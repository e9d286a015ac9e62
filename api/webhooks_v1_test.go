package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/calendar"
	"habeas/models/plan"
	"habeas/models/store"
)

func TestACustomerKeepsItsWebhooksByProgram(t *testing.T) {
	t.Parallel()
	b := setup(t)
	key := b.key(store.KeySpec{Role: models.RoleController, ControllerID: b.acme.ID, Name: "sync", Grants: []models.Grant{models.GrantWebhooks}})
	made := b.call("POST", "/v1/webhooks", key, `{"url":"https://hooks.acme.example/h","events":["request.created"]}`)
	require.Equal(t, http.StatusCreated, made.status, made.body)
	secret := made.json(t)["secret"].(string)
	require.True(t, strings.HasPrefix(secret, "whsec_"))
	path := "/v1/webhooks/" + made.json(t)["webhook"].(map[string]any)["id"].(string)
	require.NotContains(t, b.call("GET", path, key, "").body, secret)
	require.Len(t, b.call("GET", "/v1/webhooks", key, "").json(t)["webhooks"], 1)
	require.Equal(t, "bad_url", b.call("POST", "/v1/webhooks", key, `{"url":"x","events":["request.created"]}`).code(t))
	require.Equal(t, "bad_events", b.call("POST", "/v1/webhooks", key, `{"url":"https://x.example","events":["x"]}`).code(t))

	for range 3 {
		require.Equal(t, 202, b.call("POST", path+"/test", key, "").status)
	}
	first := b.call("GET", path+"/messages?limit=2", key, "").json(t)
	require.Len(t, first["messages"], 2)
	rest := b.call("GET", path+"/messages?limit=2&cursor="+first["next"].(string), key, "").json(t)
	require.Len(t, rest["messages"], 1)
	message := rest["messages"].([]any)[0].(map[string]any)
	require.Equal(t, "webhook.test", message["event"])
	require.Equal(t, 202, b.call("POST", path+"/messages/"+message["id"].(string)+"/replay", key, "").status)

	rotated := b.call("POST", path+"/rotate", key, "")
	require.Equal(t, 200, rotated.status)
	require.NotEqual(t, secret, rotated.json(t)["secret"])
	require.NotEmpty(t, rotated.json(t)["webhook"].(map[string]any)["rotated_until"])
	require.Equal(t, false, b.call("POST", path+"/switch", key, `{"active":false}`).json(t)["active"])
	require.Equal(t, "endpoint_disabled", b.call("POST", path+"/test", key, "").code(t))
	require.Equal(t, "not_found", b.call("GET", path, b.globexK, "").code(t))
	require.Equal(t, "not_found", b.call("GET", path+"/messages", b.globexK, "").code(t))
	require.Equal(t, 403, b.call("POST", path+"/rotate", b.keys[models.RoleAuditor], "").status)
}

func TestTheRegisterIsReadWithoutAddresses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, slug := range []string{"mailer", "tracker"} {
		_, err := b.PutRecipient(t.Context(), store.Recipient{
			Slug: slug, Name: "The " + slug, Channel: store.ChannelMail, Address: "canary@mailer.example", Categories: []string{"user.contact"}, Country: "DE", ReminderAfter: 72e9 * 3600,
		})
		require.NoError(t, err)
	}
	key := b.keys[models.RoleAuditor]
	list := b.call("GET", "/v1/recipients?limit=1", key, "")
	require.Equal(t, 200, list.status, list.body)
	require.Equal(t, "mailer", list.json(t)["recipients"].([]any)[0].(map[string]any)["slug"])
	require.Contains(t, b.call("GET", "/v1/recipients?cursor="+list.json(t)["next"].(string), key, "").body, "tracker")
	one := b.call("GET", "/v1/recipients/tracker", key, "")
	require.Equal(t, "The tracker", one.json(t)["name"])
	require.NotContains(t, list.body+one.body, "canary")
	require.Equal(t, "not_found", b.call("GET", "/v1/recipients/nobody", key, "").code(t))
}

func TestDeferralsOfAllRequestsAreListedByDate(t *testing.T) {
	t.Parallel()
	b := setup(t)
	f, _ := b.inReview("sam@example.com")
	for i, year := range []int{2031, 2029} {
		require.NoError(t, b.CreateDeferrals(t.Context(), f.id, []plan.Group{{
			No: i + 1, System: "erp", Dataset: "customs", Collection: "declarations", Rows: 3, Proposed: models.TreatRetain, Citation: "Reg. 952/2013 Art. 51(1)",
			ErasableOn: calendar.Date{Year: year, Month: 1, Day: 1},
		}}))
	}
	first := b.call("GET", "/v1/deferrals?limit=1&state=pending", b.keys[models.RoleController], "").json(t)
	require.Equal(t, "2029-01-01", first["deferrals"].([]any)[0].(map[string]any)["due_on"])
	second := b.call("GET", "/v1/deferrals?limit=1&cursor="+first["next"].(string), b.keys[models.RoleController], "").json(t)
	require.Equal(t, "2031-01-01", second["deferrals"].([]any)[0].(map[string]any)["due_on"])
	require.NotContains(t, second, "next")
	require.Empty(t, b.call("GET", "/v1/deferrals", b.globexK, "").json(t)["deferrals"])
}
