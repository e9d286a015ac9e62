package main

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/tools/common/schema"
	"go.temporal.io/server/tools/sql"
)

const (
	mainStore       = "main"
	visibilityStore = "visibility"
	// connections per service and store; four services with two stores stay below a server's usual limit of 100.
	connections = 10
)

// openStore says where the server keeps its state, and brings PostgreSQL databases to the schema that the server wants.
func openStore(options options, logger log.Logger) (config.Persistence, error) {
	if options.store == "sqlite" {
		memory := &config.SQL{
			PluginName:        sqlite.PluginName,
			DatabaseName:      "temporal",
			ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
		}
		return persistence(1, memory, memory), nil // SQLite has one writer, so that more shards gain nothing
	}
	target, err := fromURL(options.dsn)
	if err != nil {
		return config.Persistence{}, err
	}
	visibility := *target
	visibility.DatabaseName += "_visibility"
	for database, wanted := range map[*config.SQL]string{target: "postgresql/v12/temporal", &visibility: "postgresql/v12/visibility"} {
		if err := prepare(database, wanted, logger); err != nil {
			return config.Persistence{}, fmt.Errorf("database %s: %w", database.DatabaseName, err)
		}
	}
	return persistence(options.shards, target, &visibility), nil
}

func persistence(shards int, target, visibility *config.SQL) config.Persistence {
	return config.Persistence{
		DefaultStore:     mainStore,
		VisibilityStore:  visibilityStore,
		NumHistoryShards: int32(shards),
		DataStores:       map[string]config.DataStore{mainStore: {SQL: target}, visibilityStore: {SQL: visibility}},
	}
}

// fromURL reads postgres://user:password@host:port/database?sslmode=disable. Its errors never show the password.
func fromURL(dsn string) (*config.SQL, error) {
	parsed, err := url.Parse(dsn)
	if err != nil {
		return nil, errors.New("-dsn is not a URL")
	}
	if parsed.Scheme != "postgres" && parsed.Scheme != "postgresql" {
		return nil, errors.New("-dsn must start with postgres://")
	}
	database := strings.TrimPrefix(parsed.Path, "/")
	if database == "" || parsed.Host == "" || parsed.User.Username() == "" {
		return nil, errors.New("-dsn must name a user, a host and a database")
	}
	address := parsed.Host
	if parsed.Port() == "" {
		address += ":5432"
	}
	password, _ := parsed.User.Password()
	attributes := make(map[string]string)
	for name, values := range parsed.Query() {
		attributes[name] = values[len(values)-1]
	}
	return &config.SQL{
		PluginName:        postgresql.PluginNamePGX,
		User:              parsed.User.Username(),
		Password:          password,
		ConnectAddr:       address,
		ConnectProtocol:   "tcp",
		DatabaseName:      database,
		ConnectAttributes: attributes,
		MaxConns:          connections,
		MaxIdleConns:      connections,
		MaxConnLifetime:   time.Hour,
	}, nil
}

// prepare makes the database if there is none and applies what its schema lacks; on a database that is up to date it
// changes nothing.
func prepare(database *config.SQL, wanted string, logger log.Logger) error {
	if err := create(database, logger); err != nil {
		return err
	}
	connection, err := sql.NewConnection(database, logger)
	if err != nil {
		return err
	}
	defer connection.Close()
	if _, err := connection.ReadSchemaVersion(); err != nil {
		setup := schema.NewSetupSchemaTask(connection, &schema.SetupConfig{InitialVersion: "0.0"}, logger)
		if err := setup.Run(); err != nil {
			return fmt.Errorf("schema tables: %w", err)
		}
	}
	update := schema.NewUpdateSchemaTask(connection, &schema.UpdateConfig{DBName: database.DatabaseName, SchemaName: wanted}, logger)
	if err := update.Run(); err != nil {
		return fmt.Errorf("schema %s: %w", wanted, err)
	}
	return nil
}

func create(database *config.SQL, logger log.Logger) error {
	maintenance := *database
	maintenance.DatabaseName = "postgres"
	maintenance.ConnectAttributes = maps.Clone(database.ConnectAttributes)
	connection, err := sql.NewConnection(&maintenance, logger)
	if err != nil {
		return err
	}
	defer connection.Close()
	if err := connection.CreateDatabase(database.DatabaseName); err != nil && !strings.Contains(err.Error(), "already exists") {
		return err
	}
	return nil
}
