package rehearse

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"hash/fnv"
	"slices"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// picture is all rows of one table at one time: of the person's own rows a digest each, of all others sums of digests, whose size does
// not depend on how many there are.
type picture struct {
	table  connectors.Table
	system string
	own    map[string]digest // the person's rows that may change, by collection and key
	others [buckets]sum      // by a row's key, so that a row that changed changes one of them
	rows   int64             // of others
}

type (
	digest [sha256.Size]byte
	sum    [4]uint64
)

const buckets = 1024

// subjects are the columns by which each collection of one table knows its rows, with the keys of those of the person's rows that may
// change.
type subjects struct {
	columns [][]string
	keys    map[string]bool
}

// takePicture reads a table from its first row to its last.
func takePicture(ctx context.Context, reader connectors.Reader, system string, t connectors.Table, who subjects, see func(row datamap.Row, own bool)) (*picture, error) {
	p := &picture{table: t, system: system, own: map[string]digest{}}
	d := &digester{hash: sha256.New()}
	err := reader.Read(ctx, t, func(row datamap.Row) error {
		sum := d.row(row)
		mine, own := who.find(d, row)
		if own {
			p.own[mine] = sum
		} else {
			p.others[p.bucket(d, row, sum)].add(sum)
			p.rows++
		}
		see(row, own)
		return nil
	})
	return p, err
}

// find is the row's place among the person's rows that may change.
func (s subjects) find(d *digester, row datamap.Row) (string, bool) {
	for i, columns := range s.columns {
		if key := d.key(i, row, columns); s.keys[string(key)] {
			return string(key), true
		}
	}
	return "", false
}

// bucket is that of the row's key, of the whole row where the table has none.
func (p *picture) bucket(d *digester, row datamap.Row, sum digest) int {
	if len(p.table.Key) == 0 {
		return int(binary.BigEndian.Uint16(sum[:])) % buckets
	}
	h := fnv.New32a()
	h.Write(d.key(0, row, p.table.Key))
	return int(h.Sum32() % buckets)
}

// digester reuses its memory from row to row.
type digester struct {
	hash   hash.Hash
	buffer []byte
}

// row tells rows apart by every column's kind and text.
func (d *digester) row(row datamap.Row) digest {
	d.buffer = d.buffer[:0]
	for _, v := range row.Values {
		d.buffer = binary.AppendUvarint(append(append(d.buffer, v.Kind()...), 0), uint64(len(v.Text())))
		d.buffer = append(d.buffer, v.Text()...)
	}
	d.hash.Reset()
	d.hash.Write(d.buffer)
	var out digest
	d.hash.Sum(out[:0])
	return out
}

// key is the values of some columns as one text, valid until the next call. Kinds do not enter, since two ways to read a column may
// give it different ones.
func (d *digester) key(collection int, row datamap.Row, columns []string) []byte {
	d.buffer = binary.AppendUvarint(d.buffer[:0], uint64(collection))
	for _, c := range columns {
		v, _ := row.Get(c)
		d.buffer = appendKey(d.buffer, v)
	}
	return d.buffer
}

func appendKey(b []byte, v datamap.Value) []byte {
	if v.IsNull() {
		return append(b, 0)
	}
	return append(binary.AppendUvarint(append(b, 1), uint64(len(v.Text()))), v.Text()...)
}

// keyText is a located row's key as digester.key writes it.
func keyText(collection int, key datamap.Key) string {
	b := binary.AppendUvarint(nil, uint64(collection))
	for _, v := range key {
		b = appendKey(b, v)
	}
	return string(b)
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
		var found []connectors.Table
		err = inspector.Inspect(ctx, 0, func(t connectors.Table) error {
			if !t.View {
				found = append(found, t)
				out.list = append(out.list, liveTable{t, name})
			}
			return nil
		})
		if err != nil {
			return out, err
		}
		if r.elsewhere(name, found) {
			out.skip = append(out.skip, name)
		}
	}
	return out, nil
}

// elsewhere reports whether a collection of the system is in none of the tables, as when it is in another database of the same server.
func (r *Rehearsal) elsewhere(system string, tables []connectors.Table) bool {
	return slices.ContainsFunc(r.Graph.Nodes, func(n *datamap.Node) bool {
		return n.System == system && connectors.Find(tables, n.Table) == nil
	})
}

// subjectsOf are the collections of a table and the person's rows in it that the plan changes.
func (r *Rehearsal) subjectsOf(all []liveTable, t liveTable) subjects {
	s := subjects{keys: map[string]bool{}}
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
		s.columns = append(s.columns, columnsOf(t.Table, n.Key))
		for _, row := range r.rows[n] {
			if r.mayChange(n, row.group) {
				s.keys[keyText(len(s.columns)-1, row.key)] = true
			}
		}
	}
	return s
}

// columnsOf are the table's own names of what the map may write in other letters.
func columnsOf(t connectors.Table, mapped []string) []string {
	names := slices.Clone(mapped)
	for i, name := range names {
		if c := t.Column(name); c != nil {
			names[i] = c.Name
		}
	}
	return names
}

// mayChange reports whether the plan lets rows of a group go or change.
func (r *Rehearsal) mayChange(n *datamap.Node, group int) bool {
	switch g := r.groups[group]; g.Treatment() {
	case models.TreatErase, models.TreatMask:
		return true
	default:
		return len(unheld(n.Masks(), g)) > 0
	}
}
