"""Writes divergences.json.gz: JSDivLoss, SymmetricKL, GaussianKL and GaussianKLFrom by
independent formulas in float64, with PyTorch's first and second derivatives.

    python3 divergences.py

The generalised Jensen-Shannon divergence is TRL's generalized_jsd_loss, from
log-probabilities and the logsumexp of the mixture; at beta = 1/2 it must be the square of
scipy's jensenshannon. The Gaussian ones are torch.distributions.kl_divergence.
"""
import gzip
import json
import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy.spatial.distance import jensenshannon

torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(6)
FORMS = ["probs", "logprobs", "logits"]
SHAPE = (3, 5)


def log_probs(form, x):
    return {"probs": lambda: x.log(), "logprobs": lambda: x, "logits": lambda: F.log_softmax(x, -1)}[form]()


def draw(form):
    x = torch.tensor(1.5 * rng.standard_normal(SHAPE))
    return {"probs": F.softmax(x, -1), "logprobs": F.log_softmax(x, -1), "logits": x}[form]


def kl(p, q):
    """KL(p || q) of log-probabilities, element by element."""
    return p.exp() * (p - q)


def jsd(beta, pred, target):
    if beta == 0:
        return kl(target, pred)
    if beta == 1:
        return kl(pred, target)
    mixture = torch.logsumexp(torch.stack([pred + math.log1p(-beta), target + math.log(beta)]), 0)
    return beta * kl(target, mixture) + (1 - beta) * kl(pred, mixture)


def case(name, function, inputs, **more):
    inputs = [x.clone().requires_grad_() for x in inputs]
    out = function(*inputs).sum(-1)  # of each distribution
    gradients = torch.autograd.grad(out.sum(), inputs, create_graph=True)
    vectors = [torch.tensor(rng.standard_normal(SHAPE)) for _ in inputs]
    products = torch.autograd.grad(sum((g * v).sum() for g, v in zip(gradients, vectors)), inputs, allow_unused=True)
    flat = lambda tensors: [(torch.zeros(SHAPE) if x is None else x).detach().flatten().tolist() for x in tensors]
    return dict(name=name, shape=SHAPE, inputs=flat(inputs), out=out.tolist(), gradients=flat(gradients),
                vectors=flat(vectors), products=flat(products), **more)


def normal(mean, logvar):
    return torch.distributions.Normal(mean, (logvar / 2).exp())


cases = []
for pred in FORMS:
    for target in FORMS:
        inputs = [draw(pred), draw(target)]
        both = lambda f: lambda x, t: f(log_probs(pred, x), log_probs(target, t))
        forms = dict(predForm=pred, targetForm=target)
        for beta in (0, 0.1, 0.5, 0.9, 1):
            cases.append(case("JSDivLoss", both(lambda q, p: jsd(beta, q, p)), inputs, beta=beta, **forms))
        cases.append(case("SymmetricKL", both(lambda q, p: kl(p, q) + kl(q, p)), inputs, **forms))
        q, p = (log_probs(f, x).exp().numpy() for f, x in zip((pred, target), inputs))
        assert np.allclose(cases[-4]["out"], jensenshannon(p, q, axis=-1) ** 2, 1e-12)
means_and_logvars = [torch.tensor(s * rng.standard_normal(SHAPE)) for s in (1, 2, 1, 2)]
standard = lambda m, l: torch.distributions.kl_divergence(normal(m, l), normal(torch.zeros(SHAPE), torch.zeros(SHAPE)))
cases.append(case("GaussianKL", standard, means_and_logvars[:2]))
between = lambda m, l, n, k: torch.distributions.kl_divergence(normal(m, l), normal(n, k))
cases.append(case("GaussianKLFrom", between, means_and_logvars))
with gzip.open("divergences.json.gz", "wt") as f:
    json.dump(cases, f)
