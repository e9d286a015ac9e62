package redis

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	driver "github.com/redis/go-redis/v9"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// checkKeys is how many keys of a pattern a check looks at.
const checkKeys = 200

type checker struct {
	system *System
	connectors.Problems
}

// Check compares nodes with some of the keys that there are, and tries the account's rights on keys that do not exist.
func (s *System) Check(ctx context.Context, nodes []*datamap.Node) ([]datamap.Problem, error) {
	k := &checker{system: s}
	mode, role, err := s.server(ctx)
	if err != nil {
		return nil, s.wrap(ctx, err, "")
	}
	for i, n := range nodes {
		if i == 0 && mode == "cluster" {
			k.Fault("cluster", n, "", "The system "+s.name+" is a node of a cluster, which holds only a part of the keys.", "Make each of its sources a system, or have a person do it.")
			return k.Problems, nil
		}
		if i == 0 && (role == "replica" || role == "slave") {
			k.Warn(connectors.CodeReadOnly, n, "", "The system "+s.name+" is a copy; nothing in it can be erased.", "Use the address of its source.")
		}
		if err := k.check(ctx, n, mode, role); err != nil {
			return nil, s.wrap(ctx, err, n.Address.String())
		}
	}
	datamap.SortProblems(k.Problems)
	return k.Problems, nil
}

func (k *checker) check(ctx context.Context, n *datamap.Node, _, role string) error {
	c, err := k.system.collection(n)
	if err != nil {
		k.Fault("unknown_table", n, "", "The collection's table: is not a pattern of keys.", "Write habeas: {table: \"session:{session_id}\"}.")
		return nil
	}
	k.masks(c)
	k.lookups(c)
	if err := k.sample(ctx, c); err != nil {
		return err
	}
	if role == "master" {
		return k.rights(ctx, c)
	}
	return nil
}

func (k *checker) masks(c *collection) {
	if c.Erasure() == datamap.EraseMask {
		for _, m := range c.Masks() {
			if _, err := k.system.mask(c, m); err != nil {
				k.Fault("mask_impossible", c.Node, m.Field, models.MessageOf(err, "The mask is impossible."), "Use erase: delete for the collection, or erase: keep for the field.")
			}
		}
	}
	if !c.HasKey && c.Erasure() != datamap.EraseKeep {
		k.Warn("no_primary_key", c.Node, "", "Nothing keeps two keys from being equal in all described fields; they would be erased together.", "Mark key, or all placeholders, as primary_key.")
	}
}

// lookups warns of searches for which the names of the keys do not serve.
func (k *checker) lookups(c *collection) {
	folded := map[string]bool{}
	for _, id := range c.Identities {
		folded[id.Field] = id.Kind == datamap.IdentityEmail
	}
	for _, fields := range c.Lookups() {
		if _, direct := c.direct(c.columns(fields), nil); !direct || len(fields) == 1 && folded[fields[0]] {
			k.Warn("no_index", c.Node, fields[0], fmt.Sprintf("The name of no key follows from %v, so that a search by it reads every key of the pattern and passes over all others.", fields),
				"Keep a set of a person's keys, and describe it as a collection whose value refers to these.")
		}
	}
}

// sample looks at some keys: whether they can be read, and whether they have what the map describes.
func (k *checker) sample(ctx context.Context, c *collection) error {
	columns := c.columns(c.FieldNames())
	seen := map[string]bool{}
	n := 0
	err := k.system.names(ctx, c.pattern, func(keys []string) error {
		list, err := c.load(ctx, k.system.client, keys, wishFor(columns))
		if err != nil {
			return err
		}
		for _, r := range list {
			n++
			for _, col := range columns {
				seen[col.field] = seen[col.field] || !r.get(col).IsNull()
			}
		}
		if n >= checkKeys {
			return connectors.ErrStop
		}
		return nil
	})
	wrapped := k.system.wrap(ctx, err, "")
	switch {
	case err == connectors.ErrStop: //nolint:errorlint // returned just above
	case models.CodeOf(wrapped) == connectors.CodeRefused && err != nil:
		k.Fault("no_right", c.Node, "", "The account of the system "+k.system.name+" has no right to read keys of the pattern.", "Give it ~pattern and +@read +@connection +scan +watch.")
		return nil
	case models.CodeOf(wrapped) == connectors.CodeMismatch && err != nil:
		k.Fault("type_mismatch", c.Node, "", models.MessageOf(wrapped, "The mask is impossible."), "Correct the pattern, the fields, or the system's settings: {types: …}.")
		return nil
	case err != nil:
		return err
	}
	for _, col := range columns {
		if n > 0 && !seen[col.field] && col.inside() {
			k.Warn("unknown_column", c.Node, col.field, fmt.Sprintf("None of %d keys that were looked at has the field.", n), "Correct the field's name, if it is wrong.")
		}
	}
	return nil
}

// rights tries each command that the collection's erasure needs on a key of the pattern that does not exist, which changes nothing.
func (k *checker) rights(ctx context.Context, c *collection) error {
	if c.Erasure() == datamap.EraseKeep && c.Collection.Restrict == nil {
		return nil
	}
	values := make([]string, len(c.pattern.names))
	for i := range values {
		values[i] = "habeas-check-" + rand.Text()
	}
	key, ok := c.pattern.key(values)
	if !ok || len(values) == 0 {
		return nil
	}
	var tried []func(driver.Pipeliner)
	if c.Erasure() == datamap.EraseDelete {
		tried = append(tried, func(p driver.Pipeliner) { p.Unlink(ctx, key) })
	} else {
		tried = append(tried, func(p driver.Pipeliner) { p.HDel(ctx, key, "none") }, func(p driver.Pipeliner) { p.SetXX(ctx, key, "", driver.KeepTTL) },
			func(p driver.Pipeliner) { p.SRem(ctx, key, "none") })
	}
	err := k.system.client.Watch(ctx, func(tx *driver.Tx) error {
		return transact(ctx, tx, func(p driver.Pipeliner) error {
			for _, try := range tried {
				try(p)
			}
			return nil
		})
	}, key)
	if err == driver.Nil { //nolint:errorlint // what SET XX answers without a key
		err = nil
	}
	if wrapped := k.system.wrap(ctx, err, ""); slices.Contains([]string{connectors.CodeRefused}, models.CodeOf(wrapped)) && err != nil {
		k.Fault("no_right", c.Node, "", "The account of the system "+k.system.name+" has no right to change keys of the pattern.", "Give it ~pattern and +@write +@transaction.")
		return nil
	}
	return err
}
