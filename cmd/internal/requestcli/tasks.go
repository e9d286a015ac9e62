package requestcli

import (
	"context"
	"fmt"
	"io"
	"mime"
	"os"
	"path/filepath"

	"github.com/google/uuid"

	"habeas/api/client"
	"habeas/cmd/internal/rulescli"
)

// TaskCmd is `habeas request task`.
type TaskCmd struct {
	List   TaskListCmd   `cmd:"" help:"List the tasks that wait for people, the earliest legal date first."`
	Show   TaskShowCmd   `cmd:"" help:"Show a task: what is to be done, and its files."`
	Add    TaskAddCmd    `cmd:"" help:"Add a file to an open task."`
	Fetch  TaskFetchCmd  `cmd:"" help:"Fetch a file of a task; the ledger says who did."`
	Remove TaskRemoveCmd `cmd:"" help:"Remove a file from an open task."`
}

// TaskListCmd is `habeas request task list`.
type TaskListCmd struct{ Most }

// Run reads as many pages as it takes.
func (cmd TaskListCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	all, more, err := pages(cmd.Most, func(limit int, cursor string) ([]client.Task, string, error) {
		got, err := api.ListTasksWithResponse(ctx, &client.ListTasksParams{Limit: limit, Cursor: cursor})
		if err != nil {
			return nil, "", err
		}
		return got.JSON200.Tasks, got.JSON200.Next, nil
	})
	if err != nil {
		return err
	}
	return list(api, "tasks", all, more, "No task waits.", "TASK\tACTION\tSYSTEM\tSTATE\tDUE", func(w io.Writer, t client.Task) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.ID, t.Action, t.System, t.State, t.DueOn)
	})
}

// TaskShowCmd is `habeas request task show`.
type TaskShowCmd struct {
	ID string `arg:"" help:"Identifier of the task." name:"task"`
}

// Run shows the task.
func (cmd TaskShowCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	got, err := api.GetTaskWithResponse(ctx, cmd.ID)
	if err != nil {
		return err
	}
	if api.json {
		return api.write(got.JSON200)
	}
	t := got.JSON200.Task
	fmt.Fprintf(s.Out, "%s in %s, %s, due %s\nRequest %s\n", t.Action, t.System, t.State, t.DueOn, t.RequestID)
	for _, name := range t.Collections {
		fmt.Fprintf(s.Out, "  %s%s\n", name, counted(t.Counts, name))
	}
	if got.JSON200.Instructions != "" {
		fmt.Fprintf(s.Out, "\n%s\n", got.JSON200.Instructions)
	}
	for _, f := range got.JSON200.Files {
		fmt.Fprintf(s.Out, "File %s, %s, %d bytes\n", f.ID, f.Media, f.Size)
	}
	return nil
}

func counted(counts map[string]int64, name string) string {
	n, ok := counts[name]
	if !ok {
		return ""
	}
	return fmt.Sprintf(": %d records", n)
}

// TaskAddCmd is `habeas request task add`.
type TaskAddCmd struct {
	ID   string `arg:"" help:"Identifier of the task." name:"task"`
	File string `arg:"" help:"The file, at most 25 MB." type:"existingfile"`
}

// Run sends the file as it is read.
func (cmd TaskAddCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	f, err := os.Open(cmd.File)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() //nolint:errcheck // it was only read
	name := mime.FormatMediaType("attachment", map[string]string{"filename": filepath.Base(cmd.File)})
	got, err := api.AddTaskFileWithBodyWithResponse(ctx, cmd.ID, &client.AddTaskFileParams{ContentDisposition: name}, "application/octet-stream", f)
	if err != nil {
		return err
	}
	if api.json {
		return api.write(got.JSON201)
	}
	_, err = fmt.Fprintf(s.Out, "The file is sealed as %s.\n", got.JSON201.ID)
	return err
}

// TaskFetchCmd is `habeas request task fetch`.
type TaskFetchCmd struct {
	ID   string `arg:"" help:"Identifier of the task." name:"task"`
	File string `arg:"" help:"Identifier of the file."`
	Out
}

// Run fetches the file.
func (cmd TaskFetchCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	got, err := api.GetTaskFileWithResponse(ctx, cmd.ID, cmd.File)
	if err != nil {
		return err
	}
	return api.save(cmd.Out, "file-"+cmd.File, got.Body)
}

// TaskRemoveCmd is `habeas request task remove`.
type TaskRemoveCmd struct {
	ID   string `arg:"" help:"Identifier of the task." name:"task"`
	File string `arg:"" help:"Identifier of the file."`
}

// Run removes the file.
func (cmd TaskRemoveCmd) Run(ctx context.Context, c *Cmd, env Env, s *rulescli.Streams) error {
	api, err := c.open(env, s)
	if err != nil {
		return err
	}
	if _, err := api.RemoveTaskFileWithResponse(ctx, cmd.ID, cmd.File, &client.RemoveTaskFileParams{IdempotencyKey: uuid.NewString()}); err != nil {
		return err
	}
	return api.say(map[string]bool{"removed": true}, "The file is removed.")
}
