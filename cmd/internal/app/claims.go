package app

import (
	"context"
	"time"
)

// eachClaimed hands what claim leases to do, one after the other, until ctx ends; when there is nothing it waits for the idle time. That nothing can be
// claimed is told to failed, and tried again.
func eachClaimed[T any](ctx context.Context, idle time.Duration, claim func(context.Context) ([]T, error), failed func(error), do func(context.Context, T)) error {
	for ctx.Err() == nil {
		list, err := claim(ctx)
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
		for i := range list {
			if ctx.Err() == nil {
				do(ctx, list[i])
			}
		}
		if len(list) == 0 {
			pause(ctx, idle)
		}
	}
	return nil
}
