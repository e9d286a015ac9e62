package rehearse

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// picture is all rows of one table at one time: of the person's own rows a digest each, of all others sums of digests, whose size does
// not depend on how many there are.
type picture struct {
	table  connectors.Table
	system string
	own    map[id]digest // the person's rows that may change
	others [buckets]sum  // by a row's key, so that a row that changed changes one of them
	rows   int64         // of others
}

type (
	id     [32]byte
	digest [32]byte
	sum    [4]uint64
)

const buckets = 1024

// subjects are the collections of one table, with the keys of those of the person's rows that may change.
type subjects struct {
	nodes []*datamap.Node
	keys  map[id]bool
}

// takePicture reads a table from its first row to its last.
func takePicture(ctx context.Context, reader connectors.Reader, system string, t connectors.Table, who subjects, see func(row datamap.Row, own bool)) (*picture, error) {
	p := &picture{table: t, system: system, own: map[id]digest{}}
	h := sha256.New()
	err := reader.Read(ctx, t, func(row datamap.Row) error {
		d := rowDigest(h, row)
		mine, own := who.find(row)
		if own {
			p.own[mine] = d
		} else {
			p.others[p.bucket(h, row, d)].add(d)
			p.rows++
		}
		see(row, own)
		return nil
	})
	return p, err
}

// find is the row's place among the person's rows that may change.
func (s subjects) find(row datamap.Row) (id, bool) {
	for _, n := range s.nodes {
		if key := id(row.Pick(n.Key).Digest(nil, n.Address)); s.keys[key] {
			return key, true
		}
	}
	return id{}, false
}

func (p *picture) bucket(h hash.Hash, row datamap.Row, d digest) int {
	if len(p.table.Key) > 0 {
		d = rowDigest(h, datamap.Row{Columns: p.table.Key, Values: row.Pick(p.table.Key)})
	}
	return int(binary.BigEndian.Uint16(d[:])) % buckets
}

// rowDigest tells rows apart by every column's kind and text.
func rowDigest(h hash.Hash, row datamap.Row) digest {
	h.Reset()
	var n [8]byte
	write := func(s string) {
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	for _, v := range row.Values {
		write(string(v.Kind()))
		write(v.Text())
	}
	return digest(h.Sum(nil))
}

func (s *sum) add(d digest) {
	for i := range s {
		s[i] += binary.BigEndian.Uint64(d[8*i:])
	}
}

// changed is at least how many rows that may not change are not as they were.
func (p *picture) changed(after *picture) int64 {
	n := int64(0)
	for i := range p.others {
		if p.others[i] != after.others[i] {
			n++
		}
	}
	return max(n, after.rows-p.rows, p.rows-after.rows)
}

// tables are the systems' tables that can be read.
type tables struct {
	list   []liveTable
	skip   []string // systems that cannot be read whole
	reader map[string]connectors.Reader
}

type liveTable struct {
	connectors.Table
	system string
}

// place tells tables of several systems apart.
func (t liveTable) place() string { return t.system + "\x00" + t.Name }

func (r *Rehearsal) tables(ctx context.Context) (tables, error) {
	out := tables{reader: map[string]connectors.Reader{}}
	for _, name := range r.Graph.Systems() {
		system, err := r.Open(ctx, name)
		if err != nil {
			return out, err
		}
		inspector, inspects := system.(connectors.Inspector)
		reader, reads := system.(connectors.Reader)
		if !inspects || !reads {
			out.skip = append(out.skip, name)
			continue
		}
		out.reader[name] = reader
		err = inspector.Inspect(ctx, 0, func(t connectors.Table) error {
			if !t.View {
				out.list = append(out.list, liveTable{t, name})
			}
			return nil
		})
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// subjectsOf are the collections of a table and the person's rows in it that the plan changes.
func (r *Rehearsal) subjectsOf(all []liveTable, t liveTable) subjects {
	s := subjects{keys: map[id]bool{}}
	var names []connectors.Table
	for _, o := range all {
		if o.system == t.system {
			names = append(names, o.Table)
		}
	}
	for _, n := range r.Graph.Nodes {
		found := connectors.Find(names, n.Table)
		if n.System != t.system || found == nil || found.Name != t.Name {
			continue
		}
		s.nodes = append(s.nodes, n)
		for _, row := range r.rows[n] {
			if r.mayChange(n, row.group) {
				s.keys[id(row.key.Digest(nil, n.Address))] = true
			}
		}
	}
	return s
}

// mayChange reports whether the plan lets rows of a group go or change.
func (r *Rehearsal) mayChange(n *datamap.Node, group int) bool {
	switch g := r.groups[group]; g.Treatment() {
	case models.TreatErase, models.TreatMask:
		return true
	default:
		return len(unheld(n, g)) > 0
	}
}
