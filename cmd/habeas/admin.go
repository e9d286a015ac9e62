package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"habeas/cmd/internal/config"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/ledger"
	"habeas/models/store"
	"habeas/models/store/vault"
)

// openStore opens the database for a command that needs nothing else.
func (c *cli) openStore(ctx context.Context) (*store.Store, *vault.Vault, error) {
	cfg, err := c.load(config.NeedDatabase | config.NeedKeys)
	if err != nil {
		return nil, nil, err
	}
	v, err := vault.New(vault.Config{Master: cfg.MasterKey.Reveal(), Signing: cfg.SigningKey.Reveal()})
	if err != nil {
		return nil, nil, err
	}
	s, err := store.Open(ctx, store.Config{DSN: cfg.DatabaseURL.Reveal(), Vault: v})
	return s, v, err
}

// evidence opens the database for an auditor, who may lack the secrets: then the keys come from a file and nothing sealed can be read.
func (c *cli) evidence(ctx context.Context) (*store.Store, []byte, error) {
	cfg, err := c.load(config.NeedDatabase)
	if err != nil {
		return nil, nil, err
	}
	secrets := vault.Config{Master: cfg.MasterKey.Reveal(), Signing: cfg.SigningKey.Reveal()}
	var jwks []byte
	if secrets.Signing == "" {
		secrets = vault.Generate()
	} else if jwks, err = publicKeys(secrets); err != nil {
		return nil, nil, err
	}
	v, err := vault.New(secrets)
	if err != nil {
		return nil, nil, err
	}
	s, err := store.Open(ctx, store.Config{DSN: cfg.DatabaseURL.Reveal(), Vault: v})
	return s, jwks, err
}

func publicKeys(secrets vault.Config) ([]byte, error) {
	v, err := vault.New(secrets)
	if err != nil {
		return nil, err
	}
	return ledger.JWKS(v.Signer().Public())
}

type applyCmd struct {
	File string `arg:"" help:"YAML file with controllers and recipients." type:"existingfile"`
}

// Run writes what the file names; it changes what is there and removes nothing.
func (cmd applyCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	o, err := config.LoadOrganisation(cmd.File)
	if err != nil {
		return err
	}
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, controller := range o.Controllers {
		if _, err := db.PutController(ctx, controller.Domain()); err != nil {
			return fmt.Errorf("controller %s: %w", controller.Slug, err)
		}
	}
	for _, recipient := range o.Recipients {
		known, err := db.RecipientBySlug(ctx, recipient.Slug)
		if err != nil && models.CodeOf(err) != "not_found" {
			return err
		}
		if _, err := db.PutRecipient(ctx, recipient.Domain(known)); err != nil {
			return fmt.Errorf("recipient %s: %w", recipient.Slug, err)
		}
	}
	_, err = fmt.Fprintf(s.Out, "%d controllers and %d recipients are in the database.\n", len(o.Controllers), len(o.Recipients))
	return err
}

type keyCmd struct {
	Create createKeyCmd `cmd:"" help:"Make an access key; it is shown once."`
	List   listKeysCmd  `cmd:"" help:"List access keys."`
	Revoke revokeKeyCmd `cmd:"" help:"End an access key."`
}

type createKeyCmd struct {
	Role       string        `required:"" enum:"dpo,case_handler,auditor,operator,controller" help:"What the holder may do: ${enum}."`
	Controller string        `help:"Slug of the customer; for --role controller only."`
	Name       string        `required:"" help:"Of the person or system that will hold it."`
	Expires    time.Duration `help:"How long it is valid, like 8760h; without it, until it is revoked."`
}

// Run prints the secret to standard output and nothing else, so that it can be piped into a secret store.
func (cmd createKeyCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	spec := store.KeySpec{Role: models.Role(cmd.Role), Name: cmd.Name}
	if cmd.Controller != "" {
		controller, err := db.ControllerBySlug(ctx, cmd.Controller)
		if err != nil {
			return err
		}
		spec.ControllerID = controller.ID
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

type listKeysCmd struct{}

// Run lists keys without their secrets.
func (listKeysCmd) Run(ctx context.Context, c *cli, s *rulescli.Streams) (err error) {
	db, _, err := c.openStore(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	keys, err := db.Keys(ctx, models.ScopeOperator())
	if err != nil {
		return err
	}
	if len(keys) == 0 {
		_, err = fmt.Fprintln(s.Out, "There is no access key yet; make one with: habeas key create --role dpo --name NAME")
		return err
	}
	for _, k := range keys {
		fmt.Fprintf(s.Out, "%s  %-12s  %s\n", k.ID, k.Role, k.Name)
	}
	return nil
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

type keysCmd struct {
	Generate generateCmd `cmd:"" help:"Make a fresh master key and signing key, as environment variables."`
	Public   publicCmd   `cmd:"" help:"Write the public keys (JWKS) that verify receipts and the ledger."`
}

type generateCmd struct{}

// Run prints the two secrets; keep them outside the database and its backups.
func (generateCmd) Run(s *rulescli.Streams) error {
	v := vault.Generate()
	_, err := fmt.Fprintf(s.Out, "%sMASTER_KEY=%s\n%sSIGNING_KEY=%s\n", config.Prefix, v.Master, config.Prefix, v.Signing)
	return err
}

type publicCmd struct{}

// Run prints the JWK set.
func (publicCmd) Run(c *cli, s *rulescli.Streams) error {
	cfg, err := c.load(config.NeedKeys)
	if err != nil {
		return err
	}
	b, err := publicKeys(vault.Config{Master: cfg.MasterKey.Reveal(), Signing: cfg.SigningKey.Reveal()})
	if err == nil {
		_, err = s.Out.Write(append(b, '\n'))
	}
	return err
}
