package main

import (
	"bytes"
	"encoding/csv"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func program(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	status = run(args, &out, &errs)
	return status, out.String(), errs.String()
}

func TestHelp(t *testing.T) {
	status, stdout, stderr := program("-h")
	if status != 0 || stderr != "" {
		t.Errorf("status %d, stderr %q", status, stderr)
	}
	for _, flag := range []string{"-env", "-seed", "-seeds", "-steps", "-delta", "-out", "-resume"} {
		if !strings.Contains(stdout, "  "+flag) {
			t.Errorf("help lacks %s:\n%s", flag, stdout)
		}
	}
}

func TestUsageErrors(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-frobnicate"}, "-frobnicate"},
		{[]string{"-env", "Pong-v5"}, `-env "Pong-v5", expected one of CartPole-v1, Acrobot-v1, MountainCar-v0`},
		{[]string{"-seed", "-1"}, "-seed"},
		{[]string{"-seeds", "0"}, "-seeds 0, expected at least 1"},
		{[]string{"-seed", "18446744073709551615", "-seeds", "2"}, "-seeds 2"},
		{[]string{"-steps", "1023"}, "-steps 1023, expected at least one rollout of 1024"},
		{[]string{"-steps", "many"}, "many"},
		{[]string{"-delta", "0"}, "-delta 0, expected a positive number"},
		{[]string{"-delta", "-0.1"}, "-delta -0.1"},
		{[]string{"-delta", "NaN"}, "-delta NaN"},
		{[]string{"-delta", "Inf"}, "-delta +Inf"},
		{[]string{"-out", ""}, "-out is empty"},
		{[]string{"-resume"}, "-resume without -out"},
		{[]string{"train", "more"}, `unexpected argument "train more"`},
	} {
		status, stdout, stderr := program(c.args...)
		if status != 2 || stdout != "" {
			t.Errorf("%v: status %d, stdout %q", c.args, status, stdout)
		}
		if !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: stderr %q, want one line with %q", c.args, stderr, c.want)
		}
	}
}

func TestTaskNames(t *testing.T) {
	for name, want := range map[string]string{
		"CartPole-v1": "CartPole-v1", "cartpole": "CartPole-v1", "acrobot-V1": "Acrobot-v1", "MountainCar": "MountainCar-v0",
	} {
		if task, err := taskNamed(name); err != nil || task.name != want {
			t.Errorf("%s: %v, %v", name, task.name, err)
		}
	}
	if _, err := taskNamed("CartPole-v0"); err == nil {
		t.Error("another version is another task")
	}
}

func TestFailures(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	check0(t, os.WriteFile(file, nil, 0o644))
	foreign := t.TempDir()
	check0(t, os.WriteFile(checkpointPath(foreign, 0), []byte("something else"), 0o644))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-out", file}, "output directory"},
		{[]string{"-out", filepath.Join(dir, "new"), "-resume"}, "no checkpoint to resume, expected " + checkpointPath(filepath.Join(dir, "new"), 0)},
		{[]string{"-out", foreign, "-resume"}, "no checkpoint of this program"},
	} {
		status, stdout, stderr := program(c.args...)
		if status != 1 || stdout != "" || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: status %d, stdout %q, stderr %q, want %q", c.args, status, stdout, stderr, c.want)
		}
	}
}

var evaluationLine = regexp.MustCompile(`^evaluation: return (-?[0-9.]+) ± ([0-9.]+) over 100 episodes\n$`)

