"""Losses with their gradients, in float64.

Case: {"name", "loss", "options", "inputs": {"x", …}, "y", "dy", "grads": {"x"}}.
- "loss" "crossEntropy": inputs x [n, classes] or [n, classes, positions] (logits) and target, which
  holds class numbers [n] or [n, positions], or probabilities with x's shape; maybe weight [classes].
  options: reduction "mean" | "sum" | "none", labelSmoothing, ignoreIndex. The mean of weighted rows
  divides by Σ weight[target], ignored rows left out; with probabilities by n. Smoothing ε over K classes
  makes a row (1 - ε) · weight[target] · -log p[target] + ε / K · Σ weight[c] · -log p[c]; probabilities
  become (1 - ε) · target + ε / K, and a row -Σ weight[c] · target[c] · log p[c].
- "binaryCrossEntropyWithLogits": x, target, maybe weight and posWeight, both broadcast from the right:
  weight · -(posWeight · target · log σ(x) + (1 - target) · log(1 - σ(x))).
- "meanSquaredError", "l1", "smoothL1" (options.beta), "huber" (options.delta): x, target. Smooth L1 is
  d² / (2 beta) below beta, |d| - beta / 2 above; Huber is delta times the smooth L1 with beta = delta.
y is the loss, a number or (reduction "none") a tensor; grads.x is the gradient of sum(y * dy).
The gradient of |x - target| at 0 is 0.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import Any

import torch
from golden import differentiate, grid, save
from torch import Tensor
from torch.nn import functional as F

CASES: list[dict[str, Any]] = []


def case(name: str, loss: str, function: Any, inputs: dict[str, Tensor], **options: Any) -> None:
    """Options go into the file in camel case; PyTorch takes them in snake case."""

    def run(x: Tensor, target: Tensor, **tensors: Tensor) -> Tensor:
        return function(x, target, **snake({**tensors, **options}))

    CASES.append(
        {"name": name, "loss": loss, "options": options} | differentiate(run, inputs, ["x"])
    )


def snake(options: dict[str, Any]) -> dict[str, Any]:
    return {"".join(f"_{c.lower()}" if c.isupper() else c for c in k): v for k, v in options.items()}


def cross_entropy(
    name: str, x: Tensor, target: Tensor, weight: Tensor | None = None, **options: Any
) -> None:
    inputs = {"x": x, "target": target} | ({} if weight is None else {"weight": weight})
    case(name, "crossEntropy", F.cross_entropy, inputs, **options)


x = grid(5, 4, scale=2)
labels = torch.tensor([0, 3, 1, 1, 2])
weight = torch.tensor([0.5, 1, 2, 1.25])
soft = torch.tensor([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4, [0, 0, 0.125, 0.875], [0.5, 0.25, 0.25, 0]])

for reduction in ("mean", "sum", "none"):
    cross_entropy(f"labels, {reduction}", x, labels, reduction=reduction)
    cross_entropy(f"smoothing, {reduction}", x, labels, reduction=reduction, labelSmoothing=0.1)
    cross_entropy(f"weights, {reduction}", x, labels, weight, reduction=reduction)
    cross_entropy(
        f"weights and smoothing, {reduction}", x, labels, weight, reduction=reduction, labelSmoothing=0.1
    )
    cross_entropy(f"ignored rows, {reduction}", x, torch.tensor([0, -100, 1, -100, 2]), reduction=reduction)
    cross_entropy(f"probabilities, {reduction}", x, soft, reduction=reduction)
cross_entropy("ignored class 1", x, labels, ignoreIndex=1)
cross_entropy("ignored class 1, weights, smoothing", x, labels, weight, ignoreIndex=1, labelSmoothing=0.1)
cross_entropy("probabilities, weights", x, soft, weight)
cross_entropy("probabilities, weights, smoothing", x, soft, weight, labelSmoothing=0.1)
cross_entropy("positions", grid(2, 3, 4), torch.tensor([[0, 2, 1, 1], [2, 2, 0, -100]]))
cross_entropy("large logits", torch.tensor([[1000.0, -1000, 0], [-750, 750, 749]]), torch.tensor([0, 2]))
cross_entropy("equal logits", torch.full((2, 10), 3.0), torch.tensor([0, 9]))

z = torch.cat([grid(3, 4, scale=2), torch.tensor([[100.0, -100, 0, 800]])])
binary = torch.tensor([[0, 1, 0.25, 1], [1, 1, 0, 0], [0.5, 0, 1, 0], [1, 1, 0.5, 0]])
positive = torch.tensor([1, 3, 0.5, 2])
for reduction in ("mean", "sum", "none"):
    for name, extra in {"": {}, " posWeight": {"posWeight": positive}}.items():
        case(
            f"binary{name}, {reduction}", "binaryCrossEntropyWithLogits",
            F.binary_cross_entropy_with_logits, {"x": z, "target": binary, **extra}, reduction=reduction,
        )
case(
    "binary weight and posWeight", "binaryCrossEntropyWithLogits", F.binary_cross_entropy_with_logits,
    {"x": z, "target": binary, "weight": torch.tensor([1, 0.5, 2, 1]), "posWeight": positive},
)

a, b = grid(3, 4), grid(3, 4)
a[0, 0] = b[0, 0]
a[1, 1] = b[1, 1] + 1
a[2, 2] = b[2, 2] + 3
for reduction in ("mean", "sum", "none"):
    pair = {"x": a, "target": b}
    case(f"squared, {reduction}", "meanSquaredError", F.mse_loss, pair, reduction=reduction)
    case(f"absolute, {reduction}", "l1", F.l1_loss, pair, reduction=reduction)
    for beta in (1.0, 0.11):
        name = f"smooth beta {beta}, {reduction}"
        case(name, "smoothL1", F.smooth_l1_loss, pair, reduction=reduction, beta=beta)
    case(f"huber, {reduction}", "huber", F.huber_loss, pair, reduction=reduction, delta=0.5)

save(__file__, CASES)
