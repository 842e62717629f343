package webpage

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.html")
	type settings struct {
		Rate float64
		Name string
	}
	page := New(`<head>{{template "style"}}</head>{{template "settings" .}}`)
	if err := Write(path, page, Settings(settings{0.5, "<T>"})); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"<head><style>\n", "</style></head>", "<tr><td>Rate</td><td>0.5</td></tr>\n<tr><td>Name</td><td>&lt;T&gt;</td></tr>"} {
		if !strings.Contains(string(written), part) {
			t.Errorf("no %q in %s", part, written)
		}
	}
	if err := Write(path, New("{{.Missing}}"), settings{}); err == nil {
		t.Error("no error for a field that is not there")
	}
	if again, err := os.ReadFile(path); err != nil || string(again) != string(written) {
		t.Errorf("a page that failed left %q, %v", again, err)
	}
}
