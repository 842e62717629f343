package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestServe orders each contender and gives it two turns.
func TestServe(t *testing.T) {
	for _, w := range []workload{{4, 10, "float32", gradient, 1}, {128, 130, "float64", gradient, 1}} {
		for _, name := range append(layerNames(w), oursName, composedName) {
			var in, out strings.Builder
			requests := json.NewEncoder(&in)
			for _, request := range []any{order{name, w.rows, w.classes, w.dtype, w.mode, w.threads}, turn{1}, turn{2}} {
				if err := requests.Encode(request); err != nil {
					t.Fatal(err)
				}
			}
			if err := serve(strings.NewReader(in.String()), &out); err != nil {
				t.Fatal(err)
			}
			replies := json.NewDecoder(strings.NewReader(out.String()))
			var got result
			if err := replies.Decode(&got); err != nil {
				t.Fatal(err)
			}
			if name == oursName || name == composedName {
				want, err := builder(ours).check(w, newData(w))
				if err != nil {
					t.Fatal(err)
				}
				if err := agree(name, got, want, 1e-3); err != nil {
					t.Error(err)
				}
			}
			for range 2 {
				var took timing
				if err := replies.Decode(&took); err != nil || took.Seconds <= 0 {
					t.Errorf("%s: a turn took %v s, %v", name, took.Seconds, err)
				}
			}
		}
	}
}

func TestServeReportsErrors(t *testing.T) {
	var out strings.Builder
	if err := serve(strings.NewReader(`{"Contender": "nobody"}`), &out); err != nil {
		t.Fatal(err)
	}
	if want := `{"Error":"no contender has the name \"nobody\""}`; strings.TrimSpace(out.String()) != want {
		t.Errorf("got %s, want %s", out.String(), want)
	}
}
