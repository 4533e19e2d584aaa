"""Two training steps of the book's LeNet and BN-LeNet from weights that a formula gives, in float64.

Every starting number comes from
    noise(k, i) = ((31 i² + 7919 i + 104729 k + 12345) mod 65521) / 32768 - 1,
exact in integers below 2⁵³ and its result exact in float32. Parameter number k, in the order of "parameters",
starts as p[i] = offset + scale · noise(k, i) over its flat elements. The images x [4, 1, 28, 28] are 7×7 squares
of 4×4 equal pixels: x[n, 0, r, c] = (noise(1000, 49 n + 7 floor(r / 4) + floor(c / 4)) + 1) / 2. "labels" are [4].

The loss is the mean cross-entropy; each step is p -= lr · gradient. Layers (sigmoid after each but the last):
- "lenet": conv 5×5 padding 2, average pool 2, conv 5×5, average pool 2, flatten, three linear.
- "bn-lenet": the same without padding, with batch norm (epsilon 1e-5, momentum 0.1) before each sigmoid.
Parameters come in order of the layers, weight then bias; linear weights are [out, in].

Case: {"net", "lr", "parameters": [{"shape", "offset", "scale"}], "steps": [two], "infer"}.
Step: {"logits" [4, 10], "loss", "gradients": [one per parameter], "after": [one per parameter], "running"}, where
- a gradient is {"norm" (2-norm), "sum", "first": [up to 4 entries], "last"};
- "after" is {"sum", "first", "last"} of the parameter after the update;
- "running" is [{"mean", "variance"} of each batch norm after the step] (empty for "lenet").
"infer" is the logits of the same images after both steps, with running statistics.
The bias before a batch norm has no effect in training, so its gradient is rounding dust: written 0.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench" / "peers"))

import math
from typing import Any

import torch
from golden import save
from nets import bn_lenet, lenet
from torch import Tensor, nn
from torch.nn import functional as F

LABELS = torch.tensor([3, 0, 7, 1])


def noise(k: int, count: int) -> Tensor:
    i = torch.arange(count, dtype=torch.int64)
    return ((31 * i * i + 7919 * i + 104729 * k + 12345) % 65521) / 32768 - 1


def images() -> Tensor:
    squares = ((noise(1000, 4 * 49) + 1) / 2).reshape(4, 1, 7, 7)
    return squares.repeat_interleave(4, 2).repeat_interleave(4, 3)


def norms(net: nn.Module) -> list[nn.Module]:
    return [m for m in net.modules() if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d))]


def fill(net: nn.Module) -> list[dict[str, Any]]:
    """Sets every parameter, and says how. Scales are powers of two near √(12 / fan in)."""
    rows, around_one = [], {id(m.weight) for m in norms(net)}
    for k, p in enumerate(net.parameters()):
        scale = 2.0 ** round(math.log2(12 / p[0].numel()) / 2) if p.dim() > 1 else 0.25
        offset = 1.0 if id(p) in around_one else 0.0
        rows.append({"shape": list(p.shape), "offset": offset, "scale": scale})
        p.data = (offset + scale * noise(k, p.numel())).reshape(p.shape)
    return rows


def brief(t: Tensor, norm: bool = False) -> dict[str, Any]:
    flat = t.detach().flatten()
    start = {"norm": flat.norm().item()} if norm else {}
    return {**start, "sum": flat.sum().item(), "first": flat[:4].tolist(), "last": flat[-1].item()}


def run(name: str, net: nn.Module, lr: float) -> dict[str, Any]:
    rows, x = fill(net), images()
    optimizer = torch.optim.SGD(net.parameters(), lr=lr)
    steps = []
    for _ in range(2):
        optimizer.zero_grad()
        logits = net(x)
        loss = F.cross_entropy(logits, LABELS)
        loss.backward()
        gradients = [brief(p.grad, norm=True) for p in net.parameters()]
        optimizer.step()
        steps.append({
            "logits": logits, "loss": loss.item(), "gradients": gradients,
            "after": [brief(p) for p in net.parameters()],
            "running": [{"mean": m.running_mean.clone(), "variance": m.running_var.clone()} for m in norms(net)],
        })
    net.eval()
    return {"net": name, "lr": lr, "parameters": rows, "steps": steps, "infer": net(x)}


save(__file__, [run("lenet", lenet(), 0.5), run("bn-lenet", bn_lenet(), 0.5)], dust=1e-14, labels=LABELS.tolist())
