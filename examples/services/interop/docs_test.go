package interop

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The languages of snippets that are parts of a program, and the ends of its files.
var languages = map[string]string{
	"go": ".go", "yaml": ".yaml", "python": ".py", "text": ".txt", "js": ".js", "json": ".json", "java": ".java", "xml": ".xml",
}

// Every snippet of a page that is part of a program stands in the services, the clients or the Collector as it is, but for tabs,
// so it is what the suite runs. The commands of the clients' pages are run themselves.
func TestDocumentation(t *testing.T) {
	var sources []string
	ends := slices.Collect(maps.Values(languages))
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") || !slices.Contains(ends, filepath.Ext(path)) {
			return err
		}
		text, err := os.ReadFile(path)
		sources = append(sources, strings.ReplaceAll(string(text), "\t", "    "))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{
		"kratos.md", "gin.md", "opentelemetry-collector.md", "python.md", "node.md", "java.md", "spring.md",
	} {
		text, err := os.ReadFile(filepath.Join("../../../docs", page))
		if err != nil {
			t.Fatal(err)
		}
		snippets := 0
		for _, block := range strings.Split("\n"+string(text), "\n```")[1:] {
			language, snippet, _ := strings.Cut(block, "\n")
			if languages[language] == "" {
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
