"""Normalisations with their gradients, in float64.

Cases: {"name", "op", "options", …}; x is [n, c, h, w] or [n, features], w and b scale and shift.
- "op" "batchNorm": {"inputs": {"w", "b"}, "runs": [two training runs, one evaluation], …}; options: epsilon, momentum.
  A training run is {"mode": "train", "x", "y", "dy", "grads": {"x", "w", "b"}, "mean", "variance"}: batch statistics
  (biased variance) per channel over the rest; "mean" and "variance" are the running statistics after it,
      running = (1 - momentum) · running + momentum · batch, the batch's variance unbiased (÷ (count - 1)),
  from 0 and 1 before the first run. An evaluation ("mode": "infer") uses them unchanged.
- "op" "layerNorm" (options.axes: how many last axes are normalised, w and b have their shape), "groupNorm"
  (options.groups; w, b [c]), "instanceNorm" (w, b [c]): {"inputs": {"x", "w", "b"}, "y", "dy", "grads"}; options.epsilon.
- "op" "localResponseNorm": y = x / (k + alpha / size · Σ x²)^beta, the sum over `size` channels from
  c - floor(size / 2), zero outside; inputs and grads have x only. options: size, alpha, beta, k.
The case "book V16" is printed in Dive into Deep Learning; its "biasedVariance" is the running variance that
the book's own version (biased throughout) keeps after the first run.
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

EPSILON = 1e-5


def batch_norm(
    name: str, xs: list[Tensor], w: Tensor, b: Tensor, epsilon: float = EPSILON, momentum: float = 0.1
) -> dict[str, Any]:
    """Trains on all of `xs` but the last, then evaluates that."""
    mean, variance = torch.zeros_like(w), torch.ones_like(w)
    runs = []
    for i, x in enumerate(xs):
        train = i < len(xs) - 1

        def run(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
            return F.batch_norm(x, mean, variance, w, b, train, momentum, epsilon)

        result = differentiate(run, {"x": x, "w": w, "b": b})
        runs.append({
            "mode": "train" if train else "infer", "x": x,
            "y": result["y"], "dy": result["dy"], "grads": result["grads"],
            "mean": mean.clone(), "variance": variance.clone(),
        })
    options = {"epsilon": epsilon, "momentum": momentum}
    return {"name": name, "op": "batchNorm", "options": options, "inputs": {"w": w, "b": b}, "runs": runs}


def case(name: str, op: str, options: dict[str, Any], function: Any, **inputs: Tensor) -> dict[str, Any]:
    return {"name": name, "op": op, "options": options} | differentiate(function, inputs)


def layer_norm(name: str, x: Tensor, axes: int, epsilon: float = EPSILON) -> dict[str, Any]:
    shape = x.shape[-axes:]
    return case(
        name, "layerNorm", {"axes": axes, "epsilon": epsilon},
        lambda x, w, b: F.layer_norm(x, shape, w, b, epsilon), x=x, w=grid(*shape), b=grid(*shape),
    )


def group_norm(name: str, x: Tensor, groups: int, epsilon: float = EPSILON) -> dict[str, Any]:
    return case(
        name, "groupNorm", {"groups": groups, "epsilon": epsilon},
        lambda x, w, b: F.group_norm(x, groups, w, b, epsilon), x=x, w=grid(x.shape[1]), b=grid(x.shape[1]),
    )


def instance_norm(name: str, x: Tensor, epsilon: float = EPSILON) -> dict[str, Any]:
    return case(
        name, "instanceNorm", {"epsilon": epsilon},
        lambda x, w, b: F.instance_norm(x, None, None, w, b, True, 0.1, epsilon),
        x=x, w=grid(x.shape[1]), b=grid(x.shape[1]),
    )


def local_response(name: str, x: Tensor, size: int, alpha: float, beta: float, k: float) -> dict[str, Any]:
    options = {"size": size, "alpha": alpha, "beta": beta, "k": k}
    return case(name, "localResponseNorm", options, lambda x: F.local_response_norm(x, size, alpha, beta, k), x=x)


def images() -> list[Tensor]:
    return [grid(4, 3, 2, 2), grid(4, 3, 2, 2, scale=2) + 1, grid(2, 3, 2, 2)]


book = torch.tensor([[1.0, 2], [3, 6]])
centred = book - book.mean(0)
v16 = batch_norm("book V16", [book, book], torch.ones(2), torch.zeros(2))
v16["biasedVariance"] = 0.9 + 0.1 * (centred**2).mean(0)
constant = torch.full((2, 2, 2, 2), 3.0)

save(
    __file__,
    [
        v16,
        batch_norm("channels", images(), grid(3), grid(3)),
        batch_norm("channels, epsilon 0.001, momentum 0.3", images(), grid(3), grid(3), 1e-3, 0.3),
        batch_norm("features", [grid(6, 3), grid(6, 3), grid(2, 3)], grid(3), grid(3)),
        batch_norm("constant channels", [constant, constant], grid(2), grid(2)),
        layer_norm("last axis", grid(3, 5), 1),
        layer_norm("last axis of images", grid(2, 3, 2, 4), 1),
        layer_norm("three axes", grid(2, 3, 2, 2), 3, 1e-6),
        group_norm("two groups", grid(2, 4, 2, 3), 2),
        group_norm("one group", grid(2, 4, 2, 2), 1, 1e-3),
        group_norm("group per channel", grid(2, 3, 2, 2), 3),
        instance_norm("instance", grid(2, 3, 3, 2)),
        local_response("PyTorch's defaults", grid(2, 7, 2, 2, scale=4), 5, 1e-4, 0.75, 1.0),
        local_response("AlexNet", grid(1, 7, 2, 2, scale=4), 5, 1e-4, 0.75, 2.0),
        local_response("strong, size 3", grid(1, 5, 2, 2), 3, 0.5, 0.5, 1.0),
        local_response("even size", grid(1, 5, 2, 1), 4, 0.5, 0.75, 1.0),
    ],
)
