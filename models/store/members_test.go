package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"habeas/models"
	"habeas/models/member"
	"habeas/models/store"
)

var here = store.Place{Network: "203.0.113.0/24", Device: "Firefox, Linux"}

const someHash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"

// invited is an account that has not been opened, and the token of its link.
func (b *bundle) invited(role models.Role, controller models.ID, email models.Personal) (store.Member, string) {
	b.t.Helper()
	m, token, err := b.InviteFirst(b.t.Context(), store.MemberSpec{Role: role, ControllerID: controller, Name: "Ada Brandt", Email: email})
	require.NoError(b.t, err)
	return m, token
}

// member is an account that may sign in.
func (b *bundle) member(role models.Role, controller models.ID, email models.Personal) store.Member {
	b.t.Helper()
	_, token := b.invited(role, controller, email)
	m, err := b.UseLink(b.t.Context(), token, someHash, here)
	require.NoError(b.t, err)
	return m
}

func TestAnInvitationOpensAnAccountOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	m, token := b.invited(models.RoleDPO, models.ID{}, " Ada@Example.org ")
	require.Equal(t, member.Invited, m.State)
	require.Equal(t, models.Personal("ada@example.org"), m.Email)
	found, _, err := b.CredentialsOf(ctx, "ada@example.org")
	require.NoError(t, err)
	require.Zero(t, found, "nobody signs in to what was not opened")
	for range 2 { // looking uses nothing up
		link, err := b.LinkByToken(ctx, token)
		require.NoError(t, err)
		require.Equal(t, store.LinkInvitation, link.Purpose)
	}
	opened, err := b.UseLink(ctx, token, someHash, here)
	require.NoError(t, err)
	require.Equal(t, member.Active, opened.State)
	_, err = b.UseLink(ctx, token, "another", here)
	requireCode(t, "link_used", err)
	found, hash, err := b.CredentialsOf(ctx, "ADA@example.org")
	require.NoError(t, err)
	require.Equal(t, m.ID, found)
	require.Equal(t, someHash, hash)
	_, _, err = b.InviteFirst(ctx, store.MemberSpec{Role: models.RoleAuditor, Name: "Eve", Email: "ada@example.org"})
	requireCode(t, "member_exists", err)
	_, err = b.LinkByToken(ctx, "nonsense")
	requireCode(t, "not_found", err)

	_, late := b.invited(models.RoleAuditor, models.ID{}, "late@example.org")
	b.pass(8 * 24 * time.Hour)
	_, err = b.UseLink(ctx, late, someHash, here)
	requireCode(t, "link_expired", err)
}

func TestManyWhoUseOneLinkAtOnceOpenItOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, token := b.invited(models.RoleDPO, models.ID{}, "ada@example.org")
	var group sync.WaitGroup
	results := make(chan error, 8)
	for range 8 {
		group.Go(func() {
			_, err := b.UseLink(t.Context(), token, someHash, here)
			results <- err
		})
	}
	group.Wait()
	close(results)
	done := 0
	for err := range results {
		if err == nil {
			done++
			continue
		}
		requireCode(t, "link_used", err)
	}
	require.Equal(t, 1, done)
}

