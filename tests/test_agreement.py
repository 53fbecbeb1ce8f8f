"""Do nets err alike? Answers that were made to agree, to ignore or to avoid each other are told apart."""

import warnings

import numpy as np
import pytest
import torch
from torch import Tensor

import bagnet_utils as bu
from bagnet_utils.experiments.agreement import missed_by_all


def simulated(random: np.random.Generator, labels: Tensor, accuracy: float, classes: int = 10) -> Tensor:
    """Answers of a net that is right by lot, with this chance, and else names one of the other classes."""
    wrong = (labels + torch.from_numpy(random.integers(1, classes, len(labels)))) % classes
    return torch.where(torch.from_numpy(random.random(len(labels)) < accuracy), labels, wrong)


RANDOM = np.random.default_rng(0)
LABELS = torch.from_numpy(RANDOM.integers(10, size=1000))
ONE, OTHER = (simulated(RANDOM, LABELS, accuracy) for accuracy in (0.8, 0.6))


def test_a_net_agrees_with_itself_whatever_it_answers_instead():
    found = bu.error_consistency(ONE, ONE, LABELS)
    assert found.kappa.value == pytest.approx(1) and found.observed == 1
    assert 0.98 < found.kappa.low < 1 and found.kappa.high == pytest.approx(1)
    otherwise = torch.where(ONE == LABELS, LABELS, (LABELS + 1) % 10)  # wrong on the same pictures, in another way
    assert bu.error_consistency(ONE, otherwise, LABELS).kappa.value == pytest.approx(1)
    few = bu.error_consistency(ONE[:40], ONE[:40], LABELS[:40]).kappa
    assert few.value == few.high == 1 and 0.3 < few.low < 0.95  # forty pictures do not prove that nets are one


def test_independent_nets_agree_by_chance_alone():
    found = bu.error_consistency(ONE, OTHER, LABELS)
    p1, p2 = ((some == LABELS).double().mean().item() for some in (ONE, OTHER))
    assert found.expected == pytest.approx(p1 * p2 + (1 - p1) * (1 - p2))
    assert found.observed == pytest.approx(((ONE == LABELS) == (OTHER == LABELS)).double().mean().item())
    assert abs(found.kappa.value) < 0.1 and found.kappa.low < 0 < found.kappa.high
    assert found.kappa.value == pytest.approx((found.observed - found.expected) / (1 - found.expected))
    swapped = bu.error_consistency(OTHER, ONE, LABELS)
    assert swapped.kappa.value == pytest.approx(found.kappa.value) and swapped.expected == pytest.approx(found.expected)


@pytest.mark.parametrize("shared", [0.2, 0.5, 0.9])
def test_kappa_is_the_share_of_pictures_on_which_nets_are_one(shared):
    """Of nets that are right on 70 %, and copy each other on some pictures and ignore each other on the others."""
    random, labels = np.random.default_rng(1), torch.zeros(20_000, dtype=torch.long)
    first, second = (simulated(random, labels, 0.7) for _ in range(2))
    second = torch.where(torch.from_numpy(random.random(20_000) < shared), first, second)
    found = bu.error_consistency(first, second, labels, draws=100).kappa
    assert found.low < shared < found.high and found.high - found.low < 0.06


def test_nets_that_avoid_each_others_errors_have_a_kappa_below_zero():
    labels = torch.arange(100) % 10
    first, second = labels.clone(), labels.clone()
    first[:50] += 10
    second[50:] += 10
    found = bu.error_consistency(first, second, labels)
    assert found.kappa.value == pytest.approx(-1) and found.observed == 0 and found.expected == pytest.approx(0.5)
    first[25:50] -= 10  # now they are at least right together on a quarter
    assert -1 < bu.error_consistency(first, second, labels).kappa.high < 0


def test_ten_pictures_by_hand():
    """Right on 8 and on 6 of 10, together on 5, and wrong together on 1: 6 alike; by chance 0.48 + 0.08 = 0.56."""
    labels = np.arange(10)
    first, second = labels.copy(), labels.copy()
    first[[8, 9]] = 99
    second[[0, 1, 2, 9]] = 99
    for kind in (np.asarray, torch.from_numpy, lambda numbers: numbers.tolist()):
        found = bu.error_consistency(kind(first), kind(second), kind(labels))
        assert (found.observed, found.expected) == pytest.approx((0.6, 0.56))
        assert found.kappa.value == pytest.approx(0.04 / 0.44)


def test_intervals_are_seeded_and_narrow_with_more_pictures():
    some = bu.error_consistency(ONE, OTHER, LABELS, draws=200, seed=1)
    assert some == bu.error_consistency(ONE, OTHER, LABELS, draws=200, seed=1)
    assert some != bu.error_consistency(ONE, OTHER, LABELS, draws=200, seed=2)
    few = bu.error_consistency(ONE[:100], OTHER[:100], LABELS[:100], draws=200)
    assert 2 < (few.kappa.high - few.kappa.low) / (some.kappa.high - some.kappa.low) < 5  # about the root of 10


def test_nets_that_never_err_have_no_kappa_and_nobody_warns():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bu.error_consistency(LABELS, LABELS, LABELS)
        assert np.isnan(found.kappa).all() and found.observed == found.expected == 1
        assert bu.error_consistency(LABELS, ONE, LABELS).kappa.value == pytest.approx(0)  # no errors to share


def test_accuracy_by_class():
    answers, labels = torch.tensor([0, 0, 1, 1, 3, 0]), torch.tensor([0, 0, 0, 1, 3, 3])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = bu.accuracy_by_class(answers, labels, 5)
    assert found == pytest.approx([200 / 3, 100, np.nan, 50, np.nan], nan_ok=True)
    shares = np.bincount(LABELS, minlength=10) / len(LABELS)
    assert bu.accuracy_by_class(ONE, LABELS, 10) @ shares == pytest.approx(100 * (ONE == LABELS).double().mean().item())


def test_classes_that_are_hard_for_both():
    random, labels = np.random.default_rng(2), torch.arange(4000) % 10
    right = 0.3 + 0.06 * labels.numpy()  # class 0 is the hardest
    like, alike = (torch.where(torch.from_numpy(random.random(4000) < right), labels, -1) for _ in range(2))
    unlike = torch.where(torch.from_numpy(random.random(4000) < 0.87 - 0.06 * labels.numpy()), labels, -1)
    found = bu.class_correlation(like, alike, labels, 10)
    assert found.value > 0.9 and 0.7 < found.low <= found.value <= found.high <= 1
    assert bu.class_correlation(like, unlike, labels, 10).high < -0.7
    assert bu.class_correlation(like, alike, labels, 30) == found  # classes without pictures do not count


