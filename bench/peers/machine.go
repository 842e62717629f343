package main

import (
	"bufio"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/kldivloss/kldivloss/internal/kernel"
)

// machineState is what the page says of where and when it was measured.
type machineState struct {
	start time.Time
	load  string
}

func readMachine() machineState { return machineState{time.Now(), load()} }

// table describes the machine, its load from the start to now, and the versions.
func (m machineState) table(peers []*peer) *table {
	t := newTable("", "")
	t.add("processor", processor()+", "+strconv.Itoa(runtime.NumCPU())+" CPUs")
	t.add("system", runtime.GOOS+"/"+runtime.GOARCH)
	if s := schedulerArguments(firstLine("/proc/cmdline", "")); s != "" {
		t.add("scheduler", s)
	}
	t.add("Go", runtime.Version())
	for _, path := range []string{"gorgonia.org/gorgonia", "gorgonia.org/tensor"} {
		t.add(path, moduleVersion(path))
	}
	t.add("kldivloss", commit()+", "+kernel.InstructionSet())
	for _, p := range peers {
		t.add("PyTorch", p.versions.Torch+", Python "+p.versions.Python+", NumPy "+p.versions.NumPy+", "+p.versions.vectors())
	}
	t.add("date", m.start.UTC().Format("2006-01-02 15:04")+" to "+time.Now().UTC().Format("15:04 MST"))
	t.add("load average", m.load+" at the start, "+load()+" at the end")
	return t
}

// vectors returns which vector instructions PyTorch says it uses.
func (v peerVersions) vectors() string {
	for _, line := range strings.Split(v.Capability, "\n") {
		if _, capability, ok := strings.Cut(line, "CPU capability usage: "); ok {
			return capability
		}
	}
	return "vector instructions unknown"
}

func load() string {
	fields := strings.Fields(firstLine("/proc/loadavg", ""))
	if len(fields) < 3 {
		return "unknown"
	}
	return strings.Join(fields[:3], " ")
}

func processor() string {
	_, name, ok := strings.Cut(firstLine("/proc/cpuinfo", "model name"), ":")
	if !ok {
		return "unknown"
	}
	return strings.TrimSpace(name)
}

// schedulerArguments are what a Linux kernel was told at its start of how to schedule:
// one that packs threads on a processor wakes a second thread late.
func schedulerArguments(commandLine string) string {
	var found []string
	for _, argument := range strings.Fields(commandLine) {
		if strings.HasPrefix(argument, "sched_") {
			found = append(found, argument)
		}
	}
	return strings.Join(found, " ")
}

// firstLine returns the first line of a file that starts with a prefix, or
// nothing where there is none.
func firstLine(path, prefix string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), prefix) {
			return lines.Text()
		}
	}
	return ""
}

func moduleVersion(path string) string {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, m := range info.Deps {
			if m.Path == path {
				return m.Version
			}
		}
	}
	return "unknown"
}

// commit asks git, as go run records none.
func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown commit"
	}
	return "commit " + strings.TrimSpace(string(out))
}