func TestACustomersAdministratorManagesItsOwnPeopleAndNobodyElses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	admin := b.member(models.RoleController, b.acme.ID, "admin@acme.example")
	foreign := b.member(models.RoleController, b.globex.ID, "admin@globex.example")
	staff := b.member(models.RoleDPO, models.ID{}, "dpo@northwind.example")
	by := admin.Principal()
	viewer, err := b.InviteMember(ctx, by.Scope, by.Actor, store.MemberSpec{ControllerID: b.acme.ID, Role: models.RoleViewer, Name: "Vi", Email: "vi@acme.example"})
	require.NoError(t, err)
	for _, spec := range []store.MemberSpec{
		{ControllerID: b.globex.ID, Role: models.RoleViewer, Name: "Eve", Email: "eve@example.org"},
		{ControllerID: b.globex.ID, Role: models.RoleController, Name: "Eve", Email: "eve@example.org"},
	} {
		_, err := b.InviteMember(ctx, by.Scope, by.Actor, spec)
		requireCode(t, "not_found", err)
	}
	_, err = b.InviteMember(ctx, by.Scope, by.Actor, store.MemberSpec{Role: models.RoleDPO, Name: "Eve", Email: "eve@example.org"})
	requireCode(t, "role_forbidden", err)
	seen, err := b.Members(ctx, by.Scope)
	require.NoError(t, err)
	require.Len(t, seen, 2)
	calls := map[string]func(models.Principal, models.ID) error{
		"deactivate": func(p models.Principal, id models.ID) error { return b.DeactivateMember(ctx, p.Scope, p.Actor, id) },
		"role": func(p models.Principal, id models.ID) error {
			return b.ChangeMemberRole(ctx, p.Scope, p.Actor, id, models.RoleViewer)
		},
		"link":    func(p models.Principal, id models.ID) error { return b.ReinviteMember(ctx, p.Scope, p.Actor, id) },
		"factors": func(p models.Principal, id models.ID) error { return b.ResetFactors(ctx, p.Scope, p.Actor, id) },
	}
	for _, call := range calls {
		for _, id := range []models.ID{foreign.ID, staff.ID} {
			requireCode(t, "not_found", call(by, id))
		}
		requireCode(t, "own_account", call(by, admin.ID))
		viewing := viewer.Principal()
		requireCode(t, "role_forbidden", call(viewing, admin.ID))
		nobody := models.Principal{Actor: models.Actor{Role: models.RoleController, ID: admin.ID}}
		requireCode(t, "not_found", call(nobody, viewer.ID))
		auditor := models.Principal{Actor: models.Actor{Role: models.RoleAuditor}, Scope: models.ScopeOperator()}
		requireCode(t, "role_forbidden", call(auditor, viewer.ID))
	}
	requireCode(t, "bad_member_role", b.ChangeMemberRole(ctx, by.Scope, by.Actor, viewer.ID, models.RoleDPO))
	require.NoError(t, b.ChangeMemberRole(ctx, by.Scope, by.Actor, viewer.ID, models.RoleController))
	require.NoError(t, b.DeactivateMember(ctx, by.Scope, by.Actor, viewer.ID))
	requireCode(t, "member_deactivated", b.ReinviteMember(ctx, by.Scope, by.Actor, viewer.ID))
	again, err := b.InviteMember(ctx, by.Scope, by.Actor, store.MemberSpec{ControllerID: b.acme.ID, Role: models.RoleViewer, Name: "Vi", Email: "vi@acme.example"})
	require.NoError(t, err, "a deactivated account gives its address free")
	require.NotEqual(t, viewer.ID, again.ID)
	require.Equal(t, 2, b.count(`SELECT count(*) FROM ledger_entries WHERE kind IN ('member.deactivated', 'member.role_changed') AND controller_id = $1`, b.acme.ID.String()))
}

func TestDeactivationEndsSessionsAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	m := b.member(models.RoleHandler, models.ID{}, "ada@example.org")
	session, err := b.OpenSession(ctx, m.ID, "password", here, "")
	require.NoError(t, err)
	got, err := b.SessionMember(ctx, session, time.Hour, 2*time.Hour)
	require.NoError(t, err)
	require.Equal(t, m.Principal(), got.Principal())
	listed, err := b.MemberSessions(ctx, m.ID, time.Hour, time.Hour)
	require.NoError(t, err)
	require.Equal(t, here, listed[0].Place)
	requireCode(t, "not_found", b.EndSession(ctx, b.member(models.RoleAuditor, models.ID{}, "eve@example.org").ID, session))

	b.pass(30 * time.Minute)
	require.NoError(t, b.DeactivateMember(ctx, models.ScopeOperator(), models.Actor{Role: models.RoleDPO}, m.ID))
	_, err = b.SessionMember(ctx, session, time.Hour, 2*time.Hour)
	requireCode(t, "member_inactive", err)
	_, err = b.OpenSession(ctx, m.ID, "password", here, "")
	requireCode(t, "member_inactive", err)
	found, _, err := b.CredentialsOf(ctx, "ada@example.org")
	require.NoError(t, err)
	require.Zero(t, found)

	other := b.member(models.RoleHandler, models.ID{}, "grace@example.org")
	b.pass(time.Minute)
	session, err = b.OpenSession(ctx, other.ID, "passkey", here, "")
	require.NoError(t, err)
	for range 3 {
		b.pass(30 * time.Minute)
		_, err = b.SessionMember(ctx, session, time.Hour, 2*time.Hour)
		require.NoError(t, err, "seen within the hour")
	}
	b.pass(30 * time.Minute)
	_, err = b.SessionMember(ctx, session, time.Hour, 2*time.Hour)
	requireCode(t, "member_inactive", err)
	idle, err := b.OpenSession(ctx, other.ID, "passkey", here, "")
	require.NoError(t, err)
	b.pass(time.Hour)
	_, err = b.SessionMember(ctx, idle, time.Hour, 2*time.Hour)
	requireCode(t, "member_inactive", err)
	_, err = b.BeginAttempt(ctx, store.Attempt{Kind: store.AttemptPassword, Email: "grace@example.org", Source: "192.0.2.1", Place: here})
	require.NoError(t, err)
	events, err := b.MemberEvents(ctx, other.ID)
	require.NoError(t, err)
	require.Equal(t, []store.MemberEvent{
		{At: b.now(), Kind: "wrong_password", Place: here},
		{At: b.now().Add(-time.Hour), Kind: "signed_in", Place: here},
		{At: b.now().Add(-3 * time.Hour), Kind: "signed_in", Place: here},
		{At: b.now().Add(-3*time.Hour - time.Minute), Kind: "password_set", Place: here},
	}, events)
}

func TestANewPasswordIsAskedForAlikeByEverybody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	m := b.member(models.RoleHandler, models.ID{}, "ada@example.org")
	session, err := b.OpenSession(ctx, m.ID, "password", here, "")
	require.NoError(t, err)
	for range 5 {
		require.NoError(t, b.AskNewPassword(ctx, "ada@example.org", here))
		require.NoError(t, b.AskNewPassword(ctx, "nobody@example.org", here))
		require.NoError(t, b.AskNewPassword(ctx, "no address", here))
	}
	require.Equal(t, 3, b.count(`SELECT count(*) FROM member_links WHERE member_id IS NULL AND email_index = (SELECT email_index FROM member_links WHERE member_id IS NULL ORDER BY created_at LIMIT 1)`))
	require.Equal(t, 2, b.count(`SELECT count(*) FROM member_links WHERE member_id = $1 AND purpose = 'password'`, m.ID.String()), "with the invitation three within the hour")
	mails, err := b.ClaimLinkMails(ctx, 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, mails, 1, "the latest only, and nothing for nobody")
	again, err := b.ClaimLinkMails(ctx, 10, time.Minute)
	require.NoError(t, err)
	require.Empty(t, again, "leased")
	require.NoError(t, b.LinkMailed(ctx, mails[0].ID, true))
	b.pass(30 * time.Second)
	again, err = b.ClaimLinkMails(ctx, 10, time.Minute)
	require.NoError(t, err)
	require.Equal(t, mails[0].Token, again[0].Token, "a retry carries the same link")
	require.NoError(t, b.LinkMailed(ctx, mails[0].ID, false))

	_, err = b.UseLink(ctx, mails[0].Token, "new hash", here)
	require.NoError(t, err)
	_, err = b.SessionMember(ctx, session, time.Hour, 2*time.Hour)
	requireCode(t, "member_inactive", err)
	hash, err := b.PasswordHash(ctx, m.ID)
	require.NoError(t, err)
	require.Equal(t, "new hash", hash)
}

func TestACodeIsTakenOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	m := b.member(models.RoleHandler, models.ID{}, "ada@example.org")
	requireCode(t, "code_used", b.TakeTOTP(ctx, m.ID, 100, true, here))
	require.NoError(t, b.BeginTOTP(ctx, m.ID, "SECRET"))
	secret, counts, err := b.TOTP(ctx, m.ID)
	require.NoError(t, err)
	require.Equal(t, models.Personal("SECRET"), secret)
	require.False(t, counts)
	requireCode(t, "code_used", b.TakeTOTP(ctx, m.ID, 100, false, here))
	require.NoError(t, b.TakeTOTP(ctx, m.ID, 100, true, here))
	require.NoError(t, b.BeginTOTP(ctx, m.ID, "ANOTHER"))
	secret, counts, err = b.TOTP(ctx, m.ID)
	require.NoError(t, err)
	require.True(t, counts)
	require.Equal(t, models.Personal("SECRET"), secret, "one that counts is not replaced")
	requireCode(t, "code_used", b.TakeTOTP(ctx, m.ID, 100, false, here))
	requireCode(t, "code_used", b.TakeTOTP(ctx, m.ID, 99, false, here))
	require.NoError(t, b.TakeTOTP(ctx, m.ID, 101, false, here))

	codes, err := b.NewRecoveryCodes(ctx, m.ID, here)
	require.NoError(t, err)
	require.Len(t, codes, 10)
	for _, want := range []bool{true, false} {
		ok, err := b.UseRecoveryCode(ctx, m.ID, codes[0], here)
		require.NoError(t, err)
		require.Equal(t, want, ok)
	}
	other := b.member(models.RoleHandler, models.ID{}, "eve@example.org")
	ok, err := b.UseRecoveryCode(ctx, other.ID, codes[1], here)
	require.NoError(t, err)
	require.False(t, ok)
	_, err = b.NewRecoveryCodes(ctx, m.ID, here)
	require.NoError(t, err)
	ok, err = b.UseRecoveryCode(ctx, m.ID, codes[1], here)
	require.NoError(t, err)
	require.False(t, ok, "the former ones have ended")
}

func TestStrangersAreKeptOutAndTheKnownBrowserIsNot(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	m := b.member(models.RoleHandler, models.ID{}, "ada@example.org")
	device, err := b.KnowDevice(ctx, m.ID, "")
	require.NoError(t, err)
	same, err := b.KnowDevice(ctx, m.ID, device)
	require.NoError(t, err)
	require.Equal(t, device, same)
	try := func(email models.Personal, source, device string) error {
		_, err := b.BeginAttempt(ctx, store.Attempt{Kind: store.AttemptPassword, Email: email, Source: source, Device: device})
		return err
	}
	for _, email := range []models.Personal{"ada@example.org", "nobody@example.org"} {
		for range 5 {
			require.NoError(t, try(email, "192.0.2.1", ""))
		}
		requireCode(t, "too_many_attempts", try(email, "192.0.2.1", ""))
		requireCode(t, "too_many_attempts", try(email, "192.0.2.1", "forged"))
	}
	require.NoError(t, try("ada@example.org", "192.0.2.1", device), "from the same office the person gets in")
	require.NoError(t, try("ada@example.org", "192.0.2.2", ""))
	for i := range 120 { // many places at once
		err = try("ada@example.org", "198.51.100."+string(rune('a'+i%26))+string(rune('a'+i/26)), "")
	}
	requireCode(t, "too_many_attempts", err)
	require.NoError(t, try("ada@example.org", "203.0.113.5", device))
	other := b.member(models.RoleHandler, models.ID{}, "eve@example.org")
	eves, err := b.KnowDevice(ctx, other.ID, device)
	require.NoError(t, err)
	require.NotEqual(t, device, eves, "a browser is known to one account, whatever it sends")
	requireCode(t, "too_many_attempts", try("ada@example.org", "203.0.113.5", eves))
	for range 8 {
		require.NoError(t, try("ada@example.org", "203.0.113.5", device))
	}
	requireCode(t, "too_many_attempts", try("ada@example.org", "203.0.113.5", device))
	b.pass(16 * time.Minute)
	require.NoError(t, try("ada@example.org", "192.0.2.1", ""))
}

