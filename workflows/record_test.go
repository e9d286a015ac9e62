package workflows_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/temporalproto"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	tlog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"habeas/activities"
	"habeas/models"
	"habeas/models/request"
	"habeas/workflows"
)

// With -record the histories of testdata are recorded anew on a real server, instead of any test: go test ./workflows -record
// Do that for a scenario that is new (-only). For a workflow that changed, the old history is the very thing to keep: branch on a version.
var (
	recordFlag = flag.Bool("record", false, "record the replay fixtures with the development Temporal server (make temporal-dev), instead of testing")
	onlyFlag   = flag.String("only", "", "record only the scenario with this file")
	patience   = flag.Duration("patience", 2*time.Minute, "how long a recording may take")
)

func TestMain(m *testing.M) {
	flag.Parse()
	if !*recordFlag {
		os.Exit(m.Run())
	}
	ctx, cancel := context.WithTimeout(context.Background(), *patience)
	err := recordAll(ctx)
	cancel()
	if err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func recordAll(ctx context.Context) (err error) {
	address, stop, err := startServer(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	for _, sealed := range []bool{false, true} {
		var chosen []scenario
		for _, s := range scenarios() {
			_, named := s.files[*onlyFlag]
			if s.sealed == sealed && (*onlyFlag == "" || named) {
				chosen = append(chosen, s)
			}
		}
		if err := record(ctx, address, sealed, chosen); err != nil {
			return err
		}
	}
	return nil
}

// startServer starts the development server, whose state is in memory.
func startServer(ctx context.Context) (address string, stop func() error, err error) {
	path, err := exec.CommandContext(ctx, "../scripts/build-temporal-dev.sh").Output()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(context.WithoutCancel(ctx), strings.TrimSpace(string(path)), "-exit-with-stdin", "-store=sqlite", "-port=0", "-namespace=habeas")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	var ready struct{ Address string }
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	return ready.Address, func() error { return errors.Join(stdin.Close(), cmd.Wait()) }, err
}

// recorder runs scenarios against a server.
type recorder struct {
	ctx    context.Context // of one recording
	client client.Client
	habeas *workflows.Client

	mu      sync.Mutex
	running map[string]*scenario // by workflow ID
	calls   map[string]int       // of activities, by workflow ID
	open    map[string]bool      // whether tasks wait for people, by workflow ID
	asked   map[string]int       // how often SettleTasks found that they do, by workflow ID
	seen    map[string]bool      // of once
	orders  byte
	errs    []error
}

func record(ctx context.Context, address string, sealed bool, list []scenario) error {
	r := &recorder{
		ctx: ctx, running: map[string]*scenario{}, calls: map[string]int{}, open: map[string]bool{}, asked: map[string]int{},
		seen: map[string]bool{},
	}
	options := client.Options{
		HostPort: address, Namespace: "habeas", Identity: "recorder", Logger: tlog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	}
	if sealed {
		var err error
		if options.DataConverter, options.FailureConverter, err = workflows.Converters(fixtureKey, "fixture"); err != nil {
			return err
		}
	}
	var err error
	if r.client, err = client.DialContext(ctx, options); err != nil {
		return err
	}
	defer r.client.Close()
	r.habeas = workflows.NewClient(r.client)
	for _, queue := range []activities.Queue{"", "far"} {
		w := worker.New(r.client, workflows.SystemQueue(queue), worker.Options{Identity: "recorder", MaxHeartbeatThrottleInterval: soon})
		for name, fn := range workflows.Registered() {
			w.RegisterWorkflowWithOptions(fn, workflow.RegisterOptions{Name: name})
		}
		for name, fn := range r.fakes() {
			w.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
		}
		if err := w.Start(); err != nil {
			return err
		}
		defer w.Stop()
	}
	for i := range list {
		if err := r.play(&list[i]); err != nil {
			return fmt.Errorf("%v: %w", list[i].files, err)
		}
	}
	return nil
}

// play runs one scenario to its end and writes its histories.
func (r *recorder) play(s *scenario) error {
	r.mu.Lock()
	r.running = map[string]*scenario{}
	for _, workflowID := range s.files {
		r.running[workflowID], r.open[workflowID] = s, s.tasks
	}
	r.mu.Unlock()
	s.drive(r)
	if err := errors.Join(r.errs...); err != nil {
		return err
	}
	for file, workflowID := range s.files {
		if s.left == 0 {
			if err := r.client.GetWorkflow(r.ctx, workflowID, "").Get(r.ctx, nil); err != nil {
				return err
			}
		}
		if err := r.write(file, workflowID); err != nil {
			return err
		}
		fmt.Println("recorded", file)
	}
	return nil
}

func (r *recorder) write(file, workflowID string) error {
	h, err := r.history(workflowID)
	if err != nil {
		return err
	}
	b, err := temporalproto.CustomJSONMarshalOptions{Indent: " "}.Marshal(h)
	if err != nil {
		return err
	}
	tidy := json.RawMessage(b) // the marshaller varies its spaces on purpose
	if b, err = json.MarshalIndent(tidy, "", " "); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(histories, file+".json"), append(b, '\n'), 0o644)
}

func (r *recorder) history(workflowID string) (*historypb.History, error) {
	h := &historypb.History{}
	events := r.client.GetWorkflowHistory(r.ctx, workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		if err != nil {
			return nil, err
		}
		if q := e.GetWorkflowTaskScheduledEventAttributes().GetTaskQueue(); q.GetKind() == enumspb.TASK_QUEUE_KIND_STICKY {
			q.Name = "sticky" // it bears the name of the machine
		}
		h.Events = append(h.Events, e)
	}
	return h, nil
}

// called notes a call and gives the scenario of the workflow that made it.
func (r *recorder) called(ctx context.Context) *scenario {
	workflowID := activity.GetInfo(ctx).WorkflowExecution.ID
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls[workflowID]++
	for id, s := range r.running {
		if strings.HasPrefix(workflowID, id) { // a Schedule's workflows have the time behind their ID
			return s
		}
	}
	return &scenario{}
}

func (r *recorder) failed(err error) {
	if err != nil {
		r.errs = append(r.errs, err)
	}
}

func (r *recorder) request(id models.ID) { r.failed(r.habeas.StartRequest(r.ctx, id)) }

func (r *recorder) start(workflowID, name string, in ...any) {
	_, err := r.client.ExecuteWorkflow(r.ctx, client.StartWorkflowOptions{ID: workflowID, TaskQueue: workflows.TaskQueue}, name, in...)
	r.failed(err)
}

// decide delivers decisions in order, each as soon as the workflow is open to it.
func (r *recorder) decide(request models.ID, kinds ...request.DecisionKind) {
	for _, kind := range kinds {
		r.deliver(workflows.Delivery{RequestID: request, Kind: kind})
	}
}

// answer delivers a decision to the workflow of a notice.
func (r *recorder) answer(request, notice models.ID, kind request.DecisionKind) {
	r.deliver(workflows.Delivery{RequestID: request, NoticeID: notice, Kind: kind})
}

func (r *recorder) deliver(d workflows.Delivery) {
	r.orders++
	d.OrderID, d.DecisionID = id(r.orders), id(r.orders)
	var last error
	r.until(func() bool {
		last = r.habeas.Deliver(r.ctx, d)
		return last == nil
	})
	if r.ctx.Err() != nil {
		r.failed(fmt.Errorf("%s: %w", d.Kind, last))
	}
}

// waiting reports whether tasks of the calling workflow wait for people.
func (r *recorder) waiting(ctx context.Context) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.open[activity.GetInfo(ctx).WorkflowExecution.ID] {
		return 1
	}
	return 0
}

