package datamap

import (
	"slices"
	"strings"
)

var legalBases = []string{"", "consent", "contract", "legal_obligation", "vital_interests", "public_task", "legitimate_interests"}

func (b *builder) check(rules Rules) {
	for i := range b.graph.Datasets {
		d := &b.graph.Datasets[i]
		if !slices.Contains(legalBases, d.LegalBasis) {
			b.fault("bad_value", d.Pos, d.Key, "The legal_basis is unknown.", "Write one of "+strings.Join(legalBases[1:], ", ")+".")
		}
	}
	reached := b.graph.Reached()
	for _, n := range b.graph.Nodes {
		b.checkReach(n, slices.Contains(reached, n))
		b.checkKey(n)
		b.checkErase(n)
		b.checkHolds(n, rules)
		b.checkColumns(n)
		b.checkOrder(n)
		b.checkFan(n)
	}
}

func (b *builder) checkReach(n *Node, reached bool) {
	c, where := n.Collection, n.Address.String()
	switch {
	case n.Personal && !reached && c.Unreachable == "":
		b.fault("unreachable", c.Pos, where, "The collection holds personal data, and no identity leads to it.",
			"Add a reference or an identity field, or acknowledge it with habeas: {unreachable: reason}.")
	case reached && c.Unreachable != "":
		b.warn("reachable", c.Pos, where, "The collection is acknowledged as unreachable, but can be reached.", "Remove unreachable.")
	}
}

func (b *builder) checkKey(n *Node) {
	c, where := n.Collection, n.Address.String()
	switch {
	case len(n.Fields) == 0 || len(n.Key) == 0:
		b.fault("no_fields", c.Pos, where, "The collection has no field that could identify its rows.", "Describe its fields, and mark the primary key.")
	case n.HasKey:
	case c.Erase == EraseDelete || c.Erase == EraseMask:
		b.fault("no_primary_key", c.Pos, where, "The collection is to be erased and has no primary key.", "Mark its key fields with fides_meta: {primary_key: true}.")
	case n.Erasure() == EraseMask:
		b.warn("no_primary_key", c.Pos, where, "The collection has no primary key; its rows are identified by all of their fields.",
			"Mark its key fields with fides_meta: {primary_key: true}.")
	}
}

func (b *builder) checkErase(n *Node) {
	c, where := n.Collection, n.Address.String()
	switch c.Erase {
	case "", EraseDelete:
	case EraseMask:
		if len(n.Masks()) == 0 {
			b.fault("nothing_to_mask", c.Pos, where, "The collection is to be masked, but no field would be.", "Say erase: at its fields, or give them data categories.")
		}
	case EraseKeep:
		if n.Personal {
			b.warn("keeps_personal", c.Pos, where, "The collection holds personal data and is never erased.", "Use delete or mask, unless a reason to keep it is documented.")
		}
	default:
		b.fault("bad_value", c.Pos, where, "The erase method is unknown.", "Write delete, mask or keep.")
	}
	if !slices.Contains([]Sharing{"", ShareRefer, ShareKeep, ShareAlways}, c.Shared) {
		b.fault("bad_value", c.Pos, where, "The value of shared is unknown.", "Write refer, keep or always.")
	}
	for i := range n.Fields {
		b.checkFieldErase(n, &n.Fields[i])
	}
}

func (b *builder) checkFieldErase(n *Node, f *Field) {
	where := n.Address.String() + "." + f.Name
	fault := func(code, message, advice string) { b.fault(code, f.Pos, where, message, advice) }
	masks := f.Erase != "" && f.Erase != FieldKeep
	switch {
	case !slices.Contains(fieldErases, f.Erase):
		fault("bad_value", "The erase method is unknown.", "Write null, replace, hmac, hash, random, format, encrypt, remove or keep.")
	case f.Erase == FieldReplace && f.Value == nil:
		fault("no_value", "The field is to be replaced, but not by what.", "Add value:, or use erase: null.")
	case f.Erase != FieldReplace && f.Erase != FieldRemove && f.Value != nil:
		fault("unused_value", "The field has a value: but is not replaced.", "Write erase: replace, or remove value:.")
	case f.Erase == FieldRemove && len(f.References) == 0:
		fault("remove_without_reference", "Nothing says which of the field's elements are the person's.", "Give the field a reference to the person's rows, or use erase: null.")
	case masks && f.PrimaryKey:
		fault("mask_primary_key", "A primary key cannot be masked.", "Use erase: delete for the collection, or do not mask this field.")
	case masks && f.ReadOnly:
		fault("mask_read_only", "The field is read_only and cannot be masked.", "Remove read_only or erase.")
	case f.Suffix != "" && !slices.Contains(suffixed, f.Erase):
		fault("unused_suffix", "The field has a suffix: but nothing is put before it.", "Write erase: hmac, hash, random, format or encrypt, or remove suffix:.")
	case slices.Contains(textOnly, f.Erase) && !hashable(f.Type):
		fault("mask_type", "Only text can be replaced by a hash or encrypted.", "Use erase: null, replace, random or format.")
	case f.Erase == FieldHMAC && f.Length > 0 && f.Length < HMACLength:
		fault("mask_length", "A keyed hash has 64 characters, which is more than the field's length.", "Use erase: null, replace, random or format.")
	case f.Erase == FieldHash && f.Identity != "":
		b.warn("weak_hash", f.Pos, where, "A hash without a key lets anyone who guesses the value prove the guess.", "Use erase: hmac.")
	case f.Erase == FieldReplace && f.Length > 0 && len([]rune(*f.Value)) > f.Length:
		fault("mask_length", "The value is longer than the field's length.", "Shorten it.")
	}
}

