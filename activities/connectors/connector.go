package connectors

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"habeas/models"
	"habeas/models/datamap"
)

// System is an open connection to one system. What else it can do is known by the capabilities it implements: Locator,
// Exporter, Attacher, Eraser, Restrictor, Rectifier, Verifier, Scanner, Checker, Inspector, Delegate; As below asks for one. It is
// safe for concurrent use.
type System interface {
	// Ping reports whether the system answers; its error has the kind Unavailable when trying again may help.
	Ping(ctx context.Context) error
	// Close lets go of all connections.
	Close() error
}

// ErrStop makes a stream end early and without error.
var ErrStop = errors.New("stop")

// YieldError carries an error that yield has returned past a connector's mapping of its system's own errors.
type YieldError struct{ Err error }

func (e YieldError) Error() string { return e.Err.Error() }

func (e YieldError) Unwrap() error { return e.Err }

// Query asks for the rows of a collection whose Fields equal one of Keys.
type Query struct {
	Node   *datamap.Node
	Fields []string      // fields to compare, in the order of each key's values
	Keys   []datamap.Key // at most MaxBatch; a NULL in a key equals NULL. Values of any kind: the connector converts or finds nothing
	Fold   bool          // compare text as datamap.Fold does for e-mail addresses; for one field only
	Return []string      // fields to return, in this order
}

// MaxBatch is the largest number of keys in one call. A connector whose system takes fewer at once splits them itself.
const MaxBatch = 10_000

// Locator finds rows.
type Locator interface {
	// Lookup calls yield for each row that matches, once a row, in no particular order, and holds at most a small part of them
	// in memory. It ends without error when yield returns ErrStop, and with yield's error when it returns another. An array
	// field matches when one of its elements does.
	Lookup(ctx context.Context, q Query, yield func(datamap.Row) error) error
}

// Exporter reads whole rows.
type Exporter interface {
	// Export calls yield with the given fields of each row with one of the keys (values of the node's Key). Rows that are no
	// longer there are left out. Order, memory and yield are as for Lookup.
	Export(ctx context.Context, node *datamap.Node, keys []datamap.Key, fields []string, yield func(datamap.Row) error) error
}

// Attacher reads contents that are too large for a field of a row: documents, pictures, recordings.
type Attacher interface {
	// Attachments calls yield with the name, the size in bytes and the content of each attachment of the rows with one of the keys
	// (values of the node's Key), one after the other; r is valid until yield returns. A name may hold slashes and is as the system
	// has it: whoever makes a file of it makes it safe. Rows that are no longer there are left out; yield is as for Lookup.
	Attachments(ctx context.Context, node *datamap.Node, keys []datamap.Key, yield func(name string, size int64, r io.Reader) error) error
	// Attached are the node's fields that Attachments gives in full, so that a copy with attachments needs no values of them.
	Attached(node *datamap.Node) []string
}

// Erasure orders the erasure of rows of one collection.
type Erasure struct {
	Node   *datamap.Node
	Keys   []datamap.Key  // values of the node's Key; at most MaxBatch
	Delete bool           // remove the rows; else overwrite by Masks
	Masks  []datamap.Mask // not empty unless Delete; one that removes elements names them, or the order is refused as Invalid
}

// Order is the erasure of rows that a step of the graph's erase order asks for.
func Order(step datamap.Step, keys []datamap.Key) Erasure {
	order := Erasure{Node: step.Node, Keys: keys}
	switch {
	case len(step.Loosen) > 0:
		order.Masks = step.Loosen
	case step.Node.Erasure() == datamap.EraseDelete:
		order.Delete = true
	default:
		order.Masks = step.Node.Masks()
	}
	return order
}

// Outcome is what an erasure did. Every key given is counted once.
type Outcome struct {
	Erased  int       `json:"erased"`  // rows removed now
	Masked  int       `json:"masked"`  // rows that are masked after the call, also if they were before
	Missing int       `json:"missing"` // rows that were not there, as after an earlier run
	Blocked []Blocked `json:"blocked,omitempty"`
}

// Blocks reports whether the row of a key was blocked.
func (o Outcome) Blocks(key datamap.Key) bool {
	return slices.ContainsFunc(o.Blocked, func(b Blocked) bool { return slices.Equal(b.Key, key) })
}

// Blocked is a row that could not be erased and is unchanged.
type Blocked struct {
	Key    datamap.Key `json:"key"`
	Code   string      `json:"code"`   // a Blocked… code
	Detail string      `json:"detail"` // safe: names of tables, columns and constraints
}

// The codes of Blocked.
const (
	BlockedReferenced = "still_referenced" // another row refers to it
	BlockedUnique     = "not_unique"       // the masked value exists already in a unique field
	BlockedRefused    = "refused"          // a rule or trigger of the system refused it
)

// Eraser erases rows.
type Eraser interface {
	// Erase applies the order in one transaction if the system has them. Done twice, it leaves what doing it once left. An error
	// means that the batch is unchanged, or may be given again; a read-only system gives CodeReadOnly.
	Erase(ctx context.Context, order Erasure) (Outcome, error)
}

// Restriction orders that rows be marked, or no longer be marked, as restricted (Art. 18).
type Restriction struct {
	Node *datamap.Node
	Keys []datamap.Key
	Lift bool
	At   time.Time // the instant that the word now stands for
}

// Restrictor marks rows as restricted.
type Restrictor interface {
	// Restrict returns how many rows carry the mark (or lack it, when lifting) after the call. It is idempotent: a row already
	// marked keeps its first mark. Without a restrict: key in the map the error is CodeNoRestrict, Unsupported.
	Restrict(ctx context.Context, order Restriction) (int, error)
}

// Rectification orders that fields of rows be given a value (Art. 16).
type Rectification struct {
	Node *datamap.Node
	Keys []datamap.Key // at most MaxBatch
	Set  []FieldValue
}

// FieldValue is a field with the value that it is to have; the connector converts it to the field's type.
type FieldValue struct {
	Field string
	Value datamap.Value
}

// Rectifier corrects rows.
type Rectifier interface {
	// Rectify returns how many rows carry the values after the call; done twice it changes nothing more. All or nothing where the
	// system has transactions. A value that a field cannot hold, and a key or read_only field, give CodeMismatch.
	Rectify(ctx context.Context, order Rectification) (int, error)
}

// Verifier proves what is left.
type Verifier interface {
	// Left counts the rows for which the erasure is not in effect: still there after Delete, or with a field not masked.
	Left(ctx context.Context, order Erasure) (int, error)
	// Count counts the rows that match a query; Return is not used.
	Count(ctx context.Context, q Query) (int, error)
}

// Hit is a place in which a search found a text. It holds no value.
type Hit struct {
	Table  string // as a data map's table: key writes it
	Column string // "" when the place has no parts
	Rows   int64  // at least; a scan may stop counting at ScanEnough
}

// ScanEnough is how many rows of one column a scan has to count at the most.
const ScanEnough = 1000

// Scanner searches the whole system, also what the map does not describe.
type Scanner interface {
	// Scan looks for the texts, without regard to case and as parts of longer texts too, in every text column, document and array of
	// every table that its account may read, and calls yield for each column with a hit. It reads everything: it may take hours, must
	// hold no locks, and stops with ctx. Tables that it may not read are named by skipped.
	Scan(ctx context.Context, texts []models.Personal, yield func(Hit) error) (skipped []string, err error)
}

// Checker compares the map with the live system.
type Checker interface {
	// Check names everything in the collections that the system does not have or does not allow: unknown table or column, wrong
	// type, missing right, mask that a rule of the system forbids (errors); lookup without an index (warning).
	Check(ctx context.Context, nodes []*datamap.Node) ([]datamap.Problem, error)
}

// CheckAll checks lists of collections one after the other, and names each problem once.
func CheckAll(ctx context.Context, c Checker, lists [][]*datamap.Node) (problems []datamap.Problem, err error) {
	for _, nodes := range lists {
		found, err := c.Check(ctx, nodes)
		for _, p := range found {
			if !slices.Contains(problems, p) {
				problems = append(problems, p)
			}
		}
		if err != nil {
			return problems, err
		}
	}
	return problems, nil
}

// Right is what a Delegate is asked for.
type Right string

// The rights that a processor can be asked to carry out.
const (
	RightAccess   Right = "access"
	RightExport   Right = "portability"
	RightErase    Right = "erasure"
	RightRestrict Right = "restriction"
	RightRectify  Right = "rectification"
)

// Delegation asks another company's system to carry out a right by its own means.
type Delegation struct {
	ID         models.ID // makes it idempotent: the same ID is the same request
	Right      Right
	Controller string // slug; empty: the operator
	Received   time.Time
	Identities []DelegatedIdentity
}

// DelegatedIdentity is an identity by which the other system knows the person.
type DelegatedIdentity struct {
	Kind  string // as the data map's identity: key writes it
	Value models.Personal
}

// DelegatedState is how far a delegation is.
type DelegatedState string

// The states of a delegation.
const (
	DelegatedPending   DelegatedState = "pending"     // received, may still be cancelled
	DelegatedRunning   DelegatedState = "in_progress" // being carried out
	DelegatedDone      DelegatedState = "completed"
	DelegatedCancelled DelegatedState = "cancelled"
	DelegatedRefused   DelegatedState = "refused"
)

// Delegated is what a processor says of a delegation.
type Delegated struct {
	Reference string // the processor's; "" when it has none
	State     DelegatedState
	ExpectBy  time.Time // zero when it has not said
	Reason    string    // a code of the protocol's, for a refusal; never personal data
	Proof     []byte    // the signed answer, as it came; nil when the protocol has none
}

// Delegate hands a whole request to a system that carries it out by itself, such as an OpenDSR processor.
type Delegate interface {
	// Submit hands the request over; given the same ID again it returns what became of it.
	Submit(ctx context.Context, order Delegation) (Delegated, error)
	// Follow asks how far it is.
	Follow(ctx context.Context, id models.ID) (Delegated, error)
	// Cancel withdraws it as long as it is pending, and fails with code not_pending (Conflict) after that.
	Cancel(ctx context.Context, id models.ID) (Delegated, error)
	// Result streams what an access or portability request brought, to w; it fails with code no_result when there is nothing.
	Result(ctx context.Context, id models.ID, w io.Writer) error
}

// Stable codes of errors that every connector uses.
const (
	CodeReadOnly    = "system_read_only"   // Conflict: nothing was changed
	CodeUnavailable = "system_unavailable" // Unavailable: trying again may help
	CodeBusy        = "system_busy"        // Unavailable: a lock, a time or a rate limit; trying again may help
	CodeCredentials = "system_credentials" // Forbidden: it does not accept the credentials
	CodeRefused     = "system_refused"     // Forbidden: missing rights
	CodeMismatch    = "map_mismatch"       // Invalid: the map does not fit the system
	CodeUnsupported = "unsupported"        // Unsupported: a person must do it
	CodeNoRestrict  = "no_restrict"        // Unsupported: the map does not say how
	CodeFailed      = "system_failed"      // Unavailable: an error that has no better code
)

// As is the system's capability T, or an Unsupported error that names the capability.
func As[T any](s System, capability string) (T, error) {
	t, ok := s.(T)
	if !ok {
		return t, models.Errorf(models.Unsupported, CodeUnsupported, "This kind of system cannot %s; a person must do it.", capability)
	}
	return t, nil
}
