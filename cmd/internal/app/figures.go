package app

import (
	"context"
	"time"
)

// figuresEvery is how often the counts of very many requests are made anew, which are shown with their time.
const figuresEvery = time.Minute

// keepFigures counts what the dashboard, the reports and the list of holds show of very many rows, until ctx ends. Where they are few it does nothing.
func (a *App) keepFigures(ctx context.Context) error {
	for ctx.Err() == nil {
		if _, err := a.Store.RefreshFigures(ctx, figuresEvery/2); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "The figures were not counted", "code", codeOf(err))
		}
		pause(ctx, figuresEvery)
	}
	return nil
}
