package main

import "fmt"

// study is a part of the page beside the table of comparisons.
type study struct {
	title, text string
	run         func(*report, protocol) error
}

func studies(quick bool) []study {
	if quick {
		return []study{smallStudy, wakeStudy, linearStudy}
	}
	return []study{linearStudy, smallStudy, wakeStudy, collectorStudy, memoryStudy, rooflineStudy, othersStudy}
}

var linearStudy = study{
	title: "Cost grows linearly with the classes",
	text: `
ns per element of one RunAll, loss and ∂pred, one thread, at 2²² elements whatever
the number of classes. The last column is the larger of the two ends divided by the smaller.`,
	run: linear,
}

func linear(r *report, p protocol) error {
	defer useThreads(1)()
	const elements = 1 << 22
	classes := []int{128, 1024, 8192, 65536, 131072}
	header := []string{"dtype"}
	for _, c := range classes {
		header = append(header, fmt.Sprintf("C = %d", c))
	}
	t := newTable(append(header, "ends", "")...)
	for _, dtype := range []string{"float32", "float64"} {
		var contenders []contender
		for _, c := range classes {
			w := workload{elements / c, c, dtype, gradient, 1}
			m, err := builder(ours).machine(w, newData(w))
			if err != nil {
				return err
			}
			defer m.vm.Close()
			contenders = append(contenders, m.contender(w.shape()))
		}
		summaries, err := p.measure(contenders...)
		if err != nil {
			return err
		}
		cells := []string{dtype}
		for _, s := range summaries {
			cells = append(cells, timePerElement(s, elements))
		}
		ends := ratio(summaries[0], summaries[len(summaries)-1])
		v := &verdict{report: r, row: "Cost by classes: " + dtype}
		t.add(append(cells, v.within("ends", max(ends, 1/ends), 1.5), v.word())...)
	}
	r.table(t)
	return nil
}
