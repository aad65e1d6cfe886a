package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Where the built programs are, and the server to test.
var (
	programs string
	server   = os.Getenv("FUSEBOX_BIN")
)

func TestMain(m *testing.M) {
	if server == "" {
		fmt.Println("SKIPPED: FUSEBOX_BIN names no server; `make test-interop` does")
		return
	}
	os.Exit(run(m))
}

func run(m *testing.M) int {
	var err error
	if programs = os.Getenv("INTEROP_PROGRAMS"); programs != "" { // built before
		return m.Run()
	}
	if programs, err = os.MkdirTemp("", "interop"); err != nil {
		fmt.Println(err)
		return 1
	}
	defer os.RemoveAll(programs)
	for _, build := range []struct {
		dir      string
		packages []string
	}{
		{"..", []string{"./stock", "./orders", "./catalog", "./storefront"}},
		{"../collector", []string{"."}},
	} {
		command := exec.Command("go", append([]string{"build", "-tags", "nomsgpack", "-o", programs + string(filepath.Separator)}, build.packages...)...)
		command.Dir = build.dir
		if output, err := command.CombinedOutput(); err != nil {
			fmt.Printf("go build in %s: %v\n%s", build.dir, err, output)
			return 1
		}
	}
	return m.Run()
}
