// Package webpage is what the examples' pages of results have in common.
package webpage

import (
	_ "embed"
	"html/template"
	"io"
	"reflect"

	"github.com/kldivloss/kldivloss/internal/atomicfile"
)

//go:embed parts.html
var parts string

// New parses a page, which finds the style sheet and the table of settings as the
// templates "style" and "settings".
func New(source string) *template.Template {
	return template.Must(template.Must(template.New("page").Parse(parts)).Parse(source))
}

// Write fills a page in and writes it to path, whole or not at all.
func Write(path string, page *template.Template, data any) error {
	return atomicfile.Write(path, func(w io.Writer) error { return page.Execute(w, data) })
}

// Setting is a row of the table of settings.
type Setting struct {
	Name  string
	Value any
}

// Settings lists the fields of a struct, all of which are exported.
func Settings(s any) []Setting {
	v := reflect.ValueOf(s)
	var table []Setting
	for i := range v.NumField() {
		table = append(table, Setting{v.Type().Field(i).Name, v.Field(i).Interface()})
	}
	return table
}
