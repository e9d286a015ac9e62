package config

import (
	"bytes"
	"fmt"
	"os"

	"go.yaml.in/yaml/v3"
)

// DRP is who takes part in the Data Rights Protocol: the agents that are trusted, and the businesses that they may send requests to.
type DRP struct {
	Agents     []DRPAgent    `yaml:"agents"`
	Businesses []DRPBusiness `yaml:"businesses"`
}

// DRPAgent is an authorised agent, as the network's directory has it.
type DRPAgent struct {
	ID        string `yaml:"id"`
	VerifyKey string `yaml:"verify_key"` // Ed25519, 32 bytes in base64
	Vouches   bool   `yaml:"vouches"`    // its email_verified counts: the person is not asked to confirm by mail
}

// DRPBusiness is a business, as the network's directory has it.
type DRPBusiness struct {
	ID         string   `yaml:"id"`
	Controller string   `yaml:"controller"` // slug
	Regimes    []string `yaml:"regimes"`    // under which requests are taken, beside those that name none; ccpa and gdpr when left out
}

// LoadDRP reads the file; an unknown key is an error.
func LoadDRP(path string) (DRP, error) {
	b, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return DRP{}, fmt.Errorf("drp: %w", err)
	}
	var d DRP
	dec := yaml.NewDecoder(bytes.NewReader(b))
	dec.KnownFields(true)
	if err := dec.Decode(&d); err != nil {
		return DRP{}, fmt.Errorf("drp %s: %w", path, err)
	}
	return d, nil
}
