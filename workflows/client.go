package workflows

import (
	"context"
	"errors"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
)

// callTimeout bounds each call to the Temporal service: without it a call to a server that hangs would too.
const callTimeout = 10 * time.Second

// Client starts and updates Habeas' workflows.
type Client struct{ temporal client.Client }

// NewClient wraps a Temporal client, which may be lazy.
func NewClient(c client.Client) *Client { return &Client{temporal: c} }

// StartRequest starts a request's workflow. One that runs or has run is left alone, so that the order may be repeated.
func (c *Client) StartRequest(ctx context.Context, id models.ID) error {
	return c.start(ctx, RequestWorkflowID(id), RequestWorkflowName, RequestInput{RequestID: id})
}

// StartScan starts a search of all systems for the person of a request, unless one is under way.
func (c *Client) StartScan(ctx context.Context, id models.ID) error {
	return c.again(ctx, ScanWorkflowID(id), ScanWorkflowName, ScanInput{RequestID: id})
}

// again starts a workflow unless one of its ID runs; one that has ended does not matter.
func (c *Client) again(ctx context.Context, id, name string, in any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: TaskQueue,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, name, in)
	return err
}

// StartBreach starts the workflow that watches a breach, again if the breach was reopened after its workflow had ended. One that runs is left
// alone.
func (c *Client) StartBreach(ctx context.Context, id models.ID) error {
	return c.again(ctx, BreachWorkflowID(id), BreachWorkflowName, BreachInput{BreachID: id})
}

// StartBreachMailing starts the workflow that writes to the persons of a breach. One that runs goes on at once instead, so that nobody is forgotten
// who was put back while it was about to end.
func (c *Client) StartBreachMailing(ctx context.Context, id models.ID) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := c.temporal.SignalWithStartWorkflow(ctx, BreachMailingID(id), BreachMailingSignal, nil, client.StartWorkflowOptions{
		TaskQueue: TaskQueue, WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
	}, BreachMailingName, BreachMailingInput{BreachID: id})
	return err
}

// StartBreachTrial sends the message to the persons of a breach to the DPO, once an order.
func (c *Client) StartBreachTrial(ctx context.Context, order, id models.ID) error {
	return c.start(ctx, BreachTrialID(order), BreachTrialName, BreachTrialInput{BreachID: id, OrderID: order})
}

// TellBreach tells the workflow of a breach that its record has grown, and starts it when none runs.
func (c *Client) TellBreach(ctx context.Context, order, id models.ID) error {
	if err := c.StartBreach(ctx, id); err != nil {
		return err
	}
	return c.noted(ctx, order, BreachWorkflowID(id), BreachNotedUpdate, BreachNoted{BreachID: id})
}

// noted tells a workflow that its record has grown.
func (c *Client) noted(ctx context.Context, order models.ID, id, update string, in any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID: order.String(), WorkflowID: id, UpdateName: update, Args: []any{in}, WaitForStage: client.WorkflowUpdateStageAccepted,
	})
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return nil // it has ended in this moment, because the record says that there is nothing more to do
	}
	return err
}

// StartLifting starts the workflow that lifts a request's restriction; the order may be repeated.
func (c *Client) StartLifting(ctx context.Context, request, decision models.ID) error {
	return c.start(ctx, LiftingWorkflowID(request), LiftingWorkflowName, LiftingInput{RequestID: request, DecisionID: decision})
}

// StartChange starts the workflow of a change of subprocessors, unless it runs.
func (c *Client) StartChange(ctx context.Context, id models.ID) error {
	return c.again(ctx, ChangeWorkflowID(id), SubprocessorChangeName, ChangeInput{ChangeID: id})
}

// TellChange tells the workflow of a change that its record has grown, and starts it when none runs.
func (c *Client) TellChange(ctx context.Context, order, id models.ID) error {
	if err := c.StartChange(ctx, id); err != nil {
		return err
	}
	return c.noted(ctx, order, ChangeWorkflowID(id), ChangeNotedUpdate, ChangeNoted{ChangeID: id})
}

// StartContractEnd starts the workflow of a contract's end, unless it runs.
func (c *Client) StartContractEnd(ctx context.Context, id models.ID) error {
	return c.again(ctx, ContractEndWorkflowID(id), ContractEndName, ContractEndInput{ContractEndID: id})
}

// TellContractEnd tells the workflow of a contract's end that there is something to look at, and starts it when none runs.
func (c *Client) TellContractEnd(ctx context.Context, order, id models.ID) error {
	if err := c.StartContractEnd(ctx, id); err != nil {
		return err
	}
	return c.noted(ctx, order, ContractEndWorkflowID(id), ContractEndNotedUpdate, ContractEndNoted{ContractEndID: id})
}

// TellRequestOfCall tells a request's workflow that the processor of a delegation has called back. One that has ended does not wait for it.
func (c *Client) TellRequestOfCall(ctx context.Context, order, request, delegation models.ID) error {
	return c.noted(ctx, order, RequestWorkflowID(request), ProcessorCalledUpdate, ProcessorCalled{ID: delegation})
}

// TellNoticeOfCall tells a notice's workflow that the processor which was handed it has called back. One that has ended does not wait for it.
func (c *Client) TellNoticeOfCall(ctx context.Context, order, notice models.ID) error {
	return c.noted(ctx, order, NoticeWorkflowID(notice), ProcessorCalledUpdate, ProcessorCalled{ID: notice})
}

// RemindOfNotice has a notice's workflow send its next message at once. One that has ended sends none.
func (c *Client) RemindOfNotice(ctx context.Context, order, notice models.ID) error {
	return c.TellNoticeOfCall(ctx, order, notice)
}

