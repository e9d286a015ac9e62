package activities

import (
	"context"
	"errors"
	"io"
	"slices"

	"habeas/activities/bundle"
	"habeas/activities/connectors"
	"habeas/activities/walk"
	"habeas/models"
	"habeas/models/datamap"
	"habeas/models/plan"
	"habeas/models/store"
	"habeas/models/task"
	"habeas/templates"
	"habeas/templates/report"
)

// BuildPackage writes the copy of an access or export request, or of a customer's data, as an encrypted package. Everything streams; a retry writes it anew.
func (a *Activities) BuildPackage(ctx context.Context, in RequestRef) (Package, error) {
	out, err := a.buildPackage(ctx, in)
	return out, a.failure(ctx, a.watched(ctx, err))
}

func (a *Activities) buildPackage(ctx context.Context, in RequestRef) (Package, error) {
	defer beat(ctx)() // what other workers, people and companies have brought may take longer than Temporal waits
	c, err := a.newCopy(ctx, in.RequestID)
	if err != nil {
		return Package{}, err
	}
	if waiting, err := c.exportByHand(ctx); err != nil || waiting > 0 {
		return Package{Tasks: waiting}, err
	}
	id, err := a.deps.Store.CreatePackage(ctx, in.RequestID)
	if err != nil {
		return Package{}, err
	}
	w, err := a.deps.Store.PackageWriter(ctx, id)
	if err != nil {
		return Package{}, err
	}
	digest, size, err := c.write(ctx, w)
	if errors.Is(err, errRefused) {
		return Package{Tasks: 1}, nil
	}
	if err != nil {
		return Package{}, err // the writer is not closed: what is half written never counts
	}
	if err := w.Close(); err != nil {
		return Package{}, err
	}
	expires := a.deps.Now().Add(a.deps.Policy.PackageFor)
	if _, err = a.deps.Store.FinishPackage(ctx, id, digest, size, expires); err != nil {
		return Package{}, err
	}
	partly, err := a.refused(ctx, in.RequestID)
	return Package{PackageID: id, ExpiresAt: expires, Partly: partly || len(c.plan.LeftOut()) > 0}, err
}

// SendPackageLink tells the person where the package waits.
func (a *Activities) SendPackageLink(ctx context.Context, in PackageRef) error {
	return a.failure(ctx, a.sendPackageLink(ctx, in))
}

func (a *Activities) sendPackageLink(ctx context.Context, in PackageRef) error {
	l, err := a.letterContext(ctx, in.RequestID)
	if err != nil {
		return err
	}
	view, err := a.deps.Store.Package(ctx, models.ScopeOperator(), in.PackageID)
	if err != nil {
		return err
	}
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), in.RequestID)
	if err != nil {
		return err
	}
	if l.req.Right == models.Return {
		mail, err := a.returnMail(ctx, l, view)
		if err != nil {
			return err
		}
		return a.toPerson(ctx, in.RequestID, "package-"+in.PackageID.String(), subject, mail)
	}
	p, err := a.approvedPlan(ctx, in.RequestID)
	if err != nil {
		return err
	}
	mail := templates.PackageReadyMail{
		MailHead: l.head(), Link: l.links.Package(a.deps.Store.PackageToken(in.PackageID)), ExpiresAt: view.ExpiresAt,
		Authority: l.controller.Authority,
	}
	if mail.LeftOut, err = a.leftOut(ctx, l, p); err != nil {
		return err
	}
	return a.toPerson(ctx, in.RequestID, "package-"+in.PackageID.String(), subject, mail)
}

// ShredPackage deletes a package that was fetched or has expired.
func (a *Activities) ShredPackage(ctx context.Context, in PackageRef) error {
	err := a.deps.Store.ShredPackage(ctx, in.PackageID)
	if err == nil {
		err = a.deps.Store.DropParts(ctx, in.RequestID)
	}
	return a.failure(ctx, err)
}

// copyRun writes one copy.
type copyRun struct {
	*Activities
	letterContext
	plan  plan.Plan
	known map[string]bool // the person's own identities, folded, which redaction leaves
	head  report.Head
	tasks []task.Task

	attached []attached
}

func (a *Activities) newCopy(ctx context.Context, id models.ID) (*copyRun, error) {
	l, err := a.letterContext(ctx, id)
	if err != nil {
		return nil, err
	}
	p, err := a.approvedPlan(ctx, id)
	if err != nil {
		return nil, err
	}
	subject, err := a.deps.Store.Subject(ctx, models.ScopeOperator(), id)
	if err != nil {
		return nil, err
	}
	c := &copyRun{Activities: a, letterContext: l, plan: p, known: knownIdentities(subject)}
	if c.head, err = a.reportHead(ctx, l, p, subject); err != nil {
		return nil, err
	}
	c.tasks, err = a.deps.Store.TasksOf(ctx, id, models.ID{})
	for _, t := range c.tasks {
		c.head.Withheld = append(c.head.Withheld, a.notBrought(l, t)...)
	}
	return c, err
}

// write writes the archive and returns its digest and size.
func (c *copyRun) write(ctx context.Context, w io.Writer) (digest string, size int64, err error) {
	archive := bundle.NewArchive(w, c.head.PreparedAt)
	if c.req.Right == models.Access {
		if err := c.writeReport(ctx, archive); err != nil {
			return "", 0, err
		}
	}
	for _, part := range c.parts() {
		if err := c.writeJSON(ctx, archive, part); err != nil {
			return "", 0, err
		}
		if err := c.writeFiles(ctx, archive, part); err != nil {
			return "", 0, err
		}
		if c.req.Right == models.Access { // which has the report to read
			continue
		}
		if err := c.writeCSV(ctx, archive, part); err != nil {
			return "", 0, err
		}
	}
	if err := c.writeOthers(ctx, archive); err != nil {
		return "", 0, err
	}
	if err := c.writeReadme(archive); err != nil {
		return "", 0, err
	}
	return archive.Close(c.req.Reference)
}

// part is one collection of the copy with the groups that go into it.
type part struct {
	node   *datamap.Node
	groups []plan.Group
}

func (p part) name() string { return p.node.Address.String() }

// disclosed reports whether a group's records go into the copy.
func disclosed(g plan.Group) bool {
	return g.Treatment() == models.TreatDisclose || g.Treatment() == models.TreatRedact
}

// parts are the collections with something to disclose that Habeas reads itself, in the order of the data map.
func (c *copyRun) parts() []part {
	var out []part
	for _, node := range c.deps.Graph.Nodes {
		p := part{node: node}
		for _, g := range c.plan.Groups {
			if g.Name() == node.Address.String() && g.By == "" && disclosed(g) && !c.byHand(g) {
				p.groups = append(p.groups, g)
			}
		}
		if len(p.groups) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// fields are the fields that the right gives: all for access, the portable ones for an export (Art. 20). What is attached as a file is
// no value of a row.
func (c *copyRun) fields(n *datamap.Node) []string {
	var attached []string
	if attacher, ok := c.deps.Systems[n.System].(connectors.Attacher); ok {
		attached = attacher.Attached(n)
	}
	var out []string
	for i := range n.Fields {
		f := &n.Fields[i]
		if (c.req.Right != models.Export || n.Portable(f)) && !slices.Contains(attached, f.Name) {
			out = append(out, f.Name)
		}
	}
	return out
}

// rows streams the rows of a part, redacted where the plan says so.
func (c *copyRun) rows(ctx context.Context, p part, yield func(datamap.Row) error) (n int64, err error) {
	for _, g := range p.groups {
		redact := g.Treatment() == models.TreatRedact
		err := c.groupRows(ctx, p.node, g, func(row datamap.Row) error {
			n++
			if redact {
				row = c.redact(p.node, g, row)
			}
			return yield(row)
		})
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// groupRows streams the rows of one group: from its system, or as another worker has read them. What the connector refuses becomes a task.
func (c *copyRun) groupRows(ctx context.Context, node *datamap.Node, g plan.Group, yield func(datamap.Row) error) error {
	if c.deps.Queues[node.System] != "" {
		return c.readGroup(ctx, g, yield)
	}
	err := c.exportGroup(ctx, node, g, yield)
	if models.KindOf(err) != models.Unsupported {
		return err
	}
	if _, err := c.needGroup(ctx, Ending{RequestID: c.req.ID}, task.Export, task.Unsupported, g); err != nil {
		return err
	}
	return errRefused
}

// errRefused stops a copy of which people have to bring a part.
var errRefused = errors.New("a connector cannot export")

// exportGroup streams the rows of one group from its system.
func (c *copyRun) exportGroup(ctx context.Context, node *datamap.Node, g plan.Group, yield func(datamap.Row) error) error {
	reading := walk.Reading{Open: c.system, Fields: c.fields(node), Keys: c.keysOf(g)}
	return reading.Rows(ctx, node, yield)
}

// keysOf streams the keys of a group's rows.
func (c *copyRun) keysOf(g plan.Group) func(context.Context, *datamap.Node, func([]datamap.Key) error) error {
	return func(ctx context.Context, _ *datamap.Node, yield func([]datamap.Key) error) error {
		return c.eachBatch(ctx, GroupRef{RequestID: c.req.ID, Group: g.No}, nil, func(rows []store.LocatedRow) error { return yield(keys(rows)) })
	}
}

// redact blanks what may tell of another person and is not one of the person's own identities, Art. 15(4).
func (c *copyRun) redact(n *datamap.Node, g plan.Group, row datamap.Row) datamap.Row {
	row.Values = slices.Clone(row.Values)
	for i, column := range row.Columns {
		f := n.Field(column)
		if f != nil && f.Identity != "" && row.Values[i].Kind() == datamap.KindArray {
			row.Values[i] = c.ownElements(f.Identity, row.Values[i])
			continue
		}
		if f != nil && redacted(n, g, f) && !c.known[datamap.Fold(f.Identity, row.Values[i].Text())] {
			row.Values[i] = datamap.Null
		}
	}
	return row
}

// ownElements leaves of an array of identities only the person's.
func (c *copyRun) ownElements(kind string, v datamap.Value) datamap.Value {
	return datamap.Array(slices.DeleteFunc(v.Elements(), func(e datamap.Value) bool { return !c.known[datamap.Fold(kind, e.Text())] })...)
}

// rowWriter is one form of a part's rows.
type rowWriter interface {
	Row(row datamap.Row) error
	Close() error
}

func (c *copyRun) writeJSON(ctx context.Context, archive *bundle.Archive, p part) error {
	return c.writeData(ctx, archive, p, ".json", func(w io.Writer) (rowWriter, error) { return bundle.NewJSON(w) })
}

func (c *copyRun) writeCSV(ctx context.Context, archive *bundle.Archive, p part) error {
	return c.writeData(ctx, archive, p, ".csv", func(w io.Writer) (rowWriter, error) { return bundle.NewCSV(w, c.fields(p.node)) })
}

// writeData writes the rows of a part as one file.
func (c *copyRun) writeData(ctx context.Context, archive *bundle.Archive, p part, ending string, begin func(io.Writer) (rowWriter, error)) error {
	what, err := c.what(p)
	if err != nil {
		return err
	}
	out, err := archive.Create("data/"+p.name()+ending, what)
	if err != nil {
		return err
	}
	w, err := begin(out)
	if err != nil {
		return err
	}
	n, err := c.rows(ctx, p, w.Row)
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	archive.Rows(n)
	return nil
}

func (c *copyRun) what(p part) (string, error) {
	if s := p.node.DescriptionIn(c.lang()); s.Text != "" {
		return s.Text, nil
	}
	return report.What(c.lang(), report.Rows, p.name())
}

func (c *copyRun) writeReadme(archive *bundle.Archive) error {
	contents := report.Contents{
		Language: c.lang(), Controller: c.controller.Name, Reference: c.req.Reference, Right: c.req.Right, PreparedAt: c.head.PreparedAt, Zone: c.zone,
		LeftOut: c.head.LeftOut,
	}
	manifest, err := report.What(c.lang(), report.TheManifest, "")
	if err != nil {
		return err
	}
	if contents.Files, err = c.listed(archive); err != nil {
		return err
	}
	contents.Files = append(contents.Files, report.File{Name: bundle.ManifestName, What: manifest})
	out, err := c.create(archive, "README.txt", report.TheReadme, "")
	if err != nil {
		return err
	}
	return report.Readme(out, contents)
}
