"""PyTorch as a peer of the alternating benchmark: a JSON request per line in, an answer per line out.

The process stays alive between requests, so that its runs can alternate with ours. It holds one
prepared case at a time; asking for another case frees the first. `--once` answers one request and
exits, so that `peak_rss_kib` belongs to one net alone.

Request (all but `suite` and `case` optional):

    {"suite": "train" | "infer" | "conv" | "info", "case": …, "batch": n, "steps": 5,
     "precision": "float32" | "bfloat16", "channels_last": false, "threads": 2, "warmup": 2, "id": …}

`train`, `infer`: `case` is a name of `nets.py`; `batch` defaults to the book's.
`conv`: `case` is {"n", "c", "h", "w", "o", "k"} and, where not the default, "stride" (1),
    "padding" (0), "dilation" (1), "groups" (1); k, stride, padding, dilation are a number or [height, width].
    `"directions": ["forward", …]` picks from the three; all by default.
`bfloat16` is autocast for `train` and `infer` (`"cast": true` converts the whole net instead, for
    `infer` only) and plain bfloat16 tensors for `conv`.

Answer: the request's `id`, `"seconds": [one per step]` (for `conv` an object with one such list for
each of "forward", "inputGrad", "weightGrad") and what stands beside it in the functions below.
Errors: `{"error": "…"}`. A case costs `warmup` untimed steps when prepared, one when asked again.
On a busy machine two OpenMP threads that wait for each other make single steps several times too long:
compare the smallest or a low quantile of many short rounds, not means.
"""

from __future__ import annotations

import contextlib
import json
import math
import resource
import sys
from time import perf_counter
from typing import Any, Callable

import torch
from torch.nn import functional as F

from nets import NETS

Request = dict[str, Any]
Answer = dict[str, Any]

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
SUITES = ("info", "train", "infer", "conv")


def peak_rss_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


BASE_RSS_KIB = peak_rss_kib()
"""Peak memory of the interpreter with PyTorch loaded, before any net."""


class Case:
    """Something to time: named steps, and facts about them."""

    def __init__(self, steps: dict[str, Callable[[], Any]], facts: Answer):
        self.steps, self.facts, self.warm = steps, facts, False

    def measure(self, count: int, warmup: int, names: list[str] | None) -> dict[str, list[float]]:
        seconds: dict[str, list[float]] = {}
        for name in names or self.steps:
            step = self.steps[name]
            for _ in range(min(warmup, 1) if self.warm else warmup):
                step()
            seconds[name] = []
            for _ in range(count):
                start = perf_counter()
                step()
                seconds[name].append(perf_counter() - start)
        self.warm = True
        return seconds


def memory_format(request: Request) -> torch.memory_format:
    return torch.channels_last if request.get("channels_last") else torch.contiguous_format


def precision(request: Request) -> torch.dtype:
    return PRECISIONS[request.get("precision", "float32")]


def autocast(dtype: torch.dtype) -> contextlib.AbstractContextManager:
    return contextlib.nullcontext() if dtype is torch.float32 else torch.autocast("cpu", dtype)


def net_case(request: Request) -> Case:
    row = NETS[request["case"]]
    batch = request.get("batch") or row.batch
    layout, dtype = memory_format(request), precision(request)
    net = row.create().to(memory_format=layout)
    x = torch.rand(batch, *row.input).to(memory_format=layout)
    labels = torch.randint(row.classes, (batch,))
    facts: Answer = {
        "case": request["case"],
        "batch": batch,
        "parameters": sum(p.numel() for p in net.parameters()),
    }

    if request["suite"] == "infer":
        net.eval()
        if request.get("cast"):
            net, x, dtype = net.to(dtype), x.to(dtype), torch.float32

        def infer() -> None:
            with torch.inference_mode(), autocast(dtype):
                net(x)

        return Case({"step": infer}, facts)

    optimizer = torch.optim.SGD(net.parameters(), lr=request.get("lr", 0.01))

    def train() -> None:
        optimizer.zero_grad()
        with autocast(dtype):
            loss = F.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
        facts["loss"] = loss.item()

    return Case({"step": train}, facts)


