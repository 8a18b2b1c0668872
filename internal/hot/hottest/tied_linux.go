package hottest

import (
	"os/exec"
	"runtime"
	"syscall"
)

// startTied starts a process that dies with this one, however it dies.
//
// Linux ties a child to the thread that made it, not to the process, and Go
// ends idle threads. So one goroutine that never ends keeps a thread for it.
func startTied(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	starts <- cmd
	return <-started
}

var starts, started = nursery()

func nursery() (chan<- *exec.Cmd, <-chan error) {
	in, out := make(chan *exec.Cmd), make(chan error)
	go func() {
		runtime.LockOSThread()
		for cmd := range in {
			out <- cmd.Start()
		}
	}()
	return in, out
}
