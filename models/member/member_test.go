package member_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/member"
)

var acme = models.MustParseID("00000000-0000-4000-8000-000000000001")

func TestAnAccountNeedsANameAnAddressAndARoleThatFits(t *testing.T) {
	t.Parallel()
	for _, role := range member.Staff() {
		require.NoError(t, member.Check(role, models.ID{}, "Ada", "ada@example.com"))
		require.Equal(t, "bad_member_role", models.CodeOf(member.Check(role, acme, "Ada", "ada@example.com")))
	}
	for _, role := range member.Customers() {
		require.NoError(t, member.Check(role, acme, "Ada", "ada@example.com"))
		require.Equal(t, "bad_member_role", models.CodeOf(member.Check(role, models.ID{}, "Ada", "ada@example.com")))
	}
	for _, role := range []models.Role{models.RoleSystem, models.RoleSubject, models.RoleRecipient, "", "root"} {
		require.Equal(t, "bad_member_role", models.CodeOf(member.Check(role, models.ID{}, "Ada", "ada@example.com")))
		require.Equal(t, "bad_member_role", models.CodeOf(member.Check(role, acme, "Ada", "ada@example.com")))
	}
	for _, name := range []models.Personal{"", "  ", "Ada\nEve"} {
		require.Equal(t, "bad_member_name", models.CodeOf(member.Check(models.RoleDPO, models.ID{}, name, "ada@example.com")))
	}
	for _, address := range []models.Personal{"", "ada", "Ada <ada@example.com>", "ada@example.com, eve@example.com", "ada@"} {
		require.Equal(t, "bad_email", models.CodeOf(member.Check(models.RoleDPO, models.ID{}, "Ada", address)), address)
	}
	require.Equal(t, models.Personal("ada@example.com"), member.Address(" Ada@Example.COM "))
}

func TestACustomerManagesItsOwnPeopleAndAnOperatorNobodyWhoDecides(t *testing.T) {
	t.Parallel()
	all := append(member.Staff(), member.Customers()...)
	for _, by := range append(all, models.RoleSystem, models.RoleSubject, models.RoleRecipient) {
		for _, role := range append(all, models.RoleSystem, models.RoleSubject) {
			want := false
			switch by {
			case models.RoleDPO:
				want = role.Staff() || role.Customer()
			case models.RoleOperator:
				want = role == models.RoleOperator || role.Customer()
			case models.RoleController:
				want = role.Customer()
			default:
			}
			require.Equal(t, want, member.MayManage(by, role), "%s over %s", by, role)
		}
	}
}
