package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/store/vault"
)

const (
	// chunkRows is how many rows of a group one chunk holds at most: as many as a connector takes at once.
	chunkRows = 10_000
	// chunkBits are the low bits of a row's identifier, which are its place in its chunk.
	chunkBits = 14
	// openBytes bounds what is kept in memory of chunks that are not full yet, of however many groups.
	openBytes = 8 << 20
)

// sorting writes rows into the chunks of their groups, under a generation of its own that counts once a plan names it.
type sorting struct {
	s          *Store
	key        *vault.Key
	requestID  models.ID
	generation int64
	open       map[int]*openChunk
	bytes      int
}

// openChunk is a chunk that is being filled.
type openChunk struct {
	address    datamap.Address
	controller string
	width      int      // values of a key
	anchors    []string // columns
	rows       int
	body       []byte
}

// newChunk is an empty chunk for rows like r.
func newChunk(r *datamap.FoundRow) *openChunk {
	c := &openChunk{address: r.Address, controller: r.Controller, width: len(r.Key)}
	for _, a := range r.Anchors {
		c.anchors = append(c.anchors, a.Column)
	}
	return c
}

func (c *openChunk) append(r *datamap.FoundRow) {
	c.body = appendValues(c.body, r.Key)
	for _, a := range r.Anchors {
		c.body = appendDate(c.body, a.Date)
	}
	c.rows++
}

func (c *openChunk) fits(r *datamap.FoundRow) bool {
	return c.rows < chunkRows && c.address == r.Address && c.controller == r.Controller && c.width == len(r.Key) &&
		slices.EqualFunc(c.anchors, r.Anchors, func(column string, a datamap.AnchorDate) bool { return column == a.Column })
}

func (o *sorting) add(ctx context.Context, group int, r *datamap.FoundRow) error {
	if group == 0 {
		return nil
	}
	c := o.open[group]
	if c != nil && !c.fits(r) {
		if err := o.flush(ctx, group); err != nil {
			return err
		}
		c = nil
	}
	if c == nil {
		c = newChunk(r)
		o.open[group] = c
	}
	before := len(c.body)
	c.append(r)
	if o.bytes += len(c.body) - before; o.bytes > openBytes {
		return o.flush(ctx)
	}
	return nil
}

// flush writes the open chunks of the groups, of all when none is given.
func (o *sorting) flush(ctx context.Context, groups ...int) error {
	if len(groups) == 0 {
		for group := range o.open {
			groups = append(groups, group)
		}
		slices.Sort(groups)
	}
	for part := range slices.Chunk(groups, batchOfRows) {
		batch := &pgx.Batch{}
		for _, group := range part {
			c := o.open[group]
			batch.Queue(`INSERT INTO located_chunks (request_id, generation, group_no, rows, sealed) VALUES ($1, $2, $3, $4, $5)`,
				o.requestID, o.generation, group, c.rows, o.key.Seal(chunkPlace(o.generation, group), c.plain()))
			o.bytes -= len(c.body)
			delete(o.open, group)
		}
		if err := o.s.pool.SendBatch(ctx, batch).Close(); err != nil {
			return unavailable(err)
		}
	}
	return nil
}

// chunkPlace binds a sealed chunk to its group.
func chunkPlace(generation int64, group int) string {
	return fmt.Sprintf("located_chunks/%d/%d", generation, group)
}

func (c *openChunk) plain() []byte {
	b := appendText([]byte{codecVersion}, c.address.Dataset)
	b = appendText(b, c.address.Collection)
	b = appendText(b, c.controller)
	b = appendTexts(b, c.anchors)
	b = binary.AppendUvarint(b, uint64(c.rows))
	b = binary.AppendUvarint(b, uint64(c.width))
	return append(b, c.body...)
}

// openChunkRows calls each with the rows of a chunk, in their order.
func openChunkRows(key *vault.Key, place string, sealed []byte, each func(i int, r datamap.FoundRow)) error {
	plain, err := key.Open(place, sealed)
	if err != nil {
		return err
	}
	d := &decoder{text: string(plain)}
	d.bad = d.byte() != codecVersion
	r := datamap.FoundRow{Address: datamap.Address{Dataset: d.string(), Collection: d.string()}, Controller: d.string()}
	anchors, rows, width := d.strings(), d.count(), d.count()
	values, dates := make([]datamap.Value, rows*width), make([]datamap.AnchorDate, rows*len(anchors))
	for i := range rows {
		r.Key, values = values[:width:width], values[width:]
		d.values(r.Key)
		r.Anchors, dates = dates[:len(anchors):len(anchors)], dates[len(anchors):]
		for j, column := range anchors {
			r.Anchors[j] = datamap.AnchorDate{Column: column, Date: d.date()}
		}
		each(i, r)
	}
	return d.done()
}
