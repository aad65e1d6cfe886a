package interop

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every snippet of Go or YAML of a page stands in the services or the Collector as it is, but for tabs, so it is what the suite runs.
func TestDocumentation(t *testing.T) {
	var sources []string
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") || !(strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".yaml")) {
			return err
		}
		text, err := os.ReadFile(path)
		sources = append(sources, strings.ReplaceAll(string(text), "\t", "    "))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"kratos.md", "gin.md", "opentelemetry-collector.md"} {
		text, err := os.ReadFile(filepath.Join("../../../docs", page))
		if err != nil {
			t.Fatal(err)
		}
		snippets := 0
		for _, block := range strings.Split("\n"+string(text), "\n```")[1:] {
			language, snippet, _ := strings.Cut(block, "\n")
			if language != "go" && language != "yaml" {
				continue
			}
			snippets++
			if !within(sources, snippet) {
				t.Errorf("%s: not in the services:\n%s", page, snippet)
			}
		}
		if snippets == 0 {
			t.Errorf("%s has no snippet", page)
		}
	}
}

func within(sources []string, snippet string) bool {
	for _, source := range sources {
		if strings.Contains(source, snippet) {
			return true
		}
	}
	return false
}
