package v1

import (
	"context"
	"time"

	"habeas/models"
	"habeas/models/store"
)

// ListKeys lists access keys without their secrets.
func (s *Server) ListKeys(ctx context.Context, in ListKeysRequestObject) (ListKeysResponseObject, error) {
	keys, err := s.store.Keys(ctx, caller(ctx).Scope)
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(keys, in.Params.Cursor, in.Params.Limit, func(k store.AccessKey) string { return k.ID.String() })
	if err != nil {
		return nil, err
	}
	names, err := s.controllerSlugs(ctx)
	if err != nil {
		return nil, err
	}
	out := KeyList{Keys: make([]Key, len(page)), Next: next}
	for i, k := range page {
		out.Keys[i] = s.key(k, names)
	}
	return ListKeys200JSONResponse(out), nil
}

// CreateKey makes a key; its secret is in this answer and nowhere else.
func (s *Server) CreateKey(ctx context.Context, in CreateKeyRequestObject) (CreateKeyResponseObject, error) {
	by := caller(ctx)
	grants, err := models.ParseGrants(in.Body.Scopes)
	if err != nil {
		return nil, err
	}
	spec := store.KeySpec{Role: models.Role(in.Body.Role), Name: in.Body.Name, ExpiresAt: in.Body.ExpiresAt, Grants: grants}
	if own, limited := by.Scope.Controller(); limited {
		spec.ControllerID = own
		if spec.Role == "" {
			spec.Role = models.RoleController
		}
	}
	if in.Body.Controller != "" {
		if spec.ControllerID, err = s.controllerOf(ctx, by, in.Body.Controller); err != nil {
			return nil, err
		}
	}
	secret, key, err := s.store.GiveKey(ctx, by, spec)
	if err != nil {
		return nil, err
	}
	out, err := s.withSecret(ctx, key, secret)
	return CreateKey201JSONResponse(out), err
}

// RotateKey gives a key another secret.
func (s *Server) RotateKey(ctx context.Context, in RotateKeyRequestObject) (RotateKeyResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	secret, key, err := s.store.RotateKey(ctx, caller(ctx), id, time.Duration(in.Body.OverlapHours)*time.Hour)
	if err != nil {
		return nil, err
	}
	out, err := s.withSecret(ctx, key, secret)
	return RotateKey200JSONResponse(out), err
}

// RevokeKey ends a key.
func (s *Server) RevokeKey(ctx context.Context, in RevokeKeyRequestObject) (RevokeKeyResponseObject, error) {
	id, err := models.ParseID(in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.store.EndKey(ctx, caller(ctx), id); err != nil {
		return nil, err
	}
	key, err := s.store.Key(ctx, caller(ctx).Scope, id)
	if err != nil {
		return nil, err
	}
	names, err := s.controllerSlugs(ctx)
	return RevokeKey200JSONResponse(s.key(key, names)), err
}

func (s *Server) withSecret(ctx context.Context, key store.AccessKey, secret models.Personal) (KeyWithSecret, error) {
	names, err := s.controllerSlugs(ctx)
	return KeyWithSecret{Key: s.key(key, names), Secret: secret.Reveal()}, err
}

func (s *Server) key(k store.AccessKey, names map[models.ID]string) Key {
	out := Key{
		ID: k.ID.String(), Role: string(k.Role), Controller: names[k.ControllerID], Name: k.Name, Scopes: []string{}, Valid: k.Valid(s.now()), CreatedAt: k.CreatedAt,
		ExpiresAt: k.ExpiresAt, RevokedAt: k.RevokedAt, RotatedAt: k.RotatedAt, LastUsedAt: k.LastUsedAt, FormerUntil: k.FormerUntil, FormerUsedAt: k.FormerUsedAt,
	}
	for _, g := range k.Grants {
		out.Scopes = append(out.Scopes, string(g))
	}
	return out
}

// controllerSlugs are the slugs of the controllers that the caller may know.
func (s *Server) controllerSlugs(ctx context.Context) (map[models.ID]string, error) {
	list, err := s.store.Controllers(ctx, caller(ctx).Scope)
	out := map[models.ID]string{}
	for _, c := range list {
		out[c.ID] = c.Slug
	}
	return out, err
}
