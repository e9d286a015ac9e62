package temporaldev

import "syscall"

// diesWithParent has the kernel stop the child when the thread that started it ends.
func diesWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGTERM }
