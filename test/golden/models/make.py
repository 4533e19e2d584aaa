"""Keys of torchvision's classifiers, and two training steps of nets of every family, in float64.

Every starting number comes from noise(k, i) in [-1, 1), an integer hash (below) that is exact in float32. Parameter
number k, in the order of the module's parameters, starts as p[i] = offset + scale · noise(k, i) over its flat
elements, where scale is 0.25 for parameters of one axis, else the power of two nearest to √(6 / fan in), upwards if in
the middle; offset is 1 for the weights of batch norms, else 0. The images x [n, c, h, w] are noise(100000, i) +
noise(300000, j) / 4, where i = ((n·C + c)·⌈H/4⌉ + ⌊h/4⌋)·⌈W/4⌉ + ⌊w/4⌋ numbers squares of 4×4 pixels, and j the pixels
(squares alone would tie maxima). Labels are n mod classes. Dropout is off.

"keys": per net of torchvision {"net", "options", "parameters", "entries", "digest"}: trainable numbers, length of the
state dict, and the first 16 hex digits of SHA-256 over its lines "key size,size,…\\n". `python make.py NET` prints
these lines.

"cases": {"net", "options", "input", "lr", "drift", "chosen", "before", "steps": [two], "running", "after"}, where
- "before" and "after" are logits in evaluation mode before and after two steps v = 0.9 · v + gradient, p -= lr · v;
- a step is {"logits", "loss", "velocities"}: the mean cross-entropy, for GoogLeNet with auxiliary classifiers plus
  0.3 of each of theirs, and v of the "chosen" parameters (the first v is the gradient; biases before a batch norm have
  none and are passed over);
- "running" is [mean, variance] of the first and the last batch norm;
- a velocity, mean or variance is written as its 2-norm and its scalar product with noise(200000, i);
- "drift" is how far PyTorch itself is off in float32: the largest deviation by kind, relative to the tensor's largest
  number. Training with batch norm at random weights magnifies rounding a lot.
Heads of 4096 are narrowed to "hidden". Numbers have 8 significant digits.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "bench" / "peers"))

import hashlib
import math
from typing import Any, Callable

import nets
import torch
import torchvision
from golden import save
from torch import Tensor, nn
from torch.nn import functional as F
from torchvision import models

MASK = 0xFFFFFFFF
CLASSES = 5


def noise(k: int, count: int) -> Tensor:
    h = torch.arange(count, dtype=torch.int64) ^ ((k + 1) * 0x9E3779B1 & MASK)
    for shift, factor in [(16, 0x85EBCA6B), (13, 0xC2B2AE35)]:
        h = (h ^ (h >> shift)) * factor & MASK
    return ((h ^ (h >> 16)) >> 8) / 2.0**23 - 1


def images(n: int, c: int, height: int, width: int) -> Tensor:
    rows, columns = -(-height // 4), -(-width // 4)
    squares = noise(100_000, n * c * rows * columns).reshape(n, c, rows, columns)
    spread = squares.repeat_interleave(4, 2).repeat_interleave(4, 3)[:, :, :height, :width]
    return spread + noise(300_000, spread.numel()).reshape(spread.shape) / 4


def norms(net: nn.Module) -> list[nn.Module]:
    return [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]


def fill(net: nn.Module) -> None:
    around_one = {id(m.weight) for m in norms(net)}
    for k, p in enumerate(net.parameters()):
        scale = 2.0 ** math.floor(math.log2(6 / p[0].numel()) / 2 + 0.5) if p.dim() > 1 else 0.25
        offset = 1.0 if id(p) in around_one else 0.0
        p.data = (offset + scale * noise(k, p.numel())).reshape(p.shape)


def narrow_head(net: nn.Sequential, features: int, hidden: int) -> nn.Sequential:
    """Replaces the three linear layers that AlexNet and VGG end in."""
    widths = iter([(features, hidden), (hidden, hidden), (hidden, CLASSES)])
    return nn.Sequential(*[nn.Linear(*next(widths)) if isinstance(m, nn.Linear) else m for m in net])


def tv(name: str, hidden: int | None = None, **options: Any) -> Callable[[], nn.Module]:
    def build() -> nn.Module:
        # Linear layers of 4096 are big: they come to be only after they are narrowed.
        with torch.device("meta"):
            net = getattr(models, name)(weights=None, num_classes=CLASSES, **options)
        if hidden is not None:
            features = next(m for m in net.classifier if isinstance(m, nn.Linear)).in_features
            net.classifier = narrow_head(net.classifier, features, hidden)
        net.to_empty(device="cpu")
        for norm in norms(net):
            norm.reset_running_stats()
        return net

    return build


def book_head(net: nn.Sequential, x: Tensor, hidden: int) -> nn.Module:
    at = next(i for i, m in enumerate(net) if isinstance(m, nn.Flatten))
    return nn.Sequential(*net[: at + 1], *narrow_head(net[at + 1 :], net[: at + 1](x).shape[1], hidden))


def book_cifar() -> nn.Module:
    body = list(nets.resnet18(CLASSES))[4:]
    return nn.Sequential(nn.Conv2d(3, 64, 3, 1, 1), nn.BatchNorm2d(64), nn.ReLU(), *body)


class PaddedResidual(nn.Module):
    """He et al. 2016, section 4.2: shortcuts without parameters (option A)."""

    def __init__(self, cin: int, cout: int):
        super().__init__()
        self.stride, self.extra = cout // cin, (cout - cin) // 2
        self.conv1 = nn.Conv2d(cin, cout, 3, self.stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(cout)
        self.conv2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(cout)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        shortcut = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.extra, self.extra))
        return torch.relu(y + shortcut)


def resnet20() -> nn.Module:
    widths = [16, 16, 16, 16, 32, 32, 32, 64, 64, 64]
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        *[PaddedResidual(*pair) for pair in zip(widths, widths[1:])],
        *nets.global_average(64, CLASSES),
    )


def brief(t: Tensor) -> Tensor:
    """The norm, and the scalar product with noise, which notices every element and its place."""
    flat = t.detach().flatten()
    return torch.stack([flat.norm(), flat @ noise(200_000, flat.numel()).to(flat.dtype)])


def train(net: nn.Module, shape: list[int], lr: float, chosen: list[int]) -> dict[str, Any]:
    """What a case holds, as tensors; picks the parameters to show unless they are given."""
    dtype = next(net.parameters()).dtype
    x, labels = images(*shape).to(dtype), torch.arange(shape[0]) % CLASSES
    net.eval()
    before = net(x)
    net.train()
    parameters = list(net.parameters())
    velocities = [torch.zeros_like(p) for p in parameters]
    steps = []
    for _ in range(2):
        out = net(x)
        logits, *extra = out if isinstance(out, tuple) else (out,)
        loss = F.cross_entropy(logits, labels) + 0.3 * sum(F.cross_entropy(y, labels) for y in extra)
        for p, v, g in zip(parameters, velocities, torch.autograd.grad(loss, parameters)):
            v.mul_(0.9).add_(g)
            p.data -= lr * v
        if not chosen:
            live = [i for i, v in enumerate(velocities) if v.norm() > 1e-9]
            chosen += [live[q * (len(live) - 1) // 4] for q in range(5)]
        steps.append({"logits": logits, "loss": loss, "velocities": [brief(velocities[i]) for i in chosen]})
    ends = [norms(net)[i] for i in (0, -1)] if norms(net) else []
    running = [[brief(m.running_mean), brief(m.running_var)] for m in ends]
    net.eval()
    return {"before": before, "steps": steps, "running": running, "after": net(x)}


def short(value: Any) -> Any:
    """Tensors as lists of numbers of 8 digits."""
    if isinstance(value, Tensor):
        return short(value.tolist())
    if isinstance(value, dict):
        return {k: short(v) for k, v in value.items()}
    return [short(v) for v in value] if isinstance(value, list) else float(f"{value:.8g}")


def gap(a: Any, b: Any) -> float:
    """The largest deviation between two results, relative to the largest number of each tensor."""
    if isinstance(a, Tensor):
        return ((a - b).abs().max() / b.abs().max()).item()
    pairs = [(a[k], b[k]) for k in a] if isinstance(a, dict) else zip(a, b)
    return max((gap(x, y) for x, y in pairs), default=0.0)


def run(name: str, build: Callable[[], nn.Module], shape: list[int], lr: float = 1e-5, **options: Any) -> dict:
    chosen: list[int] = []
    results = []
    for dtype in (torch.float64, torch.float32):
        net = build()
        fill(net)
        for module in net.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        results.append(train(net.to(dtype), shape, lr, chosen))
    exact, single = results
    drift = {key: gap(pick(single), pick(exact)) for key, pick in KINDS.items()}
    print(f"  {name:20} loss {exact['steps'][0]['loss']:.4f} → {exact['steps'][1]['loss']:.4f}, float32 off by", end=" ")
    print(", ".join(f"{value:.1e}" for value in drift.values()), flush=True)
    head = {"net": name, "options": options, "input": shape, "lr": lr, "drift": drift, "chosen": chosen}
    return {**head, **short(exact)}


KINDS: dict[str, Callable[[dict], list]] = {
    "logits": lambda r: [r["before"], r["after"], *[s["logits"] for s in r["steps"]]],
    "loss": lambda r: [s["loss"] for s in r["steps"]],
    "velocity": lambda r: [s["velocities"] for s in r["steps"]],
    "statistics": lambda r: r["running"],
}

CASES: list[Callable[[], dict]] = [
    lambda: run("alexnet", tv("alexnet", 64), [4, 3, 64, 64], hidden=64),
    lambda: run("vgg11", tv("vgg11", 64), [4, 3, 32, 32], hidden=64),
    lambda: run("vgg11_bn", tv("vgg11_bn", 64), [4, 3, 32, 32], hidden=64),
    lambda: run("googlenet", tv("googlenet", aux_logits=True, init_weights=False, transform_input=True),
                [4, 3, 64, 64], transformInput=True, auxiliary=True),
    lambda: run("resnet18", tv("resnet18"), [4, 3, 64, 64]),
    lambda: run("resnet50", tv("resnet50"), [4, 3, 64, 64], lr=1e-6),
    lambda: run("resnext50_32x4d", tv("resnext50_32x4d"), [4, 3, 64, 64], lr=1e-6),
    lambda: run("densenet121", tv("densenet121"), [4, 3, 64, 64]),
    lambda: run("squeezenet1_0", tv("squeezenet1_0"), [4, 3, 32, 32]),
    lambda: run("squeezenet1_1", tv("squeezenet1_1"), [4, 3, 32, 32]),
    lambda: run("mobilenet_v2", tv("mobilenet_v2"), [4, 3, 64, 64]),
    lambda: run("alexnet-book", lambda: book_head(nets.alexnet(CLASSES), torch.zeros(1, 1, 80, 80), 64),
                [4, 1, 80, 80], hidden=64),
    lambda: run("vgg11-book", lambda: book_head(nets.vgg11(4, CLASSES), torch.zeros(1, 1, 32, 32), 64),
                [4, 1, 32, 32], hidden=64),
    lambda: run("nin", lambda: nets.nin(CLASSES), [4, 1, 80, 80]),
    lambda: run("googlenet-book", lambda: nets.googlenet(CLASSES), [4, 1, 64, 64]),
    lambda: run("resnet18-book", lambda: nets.resnet18(CLASSES), [4, 1, 64, 64]),
    lambda: run("resnet18-book-cifar", book_cifar, [4, 3, 16, 16]),
    lambda: run("densenet-book", lambda: nets.densenet(classes=CLASSES), [4, 1, 64, 64]),
    lambda: run("resnet20", resnet20, [4, 3, 8, 8]),
]

NETS = [
    "alexnet",
    *[f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")],
    "googlenet",
    *[f"resnet{depth}" for depth in (18, 34, 50, 101, 152)],
    "wide_resnet50_2", "wide_resnet101_2",
    "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d",
    *[f"densenet{depth}" for depth in (121, 161, 169, 201)],
    "squeezenet1_0", "squeezenet1_1",
    "mobilenet_v2",
]


def build_empty(name: str) -> nn.Module:
    options = {"aux_logits": True, "init_weights": False} if name == "googlenet" else {}
    with torch.device("meta"):
        return getattr(models, name)(weights=None, **options)


def lines(net: nn.Module) -> str:
    return "".join(f"{key} {','.join(map(str, t.shape))}\n" for key, t in net.state_dict().items())


def keys(name: str) -> dict[str, Any]:
    net = build_empty(name)
    text = lines(net)
    return {
        "net": name, "options": {"auxiliary": True} if name == "googlenet" else {},
        "parameters": sum(p.numel() for p in net.parameters()), "entries": text.count("\n"),
        "digest": hashlib.sha256(text.encode()).hexdigest()[:16],
    }


if len(sys.argv) > 1:
    print(lines(build_empty(sys.argv[1])), end="")
else:
    version = torchvision.__version__.split("+")[0]
    save(__file__, [case() for case in CASES], torchvision=version, classes=CLASSES, keys=[keys(n) for n in NETS])
