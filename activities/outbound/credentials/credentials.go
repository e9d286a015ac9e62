package credentials

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"habeas/activities/outbound"
	"habeas/models"
)

// Settings says how a call shows who makes it; the secret is given apart. The JSON names are those of a system's auth: setting.
type Settings struct {
	Kind     string            `json:"kind"`      // none (also ""), bearer, basic, header, oauth2
	Prefix   string            `json:"prefix"`    // bearer: the word before the token; Bearer when left out
	User     string            `json:"user"`      // basic: the name; left out: the secret is name:password
	Name     string            `json:"name"`      // header: its name
	TokenURL string            `json:"token_url"` // oauth2
	ClientID string            `json:"client_id"` // oauth2; left out: the secret is id:secret
	Scopes   []string          `json:"scopes"`    // oauth2
	Params   map[string]string `json:"params"`    // oauth2: further parameters, such as audience
	InBody   bool              `json:"in_body"`   // oauth2: id and secret in the body instead of the Authorization header
}

// The kinds of Settings.
const (
	None   = "none"
	Bearer = "bearer"
	Basic  = "basic"
	Header = "header"
	OAuth2 = "oauth2"
)

// Credentials puts the proof into calls; it is safe for concurrent use.
type Credentials struct {
	set    Settings
	secret models.Personal
	oauth  *clientcredentials.Config
	client *http.Client // reaches the token's address

	mu    sync.Mutex
	token *oauth2.Token
}

// ErrRefused is a token that the authorisation server did not give. It holds nothing of the answer.
var ErrRefused = errors.New("the authorisation server refuses the credentials")

// ErrUnavailable is an authorisation server that does not answer.
var ErrUnavailable = errors.New("the authorisation server does not answer")

// New checks the settings; it fails with code bad_settings (Invalid).
func New(set Settings, secret models.Personal, guard *outbound.Guard) (*Credentials, error) {
	c := &Credentials{set: set, secret: secret}
	switch set.Kind {
	case "", None:
	case Bearer:
	case Basic:
		if set.User == "" && !strings.Contains(secret.Reveal(), ":") {
			return nil, bad("The secret of basic auth is name:password, or give the name as auth: {user: …}.")
		}
	case Header:
		if set.Name == "" {
			return nil, bad("Auth of kind header needs the header's name.")
		}
	case OAuth2:
		return c, c.prepare(guard)
	default:
		return nil, bad("The auth kind must be none, bearer, basic, header or oauth2.")
	}
	if strings.ContainsAny(secret.Reveal(), "\r\n") {
		return nil, bad("The secret must be one line.")
	}
	return c, nil
}

func (c *Credentials) prepare(guard *outbound.Guard) error {
	u, err := url.Parse(c.set.TokenURL)
	if err == nil {
		c.client, err = guard.Client(u)
	}
	if err != nil {
		return bad("The token_url must be https on the public Internet, or its host be listed as private.")
	}
	id, secret := c.set.ClientID, c.secret.Reveal()
	if id == "" {
		var ok bool
		if id, secret, ok = strings.Cut(secret, ":"); !ok {
			return bad("The secret of oauth2 is id:secret, or give the id as auth: {client_id: …}.")
		}
	}
	c.oauth = &clientcredentials.Config{
		ClientID: id, ClientSecret: secret, TokenURL: c.set.TokenURL, Scopes: c.set.Scopes, EndpointParams: url.Values{}, AuthStyle: oauth2.AuthStyleInHeader,
	}
	if c.set.InBody {
		c.oauth.AuthStyle = oauth2.AuthStyleInParams
	}
	for k, v := range c.set.Params {
		c.oauth.EndpointParams.Set(k, v)
	}
	return nil
}

func bad(text string) error { return models.Errorf(models.Invalid, "bad_settings", "%s", text) }

// Apply puts the proof into a request's headers, and fetches a token first when there is none or it has expired. It fails with
// ErrRefused or ErrUnavailable, or because the token's address may not be reached.
func (c *Credentials) Apply(ctx context.Context, r *http.Request) error {
	secret := c.secret.Reveal()
	switch c.set.Kind {
	case Bearer:
		prefix := c.set.Prefix
		if prefix == "" {
			prefix = "Bearer"
		}
		r.Header.Set("Authorization", prefix+" "+secret)
	case Basic:
		user, password := c.set.User, secret
		if user == "" {
			user, password, _ = strings.Cut(secret, ":")
		}
		r.SetBasicAuth(user, password)
	case Header:
		r.Header.Set(c.set.Name, secret)
	case OAuth2:
		token, err := c.current(ctx)
		if err != nil {
			return err
		}
		token.SetAuthHeader(r)
	}
	return nil
}

// Renew forgets a token that a system has refused, and reports whether another can be fetched.
func (c *Credentials) Renew() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token = nil
	return c.oauth != nil
}

// current is the token in use; callers wait for one fetch.
func (c *Credentials) current(ctx context.Context) (*oauth2.Token, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token.Valid() {
		return c.token, nil
	}
	token, err := c.oauth.Token(context.WithValue(ctx, oauth2.HTTPClient, c.client))
	if err != nil {
		return nil, c.failed(ctx, err)
	}
	c.token = token
	return token, nil
}

// failed drops the library's text, which quotes the answer.
func (c *Credentials) failed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if outbound.Forbidden(err) {
		return outbound.ErrForbidden
	}
	if answer, ok := errors.AsType[*oauth2.RetrieveError](err); ok && answer.Response.StatusCode < 500 && answer.Response.StatusCode != http.StatusTooManyRequests {
		return ErrRefused
	}
	return ErrUnavailable
}
