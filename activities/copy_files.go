package activities

import (
	"context"
	"fmt"
	"io"

	"habeas/activities/bundle"
	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/store"
	"habeas/templates/report"
)

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
	system, err := c.system(ctx, p.node.System)
	if err != nil {
		return err
	}
	attacher, ok := system.(connectors.Attacher)
	if !ok {
		return nil
	}
	out := attached{dir: "files/" + p.name() + "/", what: c.what(p)}
	for _, g := range p.groups {
		if g.Treatment() != models.TreatDisclose {
			continue
		}
		err := c.eachBatch(ctx, GroupRef{RequestID: c.req.ID, Group: g.No}, nil, func(rows []store.LocatedRow) error {
			return attacher.Attachments(ctx, p.node, keys(rows), func(name string, size int64, r io.Reader) error {
				out.files++
				return c.writeFile(archive, out.dir, name, size, r)
			})
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

func (c *copyRun) writeFile(archive *bundle.Archive, dir, name string, size int64, r io.Reader) error {
	w, err := archive.Attach(dir, name)
	if err != nil {
		return err
	}
	n, err := io.Copy(w, r)
	if err == nil && n != size {
		err = models.Errorf(models.Unavailable, connectors.CodeBusy, "A file was changed while it was copied.")
	}
	return err
}

// listed are the files as the README lists them: attachments by directory.
func (c *copyRun) listed(archive *bundle.Archive) []report.File {
	var list []report.File
	for _, f := range archive.Files() {
		if !f.Attached {
			list = append(list, report.File{Name: f.Name, What: f.What})
		}
	}
	for _, a := range c.attached {
		list = append(list, report.File{Name: a.dir, What: fmt.Sprintf("%d files: %s", a.files, a.what)})
	}
	return list
}
