package figures

import (
	"context"
	"time"

	"habeas/api/words"
	"habeas/models"
	"habeas/models/request"
	"habeas/models/store"
)

// Figures are the counts of a period and of what is open.
type Figures struct{ store.Figures }

// gather counts what is inside a scope.
func gather(ctx context.Context, s *store.Store, scope models.Scope, p store.Period) (Figures, error) {
	f, err := s.Figures(ctx, scope, p)
	return Figures{f}, err
}

// Closing is what was closed under a key, e.g. (store.ByRight, "erasure"); zero for none.
func (f Figures) Closing(by, key string) store.Closing {
	for _, c := range f.Closings {
		if c.By == by && c.Key == key {
			return c
		}
	}
	return store.Closing{}
}

// Received is how many came in under a key.
func (f Figures) Received(by, key string) int64 {
	for _, c := range f.Figures.Received {
		if c.By == by && c.Key == key {
			return c.N
		}
	}
	return 0
}

// Month is what came in and what was closed in a month.
type Month struct {
	Key      string // "2027-02"
	At       time.Time
	Received int64
	store.Closing
}

// months are those of a period, oldest first, whether or not anything happened in them.
func (f Figures) months(p store.Period) []Month {
	var out []Month
	for at := p.From; at.Before(p.Before); at = at.AddDate(0, 1, 0) {
		key := at.Format("2006-01")
		out = append(out, Month{Key: key, At: at, Received: f.Received(store.ByMonth, key), Closing: f.Closing(store.ByMonth, key)})
	}
	return out
}

// HomeZone is the time zone of the operator or, for a customer, its own.
func HomeZone(controllers []request.Controller) *time.Location {
	if len(controllers) == 0 {
		return time.UTC
	}
	return words.Zone(home(controllers).Timezone)
}

// home is the operator or, for a customer, itself.
func home(controllers []request.Controller) (out request.Controller) {
	for i, one := range controllers {
		if i == 0 || one.Operator {
			out = one
		}
	}
	return out
}
