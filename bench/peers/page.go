package main

import (
	"fmt"
	"strings"
)

// finish returns the page.
func (r *report) finish() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `# Performance, against PyTorch on the same machine

Written by one command, in one run; do not edit:

    %s

%s
## How to read this

Only ratios count: PyTorch's time divided by ours, so larger is better and 1 is a tie.
The machine is shared with other work, and its absolute times drift by half; both
sides drift together, as their turns alternate. Each number is the median of the
rounds, ± the interquartile range in percent of it. A ratio whose spread is tens of
percent is worth a second run.

- **Ours** is KLDivLoss in a graph, gorgonia.Grad, and RunAll and Reset on a
  TapeMachine, with Gorgonia's overhead, the allocation of results and the garbage
  collector in the time. Of logits the gradients are written with the loss, row by row.
- **Eager** is what PyTorch documents: F.kl_div(F.log_softmax(x, -1), t,
  reduction="batchmean") and torch.autograd.grad; the loss alone under
  torch.inference_mode. Where the target is logits or log-probabilities log_target=True is
  set. The Jensen–Shannon divergence is TRL's, of the two halves by F.kl_div.
- **Best** is the fastest of PyTorch's formulations, found anew for every row; the
  letter says which. All but F.kl_div give NaN where a target is 0.
- **Idle graph** is a graph of the loss and its gradients whose ops allocate their results
  and compute nothing: what Gorgonia and the garbage collector take, which no loss can do
  without.
- **Kernels** is what they alone take in the same rounds, on slices, in results that
  exist already: ours without Gorgonia and without allocating and collecting results.
- **In a graph** is the kernels called by a tape machine, likewise in results that exist
  already. Its RunAll locks its caller to a thread and computes on another, so that three
  threads take turns on two processors where the kernels alone have two.
- **Arithmetic** is the kernels on as many rows as stay in the second-level cache, on as
  many goroutines at once as there are threads, each with rows of its own: without waiting
  for memory, or for a thread. Two processors of a virtual machine may be one core's, and
  then share its arithmetic. At 128×10 the time of the idle graph is in both.
- **Memory** is a Go loop, one on each thread at once, that reads two arrays of the row's
  size as 64-bit words and, where there is a gradient, writes a third that exists already.
- The list of rows that fall short says in brackets what the ratio would be if ours took
  only the arithmetic's time, or the memory's, and only the kernels'. Where the first or the
  second is short of the target too it is the arithmetic, or memory, that stands in the way;
  else where the third is, it is both together, or starting a second thread; else the list
  says what it would be over the kernels in a graph, and where that is short it is RunAll's
  change of threads; else what it would be over the kernels and the idle graph together, and
  where that is short it is what Gorgonia and the garbage collector take beside the kernels.
  At 128×10 it says what the ratio would be if ours took only the idle graph's time.
- **Composed** is the same loss written with Gorgonia's own primitives.

Each contender in Go has a process of its own, as PyTorch has. All sides read the same
numbers: logits from N(0, 2²), targets softmaxes of such logits. Before timing, the loss and
the norm of its derivatives must agree on all sides to 1e-3; only the composed loss may be
further off, as Gorgonia adds millions of float32 one after the other, and a column says
how far. A timing lasts at least 20 ms and follows half as many untimed repetitions.
Threads are GOMAXPROCS here and torch.set_num_threads there, and both sides are kept to as
many processors.

(≥ 7) is a target and **bold** a ratio short of it; a row is ok when it reaches all of
its targets. Where there are two PyTorchs, the first is the judge.

`, r.command, r.machine.table(r.peers))
	b.WriteString("## Against PyTorch and against Gorgonia's primitives\n\n")
	if len(r.Short) == 0 {
		fmt.Fprintf(&b, "All %d rows with a target on this page reach it.\n", r.Rows)
	} else {
		fmt.Fprintf(&b, "%d of the %d rows with a target on this page fall short:\n\n", len(r.Short), r.Rows)
		for _, row := range r.Short {
			fmt.Fprintf(&b, "- %s\n", row)
		}
	}
	b.WriteString("\nBest formulations, each divided by the number of rows:\n\n")
	for i, formulation := range r.Legend {
		fmt.Fprintf(&b, "- %s: `%s`\n", letters[i:i+1], formulation)
	}
	b.WriteString(r.Body)
	return []byte(b.String())
}
