package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"habeas/cmd/internal/config"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/brand"
	"habeas/models/ledger"
	"habeas/models/request"
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
	first, err := withoutCustomers(ctx, db)
	if err != nil {
		return err
	}
	looks, err := looksOf(o, filepath.Dir(cmd.File))
	if err != nil {
		return err
	}
	for _, controller := range o.Controllers {
		if err := putController(ctx, db, controller, looks[controller.Slug]); err != nil {
			return fmt.Errorf("controller %s: %w", controller.Slug, err)
		}
	}
	for _, recipient := range o.Recipients {
		known, err := db.RecipientBySlug(ctx, recipient.Slug)
		if err != nil && models.CodeOf(err) != "not_found" {
			return err
		}
		if err := keepRecipient(ctx, db, recipient.Domain(known), first || recipient.Initial); err != nil {
			return fmt.Errorf("recipient %s: %w", recipient.Slug, err)
		}
	}
	_, err = fmt.Fprintf(s.Out, "%d controllers and %d recipients are in the database.\n", len(o.Controllers), len(o.Recipients))
	return err
}

// withoutCustomers reports whether an installation has no customer yet: whoever comes gets the list of subprocessors with its contract.
func withoutCustomers(ctx context.Context, db *store.Store) (bool, error) {
	all, err := db.Controllers(ctx, models.ScopeOperator())
	return !slices.ContainsFunc(all, func(c request.Controller) bool { return !c.Operator }), err
}

// looksOf are the looks that a file names, by controller. One that is refused is refused before anything is written.
func looksOf(o config.Organisation, dir string) (map[string]*brand.Brand, error) {
	out := map[string]*brand.Brand{}
	for _, c := range o.Controllers {
		if c.Brand == nil {
			continue
		}
		look, err := c.Brand.Domain(dir)
		if err == nil {
			err = look.Check()
		}
		if err == nil && len(look.Logo) > 0 {
			look.Logo, err = brand.Clean(look.Logo)
		}
		if err != nil {
			return nil, fmt.Errorf("controller %s: %w", c.Slug, err)
		}
		out[c.Slug] = &look
	}
	return out, nil
}

func putController(ctx context.Context, db *store.Store, c config.Controller, look *brand.Brand) error {
	made, err := db.PutController(ctx, c.Domain())
	if err != nil || look == nil {
		return err
	}
	return db.PutBrand(ctx, made.ID, *look)
}

// keepRecipient writes a recipient; a subprocessor that customers' data goes to comes in at the beginning only, and else by an announced change.
func keepRecipient(ctx context.Context, db *store.Store, r store.Recipient, first bool) error {
	if first {
		_, err := db.PutRecipient(ctx, r)
		return err
	}
	_, err := db.SaveRecipient(ctx, r, 0, models.System())
	return err
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
