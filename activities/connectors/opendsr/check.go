package opendsr

import (
	"context"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/opendsr"
)

// Check compares the settings and the map with what the processor says that it supports, and looks at its certificate.
func (s *System) Check(ctx context.Context, nodes []*datamap.Node) ([]datamap.Problem, error) {
	d, err := s.discover(ctx)
	if err != nil {
		return nil, err
	}
	k := &checker{system: s, discovery: d}
	for _, n := range nodes {
		k.identities(n)
	}
	if len(nodes) > 0 {
		k.types(nodes[0])
		if err := k.certificate(ctx, nodes[0]); err != nil {
			return nil, err
		}
	}
	datamap.SortProblems(k.Problems)
	return k.Problems, nil
}

type checker struct {
	system    *System
	discovery *opendsr.Discovery
	connectors.Problems
}

// identities looks at each identity by which the map says that the processor knows a person.
func (k *checker) identities(n *datamap.Node) {
	for _, id := range n.Identities {
		pos := n.Field(id.Field).Pos
		as, mapped := k.system.set.Identities[id.Kind]
		switch {
		case !mapped:
			k.At(pos, datamap.Fault, "identity_unmapped", n, id.Field, "The settings do not say as what the processor knows an identity of the kind "+id.Kind+".",
				"Add it under identities.")
		case !slices.ContainsFunc(k.discovery.Identities, func(i opendsr.Identity) bool { return i.Type == as.Type && i.Format == as.Format }):
			k.At(pos, datamap.Fault, "identity_unsupported", n, id.Field, "The processor does not take "+as.Type+" as "+string(as.Format)+".",
				"Use a type and format that its discovery names.")
		}
	}
}

func (k *checker) types(n *datamap.Node) {
	for _, typ := range []opendsr.Type{opendsr.Access, opendsr.Erasure, opendsr.Portability} {
		severity := datamap.Warning
		if typ == opendsr.Erasure {
			severity = datamap.Fault
		}
		if !slices.Contains(k.discovery.Types, typ) {
			k.At(n.Collection.Pos, severity, "right_unsupported", n, "", "The processor does not take requests for "+string(typ)+".", "A person must ask it by other means.")
		}
	}
}

func (k *checker) certificate(ctx context.Context, n *datamap.Node) error {
	if k.system.set.Unsigned {
		k.At(n.Collection.Pos, datamap.Warning, "unsigned", n, "", "Answers without a signature are believed.", "Ask the processor to sign its answers, and remove unsigned.")
		return nil
	}
	_, _, err := k.system.certificate(ctx, true)
	if models.CodeOf(err) == CodeUnproven {
		k.At(n.Collection.Pos, datamap.Fault, "bad_certificate", n, "", "The processor's certificate is not one that a trusted authority has issued to "+k.system.set.Domain+" for now.",
			"Correct domain or ca_file, or ask the processor for a valid certificate.")
		return nil
	}
	return err
}