def conv_case(request: Request) -> Case:
    """One convolution in three directions; `gflop` is the cost of one direction."""

    def pair(name: str, default: int = 1) -> list[int]:
        value = case.get(name, default)
        return value if isinstance(value, list) else [value, value]

    case: dict[str, Any] = request["case"]
    n, c, o, groups = case["n"], case["c"], case["o"], case.get("groups", 1)
    kernel, stride, padding, dilation = pair("k"), pair("stride"), pair("padding", 0), pair("dilation")
    layout, dtype = memory_format(request), precision(request)
    torch.manual_seed(0)
    x = torch.rand(n, c, case["h"], case["w"]).to(dtype, memory_format=layout)
    w = torch.rand(o, c // groups, *kernel).to(dtype, memory_format=layout)
    options = (stride, padding, dilation)

    def forward() -> torch.Tensor:
        return F.conv2d(x, w, None, *options, groups)

    def backward(*mask: bool) -> None:
        torch.ops.aten.convolution_backward(
            dy, x, w, None, *options, False, [0, 0], groups, [*mask, False]
        )

    dy = torch.rand_like(forward())
    gflop = 2e-9 * dy.numel() * w[0].numel()

    def direction(run: Callable[[], Any]) -> Callable[[], None]:
        def step() -> None:
            with torch.inference_mode():
                run()

        return step

    steps = {
        "forward": direction(forward),
        "inputGrad": direction(lambda: backward(True, False)),
        "weightGrad": direction(lambda: backward(False, True)),
    }
    return Case(steps, {"output": list(dy.shape), "gflop": gflop})


def info() -> Answer:
    return {
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "isa": torch.backends.cpu.get_cpu_capability(),
        "onednn": torch.backends.mkldnn.is_available(),
        "config": torch.__config__.show(),
        "parallel": torch.__config__.parallel_info(),
        "base_rss_kib": BASE_RSS_KIB,
        "cases": {name: {"input": row.input, "batch": row.batch} for name, row in NETS.items()},
    }


class Peer:
    def __init__(self) -> None:
        self.key, self.case = "", None

    def answer(self, request: Request) -> Answer:
        suite = request.get("suite")
        if suite not in SUITES:
            raise ValueError(f"suite must be one of {', '.join(SUITES)}, not {suite!r}")
        torch.set_num_threads(request.get("threads", 2))
        if suite == "info":
            return info()
        if suite != "conv" and request.get("case") not in NETS:
            raise ValueError(f"case must be one of {', '.join(NETS)}, not {request.get('case')!r}")

        passing = ("id", "steps", "warmup", "threads", "directions")
        key = json.dumps({k: v for k, v in request.items() if k not in passing}, sort_keys=True)
        if key != self.key:
            self.key, self.case = "", None
            self.case = (conv_case if suite == "conv" else net_case)(request)
            self.key = key
        assert self.case is not None
        count, warmup = request.get("steps", 5), request.get("warmup", 2)
        seconds = self.case.measure(count, warmup, request.get("directions"))
        answer: Answer = {
            "seconds": seconds if suite == "conv" else seconds["step"],
            **self.case.facts,
            "peak_rss_kib": peak_rss_kib(),
            "base_rss_kib": BASE_RSS_KIB,
        }
        if not math.isfinite(answer.get("loss", 0.0)):
            answer["loss"] = None
        return answer


def main() -> None:
    out, sys.stdout = sys.stdout, sys.stderr
    peer = Peer()
    for line in sys.stdin:
        if not line.strip():
            continue
        request: Request = {}
        try:
            request = json.loads(line)
            answer = peer.answer(request)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        if isinstance(request, dict) and "id" in request:
            answer = {"id": request["id"], **answer}
        print(json.dumps(answer), file=out, flush=True)
        if "--once" in sys.argv[1:]:
            break


if __name__ == "__main__":
    main()
