//go:build unix && !linux

package pgserver

import "syscall"

// diesWithParent does nothing: only Linux ties a child's life to its parent's. The guard is enough.
func diesWithParent(*syscall.SysProcAttr) {}
