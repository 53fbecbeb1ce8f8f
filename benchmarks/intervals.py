"""How often do the intervals that the course prints hold the truth? They promise 95 times of 100.

python benchmarks/intervals.py          the table of docs/claims.md: 1000 runs on pictures whose truth is known
python benchmarks/intervals.py 200      quicker, and rougher; it is printed only
"""

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import storing
import torch
from measuring import kept_more
from numpy.random import Generator
from scipy.special import ndtr

from bagnet_utils.experiments.agreement import class_correlation, error_consistency, kappa_difference
from bagnet_utils.experiments.interactions import Interaction
from bagnet_utils.statistics import (
    Estimate,
    bootstrap,
    confidence_interval,
    correlation,
    correlation_difference,
    over_runs,
    percent_of,
    point_difference,
)


class Case(NamedTuple):
    """An interval that the course prints, and pictures on which to try it."""

    interval: str
    pictures: str
    truth: float
    once: Callable[[Generator], Estimate]  # on pictures drawn anew


def held(case: Case, runs: int) -> tuple[float, int]:
    """In what percent of runs the interval holds the truth, and the number of runs that gave one."""
    random, found = np.random.default_rng(0), []
    for _ in range(runs):
        _, low, high = case.once(random)
        if not np.isnan(low):
            found.append(low - 1e-9 <= case.truth <= high + 1e-9)
    return 100 * np.mean(found), len(found)


# ------------------------------------------------------------ networks that are right or wrong


class Net(NamedTuple):
    """A network that is right by luck."""

    right: float  # share of right answers
    shared: float  # share of pictures on which its luck is one that such networks share


BAG, DEEP, WIDE, POOR, BEST = Net(0.78, 0.8), Net(0.82, 0.8), Net(0.9, 0.7), Net(0.7, 0.5), Net(0.95, 0.7)


def rights(random: Generator, count: int, *nets: tuple[float, float]) -> list[np.ndarray]:
    """Of each net: which of its `count` answers are right."""
    common = random.random(count)
    return [np.where(random.random(count) < shared, common, random.random(count)) < right for right, shared in nets]


def true_kappa(one: Net, other: Net) -> float:
    alike = one.shared * other.shared
    chance = one.right * other.right + (1 - one.right) * (1 - other.right)
    both = alike * min(one.right, other.right) + (1 - alike) * one.right * other.right
    return (2 * both + 1 - one.right - other.right - chance) / (1 - chance)


def described(count: int, *nets: Net) -> str:
    return f"{count} at {', '.join(f'{100 * net.right:.0f}' for net in nets)} %"


def wilson(count: int, right: float) -> Case:
    def once(random: Generator) -> Estimate:
        hits = random.binomial(count, right)
        return Estimate(100 * hits / count, *confidence_interval(hits, count))

    return Case("share (Wilson)", described(count, Net(right, 0)), 100 * right, once)


def compared(name: str, statistic: Callable, truth: float, count: int, *nets: Net) -> Case:
    """A statistic of which answers of some nets are right."""
    return Case(
        name,
        described(count, *nets),
        truth,
        lambda random: bootstrap(statistic, *rights(random, count, *nets), draws=400),
    )


def more(count: int, one: Net, other: Net) -> Case:
    return compared(
        "difference of shares, paired", point_difference, 100 * (one.right - other.right), count, one, other
    )


def few_differ(count: int, one: Net, other: Net) -> Case:
    """Where so few pictures tell two networks apart that any interval must be too wide."""
    return more(count, one, other)._replace(interval="difference of shares, few differ")


def part(count: int, one: Net, other: Net) -> Case:
    return compared("ratio of shares, paired", percent_of, 100 * one.right / other.right, count, one, other)


def kept_apart(count: int, *nets: Net) -> Case:
    """Two nets, before and after: do they keep as much of what they had right?"""
    before, after, others_before, others_after = (net.right for net in nets)
    truth = 100 * (after / before - others_after / others_before)
    return compared("difference of ratios, paired", kept_more, truth, count, *nets)


def kappas_apart(count: int, *nets: Net) -> Case:
    truth = true_kappa(nets[0], nets[1]) - true_kappa(nets[0], nets[2])
    return compared("difference of kappas, paired", kappa_difference, truth, count, *nets)


def consistency(count: int, *nets: Net) -> Case:
    def once(random: Generator) -> Estimate:
        answers = [torch.from_numpy(right).long() for right in rights(random, count, *nets)]
        return error_consistency(*answers, torch.ones(count, dtype=torch.long), draws=400).kappa

    return Case("kappa", f"{described(count, *nets)}: {true_kappa(*nets):.2f}", true_kappa(*nets), once)


def shares_by_class(random: Generator, classes: int, r: float) -> np.ndarray:
    """2 x classes: how often two nets are right on each, most between 50 and 98 %."""
    ease = random.normal(size=(2, classes))
    ease[1] = r * ease[0] + np.sqrt(1 - r**2) * ease[1]
    return ndtr(0.9 + 0.5 * ease)


def over_classes(classes: int, each: int, r: float, shared: float) -> Case:
    labels = torch.arange(classes).repeat_interleave(each)

    def once(random: Generator) -> Estimate:
        luck = [(share, shared**0.5) for share in shares_by_class(random, classes, r)[:, labels]]
        right = [torch.from_numpy(some) for some in rights(random, len(labels), *luck)]
        return class_correlation(*(torch.where(some, labels, -1) for some in right), labels, classes)

    truth = 1.0 if r == 1 else np.corrcoef(shares_by_class(np.random.default_rng(1), 1_000_000, r))[0, 1]
    words = f"{classes} classes of {each}: {truth:.2f}" + (", errors shared" if shared else "")
    return Case("r over classes", words, truth, once)


# ------------------------------------------------------------ logits and probabilities


def mean(count: int, a: float, b: float) -> Case:
    words = f"{count} probabilities, {100 * a / (a + b):.0f} % on average"
    return Case("mean", words, a / (a + b), lambda random: bootstrap(np.mean, random.beta(a, b, size=count)))


def means_apart(count: int) -> Case:
    def once(random: Generator) -> Estimate:
        before = random.beta(2, 1, size=count)
        one, other = before * random.beta(4, 1, size=count), before * random.beta(3, 1, size=count)
        return bootstrap(np.mean, one - other)

    return Case("difference of means, paired", f"{count} probabilities", 2 / 3 * (4 / 5 - 3 / 4), once)


def falls(random: Generator, count: int, *noises: float) -> list[np.ndarray]:
    """How far logits fall, most little and some much: parts hidden one by one, and together, with these noises."""
    apart, common = np.exp(0.6 * random.normal(size=count)), random.normal(size=count)
    return [apart] + [apart * (1 + noise * (common + random.normal(size=count)) / 2**0.5) for noise in noises]


def true_r(noise: float) -> float:
    variance = np.exp(0.72) - np.exp(0.36)
    return np.sqrt(variance / (variance + noise**2 * np.exp(0.72)))


def ratio_of_means(count: int) -> Case:
    def once(random: Generator) -> Estimate:
        apart, together = falls(random, count, 0.5)
        return bootstrap(percent_of, 2 * together, apart)

    return Case("ratio of means", f"{count} falls", 200, once)


def left_over(count: int, noise: float) -> Case:
    def once(random: Generator) -> Estimate:
        return Interaction(*map(torch.from_numpy, falls(random, count, noise)[::-1])).left_over

    truth = noise * np.sqrt(2 / np.pi)
    return Case("left over", f"{count} falls: {truth:.2f}", truth, once)


def of_falls(count: int, noise: float) -> Case:
    def once(random: Generator) -> Estimate:
        return Interaction(*map(torch.from_numpy, falls(random, count, noise)[::-1])).correlation

    return Case("r", f"{count} falls: {true_r(noise):.2f}", true_r(noise), once)


def over_seeds(count: int) -> Case:
    return Case("mean of runs", f"{count} runs", 70.0, lambda random: over_runs(random.normal(70, 2, count)))


def of_normal(count: int, r: float) -> Case:
    def once(random: Generator) -> Estimate:
        one, other = random.normal(size=(2, count))
        return correlation(one, r * one + np.sqrt(1 - r**2) * other)

    return Case("r", f"{count} normal numbers: {r:.2f}", r, once)


def two_gaps(count: int, far: float, near: float) -> Case:
    def once(random: Generator) -> Estimate:
        apart, one, other = falls(random, count, far, near)
        return correlation_difference(one, apart, other, apart)

    words = f"{count} falls: {true_r(far):.2f} and {true_r(near):.2f}"
    return Case("difference of r, in z, paired", words, np.arctanh(true_r(far)) - np.arctanh(true_r(near)), once)


CASES = [
    *[wilson(*some) for some in ((16, 0.75), (16, 0.88), (24, 0.75), (48, 0.94), (50, 0.8), (1000, 0.5), (1000, 0.95))],
    *[compared("share (bootstrap)", np.mean, BAG.right, count, BAG) for count in (200, 1000)],
    more(12, DEEP, Net(0.5, 0.5)), more(16, WIDE, Net(0.25, 0.5)), more(24, WIDE, Net(0.8, 0.6)),
    more(29, Net(0.97, 0.5), Net(0.5, 0.5)), more(48, WIDE, Net(0.6, 0.5)), more(59, BAG, POOR),
    few_differ(12, WIDE, Net(0.85, 0.7)), few_differ(29, WIDE, WIDE), few_differ(48, Net(0.97, 0.7), Net(0.93, 0.7)),
    more(60, BAG, POOR), more(100, BEST, WIDE), more(1000, BAG, DEEP),
    part(40, POOR, BEST), part(60, BAG, WIDE), part(1000, BAG, DEEP),
    kept_apart(60, WIDE, Net(0.5, 0.4), DEEP, Net(0.35, 0.4)), kept_apart(60, WIDE, Net(0.5, 0.4), BAG, Net(0.15, 0.4)),
    consistency(30, BAG, POOR), consistency(100, BAG, DEEP), consistency(100, BEST, WIDE),
    consistency(600, BEST, WIDE), consistency(1000, BAG, DEEP),
    kappas_apart(100, BAG, DEEP, POOR), kappas_apart(1000, BAG, DEEP, POOR),
    *[over_classes(20, 50, r, shared) for r in (1, 0.8, 0.5, 0) for shared in (0, 0.6)],
    *[over_classes(32, 20, r, shared) for r, shared in ((1, 0.6), (0.8, 0), (0.8, 0.6), (0, 0.6))],
    mean(8, 2, 1), mean(24, 2, 1), mean(30, 4, 0.5), mean(100, 4, 0.5),
    means_apart(9), means_apart(30), means_apart(60),
    ratio_of_means(12), ratio_of_means(20), left_over(20, 0.2), left_over(100, 0.6),
    over_seeds(5), of_normal(10, 0.5), of_normal(20, 0.99), of_normal(100, 0),
    of_falls(20, 0.1), of_falls(40, 0.6), of_falls(100, 0.1), of_falls(100, 0.6),
    two_gaps(30, 0.1, 0.6), two_gaps(100, 0.1, 0.6), two_gaps(100, 0.4, 0.4),
]  # fmt: skip


def main(runs: int = 1000) -> None:
    print(f"{'interval':38}{'pictures':42}{'runs':>6}{'held, %':>9}")
    found = []
    for case in CASES:
        percent, counted = held(case, runs)
        found.append([case.interval, case.pictures, counted, round(percent, 1)])
        print(f"{case.interval:38}{case.pictures:42}{counted:6}{percent:9.1f}", flush=True)
    if runs >= 1000:
        storing.write("intervals", {"held": found})


def lines() -> Iterator[str]:
    """A section of docs/claims.md, if it was measured."""
    found = storing.read().get("intervals", {}).get("held", [])
    if found:
        yield HEAD
    for interval, pictures, runs, percent in found:
        yield f"| {interval} | {pictures} | {runs} | {percent} |"


HEAD = """
## Do the intervals hold?

Simulated pictures, of which the truth is known: in how many runs does the 95 % interval hold it? Tests ask for 92 to 98
of a hundred. Only where next to nothing differs, or where the truth is the end of what can be (*r* = 1), may it be
more. Runs that give no interval, because too little varies, do not count. (`python benchmarks/intervals.py`)

| interval | pictures | runs | held, % |
|---|---|---|---|"""


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
