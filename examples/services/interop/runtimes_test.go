package interop

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The programs of examples/clients are built in a folder of the cache, so that packages are fetched once. Where a runtime or its
// registry is missing the test says so and is skipped.

func preparePython(t *testing.T, c client) (dir string) {
	need(t, c, "python3")
	dir = workplace(t, c)
	once(t, c, dir, "requirements.txt", [][]string{
		{"python3", "-m", "venv", "venv"},
		{"venv/bin/pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", "requirements.txt"},
	})
	return dir
}

func prepareNode(t *testing.T, c client) (dir string) {
	need(t, c, "node", "npm")
	dir = workplace(t, c)
	once(t, c, dir, "package-lock.json", [][]string{{"npm", "ci", "--no-audit", "--no-fund"}})
	return dir
}

func prepareJava(t *testing.T, c client) (dir string) {
	need(t, c, "java", "mvn")
	dir = workplace(t, c)
	fetch(t, c, dir, "mvn", "--quiet", "--batch-mode", "package")
	return dir
}

// launch starts a client with the commands of its page of the documentation; only the name and the address are this test's.
func launch(t *testing.T, c client, f *fusebox, dir string, environment []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../../docs", c.name+".md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "```sh\n")
	commands, _, found := strings.Cut(rest, "\n```")
	if !found || !strings.Contains(commands, "http://127.0.0.1:4318") || !strings.Contains(commands, "OTEL_SERVICE_NAME=orders") {
		t.Fatalf("%s.md does not say how to start the client", c.name)
	}
	commands = strings.ReplaceAll(commands, "http://127.0.0.1:4318", "http://"+f.http)
	commands = strings.ReplaceAll(commands, "OTEL_SERVICE_NAME=orders", "OTEL_SERVICE_NAME="+c.name)
	last := strings.LastIndex(commands, "\n") + 1
	commands = commands[:last] + "exec " + commands[last:] // so that the process is the client itself
	environment = append(environment, "PATH="+filepath.Join(dir, "venv/bin")+":"+os.Getenv("PATH"))
	startIn(t, c.name, dir, environment, "sh", "-c", commands)
}

// skip is seen in the output of the suite, also when all is well.
func skip(t *testing.T, c client, why string) {
	t.Helper()
	fmt.Printf("######## SKIPPED: the %s client of examples/clients. %s ########\n", c.name, why)
	t.Skip(why)
}

func need(t *testing.T, c client, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			skip(t, c, "There is no "+tool+" here.")
		}
	}
}

// workplace is a copy of the client's folder in the cache.
func workplace(t *testing.T, c client) string {
	t.Helper()
	cache := os.Getenv("FUSEBOX_CACHE")
	if cache == "" {
		cache = filepath.Join(os.Getenv("HOME"), ".cache/fusebox")
	}
	dir := filepath.Join(cache, "clients", c.name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command("cp", "-R", filepath.Join("../../clients", c.name)+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("copy %s: %v\n%s", c.name, err, output)
	}
	return dir
}

// once runs commands unless they ran already for this manifest.
func once(t *testing.T, c client, dir, manifest string, commands [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, manifest))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	stamp, wanted := filepath.Join(dir, "installed"), hex.EncodeToString(sum[:])
	if found, err := os.ReadFile(stamp); err == nil && string(found) == wanted {
		return
	}
	for _, command := range commands {
		fetch(t, c, dir, command...)
	}
	if err := os.WriteFile(stamp, []byte(wanted), 0o600); err != nil {
		t.Fatal(err)
	}
}

// How pip, npm and Maven say that they could not fetch something, as opposed to what is wrong with the program.
var unreachable = regexp.MustCompile(`(?m)^.*(Could not (find a version|resolve|transfer|fetch)|could not be resolved|NewConnectionError|ENOTFOUND|ECONN|ETIMEDOUT|EAI_AGAIN|E[45]\d\d\b|ensurepip is not available).*$`)

func fetch(t *testing.T, c client, dir string, command ...string) {
	t.Helper()
	run := exec.Command(command[0], command[1:]...)
	run.Dir = dir
	if filepath.Base(command[0]) != command[0] {
		run.Path = filepath.Join(dir, command[0])
	}
	output, err := run.CombinedOutput()
	if err == nil {
		return
	}
	if line := unreachable.Find(output); line != nil {
		skip(t, c, "Its packages could not be had: "+string(line))
	}
	t.Fatalf("%v: %v\n%s", command, err, tail(output, 4000))
}
