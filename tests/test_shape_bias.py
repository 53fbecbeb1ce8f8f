"""Shape or texture: decisions are counted rightly, cues are drawn as they are said to be, names of files are read."""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy.special import ndtr
from torch import nn

import bagnet_utils as bu
from bagnet_utils.experiments.shape_bias import ShapeBias, bias_difference, decide, shape_bias
from bagnet_utils.models import zoo
from bagnet_utils.models.shuffled import RECIPE, SHUFFLES, dressed, load_shuffled, row_of, shuffled_pictures
from bagnet_utils.worlds.conflicts import conflict, patchwork_conflicts
from bagnet_utils.worlds.patchwork import Truth
from bagnet_utils.worlds.patchwork.scenes import NAMES, PAIRS

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))


class Reader(nn.Module):
    """Its logits are written into the first row of each picture, in red, from 0 to 1."""

    def __init__(self, classes: int, scale: float = 20):
        super().__init__()
        self.classes, self.scale = tuple(f"class {n}" for n in range(classes)), scale

    def forward(self, images):
        return self.scale * images[:, 0].flatten(1)[:, : len(self.classes)]


def pictures(rows, side: int = 32) -> torch.Tensor:
    """One picture for each row of logits from 0 to 1."""
    images = torch.zeros(len(rows), 3, side, side)
    for image, row in zip(images, rows, strict=True):
        image[0].view(-1)[: len(row)] = torch.as_tensor(row)
    return images


def one_hot(classes, among: int = 4) -> torch.Tensor:
    return pictures(torch.eye(among)[list(classes)])


# ---------------------------------------------------------------- counting


def test_decisions_are_counted_and_the_bias_is_a_share_of_those_for_shape_or_texture():
    found = shape_bias(Reader(4).eval(), one_hot([0, 0, 1, 2, 3, 1]), [0, 0, 0, 2, 2, 1], [1, 2, 1, 3, 1, 0])
    assert found.counts == (4, 1, 1) and found.kinds == ("class 0", "class 1", "class 2", "class 3")
    assert found.bias == (80, *bu.confidence_interval(4, 5))
    assert found.of_kind("class 0") == (100 * 2 / 3, *bu.confidence_interval(2, 3))
    assert found.of_kind("class 1").value == 100 and found.of_kind("class 2").value == 100
    assert str(found.of_kind("class 3")).startswith("cannot be judged")


@pytest.mark.parametrize("seed", range(5))
def test_shape_and_texture_exchanged_turn_the_bias_round(seed):
    random = np.random.default_rng(seed)
    shapes = random.integers(4, size=40)
    textures = (shapes + random.integers(1, 4, size=40)) % 4
    answers = random.integers(4, size=40)
    one, other = (ShapeBias(tuple("abcd"), answers, *cues) for cues in ((shapes, textures), (textures, shapes)))
    assert one.counts == (*other.counts[1::-1], other.counts[2]) and sum(one.counts) == 40
    assert one.bias.value == pytest.approx(100 - other.bias.value) and one.bias.low == pytest.approx(
        100 - other.bias.high
    )


@pytest.mark.parametrize(
    ("count", "after", "before"), [(200, (0.14, 0.11), (0.12, 0.19)), (100, (0.3, 0.3), (0.2, 0.4))]
)
def test_the_difference_of_two_biases_holds_the_truth_95_times_of_100(count, after, before):
    """Two networks on the same pictures, their luck shared by half; of each the shares by shape and by texture."""
    random, held = np.random.default_rng(0), 0
    truth = 100 * (after[0] / sum(after) - before[0] / sum(before))
    for _ in range(500):
        luck = (random.normal(size=count) + random.normal(size=(2, count))) / 2**0.5
        found = bias_difference(*(decided(one, *shares) for one, shares in zip(luck, (after, before), strict=True)))
        held += found.low <= truth <= found.high
    assert 92 <= held / 5 <= 98


def decided(luck: np.ndarray, by_shape: float, by_texture: float) -> ShapeBias:
    """All shapes are of kind 0, all textures of kind 1."""
    chance, same = ndtr(luck), np.zeros(len(luck), int)
    answers = np.where(chance < by_shape, 0, np.where(chance > 1 - by_texture, 1, 2))
    return ShapeBias(("shape", "texture", "third"), answers, same, same + 1)


def test_the_same_pictures_tell_two_biases_apart_sooner():
    random = np.random.default_rng(3)
    luck = random.normal(size=300)
    one, other = decided(luck, 0.3, 0.3), decided(luck + 0.1 * random.normal(size=300), 0.26, 0.34)
    more = bias_difference(one, other)
    assert more.value == pytest.approx(one.bias.value - other.bias.value) and more.low > 0
    assert one.bias.low < other.bias.high  # though each interval alone reaches into the other
    assert bias_difference(other, one).value == -more.value and bias_difference(one, one).value == 0


def test_the_answer_is_the_kind_with_the_highest_mean_probability():
    model, rows = Reader(4, scale=1).eval(), torch.tensor([[[1.0, 0.0, 0.7, 0.7]], [[0.9, 0.8, 0.1, 0.1]]])
    images = pictures(rows[:, 0])
    groups = {"first": (0, 1), "second": (2, 3)}
    means = model(images).softmax(1).view(-1, 2, 2).mean(2)
    assert decide("test", model, images, groups) == (("first", "second"), pytest.approx(means.argmax(1).numpy()))
    assert means.argmax(1).tolist() == [1, 0] and model(images).argmax(1).tolist() == [0, 0]
    assert decide("test", model, images, {"one": (1,), "both": (0, 1)})[1].tolist() == [1, 1]
    assert decide("test", model, images, {"never 0": (1,), "third": (2,)})[1].tolist() == [1, 0]


@pytest.mark.parametrize(
    "change, says",
    [
        ({"shapes": [0, 4]}, r"shapes are \[0, 4\], but one whole number from 0 to 3"),
        ({"textures": [1]}, "textures are .* for each of the 2 pictures"),
        ({"textures": [1.0, 2.0]}, "one whole number"),
        ({"textures": [0, 0]}, "in 1 of 2 pictures shape and texture are of the same kind"),
        ({"groups": {"one": (0,)}}, "groups is 1 kind, but a dict of two kinds or more"),
        ({"groups": {"one": (0,), "two": (4,)}}, r"the classes of 'two' are \(4,\), but some of the numbers 0 to 3"),
        ({"groups": {"one": (0,), "two": 3}}, "the classes of 'two' are 3"),
        ({"model": Reader(4).train()}, "call model.eval()"),
        ({"images": one_hot([0, 1]).byte()}, "floats are wanted"),
    ],
)
def test_what_cannot_be_counted_is_refused_in_one_line(change, says):
    given = {"model": Reader(4).eval(), "images": one_hot([0, 1]), "shapes": [0, 1], "textures": [1, 2]} | change
    with pytest.raises(bu.BadInput, match=says) as told:
        shape_bias(**given)
    assert "\n" not in str(told.value)


# ---------------------------------------------------------------- Patchwork


def test_every_cue_is_as_often_with_every_other():
    shown = patchwork_conflicts(60)
    threes = list(zip(*(cue.tolist() for cue in shown[1:]), strict=True))
    assert len(set(threes)) == 60 and all(len(set(three)) == 3 for three in threes)
    grey = patchwork_conflicts(20, scenery=False)
    assert len(set(zip(grey.shapes.tolist(), grey.textures.tolist(), strict=True))) == 20
    assert set(grey.sceneries.tolist()) == {-1}
    assert torch.equal(shown.images, patchwork_conflicts(60).images)
    assert not torch.equal(shown.images[:5], patchwork_conflicts(5, seed=1).images)


