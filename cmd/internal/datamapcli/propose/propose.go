package propose

import (
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/cmd/internal/datamapcli/detect"
	"habeas/models/datamap"
)

// Proposal is a data map for a person to review.
type Proposal struct {
	System string
	tables []*table
	views  []string
}

// table is what is made of one table.
type table struct {
	connectors.Table
	setting detect.Setting
	guesses map[string]detect.Guess // by column
	key     []string
	links   []*link // from this table to others
	into    []*link // from other tables to this one
	root    bool    // people are found here by themselves
	rank    rank    // of the best owner
	dist    int     // steps from a root; unowned: far
	up      bool    // not owned, but owned rows lead to it
	erase   datamap.Erase
	after   []*table          // erased before it, since they refer to it in a circle and cannot let go
	ids     map[string]string // column -> kind of identity
	notes   []string          // comments above the collection
}

const far = 1 << 30

// link is a reference of a table.
type link struct {
	child    *table
	columns  []string
	parent   *table
	into     []string
	enforced bool // by the system
	onDelete string
	reason   string // why it is guessed; "" for an enforced one
	use      use
}

// use is what is made of a reference.
type use int

const (
	dropped use = iota // told in a comment only
	owner              // from: the child's rows are found from the parent's
	upward             // to: the parent's rows are found from the child's
	lookup             // to, and shares nothing
	twoWay             // both: two tables about the same person
)

// Make proposes a map for the tables of a system. References that the system does not enforce are given by Guess.
func Make(system string, tables []connectors.Table, guessed []Reference) *Proposal {
	p := &Proposal{System: system}
	for _, t := range tables {
		if t.View {
			p.views = append(p.views, t.Name)
			continue
		}
		p.tables = append(p.tables, newTable(t))
	}
	p.connect(guessed)
	p.findRoots()
	p.own()
	p.reach()
	p.identify()
	p.chooseErase()
	p.orderCircles()
	return p
}

func newTable(t connectors.Table) *table {
	n := &table{Table: t, guesses: map[string]detect.Guess{}, dist: far, ids: map[string]string{}}
	columns := make([]detect.Column, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = detect.Column{Name: c.Name, Comment: c.Comment, Kind: c.Kind, Samples: c.Samples}
	}
	n.setting = detect.SettingOf(t.Name, columns)
	for _, c := range columns {
		if g, ok := detect.Look(c, n.setting); ok {
			n.guesses[c.Name] = g
		}
	}
	n.key = keyOf(t)
	return n
}

// keyOf is the primary key, or another key that is never NULL.
func keyOf(t connectors.Table) []string {
	if len(t.Key) > 0 {
		return t.Key
	}
	for _, u := range t.Unique {
		if !slices.ContainsFunc(u, func(c string) bool { return column(t, c).Nullable }) {
			return u
		}
	}
	return nil
}

func column(t connectors.Table, name string) connectors.Column {
	i := slices.IndexFunc(t.Columns, func(c connectors.Column) bool { return c.Name == name })
	if i < 0 {
		return connectors.Column{Name: name}
	}
	return t.Columns[i]
}

func (p *Proposal) table(name string) *table {
	i := slices.IndexFunc(p.tables, func(t *table) bool { return t.Name == name })
	if i < 0 {
		return nil
	}
	return p.tables[i]
}

func (p *Proposal) connect(guessed []Reference) {
	for _, t := range p.tables {
		for _, f := range t.References {
			if parent := p.table(f.Table); parent != nil {
				p.add(&link{child: t, columns: f.Columns, parent: parent, into: f.Into, enforced: true, onDelete: f.OnDelete})
			}
		}
	}
	for _, g := range guessed {
		child, parent := p.table(g.Table), p.table(g.Target)
		if child != nil && parent != nil {
			p.add(&link{child: child, columns: g.Columns, parent: parent, into: g.Into, reason: g.Reason})
		}
	}
}

func (p *Proposal) add(l *link) {
	l.child.links = append(l.child.links, l)
	l.parent.into = append(l.parent.into, l)
}

// nullable reports whether a row may lack the reference.
func (l *link) nullable() bool {
	return slices.ContainsFunc(l.columns, func(c string) bool { return column(l.child.Table, c).Nullable })
}

func (l *link) name() string { return strings.Join(l.columns, ", ") }

func (l *link) target() string { return l.parent.Name + "." + strings.Join(l.into, ", ") }

// personal reports whether a column that is not just free text probably holds personal data.
func (t *table) personal() bool {
	for name, g := range t.guesses {
		if !g.Free && (g.Confidence > detect.Low || t.setting.Person) && !t.placeOnly(name) {
			return true
		}
	}
	return false
}

// placeOnly: an address in a table that nothing else links with a person, or of a warehouse, is a place; so is its telephone.
func (t *table) placeOnly(name string) bool {
	category := t.guesses[name].Category
	if t.setting.Person || t.dist < far {
		return false
	}
	address, place := strings.HasPrefix(category, "user.contact.address"), detect.Place(t.Name)
	return address && (!t.up || place) || place && category == "user.contact.phone_number"
}

// mails are the columns with e-mail addresses, in the table's order.
func (t *table) mails() []string {
	var list []string
	for _, c := range t.Columns {
		if g := t.guesses[c.Name]; g.Identity != "" && g.Confidence >= detect.Medium && c.Kind == datamap.KindText {
			list = append(list, c.Name)
		}
	}
	return list
}
