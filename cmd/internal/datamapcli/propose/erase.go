package propose

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"habeas/activities/connectors"
	"habeas/cmd/internal/datamapcli/detect"
	"habeas/models/datamap"
)

// identifies reports whether the column alone is a key.
func (t *table) identifies(column string) bool {
	one := []string{column}
	return slices.Equal(t.Key, one) || slices.ContainsFunc(t.Unique, func(u []string) bool { return slices.Equal(u, one) })
}

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

func identityName(column string) string {
	return notWord.ReplaceAllString(strings.ToLower(column), "_")
}

// chooseErase deletes what nothing that stays can refer to, and masks the rest.
func (p *Proposal) chooseErase() {
	for _, t := range p.tables {
		if len(t.key) > 0 && (t.owned() || t.up && t.personal() && detect.Addresses(t.Name)) {
			t.erase = datamap.EraseDelete
		} else if t.dist < far || t.up {
			t.erase = datamap.EraseMask
		}
	}
	for changed := true; changed; {
		changed = false
		for _, t := range p.tables {
			if t.erase == datamap.EraseDelete && p.stays(t) != "" {
				t.erase, changed = datamap.EraseMask, true
			}
		}
	}
	for _, t := range p.tables {
		if why := cmp.Or(t.mayLackOwner(), p.stays(t)); t.erase == datamap.EraseMask && why != "" && t.personal() {
			t.notes = append(t.notes, "review: rows are masked, since "+why+".")
		}
		if t.erase == datamap.EraseMask && len(t.key) == 0 && t.personal() {
			t.notes = append(t.notes, "review: the table has no key, so that its rows are told apart by all of their columns.")
		}
	}
}

// owned reports whether every row is certainly a person's own: what somebody works on, or may have no owner, is not deleted with them.
func (t *table) owned() bool {
	if t.root {
		return true
	}
	return t.dist < far && t.rank == byPerson && slices.ContainsFunc(t.links, func(l *link) bool { return l.use == owner && l.parent != t && !l.nullable() })
}

// mayLackOwner names the references by which rows of a table that is not deleted for that reason are found.
func (t *table) mayLackOwner() string {
	if t.owned() || t.rank != byPerson {
		return ""
	}
	for _, l := range t.links {
		if l.use == owner && l.parent != t {
			return l.name() + " may be NULL, so that a row need not be a person's"
		}
	}
	return ""
}

// stays says what could go on referring to rows of t, or change with them; "" when nothing can.
func (p *Proposal) stays(t *table) string {
	for _, l := range t.into {
		switch {
		case l.child == t:
			return "other rows of the table may refer to them (" + l.name() + ")"
		case l.child.erase != datamap.EraseDelete:
			return "rows of " + l.child.Name + " that stay refer to them (" + l.name() + ")"
		case l.use == dropped:
			return "rows of other people in " + l.child.Name + " refer to them (" + l.name() + ")"
		}
	}
	return ""
}

// orderCircles says what goes first where rows refer to each other in a circle: a reference that may not be NULL cannot be emptied, so
// that the row which has it must go before the one that it refers to.
func (p *Proposal) orderCircles() {
	for _, t := range p.tables {
		for _, l := range t.into {
			both := t.erase == datamap.EraseDelete && l.child.erase == datamap.EraseDelete
			if both && l.child != t && !l.nullable() && refersOnTo(t, l.child, map[*table]bool{}) && !goesAfter(l.child, t) && !slices.Contains(t.after, l.child) {
				t.after = append(t.after, l.child)
			}
		}
	}
}

// refersOnTo reports whether references lead from one table to another, over others too.
func refersOnTo(from, to *table, seen map[*table]bool) bool {
	seen[from] = true
	for _, l := range from.links {
		if l.parent == to || !seen[l.parent] && refersOnTo(l.parent, to, seen) {
			return true
		}
	}
	return false
}

func goesAfter(t, o *table) bool {
	return slices.ContainsFunc(t.after, func(a *table) bool { return a == o || goesAfter(a, o) })
}

// fieldErase is how a personal column of a masked row is overwritten.
type fieldErase struct {
	method   datamap.FieldErase // "" leaves the default, NULL
	value    *string
	readOnly bool
	problem  string // why none fits
}

// maskOf chooses what the column can take.
func (t *table) maskOf(c connectors.Column) fieldErase {
	unique := slices.ContainsFunc(append(slices.Clone(t.Unique), t.Key), func(u []string) bool { return slices.Contains(u, c.Name) })
	referred := slices.ContainsFunc(t.into, func(l *link) bool { return l.enforced && slices.Contains(l.into, c.Name) })
	switch {
	case slices.Contains(t.key, c.Name):
		return fieldErase{problem: "it is part of the key and cannot be masked"}
	case referred:
		return fieldErase{method: datamap.FieldKeep, problem: "other tables refer to it, so that it cannot be masked"}
	case c.Computed:
		return fieldErase{readOnly: true}
	case c.Nullable:
		return fieldErase{}
	case c.Array:
		return fieldErase{method: datamap.FieldKeep, problem: "it may not be NULL, and no other mask fits a list"}
	case unique:
		return uniqueMask(c)
	}
	return fixedMask(c)
}

func uniqueMask(c connectors.Column) fieldErase {
	switch {
	case c.Kind == datamap.KindText && textual(c) && (c.Length == 0 || c.Length >= datamap.HMACLength):
		return fieldErase{method: datamap.FieldHMAC}
	case c.Kind == datamap.KindText && textual(c) && c.Length >= 8, c.Kind == datamap.KindInt, c.Kind == datamap.KindUUID:
		return fieldErase{method: datamap.FieldRandom}
	}
	return fieldErase{method: datamap.FieldKeep, problem: "it may not be NULL and is unique, and no mask fits its type"}
}

// fixedMask writes a value that says of itself that it is none.
func fixedMask(c connectors.Column) fieldErase {
	value := map[datamap.Kind]string{
		datamap.KindInt: "0", datamap.KindDecimal: "0", datamap.KindBool: "false", datamap.KindDate: "1900-01-01",
		datamap.KindDateTime: "1900-01-01 00:00:00", datamap.KindTimestamp: "1900-01-01T00:00:00Z", datamap.KindTime: "00:00:00",
		datamap.KindUUID: "00000000-0000-0000-0000-000000000000", datamap.KindBytes: "",
	}
	v, ok := value[c.Kind]
	if c.Kind == datamap.KindText {
		v, ok = "[erased]", true
		switch {
		case strings.HasPrefix(c.Type, "inet"), strings.HasPrefix(c.Type, "cidr"):
			v = "0.0.0.0"
		case !textual(c):
			ok = false
		case c.Length > 0 && c.Length < len(v):
			v = "-"
		}
	}
	if !ok {
		return fieldErase{method: datamap.FieldKeep, problem: "it may not be NULL, and no fixed value is known for its type " + c.Type}
	}
	return fieldErase{method: datamap.FieldReplace, value: &v}
}

var textTypes = regexp.MustCompile(`(?i)char|text|clob|string|citext|name`)

// textual: other types also come as text, such as enumerations and networks.
func textual(c connectors.Column) bool { return textTypes.MatchString(c.Type) }
