package account

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/labstack/echo/v4"

	"habeas/models"
	"habeas/models/store"
)

// passkeysOf prepares passkeys for the address under which people reach the service; nil where it is an IP address, for which browsers make none.
func passkeysOf(base *url.URL) *webauthn.WebAuthn {
	if _, err := netip.ParseAddr(base.Hostname()); err == nil {
		return nil
	}
	w, err := webauthn.New(&webauthn.Config{
		RPID: base.Hostname(), RPDisplayName: base.Hostname(), RPOrigins: []string{base.Scheme + "://" + base.Host},
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired,
		},
	})
	if err != nil {
		return nil
	}
	return w
}

// owner is an account in the form of the library.
type owner struct {
	store.Member
	credentials []webauthn.Credential
}

// WebAuthnID is the user handle: the account's identifier, which says nothing about the person.
func (o owner) WebAuthnID() []byte { return o.ID[:] }

// WebAuthnName is shown by the authenticator.
func (o owner) WebAuthnName() string { return o.Email.Reveal() }

// WebAuthnDisplayName is shown by the authenticator.
func (o owner) WebAuthnDisplayName() string { return o.Name.Reveal() }

// WebAuthnCredentials are the account's passkeys.
func (o owner) WebAuthnCredentials() []webauthn.Credential { return o.credentials }

func (a *Account) ownerOf(ctx context.Context, m store.Member) (owner, error) {
	keys, err := a.Store.Passkeys(ctx, m.ID)
	out := owner{Member: m}
	for _, k := range keys {
		var credential webauthn.Credential
		if err := json.Unmarshal(k.Record, &credential); err != nil {
			return owner{}, err
		}
		out.credentials = append(out.credentials, credential)
	}
	return out, err
}

// begin keeps a ceremony in the session and tells the browser what to do.
func (a *Account) begin(c echo.Context, session *webauthn.SessionData, options any, err error) error {
	if err != nil {
		return err
	}
	b, err := json.Marshal(session)
	if err != nil {
		return err
	}
	a.sessions.Put(c.Request().Context(), keyPasskey, b)
	return c.JSON(http.StatusOK, options)
}

// ceremony is the one under way; each ends with the first answer.
func (a *Account) ceremony(c echo.Context) (session webauthn.SessionData, body []byte, err error) {
	b := a.sessions.PopBytes(c.Request().Context(), keyPasskey)
	if b == nil {
		return session, nil, badPasskey(nil)
	}
	if err := json.Unmarshal(b, &session); err != nil {
		return session, nil, err
	}
	body, err = io.ReadAll(c.Request().Body)
	return session, body, err
}

// badPasskey hides what is wrong; the library's error goes to nobody, since it may quote what was sent.
func badPasskey(error) error {
	return models.Errorf(models.Invalid, "bad_passkey", "The passkey was not accepted.")
}

func (a *Account) noPasskeys() error {
	if a.passkeys != nil {
		return nil
	}
	return models.Errorf(models.NotFound, "not_found", "There are no passkeys where the service is reached by an IP address.")
}

// passkeyChallenge begins to sign in with a passkey. It names no account: the authenticator knows which it has.
func (a *Account) passkeyChallenge(c echo.Context) error {
	if err := a.noPasskeys(); err != nil {
		return err
	}
	options, session, err := a.passkeys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	return a.begin(c, session, options, err)
}

