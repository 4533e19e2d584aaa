"""Ten steps of each optimizer on a small problem, in float64; gradient clipping; averaged weights.

The problem has two parameters, a [3] and b [2, 2]. With i counting their seven elements in that order,
    loss = Σ c[i] (p[i] - t[i])² / 2 + 0.3 sin(3 p[i]),  gradient[i] = c[i] (p[i] - t[i]) + 0.9 cos(3 p[i]).
The file's head holds "start": {"a", "b"}, "c", "t" and "steps" (10).

Cases with "kind" "steps": {"name", "optimizer", "options", "groups", "clipNorm", "ema", "steps"}.
- "optimizer" is "sgd" | "adam" | "adamw" | "rmsprop"; options in camel case, PyTorch's defaults written out.
- "groups": null, or {"a": {…}, "b": {…}}, options of that parameter that replace the common ones.
- "clipNorm": null, or the largest global norm of the gradients, applied before the update.
- "steps": after each step the flat row [a0, a1, a2, b00, b01, b10, b11].
- "ema": null, or {"decay", "steps"}: ema = decay · ema + (1 - decay) · p after each step, from ema = start.

Cases with "kind" "clipNorm" | "clipValue": {"name", "limit", "gradients": [tensors], "norm", "clipped": [tensors]};
"norm" (before clipping; null for values) is the joint 2-norm, and clipping multiplies all by
limit / (norm + 1e-6) where that is below 1.

Weight decay is added to the gradient (before momentum) except in adamw, which first multiplies the
parameter by 1 - lr · weightDecay. Momentum's buffer starts as the first gradient, undamped; lr stays outside
the buffer: p -= lr · buffer, with nesterov p -= lr · (gradient + momentum · buffer). Eps is added after
the square root, which in Adam is of the bias-corrected second moment.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import Any

import torch
from golden import grid, save
from torch import Tensor

STEPS = 10
C = torch.tensor([0.5, 1, 1.5, 2, 2.5, 3, 3.5])
T = torch.tensor([1, -0.5, 0.25, 0.75, -1, 0, 0.5])
START = {"a": torch.tensor([0.5, -1.25, 2]), "b": torch.tensor([[-0.75, 1.5], [0.125, -2]])}

SGD = {"lr": 0.1, "momentum": 0.0, "dampening": 0.0, "weightDecay": 0.0, "nesterov": False}
ADAM = {"lr": 0.1, "betas": (0.9, 0.999), "eps": 1e-8, "weightDecay": 0.0, "amsgrad": False}
RMSPROP = {"lr": 0.05, "alpha": 0.99, "eps": 1e-8, "weightDecay": 0.0, "momentum": 0.0, "centered": False}
RULES: dict[str, tuple[Any, dict[str, Any]]] = {
    "sgd": (torch.optim.SGD, SGD),
    "adam": (torch.optim.Adam, ADAM),
    "adamw": (torch.optim.AdamW, {**ADAM, "weightDecay": 0.01}),
    "rmsprop": (torch.optim.RMSprop, RMSPROP),
}


def snake(options: dict[str, Any]) -> dict[str, Any]:
    return {k.replace("weightDecay", "weight_decay"): v for k, v in options.items()}


def flat(parameters: list[Tensor]) -> list[float]:
    return torch.cat([p.detach().flatten() for p in parameters]).tolist()


def run(
    optimizer: str,
    groups: dict[str, dict[str, Any]] | None = None,
    clip_norm: float | None = None,
    decay: float | None = None,
    **changes: Any,
) -> dict[str, Any]:
    build, defaults = RULES[optimizer]
    options = {**defaults, **changes}
    parameters = {k: v.clone().requires_grad_() for k, v in START.items()}
    rows = [{"params": [p], **snake((groups or {}).get(k, {}))} for k, p in parameters.items()]
    rule = build(rows, **snake(options))
    values = list(parameters.values())
    steps, average, averages = [], torch.tensor(flat(values)), []
    for _ in range(STEPS):
        rule.zero_grad()
        p = torch.cat([v.flatten() for v in values])
        (C * (p - T) ** 2 / 2 + 0.3 * torch.sin(3 * p)).sum().backward()
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(values, clip_norm)
        rule.step()
        steps.append(flat(values))
        if decay is not None:
            average = decay * average + (1 - decay) * torch.tensor(steps[-1])
            averages.append(average.tolist())
    names = [f"{k} {v}" for k, v in changes.items()]
    names += [] if groups is None else ["groups"]
    names += [] if clip_norm is None else [f"clipNorm {clip_norm}"]
    return {
        "kind": "steps",
        "name": ", ".join([optimizer, *names]),
        "optimizer": optimizer,
        "options": options,
        "groups": groups,
        "clipNorm": clip_norm,
        "ema": None if decay is None else {"decay": decay, "steps": averages},
        "steps": steps,
    }


def clip(kind: str, limit: float) -> dict[str, Any]:
    leaves = [torch.zeros(3), torch.zeros(2, 2)]
    gradients = [torch.tensor([3, -4, 0.5]), torch.tensor([[1.5, -0.25], [0, 2]])]
    for leaf, gradient in zip(leaves, gradients):
        leaf.grad = gradient.clone()
    function = getattr(torch.nn.utils, {"clipNorm": "clip_grad_norm_", "clipValue": "clip_grad_value_"}[kind])
    return {
        "kind": kind,
        "name": f"{kind} {limit}",
        "limit": limit,
        "gradients": gradients,
        "norm": function(leaves, limit),
        "clipped": [leaf.grad for leaf in leaves],
    }


save(
    __file__,
    [
        run("sgd"),
        run("sgd", weightDecay=0.1),
        run("sgd", momentum=0.9, lr=0.05),
        run("sgd", momentum=0.9, lr=0.05, weightDecay=0.1),
        run("sgd", momentum=0.9, lr=0.05, dampening=0.5),
        run("sgd", momentum=0.9, lr=0.05, nesterov=True),
        run("sgd", momentum=0.9, lr=0.05, nesterov=True, weightDecay=0.1),
        run("sgd", momentum=0.9, lr=0.05, weightDecay=0.1, groups={"a": {}, "b": {"lr": 0.005, "weightDecay": 0.0}}),
        run("sgd", clip_norm=1.0),
        run("sgd", momentum=0.9, lr=0.05, decay=0.9),
        run("adam"),
        run("adam", weightDecay=0.1),
        run("adam", betas=(0.8, 0.95), eps=1e-3),
        run("adam", amsgrad=True),
        run("adamw"),
        run("adamw", weightDecay=0.1),
        run("adamw", weightDecay=0.1, groups={"a": {"weightDecay": 0.0}, "b": {"lr": 0.02}}),
        run("rmsprop"),
        run("rmsprop", alpha=0.9, eps=1e-3),
        run("rmsprop", momentum=0.9, lr=0.02),
        run("rmsprop", centered=True),
        run("rmsprop", centered=True, momentum=0.9, lr=0.02, weightDecay=0.1),
        clip("clipNorm", 1.0),
        clip("clipNorm", 10.0),
        clip("clipValue", 1.0),
        clip("clipValue", 10.0),
    ],
    start=START, c=C, t=T, steps=STEPS,
)
