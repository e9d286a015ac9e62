package pgserver

import "syscall"

// diesWithParent has the kernel interrupt the child when the thread that started it ends.
func diesWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGINT }
