package activities

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"

	"habeas/activities/bundle"
	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/templates/report"
)

// fileFunc takes one content with its name and size in bytes.
type fileFunc = func(name string, size int64, r io.Reader) error

// attached is how many files a part brought.
type attached struct {
	dir   string
	what  string
	files int
}

// writeFiles puts the contents that the part's rows stand for beside them, each streamed: all for access, those of portable collections
// for an export. What is redacted or shared is left out, since nobody can blank a line of a document.
func (c *copyRun) writeFiles(ctx context.Context, archive *bundle.Archive, p part) error {
	if c.req.Right == models.Export && !p.node.Collection.Portable {
		return nil
	}
	what, err := c.what(p)
	if err != nil {
		return err
	}
	out := attached{dir: "files/" + p.name() + "/", what: what}
	for _, g := range p.groups {
		if g.Treatment() != models.TreatDisclose || g.By != "" || c.byHand(g) {
			continue
		}
		each := c.attachments
		if c.deps.Queues[p.node.System] != "" {
			each = c.readAttachments
		}
		err := each(ctx, p.node, g, func(name string, size int64, r io.Reader) error {
			out.files++
			return c.writeFile(archive, out.dir, name, size, r)
		})
		if err != nil {
			return err
		}
	}
	if out.files > 0 {
		c.attached = append(c.attached, out)
	}
	return nil
}

// attachments streams the contents that a group's rows stand for, none where the system has no such.
func (c *copyRun) attachments(ctx context.Context, node *datamap.Node, g plan.Group, yield fileFunc) error {
	system, err := c.system(ctx, node.System)
	if err != nil {
		return err
	}
	attacher, ok := system.(connectors.Attacher)
	if !ok {
		return nil
	}
	return c.eachBatch(ctx, GroupRef{RequestID: c.req.ID, Group: g.No}, nil, func(rows []store.LocatedRow) error {
		return attacher.Attachments(ctx, node, keys(rows), yield)
	})
}

// filesPart names the part of the contents that a group's rows stand for.
func filesPart(g plan.Group) string { return fmt.Sprintf("files/%d", g.No) }

// writeAttachments writes those contents as a tar archive, for the main worker.
func (c *copyRun) writeAttachments(ctx context.Context, w io.Writer, node *datamap.Node, g plan.Group) (n int64, err error) {
	out := tar.NewWriter(w)
	err = c.attachments(ctx, node, g, func(name string, size int64, r io.Reader) error {
		n++
		if err := out.WriteHeader(&tar.Header{Name: name, Size: size, Mode: 0o600, Format: tar.FormatPAX}); err != nil {
			return err
		}
		copied, err := io.Copy(out, r)
		if errors.Is(err, tar.ErrWriteTooLong) || err == nil && copied != size {
			return fileChanged()
		}
		return err
	})
	return n, errors.Join(err, out.Close())
}

// readAttachments streams the contents that another worker has written.
func (c *copyRun) readAttachments(ctx context.Context, _ *datamap.Node, g plan.Group, yield fileFunc) error {
	content, _, err := c.deps.Store.ReadPart(ctx, c.req.ID, filesPart(g))
	if err != nil {
		return err
	}
	in := tar.NewReader(content)
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = yield(h.Name, h.Size, in)
		}
		if err != nil {
			return err
		}
	}
}

func fileChanged() error {
	return models.Errorf(models.Unavailable, connectors.CodeBusy, "A file was changed while it was copied.")
}

func (c *copyRun) writeFile(archive *bundle.Archive, dir, name string, size int64, r io.Reader) error {
	w, err := archive.Attach(dir, name)
	if err != nil {
		return err
	}
	n, err := io.Copy(w, r)
	if err == nil && n != size {
		err = fileChanged()
	}
	return err
}

// listed are the files as the README lists them: attachments by directory.
func (c *copyRun) listed(archive *bundle.Archive) ([]report.File, error) {
	var list []report.File
	for _, f := range archive.Files() {
		if !f.Attached {
			list = append(list, report.File{Name: f.Name, What: f.What})
		}
	}
	for _, a := range c.attached {
		what, err := report.Attached(c.lang(), a.files, a.what)
		if err != nil {
			return nil, err
		}
		list = append(list, report.File{Name: a.dir, What: what})
	}
	return list, nil
}
