package activities_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"

	"habeas/activities"
	"habeas/models"
)

// pulse listens to the heartbeats of all activities.
type pulse struct {
	interceptor.WorkerInterceptorBase
	beats atomic.Int64
	loose atomic.Int64 // beats that whoever ends a part of an activity would break off
}

func (p *pulse) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &pulseIn{interceptor.ActivityInboundInterceptorBase{Next: next}, p}
}

type pulseIn struct {
	interceptor.ActivityInboundInterceptorBase
	pulse *pulse
}

func (i *pulseIn) Init(out interceptor.ActivityOutboundInterceptor) error {
	return i.Next.Init(&pulseOut{interceptor.ActivityOutboundInterceptorBase{Next: out}, i.pulse})
}

type pulseOut struct {
	interceptor.ActivityOutboundInterceptorBase
	pulse *pulse
}

func (o *pulseOut) RecordHeartbeat(ctx context.Context, details ...any) {
	o.pulse.beats.Add(1)
	if ctx.Done() != nil {
		o.pulse.loose.Add(1)
	}
	o.Next.RecordHeartbeat(ctx, details...)
}

func TestTheEndOfABatchBreaksNoHeartbeatOff(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.approved(models.Access, nil)
	w.advance(id, models.Executing)
	do[activities.Package](w, w.acts.BuildPackage, activities.RequestRef{RequestID: id})
	require.Positive(t, w.pulse.beats.Load())
}
