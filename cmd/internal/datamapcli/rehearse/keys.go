package rehearse

import (
	"crypto/sha256"
	"strings"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// foreignKeys finds rows whose reference leads to nothing after the erasure. It remembers only what led to the person's own rows.
type foreignKeys struct {
	list     []*foreignKey
	children map[string][]*foreignKey // by system and table
	parents  map[string][]*foreignKey
}

type foreignKey struct {
	connectors.ForeignKey
	child     string
	was       map[digest]bool // what the person's rows were referred to by
	is        map[digest]bool // and still are
	referring map[digest]int  // rows that refer to one of these afterwards
}

func newForeignKeys(all []liveTable) *foreignKeys {
	f := &foreignKeys{children: map[string][]*foreignKey{}, parents: map[string][]*foreignKey{}}
	for _, child := range all {
		for _, k := range child.References {
			for _, parent := range all {
				if parent.system == child.system && parent.Name == k.Table {
					one := &foreignKey{k, child.Name, map[digest]bool{}, map[digest]bool{}, map[digest]int{}}
					f.list = append(f.list, one)
					f.children[child.place()] = append(f.children[child.place()], one)
					f.parents[parent.place()] = append(f.parents[parent.place()], one)
				}
			}
		}
	}
	return f
}

func (f *foreignKeys) before(t liveTable, row datamap.Row, own bool) {
	if !own {
		return
	}
	for _, k := range f.parents[t.place()] {
		k.was[valuesOf(row, k.Into)] = true
	}
}

func (f *foreignKeys) after(t liveTable, row datamap.Row, own bool) {
	if own {
		for _, k := range f.parents[t.place()] {
			k.is[valuesOf(row, k.Into)] = true
		}
	}
	for _, k := range f.children[t.place()] {
		if len(k.was) == 0 || row.Pick(k.Columns).HasNull() {
			continue
		}
		if v := valuesOf(row, k.Columns); k.was[v] {
			k.referring[v]++
		}
	}
}

// broken counts, by foreign key, the rows that refer to what is no longer there.
func (f *foreignKeys) broken() []Count {
	list := []Count{}
	for _, k := range f.list {
		n := 0
		for v, rows := range k.referring {
			if !k.is[v] {
				n += rows
			}
		}
		if n > 0 {
			list = append(list, Count{k.child + "." + k.Name, n})
		}
	}
	return list
}

func valuesOf(row datamap.Row, columns []string) digest {
	var b strings.Builder
	for _, v := range row.Pick(columns) {
		b.WriteString(strings.TrimRight(v.Text(), " "))
		b.WriteByte(0)
	}
	return sha256.Sum256([]byte(b.String()))
}
