package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"habeas/activities"
	"habeas/activities/concerned"
	"habeas/activities/connectors"
	"habeas/activities/connectors/drops"
	"habeas/activities/connectors/ldap"
	"habeas/activities/connectors/localfiles"
	"habeas/activities/connectors/manual"
	"habeas/activities/connectors/mysql"
	"habeas/activities/connectors/opendsr"
	"habeas/activities/connectors/postgres"
	"habeas/activities/connectors/redis"
	"habeas/activities/connectors/rest"
	"habeas/activities/connectors/s3"
	"habeas/activities/connectors/sqlite"
	"habeas/cmd/internal/config"
	"habeas/cmd/internal/datamapcli"
	"habeas/models"
	"habeas/models/breach/persons"
	"habeas/models/datamap"
	"habeas/models/datamap/file"
	"habeas/models/store"
)

// registry lists the kinds of system that Habeas can reach.
var registry = connectors.Registry{
	drops.Kind:        drops.Open,
	ldap.Kind:         ldap.Open,
	localfiles.Kind:   localfiles.Open,
	manual.Kind:       manual.Open,
	mysql.Kind:        mysql.Open,
	mysql.KindMariaDB: mysql.Open,
	opendsr.Kind:      opendsr.Open,
	postgres.Kind:     postgres.Open,
	redis.Kind:        redis.Open,
	rest.Kind:         rest.Open,
	s3.Kind:           s3.Open,
	sqlite.Kind:       sqlite.Open,
}

// loadMaps reads, checks and compiles the data maps; a faulty one is refused with every fault named.
func (a *App) loadMaps(context.Context) error {
	datasets, problems, err := file.Load(a.Config.DataMaps...)
	if err != nil {
		return err
	}
	problems = append(problems, datamap.Check(datasets, datamapcli.Rules(a.rules))...)
	if err := refuse(problems); err != nil {
		return err
	}
	a.mapID = datamap.Digest(datasets)
	a.Graph, err = datamap.Compile(datasets)
	return err
}

// refuse turns faults into one error with a line for each.
func refuse(problems []datamap.Problem) error {
	if !datamap.Refused(problems) {
		return nil
	}
	lines := []string{"The data maps are refused:"}
	for _, p := range problems {
		if p.Severity == datamap.Fault {
			lines = append(lines, p.String())
		}
	}
	return models.Errorf(models.Invalid, "data_map_refused", "%s", strings.Join(lines, "\n"))
}

// openSystems opens every system that the data maps name and that this process can reach; the others have a queue that another worker serves.
func (a *App) openSystems(ctx context.Context) error {
	configured, err := config.LoadSystems(a.Config.Systems, config.Environ())
	if err != nil {
		return err
	}
	var configs []connectors.Config
	for name, c := range configured {
		configs = append(configs, connectors.Config{
			Name: name, Kind: c.Kind, DSN: c.DSN, Settings: c.Settings, Secret: a.Vault.Own().Digest("connector hashes", nil),
			Callback: a.callback(),
		})
	}
	if a.connections, err = connectors.NewSystems(registry, configs...); err != nil {
		return err
	}
	a.queues, a.publicNames = map[string]activities.Queue{}, map[string]string{}
	for name, c := range configured {
		if c.PublicName != "" && slices.Contains(a.Graph.Systems(), name) {
			a.publicNames[name] = c.PublicName
		}
		if c.Queue != "" && slices.Contains(a.Graph.Systems(), name) {
			a.queues[name] = activities.Queue(c.Queue)
		}
	}
	here, err := a.reached(configured)
	if err != nil {
		return err
	}
	here = append(here, a.processors(configured)...)
	a.systems, err = a.connections.All(ctx, here...)
	return err
}

// reached are the systems of the data maps that this process opens. One that is not configured is among them, and is refused by name.
func (a *App) reached(configured map[string]config.System) ([]string, error) {
	var out []string
	for _, name := range a.Graph.Systems() {
		c, known := configured[name]
		chosen := slices.Contains(a.only, name)
		switch {
		case len(a.only) == 0 && (!known || c.Here()), chosen && !known:
			out = append(out, name)
		case chosen && (c.Queue == "" || !c.Here()):
			return nil, models.Errorf(models.Invalid, "not_served", "The system %s needs an address and a queue in %s for a worker of its own.", name, a.Config.Systems)
		case chosen:
			out = append(out, name)
		}
	}
	for _, name := range a.only {
		if !slices.Contains(out, name) {
			return nil, models.Errorf(models.Invalid, "unknown_system", "No data map names the system %s.", name)
		}
	}
	return out, nil
}

// processors are the OpenDSR processors that are told of erasures as recipients and are in no data map. The main worker reaches them.
func (a *App) processors(configured map[string]config.System) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(configured)) {
		if c := configured[name]; c.Kind == opendsr.Kind && c.Here() && len(a.only) == 0 && !slices.Contains(a.Graph.Systems(), name) {
			out = append(out, name)
		}
	}
	return out
}

// CheckSystems compares the data maps with the live systems: an unknown table or column, a missing right and the like are refused by name. A
// system that does not answer is passed over; its work is retried until it does. So is a recipient's, whatever is wrong with it: it holds up its notices
// and nothing else.
func (a *App) CheckSystems(ctx context.Context) error {
	var problems []datamap.Problem
	for name, s := range a.systems {
		checker, err := connectors.As[connectors.Checker](s, "be checked")
		if err != nil {
			continue // people work there
		}
		found, err := connectors.CheckAll(ctx, checker, a.Graph.ToCheck(name))
		code := models.CodeOf(err)
		if err == nil {
			code = ""
		} else if models.KindOf(err) != models.Unavailable && slices.Contains(a.Graph.Systems(), name) {
			return fmt.Errorf("system %s: %w", name, err)
		} else {
			a.log.WarnContext(ctx, "A system does not answer", "system", name, "code", code)
		}
		problems = append(problems, found...)
		if err := a.Store.NoteSystem(ctx, name, code); err != nil {
			return err
		}
	}
	for _, p := range problems {
		if p.Severity == datamap.Warning {
			a.log.WarnContext(ctx, "Data map", "where", p.Where, "code", p.Code)
		}
	}
	if err := a.checkProcessors(ctx); err != nil {
		return err
	}
	return refuse(problems)
}

// checkProcessors warns of recipients that are to be told by OpenDSR and whose system is not configured: their notices wait until it is.
func (a *App) checkProcessors(ctx context.Context) error {
	recipients, err := a.Store.Recipients(ctx)
	for _, r := range recipients {
		if _, here := a.systems[r.Address.Reveal()]; r.Channel == store.ChannelOpenDSR && !here {
			a.log.WarnContext(ctx, "A recipient's system is not configured", "recipient", r.ID.String())
		}
	}
	return err
}

// Concerned finds the persons of the data map whom a breach concerns; see concerned.Find.
func (a *App) Concerned(ctx context.Context, q concerned.Query, yield func(persons.Person) error) (concerned.Counts, error) {
	return concerned.Find(ctx, a.Graph, a.systems, q, yield)
}

// temporalTLS is nil when the connection is plain.
func temporalTLS(c config.Temporal) (*tls.Config, error) {
	if !c.TLS && c.CAFile == "" && c.CertFile == "" && c.APIKey == "" {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, err
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, models.Errorf(models.Invalid, "bad_ca_file", "The file of certificate authorities for Temporal holds no certificate.")
		}
	}
	if c.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, err
		}
		out.Certificates = []tls.Certificate{pair}
	}
	return out, nil
}