func TestOneNetworkTriesFewAccountsWithinAWhile(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var err error
	tries := 0
	for i := 0; err == nil; i++ {
		_, err = b.BeginAttempt(t.Context(), store.Attempt{Kind: store.AttemptPassword, Email: models.Personal(string(rune('a'+i)) + "@example.org"), Source: "192.0.2.1"})
		tries++
	}
	requireCode(t, "too_many_attempts", err)
	require.Equal(t, 51, tries)
	id, err := b.BeginAttempt(t.Context(), store.Attempt{Kind: store.AttemptPassword, Email: "a@example.org", Source: "192.0.2.9"})
	require.NoError(t, err)
	require.NoError(t, b.AttemptSucceeded(t.Context(), id))
	require.Equal(t, 50, b.count("SELECT count(*) FROM sign_in_attempts"))
}

func TestManyAttemptsAtOnceAreCountedEach(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var group sync.WaitGroup
	results := make(chan error, 30)
	for range 30 {
		group.Go(func() {
			_, err := b.BeginAttempt(t.Context(), store.Attempt{Kind: store.AttemptPassword, Email: "ada@example.org", Source: "192.0.2.1"})
			results <- err
		})
	}
	group.Wait()
	close(results)
	let := 0
	for err := range results {
		if err == nil {
			let++
		}
	}
	require.Equal(t, 5, let)
}

func TestASubjectOfTheIdentityProviderIsBoundToOneAccount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	b.invited(models.RoleAuditor, models.ID{}, "ada@example.org")
	_, err := b.BindSSO(ctx, "https://id.example", "1", "nobody@example.org")
	requireCode(t, "not_found", err)
	m, err := b.BindSSO(ctx, "https://id.example", "1", "Ada@example.org")
	require.NoError(t, err)
	require.Equal(t, member.Active, m.State)
	_, err = b.BindSSO(ctx, "https://id.example", "2", "ada@example.org")
	requireCode(t, "sso_bound", err)
	got, err := b.MemberBySSO(ctx, "https://id.example", "1")
	require.NoError(t, err)
	require.Equal(t, m.ID, got.ID)
	for _, other := range [][2]string{{"https://id.example", "2"}, {"https://other.example", "1"}} {
		got, err := b.MemberBySSO(ctx, other[0], other[1])
		require.NoError(t, err)
		require.Zero(t, got)
	}
}

func TestNoColumnHoldsWhatIsPersonalInAnAccount(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	m, token, err := b.InviteFirst(ctx, store.MemberSpec{Role: models.RoleDPO, Name: canary + " Ada", Email: canary + "@example.org"})
	require.NoError(t, err)
	_, err = b.UseLink(ctx, token, someHash, here)
	require.NoError(t, err)
	_, err = b.OpenSession(ctx, m.ID, "password", store.Place{Network: canary, Device: canary}, "")
	require.NoError(t, err)
	require.NoError(t, b.BeginTOTP(ctx, m.ID, canary))
	require.NoError(t, b.AddPasskey(ctx, m.ID, store.Passkey{Credential: []byte{1}, Record: []byte(canary), Name: canary}, here))
	requireCode(t, "passkey_exists", b.AddPasskey(ctx, m.ID, store.Passkey{Credential: []byte{1}}, here))
	_, err = b.BeginAttempt(ctx, store.Attempt{Kind: store.AttemptPassword, Email: canary + "@example.org", Source: canary, Place: store.Place{Network: canary}})
	require.NoError(t, err)
	require.NoError(t, b.AskNewPassword(ctx, canary+"@example.org", here))
	codes, err := b.NewRecoveryCodes(ctx, m.ID, here)
	require.NoError(t, err)
	for _, secret := range []string{canary, token, codes[0][:9]} {
		require.Empty(t, b.leaks(secret))
	}
}
