"""The twin of vae_example in PyTorch: the same categorical model, settings and schedule,
float32 on one thread. Prints the CPU time of the training and the hard test −ELBO."""
import argparse
import gzip
import math
import os
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

LATENTS, CLASSES, BATCH, RATE, HOTTEST, COLDEST, WARM_UP = 20, 10, 100, 2e-3, 1.0, 0.3, 0.2


def images(directory, name):
    path = os.path.join(directory, name)
    data = open(path, "rb").read() if os.path.exists(path) else gzip.open(path + ".gz").read()
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=16).reshape(-1, 784).copy())


def perceptron(*widths):
    layers = []
    for n, m in zip(widths, widths[1:]):
        layer = nn.Linear(n, m)
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


encoder = perceptron(784, 512, 256, LATENTS * CLASSES)
decoder = perceptron(LATENTS * CLASSES, 256, 512, 784)


def parts(x, temperature):
    """Reconstruction and KL of each image; hard latents without a temperature."""
    logits = encoder(x).view(-1, LATENTS, CLASSES)
    log_q = F.log_softmax(logits, -1)
    perturbed = logits - torch.empty_like(logits).exponential_().log()
    if temperature is None:
        z = F.one_hot(perturbed.argmax(-1), CLASSES).float()
    else:
        z = F.softmax(perturbed / temperature, -1)
    kl = (log_q.exp() * (log_q + math.log(CLASSES))).sum((1, 2))
    pixels = decoder(z.view(len(x), -1))
    return F.binary_cross_entropy_with_logits(pixels, x, reduction="none").sum(1), kl


def train(data, epochs):
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=RATE)
    steps = len(data) // BATCH
    for epoch in range(epochs):
        order = torch.randperm(len(data))
        for i in range(steps):
            done = (epoch * steps + i) / (epochs * steps)
            for group in optimiser.param_groups:
                group["lr"] = RATE * (1 + math.cos(math.pi * done)) / 2
            x = torch.bernoulli(data[order[i * BATCH:(i + 1) * BATCH]].float() / 255)
            reconstruction, kl = parts(x, HOTTEST * (COLDEST / HOTTEST) ** done)
            cost = (reconstruction + min(1.0, done / WARM_UP) * kl).mean()
            optimiser.zero_grad()
            cost.backward()
            optimiser.step()


parser = argparse.ArgumentParser()
parser.add_argument("--data", required=True)
parser.add_argument("--epochs", type=int, required=True)
arguments = parser.parse_args()
torch.set_num_threads(1)
torch.manual_seed(1)
training = images(arguments.data, "train-images-idx3-ubyte")
test = torch.bernoulli(images(arguments.data, "t10k-images-idx3-ubyte").float() / 255)
start = time.process_time()
train(training, arguments.epochs)
print(f"training: {time.process_time() - start:.2f} CPU seconds")
with torch.no_grad():
    reconstruction, kl = (torch.cat(part).mean().item() for part in zip(*(parts(x, None) for x in test.split(500))))
print(f"test −ELBO {reconstruction + kl:.2f} nats (reconstruction {reconstruction:.2f}, KL {kl:.2f})")
