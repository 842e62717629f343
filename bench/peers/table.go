package main

import (
	"fmt"
	"strings"
)

// table is a table of Markdown.
type table struct {
	header []string
	rows   [][]string
}

func newTable(header ...string) *table { return &table{header: header} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) String() string {
	var b strings.Builder
	line := func(cells []string) {
		escaped := make([]string, len(cells))
		for i, cell := range cells {
			escaped[i] = strings.ReplaceAll(cell, "|", `\|`)
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(escaped, " | "))
	}
	line(t.header)
	rule := make([]string, len(t.header))
	for i := range rule {
		rule[i] = "---"
	}
	line(rule)
	for _, row := range t.rows {
		line(row)
	}
	return b.String()
}

// number prints three significant digits.
func number(x float64) string {
	switch {
	case x != x || x <= 0:
		return fmt.Sprint(x)
	case x < 9.995:
		return fmt.Sprintf("%.2f", x)
	case x < 99.95:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

func percent(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }

// timePerElement prints a median with its spread.
func timePerElement(s summary, elements int) string {
	return fmt.Sprintf("%s ± %s", number(s.perElement(elements)), percent(s.spread))
}

// against prints a ratio with its target, and marks where it falls short.
func against(ratio, target float64) string {
	switch {
	case target == 0:
		return number(ratio)
	case ratio >= target:
		return fmt.Sprintf("%s (≥ %v)", number(ratio), target)
	}
	return fmt.Sprintf("**%s** (≥ %v)", number(ratio), target)
}

// within prints a ratio that shall be at most the limit.
func within(ratio, limit float64) string {
	if ratio <= limit {
		return fmt.Sprintf("%s (≤ %v)", number(ratio), limit)
	}
	return fmt.Sprintf("**%s** (≤ %v)", number(ratio), limit)
}

func bytes(n float64) string {
	for _, unit := range []string{"B", "KB", "MB"} {
		if n < 1024 {
			return number(n) + " " + unit
		}
		n /= 1024
	}
	return number(n) + " GB"
}
