package walk

import (
	"context"
	"slices"
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
		default: // one form only
		}
		b.WriteString(strings.ToLower(text))
		b.WriteByte(0)
	}
	return b.String()
}

// expand looks up what a batch of rows leads to. First all owned rows are found, then what these refer to, then the rest.
func (r *run) expand(ctx context.Context, stage Stage, node *datamap.Node, rows []datamap.FoundRow) error {
	for _, e := range node.Out {
		if stage == StageOwned && !e.Down || stage == StageReferred && e.Down {
			continue
		}
		if err := r.follow(ctx, stage, e, rows); err != nil {
			return err
		}
	}
	return nil
}

// follow adds the rows that an edge leads to, unless they are another person's.
func (r *run) follow(ctx context.Context, stage Stage, e *datamap.Edge, rows []datamap.FoundRow) error {
	from := sourcesOf(rows, e.FromFields)
	add := r.adder(ctx)
	strangers := &strangers{run: r, end: e.To, fields: e.ToFields, batch: from, led: map[int]bool{}}
	err := r.lookupKeys(ctx, e.To, e.ToFields, from.keys, columns(e.To), func(row datamap.Row) error {
		origin := &rows[from.of(row.Pick(e.ToFields))[0]]
		found := r.found(e.To, row, step(origin.Path, e.Name()))
		found.Owned = stage == StageOwned
		switch r.judge(e.To, row) {
		case own, otherToo:
			found.Own = true // known already, unless the system folds letters in another way
		case others:
			return strangers.add(ctx, row, true)
		case unsure:
			if stage == StageReached {
				return strangers.add(ctx, row, false)
			}
			if stage == StageReferred {
				found.Shared, found.Reason = true, datamap.ShareReason{Code: datamap.SharedOtherIdentity, Via: e.To.Address}
			}
		case nobodys:
		}
		return add.row(found)
	})
	if err == nil {
		err = add.flush()
	}
	if err == nil {
		err = strangers.flush(ctx)
	}
	if err != nil || e.Down {
		return err
	}
	return r.share(ctx, e, rows, strangers.led, datamap.ShareReason{Code: datamap.SharedOtherPerson, Via: e.To.Address})
}

// share marks those of the rows at an edge's start whose index is given, unless the edge shares nothing.
func (r *run) share(ctx context.Context, e *datamap.Edge, rows []datamap.FoundRow, which map[int]bool, reason datamap.ShareReason) error {
	if e.Mention || len(which) == 0 {
		return nil
	}
	var keys []datamap.Key
	for i := range rows {
		if which[i] {
			keys = append(keys, rows[i].Key)
		}
	}
	_, err := r.Found.Share(ctx, rows[0].Address, keys, reason, false)
	return err
}

// strangers tells which rows of a batch an edge links with rows that are not the subject's.
type strangers struct {
	run    *run
	end    *datamap.Node // the edge's end at which the strangers are
	fields []string
	batch  *sources      // the rows at the other end
	rows   []datamap.Row // not yet asked for
	led    map[int]bool  // indexes of the batch's rows
}

// add takes a row at the other end. One that is certainly not the subject's counts at once; any other if it has not been located.
func (s *strangers) add(ctx context.Context, row datamap.Row, certain bool) error {
	if certain {
		s.mark(row)
		return nil
	}
	if s.rows = append(s.rows, row); len(s.rows) < s.run.batch {
		return nil
	}
	return s.flush(ctx)
}

func (s *strangers) flush(ctx context.Context) error {
	if len(s.rows) == 0 {
		return nil
	}
	keys := make([]datamap.Key, len(s.rows))
	for i := range s.rows {
		keys[i] = s.rows[i].Pick(s.end.Key)
	}
	located, err := s.run.Found.Has(ctx, s.end.Address, keys)
	if err != nil {
		return err
	}
	for i, row := range s.rows {
		if w := s.run.judge(s.end, row); !located[i] && w != own && w != otherToo {
			s.mark(row)
		}
	}
	s.rows = s.rows[:0]
	return nil
}

func (s *strangers) mark(row datamap.Row) {
	for _, i := range s.batch.of(row.Pick(s.fields)) {
		s.led[i] = true
	}
}

// lookupKeys looks rows up by any number of keys.
func (r *run) lookupKeys(ctx context.Context, node *datamap.Node, fields []string, keys []datamap.Key, returned []string, yield func(datamap.Row) error) error {
	for batch := range slices.Chunk(keys, connectors.MaxBatch) {
		if err := r.lookup(ctx, connectors.Query{Node: node, Fields: fields, Keys: batch, Return: returned}, yield); err != nil {
			return err
		}
	}
	return nil
}
