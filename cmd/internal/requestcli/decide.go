package requestcli

import (
	"context"

	"habeas/api/client"
	"habeas/cmd/internal/rulescli"
)

// Request names a request on the command line.
type Request struct {
	Request string `arg:"" help:"Reference or identifier of the request."`
}

// Reason is why a decision is taken.
type Reason struct {
	Reason string `required:"" help:"The reason in words. It is sealed with the request's key, and told where the law says so." placeholder:"TEXT"`
}

// Plan says which plan a decision is about and how its groups are treated.
type Plan struct {
	Plan   string            `required:"" help:"Digest of the plan that was shown; another plan by now is refused." placeholder:"DIGEST"`
	Choice map[string]string `help:"How a group is treated, by its number; may be repeated." placeholder:"GROUP=TREATMENT"`
}

// Task names a task of the request.
type Task struct {
	Task string `required:"" help:"Identifier of the task." placeholder:"ID"`
}

type (
	// InstructCmd is `habeas request instruct`.
	InstructCmd struct {
		Request
		Narrow
	}
	// DeclineCmd is `habeas request decline`.
	DeclineCmd struct {
		Request
		Reason
	}
	// WithdrawCmd is `habeas request withdraw`.
	WithdrawCmd struct{ Request }
	// ApproveCmd is `habeas request approve`.
	ApproveCmd struct {
		Request
		Plan
	}
	// ChangeCmd is `habeas request change`.
	ChangeCmd struct {
		Request
		Plan
		Reason
	}
	// RefuseCmd is `habeas request refuse`.
	RefuseCmd struct {
		Request
		Reason
	}
	// ExtendCmd is `habeas request extend`.
	ExtendCmd struct {
		Request
		Reason
	}
	// ClarifyCmd is `habeas request clarify`.
	ClarifyCmd struct {
		Request
		Question string `required:"" help:"The question, as the person reads it." placeholder:"TEXT"`
	}
	// WaiveCmd is `habeas request waive`.
	WaiveCmd struct {
		Request
		Reason
		Notice string `required:"" help:"Identifier of the notice." placeholder:"ID"`
	}
	// AcknowledgeCmd is `habeas request acknowledge`.
	AcknowledgeCmd struct {
		Request
		Notice string `required:"" help:"Identifier of the notice." placeholder:"ID"`
		Answer string `required:"" help:"What the recipient says: erased, not_held or retained_by_law; done or not_held where nothing is to be erased." placeholder:"ANSWER"`
		Note   string `help:"How it came, in words." placeholder:"TEXT"`
	}
	// AbandonCmd is `habeas request abandon`.
	AbandonCmd struct {
		Request
		Task
		Reason
	}
	// LiftCmd is `habeas request lift`.
	LiftCmd struct {
		Request
		Reason
	}
	// CompleteCmd is `habeas request complete`.
	CompleteCmd struct {
		Request
		Task
		Count map[string]int64 `help:"Records by collection; none is 0. May be repeated." placeholder:"COLLECTION=N"`
		Note  string           `required:"" help:"What was done, in words." placeholder:"TEXT"`
	}
	// ConfirmCmd is `habeas request confirm`.
	ConfirmCmd struct {
		Request
		Task
	}
	// ReturnCmd is `habeas request return`.
	ReturnCmd struct {
		Request
		Task
		Reason
	}
)

// Run takes the decision.
func (cmd DeclineCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "decline", Reason: cmd.Reason.Reason})
}

// Run takes the decision.
func (cmd WithdrawCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "withdraw"})
}

// Run takes the decision.
func (cmd ApproveCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "approve", PlanDigest: cmd.Plan.Plan, Choices: cmd.Choice})
}

// Run takes the decision.
func (cmd ChangeCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "change", Reason: cmd.Reason.Reason, PlanDigest: cmd.Plan.Plan, Choices: cmd.Choice})
}

// Run takes the decision.
func (cmd RefuseCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "refuse", Reason: cmd.Reason.Reason})
}

// Run takes the decision.
func (cmd ExtendCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "extend", Reason: cmd.Reason.Reason})
}

// Run takes the decision.
func (cmd ClarifyCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "clarify", Reason: cmd.Question})
}

// Run takes the decision.
func (cmd WaiveCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "waive", Reason: cmd.Reason.Reason, NoticeID: cmd.Notice})
}

// Run takes the decision.
func (cmd LiftCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "lift", Reason: cmd.Reason.Reason})
}

// Run takes the decision.
func (cmd CompleteCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "complete", TaskID: cmd.Task.Task, Counts: cmd.Count, Reason: cmd.Note})
}

// Run takes the decision.
func (cmd ConfirmCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "confirm", TaskID: cmd.Task.Task})
}

// Run takes the decision.
func (cmd ReturnCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "return", TaskID: cmd.Task.Task, Reason: cmd.Reason.Reason})
}

// Run takes the decision.
func (cmd AcknowledgeCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "acknowledge", NoticeID: cmd.Notice, Answer: cmd.Answer, Reason: cmd.Note})
}

// Run takes the decision.
func (cmd AbandonCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.take(ctx, env, s, cmd.Request, client.NewDecision{Kind: "abandon", TaskID: cmd.Task.Task, Reason: cmd.Reason.Reason})
}

func (c *Cmd) take(ctx context.Context, env Env, s *rulescli.Streams, of Request, d client.NewDecision) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	return api.decide(ctx, of.Request, d)
}
