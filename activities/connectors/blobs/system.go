package blobs

import (
	"hash/fnv"
	"slices"
	"strings"
	"sync"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/mask"
)

// Settings is what a system of objects can be told beside its address.
type Settings struct {
	// Fields gives names of the map's own to what an object has: {photo: content, customer: metadata.customer-id}.
	Fields map[string]string `json:"fields"`
	// MaxContent is the most bytes that a row's content field holds, 16 MiB when it is left out. Larger contents are NULL there; the
	// copies that a person gets hold every content as a file in any case.
	MaxContent int64 `json:"max_content"`
}

const maxContent = 16 << 20

// System shows the objects of a store as rows. It has every capability of the contract but Delegate.
type System struct {
	Store
	settings Settings
	maker    mask.Maker
	locks    [64]sync.Mutex // by path: two batches of this process do not work on one object at once
}

var (
	_ connectors.Locator    = (*System)(nil)
	_ connectors.Exporter   = (*System)(nil)
	_ connectors.Eraser     = (*System)(nil)
	_ connectors.Rectifier  = (*System)(nil)
	_ connectors.Restrictor = (*System)(nil)
	_ connectors.Verifier   = (*System)(nil)
	_ connectors.Scanner    = (*System)(nil)
	_ connectors.Checker    = (*System)(nil)
	_ connectors.Inspector  = (*System)(nil)
	_ connectors.Attacher   = (*System)(nil)
)

// NewSystem shows store as rows. It fails with code bad_settings.
func NewSystem(store Store, cfg connectors.Config) (*System, error) {
	s := &System{Store: store, settings: Settings{MaxContent: maxContent}, maker: mask.NewMaker(cfg.Secret)}
	if err := cfg.ReadSettings(&s.settings); err != nil {
		return nil, err
	}
	for name, target := range s.settings.Fields {
		if _, ok := readPlace(target, nil, store.Traits()); !ok {
			return nil, models.Errorf(models.Invalid, "bad_settings", "The settings of the system %s say that the field %s is %q, which an object does not have.", cfg.Name, name, target)
		}
	}
	return s, nil
}

// lock keeps other batches of this process from the object.
func (s *System) lock(path string) (unlock func()) {
	h := fnv.New32a()
	_, _ = h.Write([]byte(path)) // never fails
	m := &s.locks[h.Sum32()%uint32(len(s.locks))]
	m.Lock()
	return m.Unlock
}

// place is where a field's value is.
type place struct {
	field string
	kind  string // one of the words below
	name  string // of the placeholder, metadata or tag
}

const (
	inPath     = "path"
	inSize     = "size"
	inModified = "modified"
	inType     = "content_type"
	inContent  = "content"
	inMetadata = "metadata"
	inTag      = "tag"
	inPart     = "" // a placeholder
)

// readPlace finds what a name means; false when an object has nothing of the sort.
func readPlace(name string, pattern *Pattern, traits Traits) (place, bool) {
	p := place{field: name, name: name}
	if pattern != nil && slices.Contains(pattern.Names(), name) {
		return p, true
	}
	before, after, dotted := strings.Cut(name, ".")
	p.kind, p.name = before, strings.ToLower(after)
	switch {
	case dotted && before == inMetadata:
		return p, traits.Metadata && after != ""
	case dotted && before == inTag:
		p.name = after
		return p, traits.Tags && after != ""
	case dotted:
		return p, false
	case before == inType:
		return p, traits.ContentType
	}
	return p, slices.Contains([]string{inPath, inSize, inModified, inContent}, before)
}

// layout is a collection as objects.
type layout struct {
	node    *datamap.Node
	pattern *Pattern
	system  *System
}

func (s *System) layout(node *datamap.Node) (*layout, error) {
	pattern, err := ParsePattern(node.Table)
	if err == nil && pattern.Fixed() {
		err = Mismatch("The pattern has no placeholder, so that nothing tells whose object it is.")
	}
	if err != nil {
		return nil, Mismatch("The collection %s names objects by the pattern %s. %s", node.Address, node.Table, models.MessageOf(err, "It failed."))
	}
	return &layout{node, pattern, s}, nil
}

// place is where a field of the collection is.
func (l *layout) place(field string) (place, error) {
	name := field
	if other, ok := l.system.settings.Fields[field]; ok {
		name = other
	}
	p, ok := readPlace(name, l.pattern, l.system.Traits())
	if !ok {
		return p, Mismatch("The field %s.%s is neither a placeholder of %s nor anything else that an object has.", l.node.Address, field, l.node.Table)
	}
	p.field = field
	return p, nil
}

func (l *layout) places(fields []string) ([]place, error) {
	list := make([]place, len(fields))
	for i, f := range fields {
		p, err := l.place(f)
		if err != nil {
			return nil, err
		}
		list[i] = p
	}
	return list, nil
}

// tags reports whether the collection has anything to do with tags, which cost a question of their own.
func (l *layout) tags() bool {
	fields := l.node.FieldNames()
	if r := l.node.Collection; r != nil && r.Restrict != nil {
		fields = append(fields, r.Restrict.Column)
	}
	return slices.ContainsFunc(fields, func(f string) bool {
		p, err := l.place(f)
		return err == nil && p.kind == inTag
	})
}