// HMACLength is the number of characters that FieldHMAC writes, without a suffix.
const HMACLength = 64

var (
	fieldErases = []FieldErase{"", FieldNull, FieldReplace, FieldHash, FieldHMAC, FieldRandom, FieldFormat, FieldEncrypt, FieldRemove, FieldKeep}
	textOnly    = []FieldErase{FieldHash, FieldHMAC, FieldEncrypt}
	suffixed    = []FieldErase{FieldHash, FieldHMAC, FieldRandom, FieldFormat, FieldEncrypt}
)

// hashable reports whether the type is a text, or an array of texts, which are hashed one by one.
func hashable(declared string) bool {
	return slices.Contains([]string{"", "string", "text"}, strings.TrimSuffix(declared, "[]"))
}

func (b *builder) checkHolds(n *Node, rules Rules) {
	where := n.Address.String()
	for _, h := range n.Collection.Holds {
		pos := h.Pos
		if pos.Line == 0 {
			pos = n.Collection.Pos
		}
		b.checkRule(where, pos, h, rules)
		if len(h.Anchors) == 0 {
			b.fault("no_anchor", pos, where, "The hold "+h.Rule+" names no column with the date at which its period starts.", "Add anchors: {start field: column}.")
		}
		for _, a := range h.Anchors {
			b.needField(n, pos, "unknown_anchor_column", "The hold "+h.Rule+" takes its start from the field", a.Column)
		}
		for _, f := range h.Fields {
			b.needField(n, pos, "unknown_field", "The hold "+h.Rule+" keeps the field", f)
		}
	}
}

func (b *builder) checkRule(where string, pos Pos, h Hold, rules Rules) {
	if rules == nil {
		return
	}
	fields, ok := rules(h.Rule)
	if !ok {
		b.fault("unknown_rule", pos, where, "The hold names the rule "+h.Rule+", which does not exist.", "Correct the code; habeas rules list shows all.")
		return
	}
	for _, a := range h.Anchors {
		if !slices.Contains(fields, a.Field) {
			b.fault("unknown_anchor", pos, where, "The rule "+h.Rule+" does not start from "+a.Field+".", "Use one of "+strings.Join(fields, ", ")+".")
		}
	}
}

func (b *builder) needField(n *Node, pos Pos, code, what, name string) {
	if n.Field(name) == nil {
		b.fault(code, pos, n.Address.String(), what+" "+name+", which the collection does not have.",
			advise(name, n.FieldNames(), "Correct the name, or add the field to the collection."))
	}
}

func (b *builder) checkColumns(n *Node) {
	c := n.Collection
	if c.ControllerColumn != "" {
		b.needField(n, c.Pos, "unknown_field", "The controller is taken from the field", c.ControllerColumn)
	}
	if c.Restrict != nil {
		b.needField(n, c.Pos, "unknown_field", "A restriction is marked in the field", c.Restrict.Column)
	}
}

func (b *builder) checkOrder(n *Node) {
	c := n.Collection
	for _, list := range [][]string{c.EraseAfter, c.After} {
		for _, a := range list {
			if b.graph.find(a) == nil && !b.isSkipped(a) {
				b.fault("unknown_collection", c.Pos, n.Address.String(), "The collection is to come after "+a+", which does not exist.",
					advise(a, b.addresses(), "Write dataset.collection, or remove it."))
			}
		}
	}
	if b.afterItself(n, n, map[*Node]bool{}) {
		b.fault("erase_after_circle", c.Pos, n.Address.String(), "By erase_after, the collection is erased after itself.", "Remove one erase_after of the circle.")
	}
	for _, r := range references(n) {
		if r.child == n && r.parent != n && n.Erasure() == EraseMask && r.parent.Erasure() == EraseDelete && !b.emptied(n, r.fields) {
			b.warn("keeps_reference", c.Pos, n.Address.String(), "Rows are masked but go on referring to rows of "+r.parent.Address.String()+", which are deleted.",
				"Use erase: null at "+strings.Join(r.fields, ", ")+", or mask the other collection too.")
		}
	}
}

func (b *builder) emptied(n *Node, fields []string) bool {
	return slices.ContainsFunc(n.Masks(), func(m Mask) bool {
		return slices.Contains(fields, m.Field) && (m.Method == FieldNull || m.Method == FieldRemove)
	})
}

func (b *builder) isSkipped(address string) bool {
	for a := range b.skipped {
		if a.String() == address {
			return true
		}
	}
	return false
}

func (b *builder) afterItself(start, n *Node, seen map[*Node]bool) bool {
	seen[n] = true
	for _, a := range n.Collection.EraseAfter {
		m := b.graph.find(a)
		if m == start || m != nil && !seen[m] && b.afterItself(start, m, seen) {
			return true
		}
	}
	return false
}

// checkFan warns of an undirected reference to a collection without personal data: through a product, everyone who bought it is
// found.
func (b *builder) checkFan(n *Node) {
	for _, e := range n.Out {
		back := slices.ContainsFunc(n.In, func(o *Edge) bool {
			return o.From == e.To && slices.Equal(o.FromFields, e.ToFields) && slices.Equal(o.ToFields, e.FromFields)
		})
		if back && e.Down && !n.Personal && e.From != e.To {
			b.warn("undirected", e.To.Collection.Pos, e.To.Address.String(), "The reference to "+n.Address.String()+" has no direction, so rows of everybody are found through it and count as shared.",
				"Add direction: to, if the rows are not to be found that way.")
		}
	}
}
