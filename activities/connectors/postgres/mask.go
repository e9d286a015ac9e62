package postgres

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// mask is what one column of a row is overwritten with.
type mask struct {
	column *column
	method datamap.FieldErase
	text   string // for replace, in the column's type
}

func (s *System) masks(t *table, node *datamap.Node, list []datamap.Mask) ([]mask, error) {
	masks := make([]mask, len(list))
	for i, m := range list {
		c, err := t.column(node, m.Field)
		if err != nil {
			return nil, err
		}
		if len(c.path) > 0 {
			return nil, models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The field %s.%s is part of a document and cannot be masked by itself.", node.Address, m.Field)
		}
		masks[i] = mask{column: c, method: m.Method}
		switch m.Method {
		case datamap.FieldNull:
		case datamap.FieldReplace:
			text, ok := c.encode(datamap.Text(m.Value))
			if !ok || c.array {
				return nil, mismatch("The field %s.%s cannot hold the value that is to replace it.", node.Address, m.Field)
			}
			masks[i].text = text
		case datamap.FieldHMAC:
			if !textual[c.base] || c.array {
				return nil, mismatch("The field %s.%s is not text and cannot hold a hash.", node.Address, m.Field)
			}
			if len(s.secret) < 16 {
				return nil, models.Errorf(models.Invalid, "no_secret", "The system %s has no secret for hashes.", s.name)
			}
		default:
			return nil, models.Errorf(models.Unsupported, connectors.CodeUnsupported, "The field %s.%s cannot be erased by %s.", node.Address, m.Field, m.Method)
		}
	}
	return masks, nil
}

// effective is the condition under which the mask is in effect; args grows by its parameter. A hash cannot be told by a condition.
func (m mask) effective(args []any) (string, []any) {
	switch m.method {
	case datamap.FieldReplace:
		args = append(args, m.text)
		return fmt.Sprintf("%s IS NOT DISTINCT FROM $%d::text::%s", m.column.operand(), len(args), m.column.castType(false)), args
	case datamap.FieldNull:
		return m.column.sql() + " IS NULL", args
	default:
		return "true", args
	}
}

// mask returns how many of the keys have a row, all of which are masked now. Rows that are masked already are not written again.
func (b *batch) mask(ctx context.Context, tx pgx.Tx, g *group) (int, error) {
	found, err := b.lockAndHash(ctx, tx, g)
	if err != nil {
		return 0, err
	}
	where, args := g.where(false, nil)
	var sets, open []string
	for _, m := range b.masks {
		var cond string
		switch m.method {
		case datamap.FieldNull:
			sets = append(sets, m.column.quoted()+" = NULL")
		case datamap.FieldReplace:
			args = append(args, m.text)
			sets = append(sets, fmt.Sprintf("%s = $%d::text::%s", m.column.quoted(), len(args), m.column.typ))
		default:
			continue
		}
		cond, args = m.effective(args)
		open = append(open, "NOT ("+cond+")")
	}
	if len(sets) == 0 {
		return found, nil
	}
	_, err = tx.Exec(ctx, "UPDATE "+b.table.sql()+" SET "+strings.Join(sets, ", ")+" WHERE "+where+" AND ("+strings.Join(open, " OR ")+")", args...)
	return found, err
}

// lockAndHash locks the rows, counts the keys that have one, and replaces by hashes what is to be hashed and is not yet.
func (b *batch) lockAndHash(ctx context.Context, tx pgx.Tx, g *group) (int, error) {
	hashed := b.hashes()
	names := b.keyNames()
	for _, m := range hashed {
		names = append(names, m.column.sql())
	}
	names = append(names, "t.ctid")
	where, args := g.where(false, nil)
	found := map[string]bool{}
	var places []string
	values := make([][]*string, len(hashed))
	sql := "SELECT " + strings.Join(names, ", ") + " FROM " + b.table.sql() + " WHERE " + where + " FOR UPDATE"
	err := stream(ctx, tx, sql, args, func(raw [][]byte) error {
		found[joined(raw[:len(b.key)])] = true
		todo := false
		row := raw[len(b.key) : len(raw)-1]
		for i := range hashed {
			h := b.system.hash(row[i])
			todo = todo || h != nil && *h != string(row[i])
			values[i] = append(values[i], h)
		}
		if !todo {
			for i := range values {
				values[i] = values[i][:len(places)]
			}
			return nil
		}
		places = append(places, string(raw[len(raw)-1]))
		return nil
	})
	if err != nil || len(places) == 0 {
		return len(found), err
	}
	return len(found), b.writeHashes(ctx, tx, hashed, places, values)
}

func (b *batch) hashes() []mask {
	var list []mask
	for _, m := range b.masks {
		if m.method == datamap.FieldHMAC {
			list = append(list, m)
		}
	}
	return list
}

// writeHashes finds the rows by their place, which cannot change while they are locked.
func (b *batch) writeHashes(ctx context.Context, tx pgx.Tx, hashed []mask, places []string, values [][]*string) error {
	sets, sources, names := []string{}, []string{"$1::text[]::tid[]"}, []string{"place"}
	args := []any{places}
	for i, m := range hashed {
		args = append(args, values[i])
		name := fmt.Sprintf("h%d", i)
		sets = append(sets, m.column.quoted()+" = v."+name+"::"+m.column.typ)
		sources = append(sources, fmt.Sprintf("$%d::text[]", len(args)))
		names = append(names, name)
	}
	_, err := tx.Exec(ctx, "UPDATE "+b.table.sql()+" SET "+strings.Join(sets, ", ")+" FROM unnest("+
		strings.Join(sources, ", ")+") AS v("+strings.Join(names, ", ")+") WHERE t.ctid = v.place", args...)
	return err
}

// hash is 64 hexadecimal characters: 24 bytes of HMAC-SHA256 of the value, equal for equal values, and 8 bytes that prove
// that this installation made them. By these a hash is known and not hashed again. NULL stays NULL.
func (s *System) hash(raw []byte) *string {
	if raw == nil {
		return nil
	}
	text := string(raw)
	if !s.isHash(text) {
		body := s.mac("value", raw)[:24]
		text = hex.EncodeToString(append(body, s.mac("proof", body)[:8]...))
	}
	return &text
}

func (s *System) isHash(text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(text) == datamap.HMACLength && hmac.Equal(b[24:], s.mac("proof", b[:24])[:8])
}

func (s *System) mac(use string, data []byte) []byte {
	m := hmac.New(sha256.New, s.secret)
	m.Write([]byte("habeas " + use + "\x00"))
	m.Write(data)
	return m.Sum(nil)
}
