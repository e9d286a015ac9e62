package walk

import (
	"context"
	"slices"
	"time"

	"habeas/activities/connectors"
	"habeas/models"
	"habeas/models/datamap"
)

// Identity is one verified identity of the subject.
type Identity struct {
	Kind  string // as the map's identity: fields name it
	Value models.Personal
}

// Walk locates one person's rows. Its fields are set by the caller and not changed while it runs.
type Walk struct {
	Graph      *datamap.Graph
	Open       func(ctx context.Context, system string) (connectors.System, error)
	Found      Found
	Identities []Identity
	// Controller makes it the walk of a whole controller instead of a person, by its slug: it locates all rows that are the controller's, and which
	// of them a row of another controller shares. Identities is not used then.
	Controller string
	// Scope says whether rows of a controller are looked at; the empty slug is the operator. Nil: all.
	Scope func(controller string) bool
	// Serves says whether this process reaches a system. Nil: all. Looking into another is left to a walk that serves it, see Part.
	Serves func(system string) bool
	// Refused is told of each collection in which a connector says, with an error of kind Unsupported, that it cannot search. Nil: that is an error.
	Refused func(ctx context.Context, collection datamap.Address) error
	// Zone is where the day of an instant is read for retention anchors; nil: UTC.
	Zone *time.Location
	// Batch is the number of rows handled at once; 0: 2000; at most connectors.MaxBatch.
	Batch int
	// Progress is told of each batch done, for heartbeats; may be nil. Its arguments are not personal data.
	Progress func(stage Stage, collection datamap.Address, rows int)
}

// Result is what a walk could not do.
type Result struct {
	// Manual are the collections, reachable from the subject's identities, in systems that no connector can search.
	Manual []datamap.Address
}

const defaultBatch = 2000

// Part is one of several walks that share Found and each serve other systems. Every look-up is into exactly one system, so that what one walk would do
// with a row in a stage is done by the parts one after the other; the row has done the stage when the last part has. A stage is over when a round over
// all parts has found no work, and only then the next begins.
type Part struct {
	Index int // from 0
	Of    int // at least 1
}

// step is what Found keeps of a row: how far it is in the stages, each counted once for every part.
func (p Part) step(s Stage) Stage { return (s-1)*Stage(p.Of) + Stage(p.Index) + 1 }

// whole is the walk that serves all systems.
var whole = Part{Of: 1}

// RunStage does a part's share of one stage, until none is left for now; 0 is the start, the look-ups by the subject's identities, which every part has
// to do once. left says whether a row still waits for this stage in any part: it is read from what was found, so that it holds whatever an earlier run,
// which was interrupted, has done. It fails as Run does.
func (w *Walk) RunStage(ctx context.Context, part Part, stage Stage) (result Result, left bool, err error) {
	r, err := w.prepare(ctx)
	if err != nil {
		return Result{}, false, err
	}
	r.part = part
	if stage == 0 {
		return Result{r.manual}, false, r.start(ctx)
	}
	if err := r.work(ctx, stage); err != nil {
		return Result{}, false, err
	}
	left, err = r.left(ctx, stage)
	return Result{r.manual}, left, err
}

// left reports whether a row waits for a stage in any part.
func (r *run) left(ctx context.Context, stage Stage) (bool, error) {
	for _, node := range r.Graph.Nodes {
		if !r.searched[node] || !r.concerns(stage, node) {
			continue
		}
		rows, err := r.Found.Pending(ctx, pending(node, stage, 0, Part{r.part.Of - 1, r.part.Of}.step(stage), 1))
		if err != nil || len(rows) > 0 {
			return true, err
		}
	}
	return false, nil
}

// pending asks for the rows of a collection that a stage is for, between two steps.
func pending(node *datamap.Node, stage, from, to Stage, limit int) PendingQuery {
	return PendingQuery{
		Collection: node.Address, From: from, Stage: to, Limit: limit,
		Owned:  stage == StageOwned || stage == StageReferred,
		Shared: stage == StageInherited || stage == StageSpread,
	}
}

// Run walks until nothing is left to look up, or fails with a connector's or Found's error; run again, it goes on where it
// was. A walk without an identity of any kind that the map knows fails with code no_identity.
func (w *Walk) Run(ctx context.Context) (Result, error) {
	r, err := w.prepare(ctx)
	if err != nil {
		return Result{}, err
	}
	if err := r.start(ctx); err != nil {
		return Result{}, err
	}
	for stage := StageOwned; stage <= StageSpread; stage++ {
		if err := r.work(ctx, stage); err != nil {
			return Result{}, err
		}
	}
	return Result{r.manual}, nil
}

