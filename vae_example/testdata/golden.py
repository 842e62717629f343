"""Writes torch.json: the cost of small models, its parts and its gradient, by PyTorch
in float64. Run in this directory with a Python that has torch and numpy:

    python3 golden.py
"""
import json

import numpy as np
import torch
import torch.nn.functional as F

PIXELS, HIDDEN, LATENTS, CLASSES, BATCH, TEMPERATURE, BETA = 7, [6, 5], 3, 4, 3, 0.7, 0.6
rng = np.random.default_rng(20)


def perceptron(h, widths, theta):
    for i, (n, m) in enumerate(zip(widths, widths[1:])):
        h = (F.relu(h) if i else h) @ theta[:n * m].reshape(n, m) + theta[n * m:(n + 1) * m]
        theta = theta[(n + 1) * m:]
    return h


def size(widths):
    return sum((n + 1) * m for n, m in zip(widths, widths[1:]))


def case(latent):
    categorical = latent == "categorical"
    code = LATENTS * CLASSES if categorical else LATENTS
    encoder = [PIXELS] + HIDDEN + [code if categorical else 2 * code]
    decoder = [code] + HIDDEN[::-1] + [PIXELS]
    theta = torch.tensor(0.6 * rng.standard_normal(size(encoder) + size(decoder)), requires_grad=True)
    x = torch.tensor(rng.integers(0, 2, (BATCH, PIXELS)) if categorical else rng.random((BATCH, PIXELS)), dtype=torch.float64)
    noise = torch.tensor(rng.gumbel(size=(BATCH, code)) if categorical else rng.standard_normal((BATCH, code)))
    posterior = perceptron(x, encoder, theta)
    if categorical:
        logits = posterior.reshape(BATCH, LATENTS, CLASSES)
        z = F.softmax((logits + noise.reshape(logits.shape)) / TEMPERATURE, -1).reshape(BATCH, code)
        q = torch.distributions.Categorical(logits=logits)
        kl = torch.distributions.kl_divergence(q, torch.distributions.Categorical(logits=torch.zeros_like(logits)))
    else:
        mean, logvar = posterior.chunk(2, -1)
        z = mean + noise * (logvar / 2).exp()
        q = torch.distributions.Normal(mean, (logvar / 2).exp())
        kl = torch.distributions.kl_divergence(q, torch.distributions.Normal(torch.zeros_like(mean), torch.ones_like(mean)))
    pixels = perceptron(z, decoder, theta[size(encoder):])
    reconstruction = F.binary_cross_entropy_with_logits(pixels, x, reduction="sum") / BATCH
    kl = kl.sum() / BATCH
    gradient, = torch.autograd.grad(reconstruction + BETA * kl, theta)
    listed = {name: tensor.detach().flatten().tolist()
              for name, tensor in dict(theta=theta, x=x, noise=noise, gradient=gradient).items()}
    return dict(latent=latent, pixels=PIXELS, hidden=HIDDEN, latents=LATENTS, classes=CLASSES, batch=BATCH,
                temperature=TEMPERATURE, beta=BETA, reconstruction=reconstruction.item(), kl=kl.item(), **listed)


with open("torch.json", "w") as f:
    json.dump([case("categorical"), case("gaussian")], f)
