package main

import "os"

var othersStudy = study{
	title: "Other ways to the same numbers",
	text: `
1024×1000, one thread, ns per element: what PyTorch takes when one writes its gradient by
hand, in place and without autograd, and what SciPy takes for the loss alone.`,
	run: others,
}

func others(r *report, p protocol) error {
	defer useThreads(1)()
	t := newTable("", "dtype", "what", "ours", "theirs", "theirs ÷ ours")
	for _, dtype := range []string{"float32", "float64"} {
		for _, m := range []mode{gradient, forward} {
			if err := othersRows(r, p, workload{1024, 1000, dtype, m, 1}, t); err != nil {
				return err
			}
		}
	}
	r.table(t)
	return nil
}

// othersRows adds a row for each other way of the first peer.
func othersRows(r *report, p protocol, w workload, t *table) error {
	d := newData(w)
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := d.save(dir); err != nil {
		return err
	}
	peer := r.peers[0]
	reply, err := peer.prepare(w, dir)
	if err != nil {
		return err
	}
	m, err := builder(ours).machine(w, d)
	if err != nil {
		return err
	}
	defer m.vm.Close()
	contenders := []contender{m.contender("ours")}
	for _, name := range reply.Others {
		contenders = append(contenders, peer.contender(name))
	}
	summaries, err := p.measure(contenders...)
	if err != nil {
		return err
	}
	for _, s := range summaries[1:] {
		t.add(s.name, w.dtype, string(w.mode), timePerElement(summaries[0], w.elements()),
			timePerElement(s, w.elements()), number(ratio(s, summaries[0])))
	}
	return nil
}