@pytest.mark.parametrize("shape", NAMES)
def test_a_coat_is_seen_on_the_body_only_and_the_body_stays(shape):
    several = {name: conflict(shape, name, seed=3) for name in (*NAMES, None)}
    grounds = {name: (image == several[None][:, :1, :1]).all(0) for name, image in several.items()}
    changed = {name: (image != several[None]).any(0) for name, image in several.items() if name}
    outside = ~np.logical_or.reduce([*changed.values()])
    assert 0.03 < 1 - outside.mean() < 0.9
    for ground in grounds.values():  # what no coat changes is plain
        assert ground[outside].mean() > 0.85
    wood, fish = several["totem"], several["tench"]
    assert not np.array_equal(wood, fish)
    assert np.array_equal(several["coat"], conflict(shape, "coat", seed=3))


def test_details_are_left_out_unless_they_are_asked_for():
    bare, whole = (conflict("coat", "tench", seed=5, details=details) for details in (False, True))
    both = np.abs(bare - whole).sum(0) > 0.3
    assert 0.001 < both.mean() < 0.15  # eyes, hooves, mane, muzzle
    strings = [conflict("wheel", "totem", seed=5, details=details) for details in (False, True)]
    assert np.std(strings[1]) > 1.3 * np.std(strings[0])  # charms hang on the strings


def test_a_picture_of_coat_alone_is_all_coat():
    image = conflict(None, "tench", seed=1)
    columns = image.std(1).mean()
    assert columns > 0.01 and image.shape == (3, 128, 128) and image.dtype == np.float32
    with pytest.raises(bu.BadInput, match="there is no texture called 'fur'"):
        conflict("coat", "fur")


# ---------------------------------------------------------------- the pushed ResNet


