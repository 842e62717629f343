"""The CartPole training of policy_example in PyTorch: same algorithm, same settings.

    python3 trpo.py [--steps 100000] [--seed 0]

prints the CPU seconds of the training, without the import of torch, and the return over
100 fresh episodes. float32, one thread. `go run ./policy_example/peer` runs both.

It is written to be fast where that changes nothing: both environments go through the
policy in one call, a rollout's values are computed in one batch, and environments,
sampling and advantages are plain Python on floats, which beats tensors of this size.
"""
import argparse
import math
import random
import resource

import torch
from torch import nn

ENVIRONMENTS, HORIZON, GAMMA, LAMBDA = 2, 512, 0.99, 0.98
RADIUS, FINAL_RADIUS, DAMPING, CG_ITERATIONS = 0.01, 0.1, 1e-3, 10
LINE_SEARCH_STEPS, LINE_SEARCH_SHRINK = 10, 0.8
VALUE_EPOCHS, VALUE_BATCH, LEARNING_RATE = 20, 64, 1e-3
LIMIT = 500


class CartPole:
    """Gymnasium's CartPole-v1, as in cartpole.go."""

    def __init__(self, rng):
        self.rng = rng
        self.reset()

    def reset(self):
        self.state = [self.rng.uniform(-0.05, 0.05) for _ in range(4)]
        self.length = 0

    def step(self, action):
        """Returns whether the episode terminated and whether time ran out."""
        x, v, angle, spin = self.state
        force = 10.0 if action == 1 else -10.0
        sin, cos = math.sin(angle), math.cos(angle)
        push = (force + 0.05 * spin * spin * sin) / 1.1
        angular = (9.8 * sin - cos * push) / (0.5 * (4 / 3 - 0.1 * cos * cos / 1.1))
        linear = push - 0.05 * angular * cos / 1.1
        self.state = [x + 0.02 * v, v + 0.02 * linear, angle + 0.02 * spin, spin + 0.02 * angular]
        self.length += 1
        terminated = abs(self.state[0]) > 2.4 or abs(self.state[2]) > 12 * 2 * math.pi / 360
        return terminated, not terminated and self.length >= LIMIT


def perceptron(outputs, gain):
    layers = [nn.Linear(4, 64), nn.Tanh(), nn.Linear(64, 64), nn.Tanh(), nn.Linear(64, outputs)]
    for layer, g in zip(layers[::2], [math.sqrt(2), math.sqrt(2), gain]):
        nn.init.orthogonal_(layer.weight, g)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def flat(tensors):
    return torch.cat([t.reshape(-1) for t in tensors])