// Start is one look-up that a walk begins with; a count of its rows after an erasure shows what still carries an identity.
type Start struct {
	Kind  string
	Query connectors.Query
}

// Starts are the look-ups by the subject's identities, in the order of the map.
func (w *Walk) Starts() []Start {
	if w.Controller != "" {
		return w.controllerStarts()
	}
	var list []Start
	for _, n := range w.Graph.Nodes {
		for _, id := range n.Identities {
			var keys []datamap.Key
			for _, known := range w.Identities {
				if text := datamap.Fold(known.Kind, known.Value.Reveal()); known.Kind == id.Kind && text != "" {
					keys = append(keys, datamap.Key{datamap.Text(text)})
				}
			}
			if len(keys) > 0 {
				list = append(list, Start{id.Kind, connectors.Query{
					Node: n, Fields: []string{id.Field}, Keys: keys, Fold: id.Kind == datamap.IdentityEmail, Return: columns(n),
				}})
			}
		}
	}
	return list
}

// columns are what the walk remembers of a row.
func columns(n *datamap.Node) []string {
	list := slices.Concat(n.Key, n.Links, n.AnchorColumns())
	if c := n.Collection.ControllerColumn; c != "" {
		list = append(list, c)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// run is one Run of a walk, with its connectors.
type run struct {
	*Walk
	locators map[string]connectors.Locator // by system; nil for one that cannot search
	searched map[*datamap.Node]bool        // reachable from the subject's identities
	people   map[*datamap.Node]bool        // reachable from any identity
	manual   []datamap.Address
	refused  map[*datamap.Node]bool // Refused was told
	batch    int
	part     Part
}

func (w *Walk) prepare(ctx context.Context) (*run, error) {
	r := &run{
		Walk: w, batch: w.Batch, locators: map[string]connectors.Locator{},
		searched: map[*datamap.Node]bool{}, people: map[*datamap.Node]bool{}, refused: map[*datamap.Node]bool{}, part: whole,
	}
	if r.batch <= 0 {
		r.batch = defaultBatch
	}
	r.batch = min(r.batch, connectors.MaxBatch)
	searched, err := w.reached()
	if err != nil {
		return nil, err
	}
	for _, n := range searched {
		r.searched[n] = true
	}
	for _, n := range slices.Concat(w.Graph.Reached(), searched) { // others' rows are looked for in all collections that lead to a person
		r.people[n] = true
		if err := r.open(ctx, n); err != nil {
			return nil, err
		}
	}
	for _, n := range w.Graph.Nodes {
		if r.searched[n] && r.serves(n) && r.locators[n.System] == nil && r.looksAt(n) {
			r.manual = append(r.manual, n.Address)
		}
	}
	return r, nil
}

// reached are the collections that may hold rows of the subject.
func (w *Walk) reached() ([]*datamap.Node, error) {
	if w.Controller != "" {
		return w.Graph.Of(w.Controller), nil
	}
	starts := w.Starts()
	if len(starts) == 0 {
		return nil, models.Errorf(models.Invalid, "no_identity", "None of the person's identities is of a kind that the data map knows: %v.", w.Graph.IdentityKinds())
	}
	var kinds []string
	for _, s := range starts {
		kinds = append(kinds, s.Kind)
	}
	return w.Graph.Reached(kinds...), nil
}

// serves reports whether this walk looks into a collection's system.
func (r *run) serves(n *datamap.Node) bool { return r.Serves == nil || r.Serves(n.System) }

// looksAt reports whether a collection may hold rows of a controller that is looked at.
func (r *run) looksAt(n *datamap.Node) bool {
	return r.Scope == nil || n.Collection.ControllerColumn != "" || r.Scope(n.Dataset.Controller)
}

func (r *run) open(ctx context.Context, n *datamap.Node) error {
	name := n.System
	if _, known := r.locators[name]; known || !r.serves(n) {
		return nil
	}
	system, err := r.Open(ctx, name)
	if err != nil {
		return err
	}
	locator, ok := system.(connectors.Locator)
	if !ok {
		locator = nil
	}
	r.locators[name] = locator
	return nil
}

// lookup streams the rows of a query. A system that cannot search has none, and neither has one that another part of the walk serves.
func (r *run) lookup(ctx context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	locator := r.locators[q.Node.System]
	if locator == nil || len(q.Keys) == 0 {
		return nil
	}
	err := locator.Lookup(ctx, q, yield)
	if models.KindOf(err) != models.Unsupported || r.Refused == nil {
		return err
	}
	if r.refused[q.Node] || !r.searched[q.Node] || !r.looksAt(q.Node) {
		return nil
	}
	r.refused[q.Node] = true
	return r.Refused(ctx, q.Node.Address)
}

// start adds the rows that carry one of the subject's identities.
func (r *run) start(ctx context.Context) error {
	if r.Controller != "" {
		return r.startController(ctx)
	}
	for _, s := range r.Starts() {
		node := s.Query.Node
		add := r.adder(ctx)
		path := []string{s.Kind + " > " + node.Address.String() + "." + s.Query.Fields[0]}
		for keys := range slices.Chunk(s.Query.Keys, connectors.MaxBatch) {
			s.Query.Keys = keys
			err := r.lookup(ctx, s.Query, func(row datamap.Row) error {
				found := r.found(node, row, path)
				found.Own, found.Owned = true, true
				if via := r.judge(node, row); via == otherToo && !found.Shared {
					found.Shared, found.Reason = true, datamap.ShareReason{Code: datamap.SharedOtherIdentity, Via: node.Address}
				}
				return add.row(found)
			})
			if err != nil {
				return err
			}
		}
		if err := add.flush(); err != nil {
			return err
		}
	}
	return nil
}

// work does one stage for all collections, until no row waits for it.
func (r *run) work(ctx context.Context, stage Stage) error {
	for busy := true; busy; {
		busy = false
		for _, node := range r.Graph.Nodes {
			for {
				n, err := r.workBatch(ctx, stage, node)
				if err != nil {
					return err
				}
				if n == 0 {
					break
				}
				busy = true
			}
		}
	}
	return nil
}

func (r *run) workBatch(ctx context.Context, stage Stage, node *datamap.Node) (int, error) {
	if !r.searched[node] || !r.concerns(stage, node) {
		return 0, nil
	}
	var from Stage // of the other parts, the one before this must have been at the row in this stage
	if r.part.Index > 0 {
		from = r.part.step(stage) - 1
	}
	rows, err := r.Found.Pending(ctx, pending(node, stage, from, r.part.step(stage), r.batch))
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if err := r.workRows(ctx, stage, node, rows); err != nil {
		return 0, err
	}
	to := r.part.step(stage)
	if stage == StageReferred && r.part.Index == r.part.Of-1 {
		to = r.part.step(StageReached) // both directions are done
	}
	if err := r.Found.Advance(ctx, node.Address, keysOf(rows), to); err != nil {
		return 0, err
	}
	if r.Progress != nil {
		r.Progress(stage, node.Address, len(rows))
	}
	return len(rows), nil
}

// concerns reports whether a stage has anything to look up for a collection's rows. Most rows are of collections to which nothing refers, and need
// not be written once more for each stage.
func (r *run) concerns(stage Stage, node *datamap.Node) bool {
	if r.Controller != "" && stage <= StageReached {
		return false // its rows say themselves whose they are: the start has found them all
	}
	switch stage {
	case StageOwned, StageReferred, StageReached, StageSpread:
		return len(node.Out) > 0
	case StageInherited:
		return slices.ContainsFunc(node.Out, func(e *datamap.Edge) bool { return e.Down })
	default:
		return len(r.checks(stage, node)) > 0
	}
}

func (r *run) workRows(ctx context.Context, stage Stage, node *datamap.Node, rows []datamap.FoundRow) error {
	switch stage {
	case StageOwned, StageReferred, StageReached:
		return r.expand(ctx, stage, node, rows)
	case StageClaimed, StageChecked:
		return r.check(ctx, stage, node, rows)
	case StageInherited:
		return r.inherit(ctx, node, rows)
	default:
		return r.spread(ctx, node, rows)
	}
}

func keysOf(rows []datamap.FoundRow) []datamap.Key {
	keys := make([]datamap.Key, len(rows))
	for i := range rows {
		keys[i] = rows[i].Key
	}
	return keys
}
