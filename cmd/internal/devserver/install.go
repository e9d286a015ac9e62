package devserver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"habeas/cmd/internal/config"
	"habeas/models"
	"habeas/models/store"
	"habeas/models/store/vault"
)

// prepareDatabase writes the configuration, makes the tables, and enters controllers, recipients and access keys.
func (s *Server) prepareDatabase(ctx context.Context) (err error) {
	if s.Listener, err = listen(ctx, s.options.Listen); err != nil {
		return err
	}
	if err := s.configure(); err != nil {
		return err
	}
	if err := store.Migrate(ctx, s.Config.DatabaseURL.Reveal(), func(string) {}); err != nil {
		return err
	}
	v, err := vault.New(vault.Config{Master: s.Config.MasterKey.Reveal(), Signing: s.Config.SigningKey.Reveal()})
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, store.Config{DSN: s.Config.DatabaseURL.Reveal(), Vault: v, Now: s.Clock.Now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return s.enter(ctx, db)
}

// enter fills Habeas' own registers.
func (s *Server) enter(ctx context.Context, db *store.Store) error {
	var customer models.ID
	for _, c := range s.Company.Controllers() {
		put, err := db.PutController(ctx, c)
		if err != nil {
			return err
		}
		if !put.Operator {
			customer = put.ID
		}
	}
	for _, r := range s.Company.Recipients(s.Recipients.WebhookURL()) {
		_, err := db.PutRecipient(ctx, store.Recipient{
			Slug: r.Slug, Name: r.Name, Channel: store.RecipientChannel(r.Channel), Address: r.Address, Secret: models.Personal(r.Secret),
			Categories: r.Categories, Country: r.Country, Safeguard: r.Safeguard, Purpose: r.Purpose, ReminderAfter: r.ReminderAfter,
			Facts: r.Facts(),
		})
		if err != nil {
			return err
		}
	}
	err := s.invite(ctx, db, customer)
	if err != nil {
		return err
	}
	if s.DPOKey, _, err = db.CreateKey(ctx, store.KeySpec{Role: models.RoleDPO, Name: "Ada Brandt", Holder: s.Account(models.RoleDPO).ID}); err != nil {
		return err
	}
	s.Customer, _, err = db.CreateKey(ctx, store.KeySpec{Role: models.RoleController, ControllerID: customer, Name: "Brightline's privacy desk"})
	return err
}

// configure makes the configuration that production would read from its environment and files.
func (s *Server) configure() error {
	secrets := vault.Generate()
	c := config.Default()
	c.CallsPerMinute = 60_000 // what waits for something here asks for it again and again
	c.DatabaseURL = models.Personal(s.Postgres.DSN("habeas"))
	c.MasterKey, c.SigningKey = models.Personal(secrets.Master), models.Personal(secrets.Signing)
	c.Listen = s.Listener.Addr().String()
	c.BaseURL = "http://" + c.Listen
	c.OperatorName, c.DPOEmail = "Nordkai Freight GmbH", "dpo@nordkai.example"
	c.Temporal = config.Temporal{Address: s.Temporal.Address, Namespace: s.Temporal.Namespace}
	c.SMTP.Host, c.SMTP.Port, c.SMTP.TLS, c.SMTP.From = "127.0.0.1", s.Mailbox.Port(), "none", "privacy@nordkai.example"
	c.Policy.ApproveUndecided = true
	c.Policy.SweepEvery = time.Minute
	c.SignIn.SecondFactor = []string{"none"} // to be tried out with a password alone
	c.Policy.PrivateWebhooks = []string{s.Recipients.WebhookHost()}
	for name, body := range s.Company.DataMapFiles() {
		path, err := s.write(name, body)
		if err != nil {
			return err
		}
		c.DataMaps = append(c.DataMaps, path)
	}
	slices.Sort(c.DataMaps)
	if s.options.Configure != nil {
		s.options.Configure(&c)
	}
	var err error
	if c.Rules, err = s.write("rules.json", s.Company.RulesFile()); err != nil {
		return err
	}
	systems := map[string]map[string]string{}
	for _, system := range s.Company.Systems() {
		systems[system.Name] = map[string]string{"kind": system.Kind, "dsn": system.DSN}
	}
	body, err := yaml.Marshal(map[string]any{"systems": systems})
	if err != nil {
		return err
	}
	c.Systems, err = s.write("systems.yml", body)
	s.Config = c
	return err
}

func (s *Server) write(name string, body []byte) (string, error) {
	path := filepath.Join(s.files, name)
	return path, os.WriteFile(path, body, 0o600)
}

// Environment is the configuration as the environment of the production program.
func (s *Server) Environment() []string {
	c := s.Config
	env := map[string]string{
		"DATABASE_URL": c.DatabaseURL.Reveal(), "MASTER_KEY": c.MasterKey.Reveal(), "SIGNING_KEY": c.SigningKey.Reveal(),
		"BASE_URL": c.BaseURL, "LISTEN": c.Listen, "OPERATOR_NAME": c.OperatorName, "DPO_EMAIL": c.DPOEmail.Reveal(),
		"DATA_MAPS": strings.Join(c.DataMaps, ","), "SYSTEMS": c.Systems, "RULES": c.Rules, "TEMPORAL_ADDRESS": c.Temporal.Address,
		"TEMPORAL_NAMESPACE": c.Temporal.Namespace, "SMTP_HOST": c.SMTP.Host, "SMTP_PORT": fmt.Sprint(c.SMTP.Port), "SMTP_TLS": c.SMTP.TLS,
		"SMTP_FROM": c.SMTP.From, "SMTP_LOG": c.SMTP.Log, "SMTP_GRACE": c.SMTP.Grace.String(), "POLICY_APPROVE_UNDECIDED": fmt.Sprint(c.Policy.ApproveUndecided),
		"POSTS_PER_MINUTE": fmt.Sprint(c.PostsPerMinute), "CALLS_PER_MINUTE": fmt.Sprint(c.CallsPerMinute), "POLICY_DEFERRAL_SWEEP_EVERY": c.Policy.SweepEvery.String(), "POLICY_PRIVATE_WEBHOOK_HOSTS": strings.Join(c.Policy.PrivateWebhooks, ","),
	}
	out := os.Environ()
	for name, value := range env {
		out = append(out, config.Prefix+name+"="+value)
	}
	return out
}
