package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
)

var memoryStudy = study{
	title: "Memory",
	text: `
float32, one thread. Allocated is all that the second RunAll of loss and ∂pred allocates,
garbage included, and so an upper bound of what it needs beside its inputs. Resident
is how far the first run's high-water mark in the machine's memory lies above the
inputs. Both in units of one gradient tensor. The limit is one gradient, 8 bytes a
row for losses, and 16 KB for Gorgonia and for small things.`,
	run: memory,
}

func memory(r *report, p protocol) error {
	defer useThreads(1)()
	t := newTable("shape", "gradient", "allocated", "beyond the gradient", "allocated ÷ gradient", "resident ÷ gradient", "")
	for _, shape := range [][2]int{{128, 10}, {1024, 1000}, {4096, 32000}} {
		w := workload{shape[0], shape[1], "float32", gradient, 1}
		if err := memoryRow(r, w, t); err != nil {
			return err
		}
	}
	r.table(t)
	debug.FreeOSMemory()
	return nil
}

func memoryRow(r *report, w workload, t *table) error {
	m, err := builder(ours).machine(w, newData(w))
	if err != nil {
		return err
	}
	defer m.vm.Close()
	debug.FreeOSMemory()
	resident, known := startHighWater()
	if _, err := m.run(1); err != nil {
		return err
	}
	peak, _ := statusBytes("VmHWM:")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := m.run(1); err != nil {
		return err
	}
	runtime.ReadMemStats(&after)

	gradientBytes := 4 * float64(w.elements())
	allocated := float64(after.TotalAlloc - before.TotalAlloc)
	limit := (gradientBytes + 8*float64(w.rows) + 16<<10) / gradientBytes
	v := &verdict{report: r, row: "Memory: " + w.shape()}
	v.judged = true
	if allocated/gradientBytes > limit {
		v.fail("allocated ÷ gradient", allocated/gradientBytes, "≤", limit, "")
	}
	residentCell := "–"
	if known && gradientBytes > 1<<20 { // below, pages and their tables are all one sees
		residentCell = number((peak - resident) / gradientBytes)
	}
	t.add(w.shape(), bytes(gradientBytes), bytes(allocated), bytes(allocated-gradientBytes),
		fmt.Sprintf("%.3f", allocated/gradientBytes), residentCell, v.word())
	return nil
}

// startHighWater sets the process's high-water mark to what is resident now, and
// returns that. Only Linux has such a mark.
func startHighWater() (resident float64, known bool) {
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		return 0, false
	}
	return statusBytes("VmRSS:")
}

func statusBytes(field string) (float64, bool) {
	words := strings.Fields(firstLine("/proc/self/status", field))
	if len(words) < 2 {
		return 0, false
	}
	kilobytes, err := strconv.ParseFloat(words[1], 64)
	return kilobytes * 1024, err == nil
}
