package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"habeas/models"
)

// How counts of very many rows are kept. What counts few rows is counted anew for each call and is of that instant.
const (
	keptFrom    = 2000             // rows that are counted
	keptFor     = 10 * time.Minute // then nobody counts any more, and a call does so itself
	keptAsked   = 24 * time.Hour   // the worker counts what somebody has asked for within
	keptSettled = time.Minute      // after the end of a period, in which what was begun in it is committed
)

const (
	figuresOpen   = "open"
	figuresPeriod = "period"
	figuresHolds  = "holds"
)

// Figures are the counts of what is open and of a period.
type Figures struct {
	AsOf     time.Time // the instant of which they are; of what is counted in steps the earliest one
	Open     []OpenCount
	Received []Count
	Closings []Closing
}

type keptFigureRow struct {
	Scope    string    `gorm:"primaryKey"` // a controller's identifier; empty for the operator's
	Kind     string    `gorm:"primaryKey"`
	FromAt   time.Time `gorm:"primaryKey"`
	BeforeAt time.Time `gorm:"primaryKey"`
	Zone     string    `gorm:"primaryKey"`
	AsOf     time.Time
	AskedAt  time.Time
	Body     json.RawMessage `gorm:"serializer:json"`
}

func (keptFigureRow) TableName() string { return "kept_figures" }

// figure names what is counted; the period is that of figuresPeriod alone.
type figure struct {
	scope  models.Scope
	kind   string
	period Period
}

// periodFigures is the body of figuresPeriod.
type periodFigures struct {
	Received []Count
	Closings []Closing
}

// row is the figure without what was counted; ok is false for the scope that sees nothing, of which nothing is kept.
func (f figure) row() (row keptFigureRow, ok bool) {
	id, limited := f.scope.Controller()
	epoch := time.Unix(0, 0).UTC()
	row = keptFigureRow{Kind: f.kind, FromAt: epoch, BeforeAt: epoch}
	if limited {
		row.Scope = id.String()
	}
	if f.kind == figuresPeriod {
		row.FromAt, row.BeforeAt, row.Zone = f.period.From.UTC(), f.period.Before.UTC(), f.period.Zone.String()
	}
	return row, !limited || !id.IsZero()
}

// figure is what a row is of; it fails when the zone is not known any more.
func (row keptFigureRow) figure() (figure, error) {
	f := figure{scope: models.ScopeOperator(), kind: row.Kind}
	zone, err := time.LoadLocation(row.Zone)
	f.period = Period{From: row.FromAt, Before: row.BeforeAt, Zone: zone}
	if err != nil || row.Scope == "" {
		return f, err
	}
	id, err := models.ParseID(row.Scope)
	f.scope = models.ScopeOf(id)
	return f, err
}

// final reports whether a figure cannot change any more: nothing comes in, or is closed, in a time that has passed.
func (row keptFigureRow) final() bool {
	return row.Kind == figuresPeriod && row.AsOf.After(row.BeforeAt.Add(keptSettled))
}

// Figures are the counts of the open requests inside the scope and of what was received and closed in a period. Where they count very many they may be
// some minutes old; AsOf says of when they are.
func (s *Store) Figures(ctx context.Context, scope models.Scope, p Period) (out Figures, err error) {
	open, err := s.kept(ctx, figure{scope: scope, kind: figuresOpen}, &out.Open)
	if err != nil {
		return out, err
	}
	var of periodFigures
	period, err := s.kept(ctx, figure{scope, figuresPeriod, p}, &of)
	out.Received, out.Closings, out.AsOf = of.Received, of.Closings, open.AsOf.UTC()
	if !period.final() && period.AsOf.Before(out.AsOf) {
		out.AsOf = period.AsOf.UTC()
	}
	return out, err
}

// HoldCounts counts the deferrals in force inside the scope by rule, and says of when the counts are.
func (s *Store) HoldCounts(ctx context.Context, scope models.Scope) (counts []HoldCount, asOf time.Time, err error) {
	row, err := s.kept(ctx, figure{scope: scope, kind: figuresHolds}, &counts)
	return counts, row.AsOf.UTC(), err
}

