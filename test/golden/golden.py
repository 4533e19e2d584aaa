"""What the makers of golden files share: exact inputs, and one JSON layout.

Every `<subject>/<subject>.json` is `{"torch", "dtype", "seed", …facts, "cases": [one per line]}`.
A tensor is `{"shape": [...], "data": [row-major numbers]}`; a number is a number, or one of the
strings "Infinity", "-Infinity", "NaN" (JavaScript's `Number(...)` reads all of them).

Random inputs are multiples of 1/64 or coarser, hence exact in float32 too. Results are computed in
float64 and written with 12 significant digits.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Callable, Iterable

import torch
from torch import Tensor

SEED = 0
LIMIT = 50_000

torch.manual_seed(SEED)
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def grid(*shape: int, scale: float = 1.0, parts: int = 64) -> Tensor:
    """Normal numbers times `scale`, rounded to multiples of 1/`parts`."""
    return (torch.randn(*shape) * scale * parts).round() / parts


def distinct(*shape: int) -> Tensor:
    """A shuffle of k/8, so that no maximum is tied."""
    count = math.prod(shape)
    return ((torch.randperm(count) - count // 2) / 8.0).reshape(shape)


def differentiate(
    function: Callable[..., Tensor],
    inputs: dict[str, Tensor],
    wrt: Iterable[str] | None = None,
    parts: int = 64,
) -> dict[str, Any]:
    """`inputs`, `y` = function(**inputs), its upstream gradient `dy`, and `grads` of sum(y * dy)."""
    names = list(inputs if wrt is None else wrt)
    leaves = {k: v.clone().requires_grad_() if k in names else v for k, v in inputs.items()}
    y = function(**leaves)
    dy = grid(*y.shape, parts=parts) if y.dim() else torch.tensor(1.0)
    grads = torch.autograd.grad(y, [leaves[k] for k in names], dy)
    return {"inputs": inputs, "y": y, "dy": dy, "grads": dict(zip(names, grads))}


def plain(value: Any, dust: float = 0.0) -> Any:
    """Tensors, sizes and numbers as JSON values; numbers smaller than `dust` become 0."""
    if isinstance(value, Tensor):
        data = [number(x, dust) for x in value.detach().flatten().tolist()]
        return {"shape": list(value.shape), "data": data} if value.dim() else data[0]
    if isinstance(value, dict):
        return {k: plain(v, dust) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v, dust) for v in value]
    return number(value, dust) if isinstance(value, float) else value


def number(value: float | int, dust: float) -> float | int | str:
    if isinstance(value, int):
        return value
    if abs(value) < dust:
        return 0
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    short = float(f"{value:.12g}")
    return int(short) if short == int(short) and abs(short) < 1e15 else short


def save(maker: str, cases: list[dict[str, Any]], dust: float = 0.0, **facts: Any) -> None:
    """Writes `<subject>.json` beside its maker, one case per line."""
    folder = Path(maker).resolve().parent
    head = {"torch": torch.__version__.split("+")[0], "dtype": "float64", "seed": SEED, **plain(facts)}
    rows = ",\n".join(json.dumps(plain(case, dust), allow_nan=False) for case in cases)
    text = json.dumps(head)[:-1] + f', "cases": [\n{rows}\n]}}\n'
    if len(text) > LIMIT:
        raise SystemExit(f"{folder.name}: {len(text)} bytes, more than {LIMIT}")
    (folder / f"{folder.name}.json").write_text(text)
    print(f"{folder.name:14}{len(cases):4} cases{len(text):8} bytes")
