package templates

import (
	"strconv"
	"strings"
	"time"
)

// LoginView asks who somebody is.
type LoginView struct {
	Email        string // as it was typed, when the form is sent back
	Keys         bool   // access keys are taken too
	Passkeys     bool
	SSO          string // name of the identity provider; empty without one
	Flash        string
	SignOutThere string // where the session at the identity provider ends; empty without such a place
	Errors       Errors
}

// FactorView asks for the second step.
type FactorView struct {
	TOTP, Passkeys bool
	Errors         Errors
}

// ForgotView asks for the address that gets a link; Sent says the same for every address.
type ForgotView struct {
	Sent   bool
	Errors Errors
}

// LinkView is what a one-time link opens. State is live, used or expired.
type LinkView struct {
	State             string
	Path              string
	Invitation        bool // otherwise it is for a new password
	Name, Email, Role string
	MinLength         int
	Errors            Errors
}

// QR is a QR code as the path of an SVG of Size by Size units.
type QR struct {
	Size int
	Path string
}

// Module is one black unit of a QR code's path.
func Module(x, y int) string { return "M" + strconv.Itoa(x) + " " + strconv.Itoa(y) + "h1v1h-1z" }

// SetupView sets up a second step. Half is somebody who gets no further without.
type SetupView struct {
	Half     bool
	TOTP     bool // an app counts already
	Passkeys bool
	QR       QR // of an app that is being set up
	Secret   string
	Errors   Errors
}

// RecoveryView shows recovery codes, once.
type RecoveryView struct{ Codes []string }

// ConfirmView asks somebody once more who they are.
type ConfirmView struct {
	Email                    string
	Password, TOTP, Passkeys bool
	Recovery                 bool   // a recovery code is taken
	Back                     string // the page that is gone back to; empty for the account
	Errors                   Errors
}

// AccountView is a person's own account; with Key it is somebody who signed in with an access key. Half is somebody who must set a new password first.
type AccountView struct {
	Key, Half         bool
	Name, Email, Role string
	MinLength         int
	Password          bool
	PasswordAt        time.Time
	TOTP, Mandatory   bool
	MayPasskey        bool
	Passkeys          []PasskeyRow
	RecoveryLeft      int
	IdleMinutes       int // after which a session ends without use
	LifetimeHours     int // after which it ends in any case
	Sessions          []SessionRow
	Events            []AccountEvent
	Flash, Failure    string // keys
	Errors            Errors
}

// PasskeyRow is one passkey of an account.
type PasskeyRow struct {
	ID, Name          string
	CreatedAt, UsedAt time.Time
}

// SessionRow is one browser in which somebody is signed in.
type SessionRow struct {
	ID, Method, Device, Network string
	This                        bool
	CreatedAt, SeenAt           time.Time
}

// AccountEvent is one line of what happened to an account.
type AccountEvent struct {
	At                    time.Time
	Kind, Device, Network string
}

// MembersView lists accounts, with the form of an invitation.
type MembersView struct {
	Staff                         bool // the operator's own people look at it
	May                           bool // who looks at it may change accounts; an access key may not
	Rows                          []MemberRow
	Roles, Controllers            []Option
	Name, Email, Role, Controller string // as they were typed, when the form is sent back
	Flash, Failure                string
	Errors                        Errors
}

// MemberRow is one account of the list.
type MemberRow struct {
	ID, Path, Name, Email, Role, State, Controller string
	Roles                                          []Option
	Factor, MustFactor, MayChange, Self            bool
	SeenAt                                         time.Time
}

// PermissionsView is the access table in words, or what one role may do.
type PermissionsView struct {
	Role     string // empty for all side by side
	Roles    []Option
	Subjects []PermissionSubject
}

// PermissionSubject is a part of the access table.
type PermissionSubject struct {
	Name   string
	Public bool
	Rows   []PermissionRow
}

// PermissionRow is something that can be done, with which of the roles may, in their order.
type PermissionRow struct {
	Act    string
	Routes []string
	Again  bool // asked once more who it is
	May    []bool
}

