package connectors

// Instructor tells people how to work in a system by hand, where its connector cannot.
type Instructor interface {
	// Instructions is a text of the configuration; it is shown to staff beside each task in the system.
	Instructions() string
}
