package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"habeas/activities/connectors/manual"
	"habeas/models"
)

// System says how to reach one system that the data maps name. Exactly one of DSN, DSNEnv and DSNFile is given; none for a kind that connects
// to nothing, and for a system that another worker serves.
type System struct {
	Kind    string          `yaml:"kind"` // as the registry of connectors names it, e.g. postgres
	DSN     models.Personal `yaml:"dsn"`
	DSNEnv  string          `yaml:"dsn_env"`
	DSNFile string          `yaml:"dsn_file"`
	// Queue names the task queue of a system that a worker of its own serves; empty: the main worker serves it.
	Queue string `yaml:"queue"`
	// PublicName is under which name the public page says whether the system works; without one it is counted among the others there.
	PublicName string `yaml:"public_name"`
	// Settings is what else the kind wants to know, e.g. how a REST API pages; kept as JSON.
	Settings Settings `yaml:"settings"`
}

// Settings is a mapping of YAML as JSON, nil for none.
type Settings []byte

// UnmarshalYAML turns a mapping into JSON.
func (s *Settings) UnmarshalYAML(n *yaml.Node) error {
	var v map[string]any
	if err := n.Decode(&v); err != nil {
		return err
	}
	b, err := json.Marshal(v)
	*s = b
	return err
}

// withoutAddress are the kinds that connect to nothing.
var withoutAddress = []string{manual.Kind}

// maxPublicName bounds what the public page shows of a system.
const maxPublicName = 100

// queueName is what a queue may be called: the name enters Temporal.
var queueName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// Here reports whether this process can reach the system: it has an address, or needs none.
func (s System) Here() bool { return s.DSN != "" || slices.Contains(withoutAddress, s.Kind) }

// LoadSystems reads the file of systems: a map from name to System under the key systems.
func LoadSystems(path string, environ map[string]string) (map[string]System, error) {
	b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("systems: %w", err)
	}
	var file struct {
		Systems map[string]System `yaml:"systems"`
	}
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&file); err != nil {
		return nil, fmt.Errorf("systems %s: %w", path, err)
	}
	for name, s := range file.Systems {
		if s, err = s.resolve(environ); err != nil {
			return nil, fmt.Errorf("system %s: %w", name, err)
		}
		file.Systems[name] = s
	}
	return file.Systems, nil
}

func (s System) resolve(environ map[string]string) (System, error) {
	given := 0
	for _, v := range []string{s.DSN.Reveal(), s.DSNEnv, s.DSNFile} {
		if v != "" {
			given++
		}
	}
	if s.Queue != "" && !queueName.MatchString(s.Queue) {
		return s, models.Errorf(models.Invalid, "bad_queue", "A queue's name has at most 40 small letters, digits and hyphens, and begins with a letter.")
	}
	if len(s.PublicName) > maxPublicName || strings.ContainsAny(s.PublicName, "\r\n") {
		return s, models.Errorf(models.Invalid, "bad_system", "A public name is one line of at most 100 characters.")
	}
	if given > 1 || given == 0 && s.Queue == "" && !slices.Contains(withoutAddress, s.Kind) {
		return s, models.Errorf(models.Invalid, "bad_system", "Give exactly one of dsn, dsn_env and dsn_file.")
	}
	if s.DSNFile != "" {
		b, err := os.ReadFile(s.DSNFile)
		if err != nil {
			return s, err
		}
		s.DSN = models.Personal(bytes.TrimSpace(b))
	}
	if s.DSNEnv != "" {
		s.DSN = models.Personal(environ[s.DSNEnv])
		if s.DSN == "" {
			return s, models.Errorf(models.Invalid, "bad_system", "The environment variable %s is empty.", s.DSNEnv)
		}
	}
	return s, nil
}