// kept reads a figure into out, or counts it, and keeps it then if it counts many rows.
func (s *Store) kept(ctx context.Context, f figure, out any) (keptFigureRow, error) {
	row, keepable := f.row()
	var rows []keptFigureRow
	if keepable {
		if err := row.same(s.read(ctx)).Find(&rows).Error; err != nil {
			return row, unavailable(err)
		}
	}
	now := s.now()
	if len(rows) == 1 && (rows[0].final() || now.Sub(rows[0].AsOf) < keptFor) {
		row = rows[0]
		if now.Sub(row.AskedAt) > keptAsked/2 {
			if err := row.same(s.read(ctx)).Model(&keptFigureRow{}).Update("asked_at", now).Error; err != nil {
				return row, unavailable(err)
			}
		}
		return row, json.Unmarshal(row.Body, out)
	}
	row.AskedAt = now
	n, err := s.count(ctx, f, &row)
	if err == nil && keepable && n >= keptFrom {
		err = s.keep(ctx, row)
	}
	if err != nil {
		return row, err
	}
	return row, json.Unmarshal(row.Body, out)
}

// same finds the row of the same figure.
func (row keptFigureRow) same(tx *gorm.DB) *gorm.DB {
	return tx.Where("scope = ? AND kind = ? AND from_at = ? AND before_at = ? AND zone = ?", row.Scope, row.Kind, row.FromAt, row.BeforeAt, row.Zone)
}

// keep writes a figure, unless a later one is there.
func (s *Store) keep(ctx context.Context, row keptFigureRow) error {
	return unavailable(s.read(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "scope"}, {Name: "kind"}, {Name: "from_at"}, {Name: "before_at"}, {Name: "zone"}},
		DoUpdates: clause.AssignmentColumns([]string{"as_of", "body"}),
		Where:     clause.Where{Exprs: []clause.Expression{gorm.Expr("kept_figures.as_of < excluded.as_of")}},
	}).Create(&row).Error)
}

// count counts a figure into its row and returns how many rows that took.
func (s *Store) count(ctx context.Context, f figure, row *keptFigureRow) (n int64, err error) {
	row.AsOf = s.now()
	var body any
	switch f.kind {
	case figuresOpen:
		var open []OpenCount
		open, err = s.OpenCounts(ctx, f.scope, row.AsOf.Add(Soon))
		for _, o := range open {
			n += o.Open
		}
		body = open
	case figuresHolds:
		var holds []HoldCount
		holds, err = s.countHolds(ctx, f.scope)
		for _, h := range holds {
			n += h.Holds
		}
		body = holds
	default:
		var of periodFigures
		if of.Received, err = s.Received(ctx, f.scope, f.period); err == nil {
			of.Closings, err = s.Closings(ctx, f.scope, f.period)
		}
		n = of.rows()
		body = of
	}
	if err != nil {
		return 0, err
	}
	row.Body, err = json.Marshal(body)
	return n, err
}

// rows is how many requests the figures of a period count.
func (of periodFigures) rows() (n int64) {
	for _, c := range of.Received {
		if c.By == ByNothing {
			n += c.N
		}
	}
	for _, c := range of.Closings {
		if c.By == ByNothing {
			n += c.Closed
		}
	}
	return n
}

// RefreshFigures counts those figures anew that somebody has asked for within a day and that are older than an age, and forgets those that nobody wants
// any more; a final one is left as it is. It returns how many it counted. Several processes may call it at once.
func (s *Store) RefreshFigures(ctx context.Context, age time.Duration) (counted int, err error) {
	now := s.now()
	if err := s.read(ctx).Where("asked_at < ?", now.Add(-keptAsked)).Delete(&keptFigureRow{}).Error; err != nil {
		return 0, unavailable(err)
	}
	var rows []keptFigureRow
	if err := s.read(ctx).Where("as_of < ?", now.Add(-age)).Order("as_of").Find(&rows).Error; err != nil {
		return 0, unavailable(err)
	}
	for _, row := range rows {
		f, err := row.figure()
		if err != nil || row.final() {
			continue // the zone is gone: a call counts by itself, and the row is forgotten
		}
		if _, err := s.count(ctx, f, &row); err != nil {
			return counted, err
		}
		if err := s.keep(ctx, row); err != nil {
			return counted, err
		}
		counted++
	}
	return counted, nil
}
