package walk

import (
	"context"
	"strings"

	"habeas/activities/connectors"
	"habeas/models/datamap"
)

// sources are a batch of rows by the values that they have at one end of an edge.
type sources struct {
	rows   []datamap.FoundRow
	fields []string // the edge's end at the rows
	keys   []datamap.Key
	byKey  map[string][]int
}

// sourcesOf leaves out rows with a NULL at the end: they lead nowhere. An array gives a key for each element.
func sourcesOf(rows []datamap.FoundRow, fields []string) *sources {
	s := &sources{rows: rows, fields: fields, byKey: map[string][]int{}}
	for i := range rows {
		for _, key := range spreadArrays(rows[i].Links.Pick(fields)) {
			if key.HasNull() {
				continue
			}
			id := canonical(key)
			if s.byKey[id] == nil {
				s.keys = append(s.keys, key)
			}
			s.byKey[id] = append(s.byKey[id], i)
		}
	}
	return s
}

// of are the indexes of the rows that a row with the given values at the other end belongs to; all of them when the two ends
// write the value so differently that it cannot be told.
func (s *sources) of(values datamap.Key) []int {
	var list []int
	for _, key := range spreadArrays(values) {
		list = append(list, s.byKey[canonical(key)]...)
	}
	if len(list) == 0 {
		for i := range s.rows {
			list = append(list, i)
		}
	}
	return list
}

// spreadArrays makes a key with an array into one key for each element.
func spreadArrays(key datamap.Key) []datamap.Key {
	list := []datamap.Key{nil}
	for _, v := range key {
		elements := v.Elements()
		if v.IsNull() {
			elements = []datamap.Value{datamap.Null}
		}
		var longer []datamap.Key
		for _, prefix := range list {
			for _, e := range elements {
				longer = append(longer, append(prefix[:len(prefix):len(prefix)], e))
			}
		}
		list = longer
	}
	return list
}

// canonical is a form in which the same value of different types is equal: 7, "7" and 7.00; UUIDs of either case.
func canonical(key datamap.Key) string {
	var b strings.Builder
	for _, v := range key {
		text := v.Text()
		switch v.Kind() {
		case datamap.KindDecimal:
			if whole, rest, ok := strings.Cut(text, "."); ok && strings.Trim(rest, "0") == "" {
				text = whole
			}
		case datamap.KindText:
			text = strings.TrimRight(text, " ")
		}
		b.WriteString(strings.ToLower(text))
		b.WriteByte(0)
	}
	return b.String()
}

// expand looks up what a batch of rows leads to. The first of its stages follows only references to owned rows, so that all
// owned rows are known as such before any other row is found.
func (r *run) expand(ctx context.Context, stage Stage, node *datamap.Node, rows []datamap.FoundRow) error {
	var unowned []datamap.FoundRow
	for i := range rows {
		if !rows[i].Owned {
			unowned = append(unowned, rows[i])
		}
	}
	for _, e := range node.Out {
		from := rows
		switch {
		case stage == StageOwned && !e.Down:
			continue
		case stage == StageReached && e.Down:
			from = unowned // for the others it has been done
		}
		if err := r.follow(ctx, e, from); err != nil {
			return err
		}
	}
	return nil
}

// follow adds the rows that an edge leads to. A row of another person is not the subject's, and the rows that led to it are
// shared.
func (r *run) follow(ctx context.Context, e *datamap.Edge, rows []datamap.FoundRow) error {
	from := sourcesOf(rows, e.FromFields)
	add := r.adder(ctx)
	toShare := map[int]bool{}
	for start := 0; start < len(from.keys); start += connectors.MaxBatch {
		q := connectors.Query{
			Node: e.To, Fields: e.ToFields, Return: columns(e.To),
			Keys: from.keys[start:min(start+connectors.MaxBatch, len(from.keys))],
		}
		err := r.lookup(ctx, q, func(row datamap.Row) error {
			origins := from.of(row.Pick(e.ToFields))
			origin := &rows[origins[0]]
			found := r.found(e.To, row, step(origin.Path, e.Name()))
			switch r.judge(e.To, row) {
			case others:
				for _, i := range origins {
					toShare[i] = true
				}
				return nil
			case own, otherToo:
				found.Own = true // known already, unless the system folds letters in another way
			case nobodys:
			}
			found.Owned = e.Down && origin.Owned
			return add.row(found)
		})
		if err != nil {
			return err
		}
	}
	if err := add.flush(); err != nil {
		return err
	}
	if e.Mention || len(toShare) == 0 {
		return nil
	}
	var keys []datamap.Key
	for i := range toShare {
		keys = append(keys, rows[i].Key)
	}
	_, err := r.Found.Share(ctx, e.From.Address, keys, datamap.ShareReason{Code: datamap.SharedOtherPerson, Via: e.To.Address}, false)
	return err
}