// TestProgram trains two rollouts, looks at what is printed and written, repeats it,
// resumes it when it is done, and refuses to resume another training.
func TestProgram(t *testing.T) {
	out := filepath.Join(t.TempDir(), "new", "out")
	args := []string{"-steps", "2048", "-seed", "100", "-out", out}
	status, stdout, stderr := program(args...)
	if status != 0 || stderr != "" || !evaluationLine.MatchString(stdout) {
		t.Fatalf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	if _, again, _ := program("-steps", "2048", "-seed", "100"); again != stdout {
		t.Errorf("one seed, two results: %q and %q", stdout, again)
	}
	_, other, _ := program("-steps", "2048", "-seed", "101")
	if other == stdout {
		t.Errorf("two seeds, one result: %q", stdout)
	}
	progress, err := os.ReadFile(filepath.Join(out, "progress.csv"))
	check0(t, err)
	status, resumed, stderr := program(append(args, "-resume")...)
	if status != 0 || resumed != stdout {
		t.Errorf("resumed: status %d, stdout %q, stderr %q, want %q", status, resumed, stderr, stdout)
	}
	if after, _ := os.ReadFile(filepath.Join(out, "progress.csv")); !bytes.Equal(after, progress) {
		t.Errorf("progress.csv became\n%s\nfrom\n%s", after, progress)
	}
	status, both, stderr := program(append(args, "-resume", "-seeds", "2")...) // seed 101 from the start
	if status != 0 || !strings.HasPrefix(both, "seed 100: "+stdout) || !strings.Contains(both, "seed 101: "+other) {
		t.Errorf("resumed with one more seed: status %d, stdout %q, stderr %q", status, both, stderr)
	}
	status, _, stderr = program("-steps", "3072", "-seed", "100", "-out", out, "-resume")
	if status != 1 || !strings.Contains(stderr, "another training") {
		t.Errorf("resumed with other steps: status %d, stderr %q", status, stderr)
	}
}

// TestSeveralSeeds runs two seeds at a time with every output.
func TestSeveralSeeds(t *testing.T) {
	out := t.TempDir()
	status, stdout, stderr := program("-env", "mountaincar", "-steps", "1024", "-seed", "100", "-seeds", "2", "-delta", "0.03", "-out", out)
	if status != 0 || stderr != "" {
		t.Fatalf("status %d, stderr %q", status, stderr)
	}
	want := regexp.MustCompile(`^seed 100: evaluation: return \S+ ± \S+ over 100 episodes
seed 101: evaluation: return \S+ ± \S+ over 100 episodes
evaluation: return \S+ ± \S+ over 2 seeds
$`)
	if !want.MatchString(stdout) {
		t.Errorf("stdout %q", stdout)
	}
	checkProgress(t, filepath.Join(out, "progress.csv"), 2)
	page, err := os.ReadFile(filepath.Join(out, "index.html"))
	check0(t, err)
	for _, want := range []string{"MountainCar-v0", "-seeds 2 -steps 1024 -delta 0.03", "<td>100</td>", "<td>101</td>", "over 100 fresh episodes",
		"Damping", "progress.csv", "means\nnothing once all returns are equal"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("index.html lacks %q", want)
		}
	}
	for _, source := range regexp.MustCompile(`src="([^"]+)"`).FindAllStringSubmatch(string(page), -1) {
		checkPicture(t, filepath.Join(out, source[1]))
	}
}

func checkProgress(t *testing.T, path string, seeds int) {
	t.Helper()
	f, err := os.Open(path)
	check0(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	check0(t, err)
	if len(rows) != 1+seeds || rows[0][0] != "seed" || rows[0][5] != "kl" || rows[0][6] != "radius" {
		t.Fatalf("progress.csv: %v", rows)
	}
	for _, row := range rows[1:] {
		kl, err1 := strconv.ParseFloat(row[5], 64)
		radius, err2 := strconv.ParseFloat(row[6], 64)
		if err1 != nil || err2 != nil || radius != 0.03 || kl > radius {
			t.Errorf("row %v", row)
		}
	}
}

func checkPicture(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	check0(t, err)
	defer f.Close()
	if filepath.Ext(path) == ".gif" {
		film, err := gif.DecodeAll(f)
		check0(t, err)
		if len(film.Image) < 80 || film.Config.Width != sceneWidth || film.Config.Height != sceneHeight {
			t.Errorf("%s: %d frames of %d × %d", path, len(film.Image), film.Config.Width, film.Config.Height)
		}
		return
	}
	picture, err := png.Decode(f)
	check0(t, err)
	if b := picture.Bounds(); b.Dx() != 1008 || b.Dy() != 518 {
		t.Errorf("%s measures %v", path, b)
	}
}

// TestBeforeAnyEpisodeEnds: one rollout of Acrobot is shorter than an episode, so that
// there is no return to show yet.
func TestBeforeAnyEpisodeEnds(t *testing.T) {
	out := t.TempDir()
	status, _, stderr := program("-env", "acrobot", "-steps", "1024", "-seed", "100", "-seeds", "2", "-out", out)
	if status != 0 || stderr != "" {
		t.Fatalf("status %d, stderr %q", status, stderr)
	}
	progress, err := os.ReadFile(filepath.Join(out, "progress.csv"))
	check0(t, err)
	if !strings.Contains(string(progress), "100,1,1024,NaN,0,") {
		t.Errorf("progress.csv:\n%s", progress)
	}
	checkPicture(t, filepath.Join(out, "learning_curve.png"))
}