def scattered(classes: int, each: int, seed: int, lucky: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Two nets that find the same classes hard, 60 to 95 % right, and share the luck of a picture, or do not."""
    random, labels = np.random.default_rng(seed), torch.arange(classes).repeat_interleave(each)
    right = np.linspace(0.6, 0.95, classes)[labels]
    luck = random.random(len(labels))
    answers = [torch.where(torch.from_numpy(some < right), labels, -1) for some in (luck, random.random(len(labels)))]
    return answers[0], answers[0] if lucky else answers[1], labels


def test_scatter_of_accuracies_does_not_hide_a_correlation():
    """The truth is 1, seen is about 0.6 on twenty pictures a class; the middle one of the estimates is right."""
    seen, found = [], []
    for seed in range(30):
        one, other, labels = scattered(20, 20, seed, lucky=False)
        seen.append(np.corrcoef(*(bu.accuracy_by_class(some, labels, 20) for some in (one, other)))[0, 1])
        found.append(bu.class_correlation(one, other, labels, 20))
    assert np.mean(seen) < 0.7
    judged = [one for one in found if not np.isnan(one.value)]
    assert len(judged) >= 24 and np.median([one.value for one in judged]) > 0.9
    assert all(one.low <= one.value <= one.high <= 1 for one in judged)


def test_luck_that_is_shared_is_not_taken_for_classes_hard_for_both():
    """Classes are hard for the one and not for the other, but the nets err on the same pictures: seen r is too high."""
    random, labels = np.random.default_rng(3), torch.arange(32).repeat_interleave(20)
    seen, found = [], []
    for _ in range(60):
        luck = random.random(len(labels))
        nets = [torch.from_numpy(luck < random.uniform(0.5, 0.95, 32)[labels]) for _ in range(2)]
        nets = [torch.where(right, labels, -1) for right in nets]
        seen.append(np.corrcoef(*(bu.accuracy_by_class(some, labels, 32) for some in nets))[0, 1])
        found.append(bu.class_correlation(*nets, labels, 32).value)
    assert np.mean(seen) > 0.15 and abs(np.nanmean(found)) < 0.1


def test_where_nothing_varies_a_correlation_cannot_be_judged():
    by_chance = bu.class_correlation(ONE, OTHER, LABELS, 10)
    assert np.isnan(by_chance).all() and by_chance.reason.startswith("the first network's accuracies differ from class")
    assert str(by_chance).startswith("cannot be judged: the first network's accuracies differ")
    random, labels = np.random.default_rng(5), torch.arange(5000) % 10
    varied, two = (  # as on Patchwork: all is easy but for one pair
        torch.where(torch.from_numpy(random.random(5000) < np.repeat(shares, 2)[labels]), labels, -1)
        for shares in ([1, 0.9, 0.8, 0.5, 0.95], [1, 1, 1, 1, 0.95])
    )
    assert "second network" in bu.class_correlation(varied, two, labels, 10).reason
    assert not np.isnan(bu.class_correlation(varied, varied, labels, 10)).any()
    few = bu.class_correlation(varied, varied, labels // 2, 5)
    assert few.reason == "5 classes with two pictures or more, but 8 at least are wanted"
    everywhere = bu.class_correlation(labels, varied, labels, 10)  # one that never errs
    assert "first network" in everywhere.reason


def test_an_interval_that_holds_everything_is_none():
    random, labels = np.random.default_rng(17), torch.arange(32).repeat_interleave(20)
    shares = random.choice([0.7, 0.9, 0.99], 32), random.choice([0.8, 0.97, 0.99], 32, p=[0.1, 0.4, 0.5])
    nets = [torch.where(torch.from_numpy(random.random(640) < some[labels]), labels, -1) for some in shares]
    found = bu.class_correlation(*nets, labels, 32)
    assert np.isnan(found).all() and "from -1 to 1" in found.reason


def test_missed_by_all():
    labels = torch.tensor([0, 1, 2, 3, 4])
    answers = {"one": torch.tensor([0, 0, 0, 0, 0]), "two": torch.tensor([1, 1, 1, 1, 4])}
    assert missed_by_all(answers, labels) == [2, 3]
    assert missed_by_all({"one": answers["one"]}, labels) == [1, 2, 3, 4]
    assert missed_by_all({**answers, "three": labels}, labels) == []


BAD = [
    (lambda: bu.error_consistency(ONE[:9], OTHER, LABELS), r"\(9,\).*\(1000,\)"),
    (lambda: bu.error_consistency(ONE, OTHER[:9], LABELS), "one answer for each label"),
    (lambda: bu.error_consistency(ONE[:0], OTHER[:0], LABELS[:0]), "at least one"),
    (lambda: bu.error_consistency(ONE[:, None], OTHER, LABELS), "one answer for each label"),
    (lambda: bu.error_consistency(ONE, OTHER, None), "one answer for each label"),
    *[(lambda n=n: bu.error_consistency(ONE, OTHER, LABELS, n), f"draws is {n!r}") for n in (0, True, 2.5)],
    (lambda: bu.class_correlation(ONE, OTHER[:9], LABELS, 10), "one answer for each label"),
    *[(lambda n=n: bu.class_correlation(ONE, OTHER, LABELS, n), f"classes is {n!r}") for n in (0, True, 2.5, "10")],
    (lambda: bu.class_correlation(ONE, OTHER, LABELS, 9), "numbers of 9 classes, 0 to 8"),
    (lambda: bu.class_correlation(ONE, OTHER, -LABELS, 10), "0 to 9"),
    (lambda: bu.class_correlation(ONE, OTHER, LABELS.float(), 10), "0 to 9"),
    (lambda: bu.accuracy_by_class(ONE, LABELS[:9], 10), "one answer for each label"),
    (lambda: bu.accuracy_by_class(ONE, LABELS, 9), "0 to 8"),
    (lambda: missed_by_all({}, LABELS), "at least one network"),
    (lambda: missed_by_all([ONE, OTHER], LABELS), "a dictionary is wanted"),
    (lambda: missed_by_all({"one": ONE, "other": OTHER[:9]}, LABELS), "one answer for each label"),
]


@pytest.mark.parametrize(("call", "told"), BAD)
def test_bad_input_gets_one_line(call, told):
    with pytest.raises(bu.BadInput, match=told) as caught:
        call()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
