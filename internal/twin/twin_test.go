package twin

import (
	"os/exec"
	"strings"
	"testing"
)

func TestMeasure(t *testing.T) {
	seconds, printed, err := Measure(exec.Command("printf", `training: 12.5 CPU seconds\ndone\n`))
	if err != nil || seconds != 12.5 || !strings.HasSuffix(printed, "done\n") {
		t.Errorf("%v, %q, %v", seconds, printed, err)
	}
	seconds, _, err = Measure(exec.Command("sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"))
	if err != nil || seconds <= 0 || seconds > 60 {
		t.Errorf("a loop took %v CPU seconds, %v", seconds, err)
	}
}

func TestErrors(t *testing.T) {
	for _, python := range []string{"false", "no-such-python"} {
		if _, err := Torch(python); err == nil || !strings.Contains(err.Error(), "install Debian's python3-torch") {
			t.Errorf("%s: %v", python, err)
		}
	}
	if _, err := Output(exec.Command("sh", "-c", "echo first >&2; echo last >&2; exit 3")); err == nil || !strings.Contains(err.Error(), "sh: last") {
		t.Errorf("error %v, expected the last complaint", err)
	}
	if _, _, _, err := Place("github.com/kldivloss/kldivloss/nowhere", "", nil); err == nil {
		t.Error("a command that is not there was built")
	}
}