// settle answers the question whether tasks wait.
func (r *recorder) settle(ctx context.Context, _ activities.Ending) (activities.Tasks, error) {
	r.called(ctx)
	out := activities.Tasks{Open: r.waiting(ctx), RemindEvery: time.Hour}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked[activity.GetInfo(ctx).WorkflowExecution.ID] += out.Open
	return out, nil
}

// set says whether tasks of a workflow wait; that it has asked counts anew.
func (r *recorder) set(workflowID string, open bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.open[workflowID], r.asked[workflowID] = open, 0
}

// once is true the first time that the calling workflow asks.
func (r *recorder) once(ctx context.Context) bool {
	id := activity.GetInfo(ctx).WorkflowExecution.ID
	r.mu.Lock()
	defer r.mu.Unlock()
	first := !r.seen[id]
	r.seen[id] = true
	return first
}

// byHand plays the people as soon as a workflow has found that tasks wait: they do some, send one back, close one, and confirm the last.
func (r *recorder) byHand(workflowID string, tell func(request.DecisionKind)) {
	r.until(func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.asked[workflowID] > 0
	})
	tell(request.Complete)
	tell(request.Return)
	tell(request.Abandon)
	r.set(workflowID, false)
	tell(request.Confirm)
}

// tell delivers decisions about the tasks of a request.
func (r *recorder) tell(req models.ID) func(request.DecisionKind) {
	return func(kind request.DecisionKind) { r.decide(req, kind) }
}

// awaitCalls waits until a workflow has called so many activities.
func (r *recorder) awaitCalls(workflowID string, n int) {
	r.until(func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.calls[workflowID] >= n
	})
}

// awaitTimer waits until the last thing that a workflow did was to sleep for a day.
func (r *recorder) awaitTimer(workflowID string) {
	r.until(func() bool {
		h, err := r.history(workflowID)
		if err != nil || len(h.GetEvents()) == 0 {
			return false
		}
		started := h.GetEvents()[len(h.GetEvents())-1].GetTimerStartedEventAttributes()
		return started != nil && started.GetStartToFireTimeout().AsDuration() == 24*time.Hour
	})
}

func (r *recorder) until(done func() bool) {
	for !done() {
		if r.ctx.Err() != nil {
			r.failed(r.ctx.Err())
			return
		}
		pause()
	}
}

// pause lets the server that is recorded from go on.
func pause() { <-time.After(10 * time.Millisecond) }
