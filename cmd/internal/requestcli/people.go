package requestcli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"

	"habeas/api/client"
	"habeas/cmd/internal/rulescli"
)

// SearchCmd is `habeas request search`.
type SearchCmd struct{}

// Help is what --help adds.
func (SearchCmd) Help() string {
	return `An address names a person, so that it is read from standard input and not from the command line:

  echo sam@example.com | habeas request search`
}

// Run finds the requests of a person.
func (cmd SearchCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(s.In, 1000))
	if err != nil {
		return err
	}
	email := strings.TrimSpace(string(text))
	if email == "" {
		return usage("Standard input must be one e-mail address.")
	}
	got, err := api.SearchRequestsWithResponse(ctx, client.Search{Email: email})
	if err != nil {
		return err
	}
	if api.json {
		return api.write(got.JSON200)
	}
	return table(s.Out, got.JSON200.Requests, false)
}

// PersonCmd is `habeas request person`.
type PersonCmd struct{ Request }

// Run says who asks, as JSON; the ledger says who looked.
func (cmd PersonCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, r, err := c.of(ctx, env, s, cmd.Request)
	if err != nil {
		return err
	}
	got, err := api.GetPersonWithResponse(ctx, r.ID)
	if err != nil {
		return err
	}
	return api.write(got.JSON200)
}

// AgentCmd is `habeas request agent`.
type AgentCmd struct {
	List   AgentListCmd   `cmd:"" help:"List who asks for the person of a request."`
	Proof  AgentProofCmd  `cmd:"" help:"Fetch the proof of an agent's authority; the ledger says who did."`
	Accept AgentAcceptCmd `cmd:"" help:"Accept the authority of an agent; it stands for the person's own confirmation."`
	Refuse AgentRefuseCmd `cmd:"" help:"Do not accept it; the person may still confirm."`
}

// Agent names an agent of a request on the command line.
type Agent struct {
	Request
	Submission string `required:"" help:"Identifier of what the agent has sent." placeholder:"ID"`
}

// AgentListCmd is `habeas request agent list`.
type AgentListCmd struct{ Request }

// Run lists the agents without their names.
func (cmd AgentListCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, r, err := c.of(ctx, env, s, cmd.Request)
	if err != nil {
		return err
	}
	got, err := api.GetAgentsWithResponse(ctx, r.ID, &client.GetAgentsParams{Limit: 100})
	if err != nil {
		return err
	}
	return list(api, "agents", got.JSON200.Agents, got.JSON200.Next != "", "Nobody asks for the person.", "SUBMISSION\tBASIS\tSTATE\tASKED", func(w io.Writer, a client.Agent) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", a.SubmissionID, a.Basis, a.State, a.At.Format("2006-01-02"))
	})
}

// AgentProofCmd is `habeas request agent proof`.
type AgentProofCmd struct {
	Agent
	Out
}

// Run fetches the proof.
func (cmd AgentProofCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, r, err := c.of(ctx, env, s, cmd.Request)
	if err != nil {
		return err
	}
	got, err := api.GetProofWithResponse(ctx, r.ID, cmd.Submission)
	if err != nil {
		return err
	}
	return api.save(cmd.Out, "proof-"+cmd.Submission, got.Body)
}

// AgentAcceptCmd is `habeas request agent accept`.
type AgentAcceptCmd struct {
	Agent
	Reason
}

// AgentRefuseCmd is `habeas request agent refuse`.
type AgentRefuseCmd struct {
	Agent
	Reason
}

// Run takes the decision.
func (cmd AgentAcceptCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.authority(ctx, env, s, cmd.Agent, client.AgentDecision{Accept: true, Reason: cmd.Reason.Reason})
}

// Run takes the decision.
func (cmd AgentRefuseCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	return c.authority(ctx, env, s, cmd.Agent, client.AgentDecision{Accept: false, Reason: cmd.Reason.Reason})
}

func (c *Cmd) authority(ctx context.Context, env Env, s *rulescli.Streams, of Agent, d client.AgentDecision) error {
	api, r, err := c.of(ctx, env, s, of.Request)
	if err != nil {
		return err
	}
	got, err := api.DecideAgentWithResponse(ctx, r.ID, of.Submission, &client.DecideAgentParams{IdempotencyKey: uuid.NewString()}, d)
	if err != nil {
		return err
	}
	return api.say(got.JSON202, fmt.Sprintf("%s: the authority is %s.", r.Reference, got.JSON202.State))
}
