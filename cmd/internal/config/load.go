package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
	"go.yaml.in/yaml/v3"

	"habeas/models"
)

// Prefix of every environment variable.
const Prefix = "HABEAS_"

// secrets may also be given as a file by the variable's name with _FILE behind it, as container platforms mount them.
var secrets = []string{"DATABASE_URL", "MASTER_KEY", "SIGNING_KEY", "TEMPORAL_API_KEY", "SMTP_PASSWORD", "SIGNIN_OIDC_CLIENT_SECRET"}

// Load reads the defaults, then the file (unless path is empty), then the environment. An unknown key in the file is an error.
func Load(path string, environ map[string]string) (Config, error) {
	c := Default()
	if path != "" {
		if err := loadFile(&c, path); err != nil {
			return Config{}, err
		}
	}
	environ, err := withSecretFiles(environ)
	if err != nil {
		return Config{}, err
	}
	opts := env.Options{Prefix: Prefix, Environment: environ, FuncMap: map[reflect.Type]env.ParserFunc{
		reflect.TypeFor[models.Personal](): func(v string) (any, error) { return models.Personal(v), nil },
	}}
	if err := env.ParseWithOptions(&c, opts); err != nil {
		return Config{}, fmt.Errorf("environment: %w", err)
	}
	return c, nil
}

func loadFile(c *Config, path string) error {
	b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("configuration file %s: %w", path, err)
	}
	return nil
}

// Environ is the process's environment as a map.
func Environ() map[string]string { return env.ToMap(os.Environ()) }

func withSecretFiles(environ map[string]string) (map[string]string, error) {
	out := make(map[string]string, len(environ))
	for k, v := range environ {
		out[k] = v
	}
	for _, name := range secrets {
		path := environ[Prefix+name+"_FILE"]
		if path == "" {
			continue
		}
		b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
		if err != nil {
			return nil, fmt.Errorf("%s%s_FILE: %w", Prefix, name, err)
		}
		out[Prefix+name] = strings.TrimSpace(string(b))
	}
	return out, nil
}
