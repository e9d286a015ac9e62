package store

import (
	"context"

	"gorm.io/gorm"

	"habeas/models/calendar"
	"habeas/models/subprocessor"
)

// PublicChange is a change as the public list shows it.
type PublicChange struct {
	On        calendar.Date // on which it takes effect; of one that is announced only, on which it was
	Announced bool          // it is not decided yet
	Upcoming  bool
	Emergency bool // it took effect before customers were heard
	Sort      subprocessor.Sort
	Name      string
	Old       string // name of the one that goes
	Country   string
	Purposes  []string
}

// PublicChanges are the changes that were announced, took effect or will, those without a day first, then the latest. They say nothing of customers.
func (s *Store) PublicChanges(ctx context.Context, limit int) ([]PublicChange, error) {
	var rows []changeRow
	states := []subprocessor.State{subprocessor.Open, subprocessor.Scheduled, subprocessor.Effective}
	if err := s.read(ctx).Where("state IN ?", states).Order("effective_on DESC NULLS FIRST, announced_at DESC, id").Limit(limit).Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	names, err := s.recipientNames(s.read(ctx))
	if err != nil {
		return nil, err
	}
	out := make([]PublicChange, len(rows))
	for i, row := range rows {
		r, err := s.changeOf(s.read(ctx), row)
		if err != nil {
			return nil, err
		}
		p := r.Proposal
		out[i] = PublicChange{
			On: r.EffectiveOn, Upcoming: r.State == subprocessor.Scheduled && !r.Early(), Emergency: r.Early(), Sort: p.Sort, Name: p.Name, Old: names[p.Old],
			Country: p.Country, Purposes: p.Purposes,
		}
		if r.EffectiveOn.IsZero() {
			out[i].Announced, out[i].On = true, calendar.DateOf(r.AnnouncedAt.In(r.Zone))
		}
		if p.Name == "" {
			out[i].Name = names[p.Slug]
		}
	}
	return out, nil
}

func (s *Store) recipientNames(tx *gorm.DB) (map[string]string, error) {
	var rows []recipientRow
	if err := tx.Select("slug", "name").Find(&rows).Error; err != nil {
		return nil, unavailable(err)
	}
	out := map[string]string{}
	for _, r := range rows {
		out[r.Slug] = r.Name
	}
	return out, nil
}