// passkeyLogin signs in with a passkey, which is something that the person has and, since it asks for a finger or a number, something more: no second
// factor is asked for. Somebody who is signed in confirms with it who they are.
func (a *Account) passkeyLogin(c echo.Context) error {
	if err := a.noPasskeys(); err != nil {
		return err
	}
	session, body, err := a.ceremony(c)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(body)
	if err != nil {
		return badPasskey(err)
	}
	ctx := c.Request().Context()
	find := func(_, handle []byte) (webauthn.User, error) {
		if len(handle) != len(models.ID{}) {
			return nil, badPasskey(nil)
		}
		m, err := a.Store.ActiveMember(ctx, models.ID(handle))
		if err != nil {
			return nil, err
		}
		return a.ownerOf(ctx, m)
	}
	user, credential, err := a.passkeys.ValidatePasskeyLogin(find, session, parsed)
	if err != nil || credential.Authenticator.CloneWarning {
		return badPasskey(err)
	}
	who, ok := user.(owner)
	if !ok {
		return badPasskey(nil)
	}
	record, err := json.Marshal(credential)
	if err != nil {
		return err
	}
	if err := a.Store.UsedPasskey(ctx, who.ID, credential.ID, record); err != nil {
		return err
	}
	if id, err := models.ParseID(a.sessions.GetString(ctx, keySession)); err == nil {
		if m, err := a.Store.SessionMember(ctx, id, a.Idle, a.Lifetime); err == nil && m.ID == who.ID {
			return a.confirmed(c)
		}
	}
	return a.passed(c, who.Member, "passkey", true)
}

// newPasskeyOptions begins to add a passkey to the caller's account.
func (a *Account) newPasskeyOptions(c echo.Context) error {
	if err := a.noPasskeys(); err != nil {
		return err
	}
	m, err := a.own(c)
	if err != nil {
		return err
	}
	who, err := a.ownerOf(c.Request().Context(), m)
	if err != nil {
		return err
	}
	var have []protocol.CredentialDescriptor
	for i := range who.credentials {
		have = append(have, who.credentials[i].Descriptor())
	}
	options, session, err := a.passkeys.BeginRegistration(who, webauthn.WithExclusions(have))
	return a.begin(c, session, options, err)
}

// maxPasskeyName is how long the name of a passkey may be, in bytes.
const maxPasskeyName = 60

// addPasskey adds the passkey that a browser has made; the body holds it with the name that the person gave it.
func (a *Account) addPasskey(c echo.Context) error {
	if err := a.noPasskeys(); err != nil {
		return err
	}
	session, body, err := a.ceremony(c)
	if err != nil {
		return err
	}
	m, err := a.own(c)
	if err != nil {
		return err
	}
	var sent struct {
		Name       string          `json:"name"`
		Credential json.RawMessage `json:"credential"`
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&sent); err != nil {
		return badPasskey(err)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(sent.Credential)
	if err != nil {
		return badPasskey(err)
	}
	credential, err := a.passkeys.CreateCredential(owner{Member: m}, session, parsed)
	if err != nil {
		return badPasskey(err)
	}
	record, err := json.Marshal(credential)
	if err != nil {
		return err
	}
	name := strings.TrimSpace(sent.Name)
	if name == "" {
		name = device(c.Request().UserAgent())
	}
	name = strings.ToValidUTF8(name[:min(len(name), maxPasskeyName)], "")
	if err := a.Store.AddPasskey(c.Request().Context(), m.ID, store.Passkey{Credential: credential.ID, Record: record, Name: models.Personal(name)}, a.placeOf(c.Request())); err != nil {
		return err
	}
	left, err := a.Store.RecoveryCodesLeft(c.Request().Context(), m.ID)
	if err != nil {
		return err
	}
	if left == 0 { // the script sends a form there, whose answer shows the codes
		return c.JSON(http.StatusOK, map[string]string{"to": "/staff/account/recovery", "method": "post"})
	}
	return a.goOn(c, m.ID, "/staff/account?note=factor_added")
}

// removePasskey takes a passkey away, unless it is the last second factor of somebody who must have one.
func (a *Account) removePasskey(c echo.Context) error {
	id, err := models.ParseID(c.Param("id"))
	if err != nil {
		return err
	}
	m, err := a.own(c)
	if err != nil {
		return err
	}
	if m.Passkeys == 1 && !m.TOTP && a.mustHave(m) {
		return a.showLast(c, m)
	}
	if err := a.Store.DropPasskey(c.Request().Context(), m.ID, id, a.placeOf(c.Request())); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/staff/account?note=factor_removed")
}
