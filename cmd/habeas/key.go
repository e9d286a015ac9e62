package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/store"
)

type keyCmd struct {
	Create createKeyCmd `cmd:"" help:"Make an access key; it is shown once."`
	List   listKeysCmd  `cmd:"" help:"List access keys, with their scopes and when they were last used."`
	Rotate rotateKeyCmd `cmd:"" help:"Give an access key another secret, which is shown once; the former one stays valid for a while."`
	Revoke revokeKeyCmd `cmd:"" help:"End an access key."`
}

type createKeyCmd struct {
	Role       string        `required:"" enum:"dpo,case_handler,auditor,operator,controller" help:"What the holder may do: ${enum}." placeholder:"ROLE"`
	Controller string        `help:"Slug of the customer; for --role controller only." placeholder:"SLUG"`
	Name       string        `required:"" help:"Of the person or system that will hold it." placeholder:"NAME"`
	Holder     string        `help:"Identifier of the account of whoever will hold it, as listed by habeas member list. Where it takes two persons, a member of staff's key without one does not count." placeholder:"ID"`
	Scope      []string      `help:"What it may do, such as requests:read; may be repeated. Without it, all that its role may. A key with scopes is for programs and opens no page." placeholder:"SCOPE"`
	Expires    time.Duration `default:"8760h" help:"How long it is valid; a year unless said otherwise, and with 0 until it is revoked."`
}

// Run prints the secret to standard output and nothing else, so that it can be piped into a secret store.
func (cmd createKeyCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	grants, err := models.ParseGrants(cmd.Scope)
	if err != nil {
		return &rulescli.ExitError{Status: rulescli.Usage, Err: fmt.Errorf("the scopes are %s: %w", scopesOf(models.Grants()), err)}
	}
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	spec := store.KeySpec{Role: models.Role(cmd.Role), Name: cmd.Name, Grants: grants}
	if cmd.Controller != "" {
		controller, err := db.ControllerBySlug(ctx, cmd.Controller)
		if err != nil {
			return err
		}
		spec.ControllerID = controller.ID
	}
	if cmd.Holder != "" {
		if spec.Holder, err = models.ParseID(cmd.Holder); err != nil {
			return &rulescli.ExitError{Status: rulescli.Usage, Err: err}
		}
	}
	if cmd.Expires > 0 {
		spec.ExpiresAt = time.Now().Add(cmd.Expires)
	}
	secret, id, err := db.CreateKey(ctx, spec)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "Key %s; it is shown only now:\n", id)
	_, err = fmt.Fprintln(s.Out, secret)
	return err
}

func scopesOf(grants []models.Grant) string {
	words := make([]string, len(grants))
	for i, g := range grants {
		words[i] = string(g)
	}
	return strings.Join(words, " ")
}

type listKeysCmd struct {
	JSON bool `name:"json" help:"Write JSON, for scripts."`
}

// listedKey is a key as a script reads it; what is not so is left out.
type listedKey struct {
	ID           models.ID      `json:"id"`
	Role         models.Role    `json:"role"`
	ControllerID models.ID      `json:"controller_id,omitzero"`
	Name         string         `json:"name"`
	Valid        bool           `json:"valid"`
	Scopes       []models.Grant `json:"scopes"`
	CreatedAt    time.Time      `json:"created_at"`
	ExpiresAt    time.Time      `json:"expires_at,omitzero"`
	RevokedAt    time.Time      `json:"revoked_at,omitzero"`
	LastUsedAt   time.Time      `json:"last_used_at,omitzero"`
	FormerUntil  time.Time      `json:"former_until,omitzero"`
	FormerUsedAt time.Time      `json:"former_used_at,omitzero"`
}

// Run lists keys without their secrets.
func (cmd listKeysCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	keys, err := db.Keys(ctx, models.ScopeOperator())
	if err != nil {
		return err
	}
	now := time.Now()
	if cmd.JSON {
		out := make([]listedKey, len(keys))
		for i, k := range keys {
			out[i] = listedKey{
				k.ID, k.Role, k.ControllerID, k.Name, k.Valid(now), append([]models.Grant{}, k.Grants...), k.CreatedAt, k.ExpiresAt, k.RevokedAt, k.LastUsedAt,
				k.FormerUntil, k.FormerUsedAt,
			}
		}
		return json.NewEncoder(s.Out).Encode(out)
	}
	if len(keys) == 0 {
		_, err = fmt.Fprintln(s.Out, "There is no access key yet; make one with: habeas key create --role dpo --name NAME")
		return err
	}
	w := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tROLE\tSTATE\tLAST USED\tSCOPES\tNAME")
	for _, k := range keys {
		scopes := scopesOf(k.Grants)
		if scopes == "" {
			scopes = "(all)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Role, keyState(k, now), minute(k.LastUsedAt, "never"), scopes, k.Name)
	}
	return w.Flush()
}

func keyState(k store.AccessKey, now time.Time) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked"
	case !k.Valid(now):
		return "expired"
	case !k.FormerUntil.IsZero():
		return "rotated, former until " + minute(k.FormerUntil, "")
	case !k.ExpiresAt.IsZero():
		return "until " + minute(k.ExpiresAt, "")
	}
	return "valid"
}

func minute(at time.Time, none string) string {
	if at.IsZero() {
		return none
	}
	return at.UTC().Format("2006-01-02 15:04Z")
}

type rotateKeyCmd struct {
	ID      string        `arg:"" help:"Identifier of the key, as listed."`
	Overlap time.Duration `default:"24h" help:"How long the former secret stays valid, at most 720h; 0 ends it at once."`
}

// Run prints the new secret to standard output and nothing else.
func (cmd rotateKeyCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	id, err := models.ParseID(cmd.ID)
	if err != nil {
		return &rulescli.ExitError{Status: rulescli.Usage, Err: err}
	}
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	secret, key, err := db.RotateKey(ctx, models.Principal{Actor: models.System(), Scope: models.ScopeOperator()}, id, cmd.Overlap)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "Key %s has another secret; it is shown only now. The former one is valid until %s.\n", id, minute(key.FormerUntil, ""))
	_, err = fmt.Fprintln(s.Out, secret.Reveal())
	return err
}

type revokeKeyCmd struct {
	ID string `arg:"" help:"Identifier of the key, as listed."`
}

// Run ends a key at once.
func (cmd revokeKeyCmd) Run(ctx context.Context, c *cli) (err error) {
	id, err := models.ParseID(cmd.ID)
	if err != nil {
		return &rulescli.ExitError{Status: rulescli.Usage, Err: err}
	}
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.RevokeKey(ctx, models.ScopeOperator(), models.System(), id)
}
