package requestcli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"habeas/api/client"
	"habeas/cmd/internal/rulescli"
	"habeas/models"
)

// Cmd is `habeas request …` for kong. Its commands' Run methods need a bound context, *rulescli.Streams and Env.
type Cmd struct {
	URL  string `help:"Address of the installation, such as https://privacy.example.com." env:"HABEAS_URL" placeholder:"URL"`
	JSON bool   `help:"Write JSON, for scripts." name:"json"`

	List        ListCmd        `cmd:"" help:"List requests, the earliest legal date first."`
	Show        ShowCmd        `cmd:"" help:"Show a request with its plan, its notices, tasks and deferrals."`
	Search      SearchCmd      `cmd:"" help:"Find the requests of a person, whose e-mail address stands on standard input."`
	Person      PersonCmd      `cmd:"" help:"Say who asks and what was written, as JSON; the ledger says who looked."`
	File        FileCmd        `cmd:"" help:"File a request that stands as JSON on standard input."`
	Rows        RowsCmd        `cmd:"" help:"List the rows of a group of the plan."`
	Parts       PartsCmd       `cmd:"" help:"List the parts of the data that an instruction may leave out."`
	Instruct    InstructCmd    `cmd:"" help:"As the controller: instruct that the request is carried out, in whole or without parts of the data."`
	Decline     DeclineCmd     `cmd:"" help:"As the controller: decline to instruct it."`
	Withdraw    WithdrawCmd    `cmd:"" help:"As the controller: withdraw it for the person."`
	Approve     ApproveCmd     `cmd:"" help:"Approve the plan that was shown."`
	Change      ChangeCmd      `cmd:"" help:"Change the plan's choices without approving it."`
	Refuse      RefuseCmd      `cmd:"" help:"Refuse the request, Art. 12(4), 12(5)."`
	Extend      ExtendCmd      `cmd:"" help:"Extend the legal date, Art. 12(3)."`
	Clarify     ClarifyCmd     `cmd:"" help:"Ask the person a question; the clock stops meanwhile where the law says so."`
	Acknowledge AcknowledgeCmd `cmd:"" help:"Say how a recipient has answered a notice by another way."`
	Waive       WaiveCmd       `cmd:"" help:"Waive a recipient's answer to a notice."`
	Lift        LiftCmd        `cmd:"" help:"Lift a restriction, Art. 18(3)."`
	Complete    CompleteCmd    `cmd:"" help:"Say that a task is done."`
	Confirm     ConfirmCmd     `cmd:"" help:"Confirm a task that somebody else has completed."`
	Return      ReturnCmd      `cmd:"" help:"Give a task back that was not done right."`
	Abandon     AbandonCmd     `cmd:"" help:"Close a task that cannot or need not be done."`

	Task        TaskCmd        `cmd:"" help:"The tasks that wait for people, and their files."`
	Agent       AgentCmd       `cmd:"" help:"Who asks for another person, and their proof."`
	Instruction InstructionCmd `cmd:"" help:"Standing instructions."`
	Evidence    EvidenceCmd    `cmd:"" help:"What proves what was done."`
	Scan        ScanCmd        `cmd:"" help:"Where searches of whole systems found the person's identities."`
	Ledger      LedgerCmd      `cmd:"" help:"List the ledger's entries about a request, or verify all of it."`
	Holds       HoldsCmd       `cmd:"" help:"List the holds in force, the one that ends first before the others."`
	Dashboard   DashboardCmd   `cmd:"" help:"Say how requests stand: open, soon due, overdue, and how long they took."`
	Report      ReportCmd      `cmd:"" help:"Report on a month or a year, as CSV or JSON."`
}

