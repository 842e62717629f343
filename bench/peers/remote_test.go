package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestMain is the other process where startRemote starts this executable.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-serve" {
		if err := serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func TestRemote(t *testing.T) {
	w := workload{4, 10, "float64", gradient, 1}
	r, err := startRemote(oursName, w)
	if err != nil {
		t.Fatal(err)
	}
	defer r.stop()
	want, err := builder(ours).check(w, newData(w))
	if err != nil {
		t.Fatal(err)
	}
	if r.result != want {
		t.Errorf("the result is %v, want %v", r.result, want)
	}
	if elapsed, err := r.contender().run(3); err != nil || elapsed <= 0 {
		t.Errorf("three repetitions took %v, %v", elapsed, err)
	}
	if _, err := startRemote("nobody", w); err == nil || !strings.Contains(err.Error(), "nobody") {
		t.Errorf("got %v, want an error that names the contender", err)
	}
}

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
