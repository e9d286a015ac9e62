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
	// Scope says whether rows of a controller are looked at; the empty slug is the operator. Nil: all.
	Scope func(controller string) bool
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
	batch    int
}

func (w *Walk) prepare(ctx context.Context) (*run, error) {
	r := &run{
		Walk: w, batch: w.Batch, locators: map[string]connectors.Locator{},
		searched: map[*datamap.Node]bool{}, people: map[*datamap.Node]bool{},
	}
	if r.batch <= 0 {
		r.batch = defaultBatch
	}
	r.batch = min(r.batch, connectors.MaxBatch)
	starts := w.Starts()
	if len(starts) == 0 {
		return nil, models.Errorf(models.Invalid, "no_identity", "None of the person's identities is of a kind that the data map knows: %v.", w.Graph.IdentityKinds())
	}
	var kinds []string
	for _, s := range starts {
		kinds = append(kinds, s.Kind)
	}
	for _, n := range w.Graph.Reached(kinds...) {
		r.searched[n] = true
	}
	for _, n := range w.Graph.Reached() { // others' rows are looked for in all collections that lead to a person
		r.people[n] = true
		if err := r.open(ctx, n.System); err != nil {
			return nil, err
		}
	}
	for _, n := range w.Graph.Nodes {
		if r.searched[n] && r.locators[n.System] == nil {
			r.manual = append(r.manual, n.Address)
		}
	}
	return r, nil
}

func (r *run) open(ctx context.Context, name string) error {
	if _, known := r.locators[name]; known {
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

// lookup streams the rows of a query; a system that cannot search has none.
func (r *run) lookup(ctx context.Context, q connectors.Query, yield func(datamap.Row) error) error {
	locator := r.locators[q.Node.System]
	if locator == nil || len(q.Keys) == 0 {
		return nil
	}
	return locator.Lookup(ctx, q, yield)
}

// start adds the rows that carry one of the subject's identities.
func (r *run) start(ctx context.Context) error {
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
	rows, err := r.Found.Pending(ctx, PendingQuery{
		Collection: node.Address, Stage: stage, Limit: r.batch,
		Owned:  stage == StageOwned || stage == StageReferred,
		Shared: stage == StageInherited || stage == StageSpread,
	})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	if err := r.workRows(ctx, stage, node, rows); err != nil {
		return 0, err
	}
	to := stage
	if stage == StageReferred {
		to = StageReached // both directions are done
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
