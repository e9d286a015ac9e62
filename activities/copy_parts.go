package activities

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"habeas/activities/bundle"
	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/models/task"
	"habeas/templates/report"
)

// PrepareCopy says what other companies and other workers have to bring before the package can be put together.
func (a *Activities) PrepareCopy(ctx context.Context, in RequestRef) (CopyWork, error) {
	out, err := a.prepareCopy(ctx, in)
	return out, a.failure(ctx, err)
}

func (a *Activities) prepareCopy(ctx context.Context, in RequestRef) (CopyWork, error) {
	p, err := a.approvedPlan(ctx, in.RequestID)
	if err != nil {
		return CopyWork{}, err
	}
	out := CopyWork{Queues: a.queuesOf(p.Groups, func(g plan.Group) bool { return g.By == "" && disclosed(g) })}
	out.Delegations, _, err = a.delegations(ctx, in.RequestID, p, disclosed)
	return out, err
}

// ExportParts writes the rows of a queue's systems as sealed parts, from which the main worker puts the package together. What a connector cannot export
// becomes a task.
func (a *Activities) ExportParts(ctx context.Context, in QueueRef) (Done, error) {
	out, err := a.exportParts(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) exportParts(ctx context.Context, in QueueRef) (done Done, err error) {
	c, err := a.newCopy(ctx, in.RequestID)
	if err != nil {
		return Done{}, err
	}
	for _, p := range c.parts() {
		if a.deps.Queues[p.node.System] != in.Queue {
			continue
		}
		for _, g := range p.groups {
			err := a.deps.Store.WritePart(ctx, in.RequestID, groupPart(g), func(w io.Writer) (int64, error) { return c.writeGroup(ctx, w, p.node, g) })
			if models.KindOf(err) == models.Unsupported {
				var made task.Task
				made, err = a.needGroup(ctx, Ending{RequestID: in.RequestID}, task.Export, task.Unsupported, g)
				done.Tasks += waits(made)
			} else if err == nil {
				err = a.deps.Store.WritePart(ctx, in.RequestID, filesPart(g), func(w io.Writer) (int64, error) { return c.writeAttachments(ctx, w, p.node, g) })
			}
			if err != nil {
				return done, err
			}
		}
	}
	return done, nil
}

// groupPart names the part of a group's rows.
func groupPart(g plan.Group) string { return fmt.Sprintf("rows/%d", g.No) }

// writeGroup writes a group's rows as JSON, a row a line.
func (c *copyRun) writeGroup(ctx context.Context, w io.Writer, node *datamap.Node, g plan.Group) (n int64, err error) {
	out := bufio.NewWriterSize(w, 1<<16)
	enc := json.NewEncoder(out)
	err = c.exportGroup(ctx, node, g, func(row datamap.Row) error {
		n++
		return enc.Encode(row)
	})
	return n, errors.Join(err, out.Flush())
}

// readGroup streams the rows that another worker has written.
func (c *copyRun) readGroup(ctx context.Context, g plan.Group, yield func(datamap.Row) error) error {
	content, _, err := c.deps.Store.ReadPart(ctx, c.req.ID, groupPart(g))
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bufio.NewReaderSize(content, 1<<16))
	for {
		var row datamap.Row
		err := dec.Decode(&row)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = yield(row)
		}
		if err != nil {
			return err
		}
	}
}

// byHand reports whether people have settled the export of a group.
func (c *copyRun) byHand(g plan.Group) bool {
	_, settled := settledTask(c.tasks, task.Export, g.No)
	return settled
}

// exportByHand makes tasks of the records that people have to bring, and counts those that wait.
func (c *copyRun) exportByHand(ctx context.Context) (int, error) {
	of := Ending{RequestID: c.req.ID}
	_, err := c.needGroups(ctx, of, task.Export, task.Unsupported, c.plan, func(g plan.Group) bool { return disclosed(g) && c.mustBring(g) })
	if err != nil {
		return 0, err
	}
	return c.openTasks(ctx, of)
}

// mustBring reports whether it is known before the system is asked that its connector cannot export a group.
func (c *copyRun) mustBring(g plan.Group) bool {
	if g.By != "" {
		return g.By == plan.ByHand
	}
	system, here := c.deps.Systems[g.System]
	_, can := system.(connectors.Exporter)
	return here && !can && c.deps.Queues[g.System] == ""
}

// notBrought says which records are missing from a copy because the DPO has closed a task without them.
func (a *Activities) notBrought(l letterContext, t task.Task) (out []report.Withheld) {
	if t.State != task.Refused || t.Action != task.Locate && t.Action != task.Export {
		return nil
	}
	for _, name := range t.Collections {
		out = append(out, report.Withheld{What: a.wordsOf(l, name), Records: t.Counts[name], Why: report.NotBrought})
	}
	return out
}

// writeOthers writes what people and other companies have brought, as it came.
func (c *copyRun) writeOthers(ctx context.Context, archive *bundle.Archive) error {
	for _, t := range c.tasks {
		if t.Action == task.Export && t.State == task.Confirmed {
			if err := c.writeUploads(ctx, archive, t); err != nil {
				return err
			}
		}
	}
	delegations, err := c.deps.Store.Delegations(ctx, models.ScopeOperator(), c.req.ID)
	if err != nil {
		return err
	}
	for _, d := range delegations {
		if d.State != store.DelegationDone || !d.HasResult {
			continue
		}
		content, _, err := c.deps.Store.ReadPart(ctx, c.req.ID, d.Part())
		if err != nil {
			return err
		}
		head := bufio.NewReader(content)
		first, err := head.Peek(512)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err := c.copyFile(archive, "others/"+d.System+ending(first), report.Sent, d.System, head); err != nil {
			return err
		}
	}
	return nil
}

func (c *copyRun) writeUploads(ctx context.Context, archive *bundle.Archive, t task.Task) error {
	files, err := c.deps.Store.TaskFiles(ctx, models.ScopeOperator(), t.ID)
	if err != nil {
		return err
	}
	for i, f := range files {
		content, _, err := c.deps.Store.TaskFile(ctx, models.ScopeOperator(), t.ID, f.ID)
		if err != nil {
			return err
		}
		name := fmt.Sprintf("others/%s/%d-%s", t.System, i+1, bundle.FileName(f.Name.Reveal()))
		if err := c.copyFile(archive, name, report.ByHand, t.System, content); err != nil {
			return err
		}
	}
	return nil
}

func (c *copyRun) copyFile(archive *bundle.Archive, name string, sort report.Sort, of string, content io.Reader) error {
	out, err := c.create(archive, name, sort, of)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return err
}

// ending is what a file's name ends with, by what is in it.
func ending(first []byte) string {
	media, _, _ := strings.Cut(http.DetectContentType(first), ";")
	switch text := bytes.TrimSpace(first); {
	case media == "application/zip":
		return ".zip"
	case media == "application/pdf":
		return ".pdf"
	case len(text) > 0 && (text[0] == '{' || text[0] == '['):
		return ".json"
	case strings.HasPrefix(media, "text/"):
		return ".txt"
	}
	return ".bin"
}
