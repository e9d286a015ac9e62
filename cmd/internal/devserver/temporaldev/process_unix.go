//go:build unix && !linux

package temporaldev

import "syscall"

// diesWithParent does nothing: only Linux ties a child's life to its parent's. Elsewhere the end of its standard input does.
func diesWithParent(*syscall.SysProcAttr) {}
