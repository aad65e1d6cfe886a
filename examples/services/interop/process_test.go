package interop

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// process is a running program. What it prints is shown when the test fails.
type process struct {
	command *exec.Cmd
	ended   chan struct{}
}

// start runs a program until the test ends. No variable of the surroundings that would configure telemetry reaches it.
func start(t *testing.T, name string, environment []string, program string, arguments ...string) *process {
	t.Helper()
	return startIn(t, name, "", environment, program, arguments...)
}

// startIn starts it in a directory.
func startIn(t *testing.T, name, directory string, environment []string, program string, arguments ...string) *process {
	t.Helper()
	output, err := os.OpenFile(filepath.Join(t.TempDir(), "output"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, arguments...)
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "TMPDIR=" + os.TempDir()}, environment...)
	command.Dir = directory
	command.Stdout, command.Stderr = output, output
	if err := command.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	p := &process{command, make(chan struct{})}
	go func() {
		_ = command.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			text, _ := os.ReadFile(output.Name())
			t.Logf("output of %s:\n%s", name, tail(text, 4000))
		}
		output.Close()
	})
	return p
}

func tail(text []byte, most int) []byte {
	if len(text) > most {
		return text[len(text)-most:]
	}
	return text
}

// kill is kill -9, and waits for the end.
func (p *process) kill() {
	_ = p.command.Process.Kill()
	<-p.ended
}

// stop asks the program to end, as a deployment does: it sends what it has left.
func (p *process) stop(t *testing.T, name string) {
	t.Helper()
	_ = p.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(60 * time.Second):
		t.Errorf("%s did not end within 60 s of SIGTERM", name)
	}
}

// freeAddresses are addresses of the loopback interface that nobody listens on.
func freeAddresses(t *testing.T, count int) []string {
	t.Helper()
	addresses := make([]string, count)
	for i := range addresses {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close() // all at the end, so that no two are the same
		addresses[i] = listener.Addr().String()
	}
	return addresses
}

// eventually asks until the answer is no error, and fails with the last one.
func eventually(t *testing.T, what string, within time.Duration, ask func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v: %v", what, within, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
