// Package look owns in whose look a call is answered: that of the controller which the handler named, else of the one whose own domain was
// called. It must not render anything.
package look
