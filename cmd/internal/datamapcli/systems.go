package datamapcli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"

	"habeas/activities/connectors"
	"habeas/cmd/internal/config"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
	"habeas/models/datamap"
)

// usage is wrong usage, or something that a command needs and cannot get: exit status 2.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &rulescli.ExitError{Status: rulescli.Usage, Err: err}
}

func failed(err error) error {
	if err == nil {
		return nil
	}
	return &rulescli.ExitError{Status: rulescli.Failed, Err: err}
}

// openFile prepares the systems of a systems file; the names that are not configured are an error.
func openFile(registry connectors.Registry, path string, names ...string) (*connectors.Systems, error) {
	configured, err := config.LoadSystems(path, config.Environ())
	if err != nil {
		return nil, usage(err)
	}
	if len(names) == 0 {
		names = slices.Sorted(maps.Keys(configured))
	}
	var list []connectors.Config
	for _, name := range names {
		c, ok := configured[name]
		if !ok {
			return nil, usage(fmt.Errorf("the system %s is not in %s", name, path))
		}
		list = append(list, connectors.Config{Name: name, Kind: c.Kind, DSN: c.DSN, Settings: c.Settings, Secret: passingSecret()})
	}
	systems, err := connectors.NewSystems(registry, list...)
	return systems, usage(err)
}

// passingSecret keys what a masked value is made of, for as long as the command runs: what it masks on a copy nobody has to know again.
func passingSecret() []byte {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		panic(err) // crypto/rand never fails
	}
	return secret
}

// live compares a graph with the systems that it names. What cannot be compared is a problem, too.
func live(ctx context.Context, graph *datamap.Graph, systems *connectors.Systems) ([]datamap.Problem, error) {
	var problems []datamap.Problem
	for _, name := range graph.Systems() {
		found, err := checkOne(ctx, graph, systems, name)
		if err != nil && errors.Is(err, context.Canceled) {
			return nil, err
		}
		if err != nil {
			problems = append(problems, datamap.Problem{
				Severity: datamap.Fault, Code: models.CodeOf(err), Where: "system " + name, Message: sentence(err), Advice: "Make the system answer, and check again.",
			})
		}
		problems = append(problems, found...)
	}
	return problems, nil
}

func checkOne(ctx context.Context, graph *datamap.Graph, systems *connectors.Systems, name string) ([]datamap.Problem, error) {
	system, err := systems.System(ctx, name)
	if err != nil {
		return nil, err
	}
	checker, ok := system.(connectors.Checker)
	if !ok {
		return []datamap.Problem{{
			Severity: datamap.Warning, Code: connectors.CodeUnsupported, Where: "system " + name,
			Message: "This kind of system cannot be compared with the map.", Advice: "Look at its collections by hand.",
		}}, nil
	}
	return connectors.CheckAll(ctx, checker, graph.ToCheck(name))
}

// sentence is an error as a person may read it: the safe message where it has one.
func sentence(err error) string {
	return models.MessageOf(err, err.Error())
}