def test_shuffled_coats_tell_nothing_about_the_class_and_twins_share_them():
    truth = Truth(PAIRS, "train", 4000, seed=7, twins=True)
    coats = np.array([drawn_changes(truth, i, "coats and scenery") for i in range(len(truth))], dtype=object)
    for pair, name in enumerate(NAMES):
        mine = coats[truth.labels // 2 == pair]
        assert np.array_equal(mine[0::2], mine[1::2])
        counts = Counter(coat for coat, _ in mine)
        assert set(counts) == set(range(10)) and max(counts.values()) < 1.6 * len(mine) / 10, name
        assert max(Counter(scenery for _, scenery in mine).values()) < 1.4 * len(mine) / 5


def drawn_changes(truth, index: int, what: str) -> tuple:
    """The coat and the scenery that a scene gets, without drawing it."""
    from unittest import mock

    with mock.patch("bagnet_utils.worlds.patchwork.scenes.draw", lambda *_, **changes: changes):
        changes = dressed(truth, index, what)
    return changes["coat"], changes["background"]


def test_training_pictures_come_two_by_two_and_are_the_same_each_time():
    recipe = RECIPE.__class__(pictures=20)
    images, labels = shuffled_pictures(recipe)(0)
    again, _ = shuffled_pictures(recipe)(0)
    other, _ = shuffled_pictures(recipe)(1)
    assert torch.equal(images, again) and not torch.equal(images, other) and images.dtype == torch.uint8
    assert torch.equal(labels[0::2] ^ 1, labels[1::2])
    coats = (labels[0::2] == 0).nonzero()[:, 0] * 2
    assert len(coats) and all(torch.equal(images[i], images[i + 1]) for i in coats.tolist())  # they differ in nothing


@pytest.mark.parametrize("what", SHUFFLES)
def test_shuffled_resnets_ship_and_know_the_kinds_without_coats(what):
    row, net = zoo.manifest()[row_of(what)], load_shuffled(what)
    kept = load_file(zoo.WEIGHTS / row["file"])
    assert {value.dtype for value in kept.values() if value.is_floating_point()} == {torch.float16}
    assert not net.training and row["bytes"] < 3e6 and row["command"] == "python3 course.py shapes"
    truth = Truth(PAIRS, "test", 40, 0)
    images = torch.from_numpy(np.stack([dressed(truth, i, what).image for i in range(len(truth))]))
    right = (bu.predict(net, images) // 2 == torch.from_numpy(truth.labels) // 2).sum()
    usual = (bu.predict(bu.load_model("resnet"), images) // 2 == torch.from_numpy(truth.labels) // 2).sum()
    assert right >= 36 and right >= usual


def test_harmed_weights_are_named_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    zoo.keep(zoo.build("resnet", "patchwork"), "resnet coats", "shuffled", {})
    assert load_shuffled().classes
    (tmp_path / "shuffled-resnet-coats.safetensors").write_bytes(b"?")
    with pytest.raises(bu.BadInput, match=r"load_shuffled.*coats\.safetensors is damaged.*course\.py shapes"):
        load_shuffled()
    with pytest.raises(bu.BadInput, match="there is no shuffle called 'wigs'"):
        load_shuffled("wigs")


# ---------------------------------------------------------------- what the claims page says


def test_squares_are_told_apart_by_what_they_hide():
    import shape_bias as benchmark

    thing = np.zeros((128, 128), bool)
    thing[16:48, 16:48] = True  # 4 x 4 squares, all of them inside
    thing[48:52, 16:48] = True  # half of 4 squares: outline
    lowered = np.ones((16, 16))
    lowered[0, 0] = -5  # what helps is not counted
    assert benchmark.by_region(lowered, thing) == [4, 16, 256 - 20 - 1]
    logits = torch.tensor([2.0, 1.0, 0, 0, 0, 0, 0, 0, 0, 0])
    odds = logits[:2].exp().sum() / logits[2:].exp().sum()
    assert float(benchmark.log_odds(logits, 0)) == pytest.approx(float(odds.log()))


def test_claims_go_by_their_rules(monkeypatch):
    import shape_bias_claims as page

    results = measured(texture=(20, 10, 30), pushed=(80, 70, 90))
    monkeypatch.setattr(page.storing, "read", lambda: {"shape_bias": results})
    assert [row[3] for row in page.claims()] == [True] * 6 + [False] * 2 + [True] * 2
    results["patchwork"]["third scenery"]["bagnet9"]["bias"] = (45, 35, 55)
    results[page.MORE][page.PUSHED[0]] = (3, -4, 10)
    results["accuracy"][page.PUSHED[0]]["lost without the coat's pair"] = (1, -1, 4)
    results["photos"]["white ground"]["resnet"]["bias"] = "cannot be judged: no picture"
    assert [row[3] for row in page.claims()] == [False, True, True, None, False, True, True, False, True, True]
    text = "\n".join(page.lines())
    assert "3.0 (-4.0..10.0) points more ✗" in text
    assert "| BagNet-9 | 45 (35..55); 1/2/3 |" in text and "cannot be judged" in text and "✗" in text
    monkeypatch.setattr(page.storing, "read", dict)
    assert list(page.lines()) == []  # nothing is measured yet


def measured(texture, pushed) -> dict:
    """Results as `measure` writes them: the usual networks have one bias, the pushed ones another."""
    import shape_bias_claims as page

    def net(name: str) -> dict:
        return {"bias": pushed if name.startswith("shuffled") else texture, "decisions": [1, 2, 3]}

    names, part = list(page.NAMES_OF), {"outline": (30, 20, 40), "inside": (1, 1, 1), "ground": (1, 1, 1)}
    right = dict.fromkeys(("own", *SHUFFLES), dict.fromkeys(NAMES, 50))
    return {
        "patchwork": {one: {name: net(name) for name in names} for one in page.SETS},
        page.MORE: dict.fromkeys(page.PUSHED, (60, 50, 70)),
        "photos": {"pictures": 9}
        | {one: {name: net(name) for name in names[:7]} for one in ("white ground", "grey ground")},
        "accuracy": {"pictures": 500}
        | {name: right | {"lost without the coat's pair": (20, 15, 25)} for name in names},
        "hidden": {name: part | {"more than the ResNet": {"outline": (9, 3, 15)}} for name in names},
    }
