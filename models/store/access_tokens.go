package store

import (
	"bytes"
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"habeas/models"
	"habeas/models/store/vault"
)

// TokenLife is for how long an access token is valid.
const TokenLife = 15 * time.Minute

// tokenPrefix marks an access token, so that scanners find one that was left lying about.
const tokenPrefix = "habeas_token_"

// tokenPlace is where the signature of a token belongs to.
const tokenPlace = "access_tokens"

// secretMark is how many bytes of the secret's hash a token carries.
const secretMark = 8

// tokenBody is what a token says. It is signed and not sealed: identifiers and scopes are no secret to who holds it.
type tokenBody struct {
	Key     models.ID      `json:"k"`
	Mark    []byte         `json:"s"` // the first bytes of the hash of the secret that it was given for, with which it ends
	Grants  []models.Grant `json:"g,omitempty"`
	Expires int64          `json:"e"` // seconds since 1970
}

// AccessToken is a short-lived credential in place of a key's secret.
type AccessToken struct {
	Token   models.Personal
	Expires time.Duration // from now
	Grants  []models.Grant
}

// GiveToken gives a token for a key, with all of its grants or with those that are asked for. It fails with bad_key, or with scope_wider when
// the key does not have them. Nothing is stored: a token ends with its time, with its key and with the secret that it was given for.
func (s *Store) GiveToken(ctx context.Context, id models.ID, secret string, asked []models.Grant) (AccessToken, error) {
	if id != keyID(secret) {
		return AccessToken{}, badKey()
	}
	who, err := s.Authenticate(ctx, secret)
	if err != nil {
		return AccessToken{}, err
	}
	grants, ok := models.Narrowed(who.Grants, asked)
	if !ok {
		return AccessToken{}, models.Errorf(models.Invalid, "scope_wider", "The key does not have all of these scopes.").At("scope")
	}
	body, err := json.Marshal(tokenBody{Key: id, Mark: vault.HashToken(secret)[:secretMark], Grants: grants, Expires: s.now().Add(TokenLife).Unix()})
	if err != nil {
		return AccessToken{}, err
	}
	text := tokenPrefix + base64.RawURLEncoding.EncodeToString(body) + "." + base64.RawURLEncoding.EncodeToString(s.vault.Own().Digest(tokenPlace, body))
	return AccessToken{Token: models.Personal(text), Expires: TokenLife, Grants: grants}, nil
}

// Bearer finds who sends a key's secret or a token; it fails with bad_key, or token_expired.
func (s *Store) Bearer(ctx context.Context, credential string) (models.Principal, error) {
	token, ok := strings.CutPrefix(credential, tokenPrefix)
	if !ok {
		return s.Authenticate(ctx, credential)
	}
	body, ok := s.readToken(token)
	if !ok {
		return models.Principal{}, badKey()
	}
	if s.now().Unix() >= body.Expires {
		return models.Principal{}, models.Errorf(models.Unauthenticated, "token_expired", "The access token has expired; ask for another.")
	}
	row, err := s.validKey(ctx, body.Key)
	if err != nil {
		return models.Principal{}, err
	}
	used, hash := "last_used_at", row.SecretHash
	if !bytes.HasPrefix(hash, body.Mark) { // the key was rotated since
		used, hash = "former_used_at", row.FormerHash
	}
	if !bytes.HasPrefix(hash, body.Mark) || used == "former_used_at" && !s.now().Before(instant(row.FormerUntil)) {
		return models.Principal{}, badKey()
	}
	if err := s.used(ctx, row, used); err != nil {
		return models.Principal{}, err
	}
	who := row.principal()
	if len(body.Grants) > 0 {
		who.Grants = body.Grants
	}
	return who, nil
}

func (s *Store) readToken(token string) (body tokenBody, ok bool) {
	said, signed, _ := strings.Cut(token, ".")
	plain, err := base64.RawURLEncoding.DecodeString(said)
	if err != nil {
		return body, false
	}
	mac, err := base64.RawURLEncoding.DecodeString(signed)
	if err != nil || !hmac.Equal(mac, s.vault.Own().Digest(tokenPlace, plain)) {
		return body, false
	}
	return body, json.Unmarshal(plain, &body) == nil && len(body.Mark) == secretMark
}
