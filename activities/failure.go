package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"habeas/models"
)

// LapseOvertaken is the type of Advance's failure when a request was verified or ended by somebody before it could lapse.
const LapseOvertaken = "lapse_overtaken"

// failure is the one switch from domain errors to Temporal's. Only a code and a safe sentence enter the history; the inner
// error may quote a row and is neither returned nor logged, only its database code. A request does not fail because a system, a
// mail server or a file of the configuration is wrong for a time: all of that is tried again. Only what is gone stays gone.
func (a *Activities) failure(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) || temporal.IsCanceledError(err) {
		return temporal.NewCanceledError()
	}
	domain, ok := errors.AsType[*models.Error](err)
	if !ok {
		a.logUnknown(ctx, err)
		return temporal.NewApplicationError("An internal error; the log has it under this activity.", "internal")
	}
	if domain.Kind == models.NotFound || domain.Code == "key_destroyed" || domain.Code == LapseOvertaken {
		return temporal.NewNonRetryableApplicationError(domain.Message, domain.Code, nil)
	}
	return temporal.NewApplicationError(domain.Message, domain.Code)
}

func (a *Activities) logUnknown(ctx context.Context, err error) {
	info := activity.GetInfo(ctx)
	attrs := []any{
		slog.String("activity", info.ActivityType.Name), slog.String("workflow", info.WorkflowExecution.ID), slog.Int("attempt", int(info.Attempt)),
	}
	if pg, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		attrs = append(attrs, slog.String("sqlstate", pg.SQLState()))
	}
	attrs = append(attrs, slog.String("type", fmt.Sprintf("%T", err)))
	a.deps.Log.ErrorContext(ctx, "An activity failed", attrs...)
}
