package blobs

import (
	"context"
	"io"
	"time"

	"habeas/activities/connectors"
	"habeas/models"
)

// Object is an object as the store has it. In a list, ContentType, Metadata and Tags are not filled.
type Object struct {
	Path        string
	Size        int64
	Modified    time.Time
	ContentType string
	Metadata    map[string]string // by name in lower case
	Tags        map[string]string
	Version     string // another after each change of the content
	Deleted     bool   // only earlier versions are left, of which this is the newest
}

// Content is what an object holds. Reading fails with CodeChanged when another content has taken its place.
type Content interface {
	io.ReadCloser
	io.ReaderAt
}

// Change is what becomes of an object.
type Change struct {
	Body     func(w io.Writer) error // writes the new content; nil leaves it
	Metadata map[string]*string      // the named get a value, or lose theirs for nil
	Tags     map[string]*string
}

// Store is a tree of named objects. Names are paths with slashes. It is safe for concurrent use. Errors are those of package
// connectors and the codes below; they name no path, since a path may be personal data.
type Store interface {
	connectors.System
	// Name is the name of the system.
	Name() string
	// List calls yield for each object whose path begins with prefix, in no particular order, earlier versions included as one object
	// each. What another writes meanwhile may be left out, and an object store may list late: Stat tells about the object itself.
	List(ctx context.Context, prefix string, yield func(Object) error) error
	// Stat asks for one object; false when there is none.
	Stat(ctx context.Context, path string, tags bool) (Object, bool, error)
	// Open opens an object's content, as Stat or List described it; CodeGone when it is no longer there.
	Open(ctx context.Context, o Object) (Content, error)
	// Replace changes an object in one step: readers see the old one or the new one, and a crash leaves the old one. It fails with
	// CodeChanged when the object is no longer was, and with CodeHeld when earlier versions would have to stay.
	Replace(ctx context.Context, was Object, change Change) error
	// Remove removes an object with all its versions, and reports whether there was one. It fails with CodeHeld, and leaves it whole,
	// when the store must keep one of them.
	Remove(ctx context.Context, path string) (bool, error)
	// Versions counts an object's versions and marks of deletion, the current one included; 0 when nothing is left of it.
	Versions(ctx context.Context, path string) (int, error)
	// Purge removes all versions of an object but the current one; CodeHeld as for Remove.
	Purge(ctx context.Context, path string) error
	// Traits says what else the store can hold.
	Traits() Traits
}

// Traits is what a store can hold beside content.
type Traits struct {
	Metadata    bool
	Tags        bool
	ContentType bool
}

// Codes of errors of a Store.
const (
	CodeGone    = "object_gone"    // NotFound
	CodeChanged = "object_changed" // Conflict: another has changed it meanwhile
	CodeHeld    = "object_held"    // Conflict: a retention period or legal hold of the store keeps it
)

// Gone says that an object is no longer there.
func Gone(system string) error {
	return models.Errorf(models.NotFound, CodeGone, "An object of the system %s is no longer there.", system)
}

// Changed says that an object is another than it was.
func Changed(system string) error {
	return models.Errorf(models.Conflict, CodeChanged, "An object of the system %s was changed by another program meanwhile; it was left alone.", system)
}

// Mismatch says that the map does not fit.
func Mismatch(format string, args ...any) error {
	return models.Errorf(models.Invalid, connectors.CodeMismatch, format, args...)
}

// Unsupported says that a person must do it.
func Unsupported(format string, args ...any) error {
	return models.Errorf(models.Unsupported, connectors.CodeUnsupported, format, args...)
}
