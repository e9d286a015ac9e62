package requestcli

import (
	"context"
	"fmt"
	"io"

	"github.com/google/uuid"

	"habeas/api/client"
	"habeas/cmd/internal/rulescli"
)

// Most bounds a list.
type Most struct {
	Limit int `help:"At most so many." default:"100"`
}

// pages reads a list of at most so many entries in as many pages as it takes; more says that there are others.
func pages[T any](most Most, read func(limit int, cursor string) ([]T, string, error)) (all []T, more bool, err error) {
	if most.Limit < 1 {
		return nil, false, usage("--limit is a number above zero.")
	}
	all = []T{}
	for cursor := ""; len(all) < most.Limit; {
		page, next, err := read(min(100, most.Limit-len(all)), cursor)
		if err != nil {
			return nil, false, err
		}
		all, more, cursor = append(all, page...), next != "", next
		if !more {
			break
		}
	}
	return all, more, nil
}

// list writes entries as a table or, with --json, as an object with one member.
func list[T any](s *session, name string, all []T, more bool, none, head string, row func(io.Writer, T)) error {
	if s.json {
		return s.write(map[string]any{name: all, "more": more})
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(s.out.Out, none)
		return err
	}
	w := aligned(s.out.Out)
	fmt.Fprintln(w, head)
	for _, one := range all {
		row(w, one)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if more {
		fmt.Fprintln(s.out.Out, "There are more; raise --limit.")
	}
	return nil
}

// HoldsCmd is `habeas request holds`.
type HoldsCmd struct{ Most }

// Run lists the holds in force.
func (cmd HoldsCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	all, more, err := pages(cmd.Most, func(limit int, cursor string) ([]client.Hold, string, error) {
		got, err := api.ListHoldsWithResponse(ctx, &client.ListHoldsParams{Limit: limit, Cursor: cursor})
		if err != nil {
			return nil, "", err
		}
		return got.JSON200.Holds, got.JSON200.Next, nil
	})
	if err != nil {
		return err
	}
	return list(api, "holds", all, more, "No hold is in force.", "REFERENCE\tWHAT\tROWS\tERASED ON\tLAW\tCONTROLLER", func(w io.Writer, h client.Hold) {
		fmt.Fprintf(w, "%s\t%s.%s\t%d\t%s\t%s\t%s\n", h.Reference, h.Dataset, h.Collection, h.Rows, h.ErasableOn, h.Citation, h.Controller)
	})
}

// InstructionCmd is `habeas request instruction`.
type InstructionCmd struct {
	List InstructionListCmd `cmd:"" help:"List standing instructions, those in force first."`
	Give InstructionGiveCmd `cmd:"" help:"As the controller: instruct every request for a right that comes to wait from now on."`
	End  InstructionEndCmd  `cmd:"" help:"As the controller: end a standing instruction."`
}

// InstructionListCmd is `habeas request instruction list`.
type InstructionListCmd struct{ Most }

// Run lists them.
func (cmd InstructionListCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	all, more, err := pages(cmd.Most, func(limit int, cursor string) ([]client.Instruction, string, error) {
		got, err := api.ListInstructionsWithResponse(ctx, &client.ListInstructionsParams{Limit: limit, Cursor: cursor})
		if err != nil {
			return nil, "", err
		}
		return got.JSON200.Instructions, got.JSON200.Next, nil
	})
	if err != nil {
		return err
	}
	return list(api, "instructions", all, more, "There is no standing instruction.", "INSTRUCTION\tRIGHT\tCONTROLLER\tGIVEN\tENDED", func(w io.Writer, i client.Instruction) {
		ended := "-"
		if !i.EndedAt.IsZero() {
			ended = i.EndedAt.Format("2006-01-02")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", i.ID, i.Right, i.Controller, i.MadeAt.Format("2006-01-02"), ended)
	})
}

// InstructionGiveCmd is `habeas request instruction give`.
type InstructionGiveCmd struct {
	Right   string   `arg:"" help:"The right, such as erasure."`
	Channel []string `help:"Only for requests that came so: portal, api or staff; may be repeated." sep:","`
	Narrow
}

// Run gives it.
func (cmd InstructionGiveCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	narrow, err := cmd.narrow()
	if err != nil {
		return err
	}
	got, err := api.GiveInstructionWithResponse(ctx, &client.GiveInstructionParams{IdempotencyKey: uuid.NewString()}, client.NewInstruction{
		Right: cmd.Right, Channels: cmd.Channel, Narrow: narrow, Reason: cmd.Reason,
	})
	if err != nil {
		return err
	}
	return api.say(got.JSON201, "The instruction "+got.JSON201.ID+" is in force.")
}

// InstructionEndCmd is `habeas request instruction end`.
type InstructionEndCmd struct {
	ID string `arg:"" help:"Identifier of the instruction." name:"instruction"`
}

// Run ends it.
func (cmd InstructionEndCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	got, err := api.EndInstructionWithResponse(ctx, cmd.ID, &client.EndInstructionParams{IdempotencyKey: uuid.NewString()})
	if err != nil {
		return err
	}
	return api.say(got.JSON200, "The instruction is ended; requests wait for their own again.")
}
