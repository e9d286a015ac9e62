package propose

import (
	"habeas/cmd/internal/datamapcli/detect"
)

// rank is how good a claim a reference gives to the row that refers.
type rank int

const (
	noRank    rank = iota
	byRole         // created_by, support_rep: who did the work
	byStaff        // employee_id
	byCompany      // supplier_id
	byPerson       // customer_id, order_id
)

// findRoots marks the tables in which people are found by themselves: with an e-mail address, or about people.
func (p *Proposal) findRoots() {
	for _, t := range p.tables {
		t.root = len(t.mails()) > 0 || t.setting.Person && t.personal()
	}
	for _, t := range p.tables {
		for _, l := range t.links {
			// Each of its rows belongs to a person of another table, so that an e-mail address in it is not what it is found by.
			if t.root && l.parent.root && l.parent != t && l.enforced && !l.nullable() && p.rankOf(l) == byPerson && !l.parent.refersTo(t) {
				t.root = false
				if len(t.mails()) > 0 {
					t.notes = append(t.notes, "review: its rows are found by "+l.name()+", since each belongs to a row of "+l.parent.Name+"; the e-mail address in it is no identity.")
				}
				break
			}
		}
	}
}

func (t *table) refersTo(o *table) bool {
	for _, l := range t.links {
		if l.parent == o {
			return true
		}
	}
	return false
}

// rankOf judges a reference to a table of people or to what they own.
func (p *Proposal) rankOf(l *link) rank {
	switch {
	case l.parent == l.child:
		return noRank
	case l.roleNamed() && l.parent.root:
		return byRole
	case l.parent.root && detect.Staff(l.parent.Name) && !detect.Staff(l.child.Name):
		return byStaff
	case l.parent.root && !l.parent.setting.Person:
		return byCompany
	default:
		return byPerson
	}
}

func (l *link) roleNamed() bool {
	for _, c := range l.columns {
		if detect.Role(c) {
			return true
		}
	}
	return false
}

// own spreads ownership from the roots, nearest first. Only the best claims make an owner.
func (p *Proposal) own() {
	for _, t := range p.tables {
		if t.root {
			t.dist, t.rank = 0, byPerson
		}
	}
	for grown := true; grown; {
		grown = false
		for _, t := range p.tables {
			if t.root {
				continue
			}
			best, dist := noRank, far
			for _, l := range t.links {
				if l.parent.dist == far || l.parent == t {
					continue
				}
				r := min(p.rankOf(l), l.parent.rank)
				if r > best || r == best && l.parent.dist+1 < dist {
					best, dist = r, l.parent.dist+1
				}
			}
			if best == byRole || best == byCompany && !t.personal() {
				continue // who did the work owns nothing, and a company only what tells something of a person
			}
			if best > t.rank || best == t.rank && dist < t.dist {
				t.rank, t.dist, grown = best, dist, true
			}
		}
	}
	for _, t := range p.tables {
		for _, l := range t.links {
			l.use = p.useOf(l)
		}
	}
}

func (p *Proposal) useOf(l *link) use {
	c, t := l.child, l.parent
	r := min(p.rankOf(l), t.rank)
	switch {
	case c.dist == far:
		return dropped // nobody's rows
	case t == c:
		return p.selfUse(l)
	case t.dist == far:
		return upward
	case c.root && t.root:
		if r == byPerson {
			return twoWay
		}
		return dropped
	case r < c.rank:
		return dropped
	case t.dist < c.dist:
		return owner
	default:
		return upward
	}
}

// selfUse: a row that refers to another of its table is found by its own owner; only where it may have none, it is found through the
// other row.
func (p *Proposal) selfUse(l *link) use {
	if l.child.root {
		return dropped
	}
	for _, o := range l.child.links {
		if o.parent != l.child && o.parent.dist < l.child.dist && !o.nullable() {
			return dropped
		}
	}
	return owner
}

// reach marks what owned rows lead to, and makes look-ups of references to tables without personal data.
func (p *Proposal) reach() {
	for grown := true; grown; {
		grown = false
		for _, t := range p.tables {
			if t.dist == far && !t.up {
				continue
			}
			for _, l := range t.links {
				if l.parent.dist == far && !l.parent.up && l.parent != t {
					l.parent.up, grown = true, true
				}
			}
		}
	}
	for _, t := range p.tables {
		for _, l := range t.links {
			if t.up && l.parent != t {
				l.use = upward
				if l.parent.dist < far { // a place in which somebody works is not that person's
					l.use = dropped
				}
			}
			if l.use == upward && l.parent.dist == far && !l.parent.personal() {
				l.use = lookup
			}
		}
	}
}

// identify gives roots their identities.
func (p *Proposal) identify() {
	for _, t := range p.tables {
		if !t.root {
			continue
		}
		for _, c := range t.mails() {
			t.ids[c] = "email"
		}
		if len(t.ids) == 0 {
			t.identifyOtherwise()
		}
		if len(t.ids) == 0 && t.dist == 0 && !p.foundThroughOthers(t) {
			t.notes = append(t.notes, "decide: people are described here, and nothing tells by what they are found. Mark a column with fides_meta: {identity: …}, add a reference, or acknowledge it with habeas: {unreachable: reason}.")
		}
	}
}

func (p *Proposal) foundThroughOthers(t *table) bool {
	for _, l := range append(append([]*link{}, t.links...), t.into...) {
		if l.use == twoWay || l.use == owner && l.child == t {
			return true
		}
	}
	return false
}

// identifyOtherwise finds people without e-mail address by a telephone number or by a number of their own.
func (t *table) identifyOtherwise() {
	for _, c := range t.Columns {
		if g := t.guesses[c.Name]; g.Category == "user.contact.phone_number" && g.Confidence >= detect.Medium && t.setting.Person {
			t.ids[c.Name] = "phone_number"
			return
		}
	}
	for _, c := range t.Columns {
		if g := t.guesses[c.Name]; (g.Category == "user.unique_id" || g.Category == "user.account.username") && t.identifies(c.Name) {
			t.ids[c.Name] = identityName(c.Name)
			return
		}
	}
}