class Trainer:
    def __init__(self, steps, seed):
        torch.manual_seed(seed)
        self.rng = random.Random(seed)
        self.total, self.step = steps, 0
        self.policy, self.value = perceptron(2, 0.01), perceptron(1, 1.0)
        self.parameters = list(self.policy.parameters())
        self.optimiser = torch.optim.Adam(self.value.parameters(), lr=LEARNING_RATE, eps=1e-5)
        self.environments = [CartPole(self.rng) for _ in range(ENVIRONMENTS)]

    def train(self):
        while self.step < self.total:
            radius = RADIUS * max(FINAL_RADIUS, 1 - self.step / self.total)
            observations, actions, advantages, targets = self.rollout()
            self.improve(observations, actions, advantages, radius)
            self.fit(observations, targets)

    @torch.no_grad()
    def rollout(self):
        seen, actions, ends, cut = [], [], [], []
        for t in range(HORIZON):
            states = [e.state for e in self.environments]
            seen += states
            logits = self.policy(torch.tensor(states)).tolist()
            for i, (e, (left, right)) in enumerate(zip(self.environments, logits)):
                action = int(self.rng.random() < 1 / (1 + math.exp(left - right)))
                terminated, truncated = e.step(action)
                actions.append(action)
                ends.append(terminated or truncated)
                if truncated:
                    cut.append((t * ENVIRONMENTS + i, e.state))
                if terminated or truncated:
                    e.reset()
        self.step += len(seen)
        last = [e.state for e in self.environments]
        observations = torch.tensor(seen + last + [state for _, state in cut])
        values = self.value(observations)[:, 0].tolist()
        bootstraps = dict(zip([k for k, _ in cut], values[len(seen) + len(last):]))
        advantages, targets = self.estimate(values, ends, bootstraps)
        return observations[:len(seen)], torch.tensor(actions), torch.tensor(advantages), torch.tensor(targets)

    @staticmethod
    def estimate(values, ends, bootstraps):
        samples = len(ends)
        advantages = [0.0] * (samples + ENVIRONMENTS)
        for k in reversed(range(samples)):
            following, after = values[k + ENVIRONMENTS], advantages[k + ENVIRONMENTS]
            if ends[k]:
                following, after = bootstraps.get(k, 0.0), 0.0
            advantages[k] = 1 + GAMMA * following - values[k] + GAMMA * LAMBDA * after
        advantages = advantages[:samples]
        return advantages, [a + v for a, v in zip(advantages, values)]

    def improve(self, observations, actions, advantages, radius):
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        with torch.no_grad():
            old = torch.log_softmax(self.policy(observations), 1)
            old_taken = old.gather(1, actions[:, None])[:, 0]

        def objective():
            new = torch.log_softmax(self.policy(observations), 1)
            ratio = (new.gather(1, actions[:, None])[:, 0] - old_taken).exp()
            return (ratio * advantages).mean(), (old.exp() * (old - new)).sum(1).mean()

        surrogate, kl = objective()
        gradient = flat(torch.autograd.grad(surrogate, self.parameters, retain_graph=True))
        kl_gradient = flat(torch.autograd.grad(kl, self.parameters, create_graph=True))

        def fisher(v):
            product = torch.autograd.grad((kl_gradient * v).sum(), self.parameters, retain_graph=True)
            return flat(product) + DAMPING * v

        direction = torch.zeros_like(gradient)
        residual, search = gradient.clone(), gradient.clone()
        square = residual @ residual
        for _ in range(CG_ITERATIONS):
            if square <= 1e-10:
                break
            product = fisher(search)
            length = square / (search @ product)
            direction += length * search
            residual -= length * product
            following = residual @ residual
            search = residual + following / square * search
            square = following
        step = math.sqrt(2 * radius / float(direction @ (gradient - residual)))
        with torch.no_grad():
            theta = flat(self.parameters)
            for _ in range(LINE_SEARCH_STEPS):
                nn.utils.vector_to_parameters(theta + step * direction, self.parameters)
                after, kl = objective()
                if after > surrogate and kl <= radius:
                    return
                step *= LINE_SEARCH_SHRINK
            nn.utils.vector_to_parameters(theta, self.parameters)

    def fit(self, observations, targets):
        for _ in range(VALUE_EPOCHS):
            for batch in torch.randperm(len(targets)).split(VALUE_BATCH):
                loss = ((self.value(observations[batch])[:, 0] - targets[batch]) ** 2).mean()
                self.optimiser.zero_grad()
                loss.backward()
                self.optimiser.step()

    @torch.no_grad()
    def evaluate(self, episodes=100):
        returns = []
        for _ in range(episodes):
            e = CartPole(self.rng)
            over = False
            while not over:
                left, right = self.policy(torch.tensor(e.state)).tolist()
                over = any(e.step(int(right > left)))
            returns.append(float(e.length))
        return torch.tensor(returns)


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--steps", type=int, default=100_000)
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    torch.set_num_threads(1)
    start = cpu_seconds()
    trainer = Trainer(options.steps, options.seed)
    trainer.train()
    print(f"training: {cpu_seconds() - start:.1f} CPU seconds")
    returns = trainer.evaluate()
    print(f"evaluation: return {returns.mean():.1f} ± {returns.std():.1f} over {len(returns)} episodes")


if __name__ == "__main__":
    main()
