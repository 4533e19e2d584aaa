"""The learning rate of each of 40 steps under each schedule, in float64.

Case: {"name", "schedule", "options", "rates": [40], "momenta"}. rates[k] is the rate that step k (from 0) uses; the
optimizer's own rate is the head's "lr" (0.1). Options are in camel case. Where a schedule drives momentum
too ("oneCycle"), "momenta" holds [40] numbers, else null.

- "step": × gamma every stepSize steps. "multiStep": × gamma at each of milestones. "exponential": × gamma each step.
- "cosine": etaMin + (lr - etaMin) (1 + cos(π k / tMax)) / 2, which past tMax rises again.
- "cosineWarmRestarts": the same within cycles of t0, t0 · tMult, … steps.
- "polynomial": lr (1 - k / totalIters)^power, then 0.
- "linear": × from startFactor to endFactor over totalIters steps, then stays.
- "warmupCosine": linear from startFactor over warmup steps, then cosine over the other tMax (SequentialLR).
- "oneCycle": start = maxLr / divFactor, end = start / finalDivFactor, up = pctStart · totalSteps - 1 (a fraction is
  kept). The rate goes from start at step 0 to maxLr at step `up`, then to end at the last step; momentum from
  maxMomentum down to baseMomentum and back. With threePhase the rate is back at start, momentum at maxMomentum, at
  step 2 · up, and only then goes to end. Between two such points q = 0 … 1 weighs the second by q ("linear") or
  (1 - cos π q) / 2 ("cos").
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from typing import Any, Callable

import torch
from golden import save
from torch.optim import SGD, lr_scheduler
from torch.optim.lr_scheduler import LRScheduler

STEPS, LR = 40, 0.1


def run(
    schedule: str, build: Callable[..., LRScheduler], options: dict[str, Any], momentum: bool = False
) -> dict[str, Any]:
    optimizer = SGD([torch.zeros(1, requires_grad=True)], lr=LR, momentum=0.9)
    scheduler = build(optimizer)
    rates, momenta = [], []
    for _ in range(STEPS):
        rates.append(optimizer.param_groups[0]["lr"])
        momenta.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        if len(rates) < STEPS:
            scheduler.step()
    name = ", ".join([schedule, *(f"{k} {v}" for k, v in options.items())])
    return {
        "name": name, "schedule": schedule, "options": options,
        "rates": rates, "momenta": momenta if momentum else None,
    }


def warmup_cosine(warmup: int, start: float, eta_min: float) -> dict[str, Any]:
    def build(optimizer: SGD) -> LRScheduler:
        first = lr_scheduler.LinearLR(optimizer, start_factor=start, total_iters=warmup)
        second = lr_scheduler.CosineAnnealingLR(optimizer, STEPS - warmup, eta_min)
        return lr_scheduler.SequentialLR(optimizer, [first, second], [warmup])

    options = {"warmup": warmup, "startFactor": start, "tMax": STEPS - warmup, "etaMin": eta_min}
    return run("warmupCosine", build, options)


def one_cycle(max_lr: float, anneal: str = "cos", three_phase: bool = False, pct: float = 0.3) -> dict[str, Any]:
    options = {
        "maxLr": max_lr, "totalSteps": STEPS, "pctStart": pct, "anneal": anneal, "threePhase": three_phase,
        "divFactor": 25.0, "finalDivFactor": 1e4, "baseMomentum": 0.85, "maxMomentum": 0.95,
    }

    def build(optimizer: SGD) -> LRScheduler:
        return lr_scheduler.OneCycleLR(
            optimizer, max_lr, STEPS, pct_start=pct, anneal_strategy=anneal, three_phase=three_phase
        )

    return run("oneCycle", build, options, momentum=True)


def case(schedule: str, build: type[LRScheduler], **options: Any) -> dict[str, Any]:
    return run(schedule, lambda optimizer: build(optimizer, *options.values()), options)


save(
    __file__,
    [
        case("step", lr_scheduler.StepLR, stepSize=10, gamma=0.5),
        case("step", lr_scheduler.StepLR, stepSize=7, gamma=0.1),
        case("multiStep", lr_scheduler.MultiStepLR, milestones=[5, 15, 30], gamma=0.1),
        case("exponential", lr_scheduler.ExponentialLR, gamma=0.9),
        case("cosine", lr_scheduler.CosineAnnealingLR, tMax=40, etaMin=0.0),
        case("cosine", lr_scheduler.CosineAnnealingLR, tMax=39, etaMin=0.001),
        case("cosine", lr_scheduler.CosineAnnealingLR, tMax=10, etaMin=0.01),
        case("cosineWarmRestarts", lr_scheduler.CosineAnnealingWarmRestarts, t0=8, tMult=2, etaMin=0.001),
        case("polynomial", lr_scheduler.PolynomialLR, totalIters=30, power=2.0),
        case("linear", lr_scheduler.LinearLR, startFactor=0.1, endFactor=1.0, totalIters=5),
        warmup_cosine(5, 0.1, 0.0),
        warmup_cosine(10, 0.01, 0.001),
        one_cycle(0.1),
        one_cycle(0.5, anneal="linear"),
        one_cycle(0.1, three_phase=True),
        one_cycle(0.1, pct=0.25),
    ],
    lr=LR,
)