// The pages of signing in and of accounts.
var (
	Login = &Page[LoginView]{"signin/login", []LoginView{
		{},
		{Keys: true, Passkeys: true, SSO: "Nordkai ID", Email: "ada@nordkai.example", Errors: Errors{{Field: "email", Key: "error.bad_sign_in"}}},
		{SSO: "Nordkai ID", Flash: "login.out", SignOutThere: "https://id.nordkai.example/logout"},
		{Keys: true, Flash: "login.out", Errors: Errors{{Field: "key", Key: "error.bad_key"}}},
	}}
	Factor = &Page[FactorView]{"signin/factor", []FactorView{{TOTP: true, Passkeys: true}, {Passkeys: true, Errors: Errors{{Field: "code", Key: "error.wrong_factor"}}}}}
	Forgot = &Page[ForgotView]{"signin/forgot", []ForgotView{{}, {Sent: true}, {Errors: Errors{{Field: "email", Key: "error.sign_in_email"}}}}}
	Link   = &Page[LinkView]{"signin/link", []LinkView{
		{State: "live", Path: "/staff/link/sample", Invitation: true, Name: "Ada Brandt", Email: "ada@nordkai.example", Role: "dpo", MinLength: 12},
		{
			State: "live", Path: "/staff/link/sample", Name: "Vi Jansen", Email: "vi@brightline.example", Role: "controller_viewer", MinLength: 15,
			Errors: Errors{{Field: "password", Key: "error.password_known"}},
		},
		{State: "used"},
		{State: "expired"},
	}}
	Setup = &Page[SetupView]{"staff/setup", []SetupView{
		{Passkeys: true},
		{Half: true, Passkeys: true, QR: qrExample(), Secret: exampleLetters, Errors: Errors{{Field: "code", Key: "error.wrong_factor"}}},
		{TOTP: true},
	}}
	Recovery = &Page[RecoveryView]{"staff/recovery", []RecoveryView{{Codes: []string{
		"ABCD-EFGH-IJKL-MNOP", "QRST-UVWX-YZ23-4567", "ABCD-EFGH-IJKL-MNOQ", "QRST-UVWX-YZ23-4568", "ABCD-EFGH-IJKL-MNOR", "QRST-UVWX-YZ23-4569",
	}}}}
	Confirm = &Page[ConfirmView]{"staff/confirm", []ConfirmView{
		{Email: "ada@nordkai.example", TOTP: true, Recovery: true, Passkeys: true, Back: "/staff/keys", Errors: Errors{{Field: "code", Key: "error.wrong_factor"}}},
		{Email: "vi@brightline.example", Password: true, Errors: Errors{{Field: "password", Key: "error.bad_password"}}},
		{Email: "ada@nordkai.example", Recovery: true, Passkeys: true},
		{Email: "ada@nordkai.example"},
	}}
	AccountPage = &Page[AccountView]{"staff/account", accountExamples()}
	Members     = &Page[MembersView]{"staff/members", memberExamples()}
	Permissions = &Page[PermissionsView]{"staff/permissions", permissionExamples()}
)

// exampleLetters are written like the secret of an authenticator app, and open nothing.
const exampleLetters = "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP"

// qrExample is a picture that looks like a QR code and holds nothing.
func qrExample() QR {
	var path strings.Builder
	for i := range 29 * 29 {
		if x, y := i%29, i/29; (x*y+x+3*y)%3 == 0 {
			path.WriteString(Module(x+4, y+4))
		}
	}
	return QR{Size: 37, Path: path.String()}
}

func permissionExamples() []PermissionsView {
	roles := []Option{{Value: "dpo"}, {Value: "case_handler"}, {Value: "operator"}, {Value: "auditor"}, {Value: "controller"}, {Value: "controller_viewer"}}
	public := PermissionSubject{Name: "public", Public: true, Rows: []PermissionRow{{Act: "public.ask", Routes: []string{"GET /", "POST /requests"}}}}
	keys := PermissionRow{Act: "keys.make", Routes: []string{"POST /staff/keys"}, Again: true, May: []bool{true, false, true, false, true, false}}
	chosen := append([]Option{{Value: "dpo", Selected: true}}, roles[1:]...)
	return []PermissionsView{
		{Roles: roles, Subjects: []PermissionSubject{
			{Name: "requests", Rows: []PermissionRow{
				{Act: "requests.read", Routes: []string{"GET /staff/requests/:id", "GET /v1/requests/:id"}, May: []bool{true, true, false, true, true, true}},
				{Act: "requests.decide", Routes: []string{"POST /staff/requests/:id/groups/:no/corrections/drop"}, May: []bool{true, true, false, false, true, false}},
			}},
			{Name: "programs", Rows: []PermissionRow{keys}},
			public,
		}},
		{Role: "dpo", Roles: chosen, Subjects: []PermissionSubject{{Name: "programs", Rows: []PermissionRow{keys}}, public}},
	}
}