// RemindOfRequest has a request's workflow send the reminder at once that comes next while it waits. One that waits for nobody sends none.
func (c *Client) RemindOfRequest(ctx context.Context, order, request models.ID) error {
	return c.TellRequestOfCall(ctx, order, request, request)
}

func (c *Client) start(ctx context.Context, id, name string, in any) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := c.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: id, TaskQueue: TaskQueue,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
	}, name, in)
	if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
		return nil
	}
	return err
}

// Delivery is a recorded decision on its way to a workflow.
type Delivery struct {
	OrderID    models.ID // the Update's ID: Temporal drops a second delivery
	RequestID  models.ID
	DecisionID models.ID
	NoticeID   models.ID
	DeferralID models.ID // of a manual task that is a deferral's
	Kind       request.DecisionKind
}

// ErrGone means that no such workflow runs: it has ended or has not begun.
var ErrGone = errors.New("no such workflow runs")

// codeNotOpen is what request.OpenIn fails with in a validator.
const codeNotOpen = "decision_not_open"

// Deliver hands a decision to the workflow and waits until it has accepted it. It fails with ErrGone, or with the validator's error when the
// workflow is not there yet; the caller tries again.
func (c *Client) Deliver(ctx context.Context, d Delivery) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	target := RequestWorkflowID(d.RequestID)
	switch {
	case ofNotice(d.Kind):
		target = NoticeWorkflowID(d.NoticeID)
	case !d.DeferralID.IsZero():
		target = DeferralWorkflowID(d.DeferralID)
	}
	handle, err := c.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		UpdateID: d.OrderID.String(), WorkflowID: target, UpdateName: string(d.Kind),
		Args: []any{DecisionInput{DecisionID: d.DecisionID, Kind: d.Kind}}, WaitForStage: client.WorkflowUpdateStageAccepted,
	})
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return ErrGone
	}
	if err != nil {
		return err
	}
	return rejection(ctx, handle)
}

// rejection is the refusal of an Update by its validator, which comes with the handle and not as an error of the call. It does not wait for an
// Update that was accepted, and what such a one fails with later is not the caller's: it was delivered.
func rejection(ctx context.Context, handle client.WorkflowUpdateHandle) error {
	over, cancel := context.WithCancel(ctx)
	cancel()
	err := handle.Get(over, nil)
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && strings.HasPrefix(app.Message(), codeNotOpen) {
		return models.Errorf(models.Conflict, codeNotOpen, "The workflow is not open to this decision.").Because(err)
	}
	return nil
}

// Healthy reports whether the Temporal service answers.
func (c *Client) Healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := c.temporal.CheckHealth(ctx, &client.CheckHealthRequest{})
	return err
}

// EnsureSchedules creates or updates the Schedules that look for due deferrals, remind of reviews and clean up.
func (c *Client) EnsureSchedules(ctx context.Context, sweepEvery time.Duration) error {
	if err := c.ensureSchedule(ctx, DeferralScheduleID, DeferralSweepName, sweepEvery); err != nil {
		return err
	}
	if err := c.ensureSchedule(ctx, ReviewsScheduleID, RecipientReviewsName, 24*time.Hour); err != nil {
		return err
	}
	return c.ensureSchedule(ctx, HousekeepingScheduleID, HousekeepingWorkflowName, 24*time.Hour)
}

func (c *Client) ensureSchedule(ctx context.Context, id, name string, every time.Duration) error {
	spec := client.ScheduleSpec{Intervals: []client.ScheduleIntervalSpec{{Every: every}}}
	action := &client.ScheduleWorkflowAction{ID: id, Workflow: name, TaskQueue: TaskQueue}
	schedules := c.temporal.ScheduleClient()
	_, err := schedules.Create(ctx, client.ScheduleOptions{
		ID: id, Spec: spec, Action: action, Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP, CatchupWindow: 24 * time.Hour,
	})
	if !errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		return err
	}
	return schedules.GetHandle(ctx, id).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			s := in.Description.Schedule
			s.Spec, s.Action = &spec, action
			return &client.ScheduleUpdate{Schedule: &s}, nil
		},
	})
}

// Sweep runs the deferral sweep at once instead of at its next time.
func (c *Client) Sweep(ctx context.Context) error {
	return c.temporal.ScheduleClient().GetHandle(ctx, DeferralScheduleID).Trigger(ctx, client.ScheduleTriggerOptions{
		Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_BUFFER_ONE,
	})
}

// Register names everything that a worker runs.
func Register(w worker.Registry, a *activities.Activities) {
	for name, fn := range Registered() {
		w.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
	}
	w.RegisterActivity(a)
}

// RegisterSystems names what the worker of a system's queue runs: activities only.
func RegisterSystems(w worker.Registry, a *activities.Activities) { w.RegisterActivity(a) }

// Registered are the workflow functions by name.
func Registered() map[string]any {
	return map[string]any{
		RequestWorkflowName: Request, NoticeWorkflowName: Notice, DeferralWorkflowName: Deferral,
		DeferralSweepName: DeferralSweep, HousekeepingWorkflowName: Housekeeping, BreachWorkflowName: Breach,
		ScanWorkflowName: Scan, BreachMailingName: BreachMailing, BreachTrialName: BreachTrial,
		LiftingWorkflowName:    Lifting,
		SubprocessorChangeName: SubprocessorChange, RecipientReviewsName: RecipientReviews,
		ContractEndName: ContractEnd,
	}
}
