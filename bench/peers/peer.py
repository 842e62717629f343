"""PyTorch's side of bench/peers: answers one JSON request a line with one line.

    {"op": "prepare", "dir": …, "rows": …, "classes": …, "dtype": …, "mode": …,
     "threads": …}       → {"value": …, "norm": …, "variants": [name, …], "others": [name, …]}
    {"op": "run", "variant": name, "reps": n}    → {"seconds": …}

The first line it writes names its versions. The arrays x, t and v of a case lie
in dir, as raw numbers. A variant is one way to write the loss; the first is the
one the documentation gives, F.kl_div. Others are ways to the same numbers that are
no loss for training: without autograd, or without PyTorch.
"""
import json
import math
import os
import platform
import sys
import time


def answer(**fields):
    print(json.dumps(fields), flush=True)


try:
    import numpy as np
    import torch
    import torch.nn.functional as F
except ImportError as missing:
    answer(error=str(missing))
    sys.exit(1)


try:
    import scipy.special as special
except ImportError:
    special = None


def dot(a, b):
    return torch.dot(a.reshape(-1), b.reshape(-1))


# Each takes pred and target and returns the sum over all elements, which is
# divided by the number of rows afterwards, as batchmean does.
LOGITS_AND_PROBS = {
    "F.kl_div": lambda x, t: F.kl_div(F.log_softmax(x, -1), t, reduction="sum"),
    "(t*(t.log()-log_softmax(x))).sum()": lambda x, t: (t * (t.log() - F.log_softmax(x, -1))).sum(),
    "dot(t, t.log()-log_softmax(x))": lambda x, t: dot(t, t.log() - F.log_softmax(x, -1)),
    "dot(t, t.log())-dot(t, log_softmax(x))": lambda x, t: dot(t, t.log()) - dot(t, F.log_softmax(x, -1)),
    "dot(t, t.log()-x)+dot(t.sum(-1), x.logsumexp(-1))":
        lambda x, t: dot(t, t.log() - x) + dot(t.sum(-1), x.logsumexp(-1)),
    "cross_entropy(x, t)+dot(t, t.log())":
        lambda x, t: F.cross_entropy(x, t, reduction="sum") + dot(t, t.log()),
}

LOGIT_PAIRS = {
    "F.kl_div": lambda x, t: F.kl_div(
        F.log_softmax(x, -1), F.log_softmax(t, -1), reduction="sum", log_target=True),
    "l=log_softmax(t); (l.exp()*(l-log_softmax(x))).sum()": lambda x, t: pair(F.log_softmax(t, -1), F.log_softmax(x, -1)),
    "p=softmax(t); dot(p, p.log()-log_softmax(x))": lambda x, t: probs_pair(F.softmax(t, -1), F.log_softmax(x, -1)),
}

LOG_PROBS_AND_PROBS = {
    "F.kl_div": lambda x, t: F.kl_div(x, t, reduction="sum"),
    "(t*(t.log()-x)).sum()": lambda x, t: (t * (t.log() - x)).sum(),
    "dot(t, t.log()-x)": lambda x, t: dot(t, t.log() - x),
    "dot(t, t.log())-dot(t, x)": lambda x, t: dot(t, t.log()) - dot(t, x),
}


LOG_PROB_PAIRS = {
    "F.kl_div": lambda x, t: F.kl_div(x, t, reduction="sum", log_target=True),
    "dot(t.exp(), t-x)": lambda x, t: pair(t, x),
}

PROB_PAIRS = {
    "F.kl_div": lambda x, t: F.kl_div(x.log(), t, reduction="sum"),
    "dot(t, t.log()-x.log())": lambda x, t: dot(t, t.log() - x.log()),
    "dot(t, (t/x).log())": lambda x, t: dot(t, (t / x).log()),
}

# As TRL writes it, and with logaddexp.
JENSEN = {
    "F.kl_div": lambda x, t: jensen(F.log_softmax(x, -1), F.log_softmax(t, -1), lambda q, p: torch.logsumexp(
        torch.stack([q + math.log(0.5), p + math.log(0.5)]), 0)),
    "logaddexp": lambda x, t: jensen(F.log_softmax(x, -1), F.log_softmax(t, -1), lambda q, p: torch.logaddexp(
        q, p) - math.log(2)),
}


def jensen(q, p, mixture):
    m = mixture(q, p)
    return sum(F.kl_div(m, side, reduction="sum", log_target=True) for side in (p, q)) / 2


def pair(target, pred):
    return dot(target.exp(), target - pred)


def probs_pair(p, pred):
    return dot(p, p.log() - pred)


FORMULATIONS = {
    "loss": LOGITS_AND_PROBS,
    "loss+∂pred": LOGITS_AND_PROBS,
    "loss+both": LOGITS_AND_PROBS,
    "logits/loss+∂pred": LOGIT_PAIRS,
    "logits/loss+both": LOGIT_PAIRS,
    "logprobs/loss+∂pred": LOG_PROBS_AND_PROBS,
    "log_target/loss+∂pred": LOG_PROB_PAIRS,
    "probs/loss+∂pred": PROB_PAIRS,
    "jensen/loss+∂pred": JENSEN,
    "hvp": LOGITS_AND_PROBS,
}


def pin(n):
    """Keeps every thread of this process to the first n processors, as the Go side does."""
    if hasattr(os, "sched_setaffinity"):
        for thread in os.listdir("/proc/self/task"):
            os.sched_setaffinity(int(thread), range(n))


class Case:
    def __init__(self, dir, rows, classes, dtype, mode, threads):
        pin(threads)
        torch.set_num_threads(threads)
        self.rows, self.mode = rows, mode

        def tensor(name):
            return torch.from_numpy(np.fromfile(f"{dir}/{name}", dtype).reshape(rows, classes))

        self.x, self.t = tensor("x"), tensor("t")
        self.x.requires_grad = mode != "loss"
        self.t.requires_grad = mode.endswith("both")
        if mode == "hvp":
            self.v = tensor("v")
        self.variants = {name: self.step(total) for name, total in FORMULATIONS[mode].items()}
        self.others = {}
        if mode == "loss+∂pred":
            self.others["PyTorch, the gradient written by hand"] = self.by_hand
        if mode == "loss" and special:
            self.others["scipy.special.rel_entr and softmax"] = self.rel_entr
            self.others["scipy.special.xlogy and log_softmax"] = self.xlogy

    def step(self, total):
        """A call that returns the loss and what is differentiated of it."""
        x, t, rows = self.x, self.t, self.rows

        def forward():
            with torch.inference_mode():
                return total(x, t) / rows, ()

        def gradient():
            loss = total(x, t) / rows
            return loss, torch.autograd.grad(loss, (x, t) if t.requires_grad else (x,))

        def product():
            loss = total(x, t) / rows
            first, = torch.autograd.grad(loss, x, create_graph=True)
            return loss, torch.autograd.grad(first, x, self.v)

        return {"loss": forward, "hvp": product}.get(self.mode, gradient)

    def by_hand(self):
        with torch.inference_mode():
            x, t, rows = self.x.detach(), self.t, self.rows
            log_q = F.log_softmax(x, -1)
            loss = dot(t, t.log() - log_q) / rows
            return loss, (log_q.exp_().mul_(t.sum(-1, keepdim=True)).sub_(t).div_(rows),)

    def rel_entr(self):
        x, t = self.x.numpy(), self.t.numpy()
        return special.rel_entr(t, special.softmax(x, axis=1)).sum() / self.rows, ()

    def xlogy(self):
        x, t = self.x.numpy(), self.t.numpy()
        return (special.xlogy(t, t) - t * special.log_softmax(x, axis=1)).sum() / self.rows, ()

    def check(self):
        """The loss and the Euclidean norm of the derivatives, and the variants that agree on them."""
        def results(step):
            loss, derivatives = step()
            return loss.item(), float(sum(d.double().square().sum() for d in derivatives)) ** 0.5

        value, norm = results(self.variants["F.kl_div"])

        def agreeing(steps):
            return [name for name, step in steps.items() if np.allclose(results(step), (value, norm), 1e-3)]

        return dict(value=value, norm=norm, variants=agreeing(self.variants), others=agreeing(self.others))

    def run(self, variant, reps):
        step = self.variants.get(variant) or self.others[variant]
        start = time.perf_counter()
        for _ in range(reps):
            step()
        return dict(seconds=time.perf_counter() - start)


answer(torch=torch.__version__, python=platform.python_version(), numpy=np.__version__,
       capability=torch.__config__.show())
case = None
for line in sys.stdin:
    request = json.loads(line)
    try:
        if request.pop("op") == "prepare":
            case = None
            case = Case(**request)
            answer(**case.check())
        else:
            answer(**case.run(**request))
    except Exception as failure:  # the Go side reports it and stops
        answer(error=f"{type(failure).__name__}: {failure}")