func accountExamples() []AccountView {
	whole := AccountView{
		Name: "Ada Brandt", Email: "ada@nordkai.example", Role: "dpo", MinLength: 12, Password: true, PasswordAt: exampleTime, TOTP: true, Mandatory: true, MayPasskey: true,
		Passkeys: []PasskeyRow{{ID: "1", Name: "Work laptop", CreatedAt: exampleTime, UsedAt: exampleTime.Add(time.Hour)}}, RecoveryLeft: 9, IdleMinutes: 30, LifetimeHours: 12, Flash: "account.factor_added",
		Sessions: []SessionRow{
			{ID: "1", Method: "password+totp", Device: "Firefox, Linux", Network: "203.0.113.0/24", This: true, CreatedAt: exampleTime, SeenAt: exampleTime.Add(time.Hour)},
			{ID: "2", Method: "passkey", Network: "2001:db8:1::/48", CreatedAt: exampleTime, SeenAt: exampleTime},
		},
		Events: []AccountEvent{
			{At: exampleTime, Kind: "wrong_password", Device: "Chrome, Windows", Network: "198.51.100.0/24"},
			{At: exampleTime, Kind: "signed_in", Device: "Firefox, Linux", Network: "203.0.113.0/24"},
		},
	}
	bare := AccountView{
		Name: "Vi Jansen", Email: "vi@brightline.example", Role: "controller_viewer", MinLength: 15, Password: true, PasswordAt: exampleTime, Failure: "account.last_factor", IdleMinutes: 30, LifetimeHours: 12,
		Sessions: whole.Sessions[:1], Errors: Errors{{Field: "current", Key: "error.bad_password"}, {Field: "password", Key: "error.password_short"}},
	}
	return []AccountView{
		{Key: true, Name: "Key of the demo", Role: "dpo"},
		whole, bare,
		{Half: true, Name: "Ada Brandt", Email: "ada@nordkai.example", Role: "dpo", MinLength: 12, Password: true, PasswordAt: exampleTime, Flash: "account.password_old"},
	}
}

func memberExamples() []MembersView {
	roles := []Option{{Value: "dpo"}, {Value: "case_handler", Selected: true}, {Value: "controller"}, {Value: "controller_viewer"}}
	return []MembersView{
		{Roles: roles[2:], May: true},
		{Staff: true, Roles: roles},
		{
			Staff: true, May: true, Roles: roles, Controllers: []Option{{Value: "brightline", Label: "Brightline B.V."}}, Flash: "members.invited",
			Rows: []MemberRow{
				{ID: "1", Path: "/staff/members/1", Name: "Ada Brandt", Email: "ada@nordkai.example", Role: "dpo", State: "active", Factor: true, MustFactor: true, Self: true, SeenAt: exampleTime},
				{ID: "2", Path: "/staff/members/2", Name: "Jonas Petersen", Email: "jonas@nordkai.example", Role: "case_handler", State: "active", MustFactor: true, MayChange: true, Roles: roles, SeenAt: exampleTime},
				{ID: "3", Path: "/staff/members/3", Name: "Vi Jansen", Email: "vi@brightline.example", Role: "controller_viewer", State: "invited", Controller: "Brightline B.V.", MayChange: true, Roles: roles[2:]},
				{ID: "4", Path: "/staff/members/4", Name: "Old Hand", Email: "old@nordkai.example", Role: "auditor", State: "deactivated", SeenAt: exampleTime},
			},
			Failure: "Somebody else must do this to your account.", Name: "Eve", Email: "eve@", Role: "case_handler",
			Errors: Errors{{Field: "email", Key: "error.bad_email"}, {Field: "controller", Key: "error.member_controller"}},
		},
	}
}