// Help is what --help adds.
func (Cmd) Help() string {
	return `The access key comes from the environment variable HABEAS_API_KEY and from nowhere else.

Examples:
  export HABEAS_URL=https://privacy.example.com
  export HABEAS_API_KEY=$(cat /run/secrets/habeas)
  habeas request list --open --state in_review
  habeas request show 7K3F-9QXM-2TB
  habeas request instruct 7K3F-9QXM-2TB --leave-out category:user.financial --reason "We answer for invoices ourselves."
  habeas request approve 7K3F-9QXM-2TB --plan 1f0c… --choice 3=keep
  habeas request refuse 7K3F-9QXM-2TB --reason "Manifestly unfounded: …"
  habeas request evidence download 7K3F-9QXM-2TB
  habeas request holds
  habeas request report 2027 --out requests-2027.csv
  habeas request --json list --overdue | jq -r '.requests[].reference'

Without --json the answer is a table. An error is one sentence with its stable code in brackets, on standard error.
Exit status: 0 done, 1 refused or failed, 2 wrong usage.`
}

// Env reads an environment variable; empty when it is not set.
type Env func(name string) string

// patience is how long a command waits for all of its answers.
const patience = 2 * time.Minute

// session is one command's use of the API.
type session struct {
	*client.ClientWithResponses
	out  *rulescli.Streams
	json bool
}

func (c *Cmd) open(env Env, s *rulescli.Streams) (*session, error) {
	key := env("HABEAS_API_KEY")
	if c.URL == "" {
		c.URL = env("HABEAS_URL")
	}
	switch {
	case c.URL == "":
		return nil, usage("Set HABEAS_URL to the address of the installation, such as https://privacy.example.com, or give --url.")
	case key == "":
		return nil, usage("Set HABEAS_API_KEY to an access key; it is not taken from the command line, where others could see it.")
	}
	api, err := client.Open(c.URL, key, &http.Client{Timeout: patience})
	if err != nil {
		return nil, &rulescli.ExitError{Status: rulescli.Usage, Err: err}
	}
	return &session{api, s, c.JSON}, nil
}

func usage(sentence string) error {
	return &rulescli.ExitError{Status: rulescli.Usage, Err: errors.New(sentence)}
}

// write writes what a script reads.
func (s *session) write(v any) error {
	e := json.NewEncoder(s.out.Out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// of opens the API and finds a request by what the command line calls it.
func (c *Cmd) of(ctx context.Context, env Env, s *rulescli.Streams, r Request) (*session, client.Request, error) {
	api, err := c.open(env, s)
	if err != nil {
		return nil, client.Request{}, err
	}
	found, err := api.find(ctx, r.Request)
	return api, found, err
}

// find is the request of an identifier or a reference.
func (s *session) find(ctx context.Context, name string) (client.Request, error) {
	if _, err := models.ParseID(name); err == nil {
		got, err := s.GetRequestWithResponse(ctx, name)
		if err != nil {
			return client.Request{}, err
		}
		return *got.JSON200, nil
	}
	list, err := s.ListRequestsWithResponse(ctx, &client.ListRequestsParams{Reference: name, Limit: 1})
	if err != nil {
		return client.Request{}, err
	}
	if len(list.JSON200.Requests) == 0 {
		return client.Request{}, errors.New("There is no request with this reference. [not_found]") //nolint:staticcheck // a sentence for a person
	}
	return list.JSON200.Requests[0], nil
}

// decide takes a decision. It has an Idempotency-Key of its own, so that it can be tried again when the network fails.
func (s *session) decide(ctx context.Context, name string, d client.NewDecision) error {
	r, err := s.find(ctx, name)
	if err != nil {
		return err
	}
	got, err := s.DecideWithResponse(ctx, r.ID, &client.DecideParams{IdempotencyKey: uuid.NewString()}, d)
	if err != nil {
		return err
	}
	if s.json {
		return s.write(got.JSON202)
	}
	if got.JSON202.WaitsForSecond {
		_, err = fmt.Fprintf(s.out.Out, "%s: the first of two approvals is recorded; somebody else has to approve the plan, too.\n", r.Reference)
		return err
	}
	_, err = fmt.Fprintf(s.out.Out, "%s: %s is recorded; it takes effect within moments.\n", r.Reference, got.JSON202.Kind)
	return err
}
