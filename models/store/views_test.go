package store_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

func staffer(role models.Role) models.Principal {
	return models.Principal{Actor: models.Actor{Role: role, ID: someID()}, Scope: models.ScopeOperator()}
}

func TestAViewIsSeenByItsOwnerAndSharedWithinRoleAndController(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	dpo, other, handler := staffer(models.RoleDPO), staffer(models.RoleDPO), staffer(models.RoleHandler)
	acme := models.Principal{Actor: models.Actor{Role: models.RoleController, ID: someID()}, Scope: models.ScopeOf(b.acme.ID)}
	colleague := models.Principal{Actor: models.Actor{Role: models.RoleController, ID: someID()}, Scope: models.ScopeOf(b.acme.ID)}
	globex := models.Principal{Actor: models.Actor{Role: models.RoleController, ID: someID()}, Scope: models.ScopeOf(b.globex.ID)}
	f := store.ViewFilter{State: models.InReview, Waits: request.WaitsDPO, Due: "soon", ControllerID: b.acme.ID}
	_, err := b.SaveView(ctx, dpo, store.View{Name: "  Near  the date ", Filter: f})
	require.NoError(t, err)
	shared, err := b.SaveView(ctx, dpo, store.View{Name: "Ours", Shared: true, Filter: f})
	require.NoError(t, err)
	_, err = b.SaveView(ctx, acme, store.View{Name: "Acme's", Shared: true})
	require.NoError(t, err)

	for who, want := range map[*models.Principal]string{&dpo: "Near the date,Ours", &other: "Ours", &handler: "", &acme: "Acme's", &colleague: "Acme's", &globex: ""} {
		views, err := b.Views(ctx, *who)
		require.NoError(t, err)
		var names []string
		for _, v := range views {
			names = append(names, v.Name)
			require.Equal(t, who == &dpo || who == &acme, v.Own)
		}
		require.Equal(t, want, strings.Join(names, ","))
	}
	views, err := b.Views(ctx, other)
	require.NoError(t, err)
	require.Equal(t, f, views[0].Filter)

	requireCode(t, "not_found", b.RemoveView(ctx, other, shared))
	requireCode(t, "not_found", b.RemoveView(ctx, globex, shared))
	require.NoError(t, b.RemoveView(ctx, dpo, shared))
	requireCode(t, "not_found", b.RemoveView(ctx, dpo, shared))
}

func TestAViewHasANameAndReplacesTheOneOfThatName(t *testing.T) {
	t.Parallel()
	b := setup(t)
	dpo := staffer(models.RoleDPO)
	for _, name := range []string{"", "  ", strings.Repeat("x", 61)} {
		_, err := b.SaveView(t.Context(), dpo, store.View{Name: name})
		requireCode(t, "bad_view_name", err)
	}
	for i := range 30 {
		_, err := b.SaveView(t.Context(), dpo, store.View{Name: strconv.Itoa(i)})
		require.NoError(t, err)
	}
	_, err := b.SaveView(t.Context(), dpo, store.View{Name: "one more"})
	requireCode(t, "too_many_views", err)
	_, err = b.SaveView(t.Context(), dpo, store.View{Name: "7", Shared: true})
	require.NoError(t, err)
	views, err := b.Views(t.Context(), dpo)
	require.NoError(t, err)
	require.Len(t, views, 30)
}

func someID() models.ID { return models.ID(uuid.New()) }
