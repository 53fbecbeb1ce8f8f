"""Context and locality: the same things before other grounds, the evidence off them, and the ruler of data sets."""

from dataclasses import replace

import numpy as np
import pytest
import torch

import bagnet_utils as bu
from bagnet_utils.experiments.context import Context, context, evidence_off, touched
from bagnet_utils.experiments.grounds import (
    Staged,
    can_be_used,
    cut_out,
    ground_of,
    grounds_alone,
    has_ground,
    plain,
    put,
    scenery_alone,
    stage_photographs,
    stage_scenes,
    white_border,
)
from bagnet_utils.experiments.locality import Profile, folds_of, holm, locality_profile, probe_profile, share_of_way
from bagnet_utils.worlds.patchwork import pair
from bagnet_utils.worlds.world import World

RED = torch.tensor([0.8, 0.1, 0.1])[:, None, None]


def disc(radius: float = 30, colour: torch.Tensor = RED) -> torch.Tensor:
    """A disc on white, 3 x 128 x 128, with a white hole in it that no white leads to."""
    y, x = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    away = torch.hypot(y - 64, x - 64)
    return torch.where((away < radius) & (away > 5), colour, torch.ones(3, 1, 1))


@pytest.fixture(scope="module")
def photos() -> World:
    """Six test pictures of each kind, and motorbikes and watches, many of which stand on white."""
    world = bu.load_world("photos", n=None)
    seen: dict[int, int] = {}
    keep = []
    for number, label in enumerate(world.labels.tolist()):
        seen[label] = seen.get(label, 0) + 1
        if seen[label] <= (16 if world.classes[label] in ("motorbikes", "watch") else 6):
            keep.append(number)
    return World(world.images[keep], world.labels[keep], world.classes, [world.truth[number] for number in keep])


# ------------------------------------------------------------ grounds


@pytest.mark.parametrize("label", [0, 2, 9])
def test_in_patchwork_the_things_stay_and_only_the_ground_changes(label):
    scene = bu.scene(label, seed=5)
    staged = stage_scenes([scene])
    deep = np.array(bu.scene(label, 5, background="wheel").image == scene.image).all(0) & scene.object
    assert deep.sum() > 20  # pixels that hide the scenery wholly
    for ground in ("own", "other", "grey"):
        assert torch.equal(staged.pictures[ground][0, 0][:, deep], torch.from_numpy(scene.image)[:, deep])
    alone = staged.pictures["alone"][0, 0]
    same = (alone == torch.from_numpy(scene.image)).all(0)
    assert same[~scene.object].float().mean() > 0.8 and same[scene.object].float().mean() < 0.3  # shadows are no object
    assert staged.hosts[0, 0] != label // 2 and staged.labels[0] == label


def test_a_plain_ground_is_plain_and_follows_other_changes():
    scene = bu.scene(2, seed=1).redraw(swap=True)
    picture = plain(scene, (0.2, 0.6, 1.0))
    assert np.abs(picture[:, ~scene.object] - np.array([0.2, 0.6, 1.0])[:, None]).max() < 0.003
    assert not np.array_equal(picture, plain(bu.scene(2, seed=1), (0.2, 0.6, 1.0)))  # it shows the other cue


def test_the_scenery_of_a_pair_holds_nothing_that_tells_its_classes():
    assert np.array_equal(scenery_alone(bu.scene(4, 7)), scenery_alone(bu.scene(5, 7)))
    assert np.array_equal(scenery_alone(bu.scene(4, 7), "tench"), scenery_alone(bu.scene(4, 7, background="tench")))
    with pytest.raises(bu.BadInput, match="no background called 'moon'; there are coat"):
        scenery_alone(bu.scene(4, 7), "moon")


def test_a_disc_is_cut_out_with_its_white_hole_and_a_soft_edge():
    picture = disc()
    (mask,) = cut_out(picture[None])
    y, x = np.mgrid[:128, :128]
    away = torch.from_numpy(np.hypot(y - 64, x - 64))
    assert (mask[away < 27] > 0.999).all() and (mask[away > 35] == 0).all()
    assert ((mask > 0.2) & (mask < 0.8)).any()
    on_green = put(picture[None], mask[None], torch.tensor([0.0, 1.0, 0.0])[:, None, None].expand_as(picture)[None])[0]
    assert torch.equal(on_green[:, away > 35].unique(dim=1), torch.tensor([[0.0], [1.0], [0.0]]))
    assert torch.allclose(on_green[:, away < 27], picture[:, away < 27], atol=1e-3)


def test_put_back_on_white_it_is_the_picture_that_it_was():
    picture = disc()[None]
    mask = cut_out(picture)
    changed = (put(picture, mask, torch.ones_like(picture)) - picture).abs().amax(1) > 1e-3
    assert not changed[(mask < 0.001) | (mask > 0.999)].any() and changed.float().mean() < 0.05  # the soft edge alone


def test_frames_specks_and_full_pictures_are_no_things():
    framed = torch.ones(3, 128, 128)
    framed[:, 20:100, 10:110] = RED
    full = RED.expand(3, 128, 128).clone()
    masks = cut_out(torch.stack([disc(), framed, disc(8), full]))
    assert can_be_used(masks).tolist() == [True, False, False, False]


def test_the_border_tells_which_pictures_stand_on_white():
    half = disc()
    half[:, :64] *= 0.5
    pictures = torch.stack([disc(), half, torch.zeros(3, 128, 128), torch.full((3, 128, 128), 0.5)])
    assert white_border(pictures).tolist() == pytest.approx([1, 0.5, 0, 0], abs=0.02)
    assert has_ground(pictures).tolist() == [False, False, False, True]  # a black picture is all frame


def test_a_ground_is_the_most_usual_corner_mirrored_without_a_seam():
    picture = torch.rand(3, 128, 96) * 0.2
    picture[:, :32, :32] += 0.8  # something stands in one corner
    ground = ground_of(picture)
    assert ground.shape == picture.shape and ground.max() < 0.21
    assert torch.equal(ground[:, 31], ground[:, 32]) and torch.equal(ground[:, :, 63], ground[:, :, 64])
    assert torch.equal(ground, ground_of(picture.clone()))


def test_photographs_one_cut_for_all_grounds(photos):
    staged = stage_photographs(photos, rounds=2, seed=3)
    count = len(staged.labels)
    assert 10 < count < 60 and staged.hosts.shape == (2, count)
    assert {len(pictures) for pictures in staged.pictures.values()} == {1, 2}
    inside = torch.from_numpy(np.array([np.pad(mask[3:-3, 3:-3], 3) for mask in staged.masks.numpy()]))
    inside = torch.nn.functional.avg_pool2d(inside[:, None].float(), 7, 1, 3)[:, 0] == 1  # well within
    given = staged.pictures["as it is"][0]
    for ground, versions in staged.pictures.items():
        for pictures in versions:
            assert (pictures - given).abs().mul(inside[:, None]).max() < 1e-5, ground
    first, second = staged.pictures["other"]
    assert (first - second).abs().amax((1, 2, 3)).gt(0.01).float().mean() > 0.9
    assert not (staged.hosts == staged.labels).any()
    again = stage_photographs(photos, rounds=2, seed=3)
    assert torch.equal(again.pictures["own"], staged.pictures["own"])


def test_grounds_alone_are_of_scenic_kinds(photos):
    grounds, labels = grounds_alone(photos)
    assert len(grounds) == len(labels) > 20
    assert {photos.classes[label] for label in labels.tolist()} <= {"airplanes", "dolphin", "elephant", "flamingo",
        "hawksbill", "helicopter", "ibis", "kangaroo", "ketch", "llama", "lotus"}  # fmt: skip


def test_without_things_on_white_it_says_so(photos):
    dark = World(photos.images * 0.5, photos.labels, photos.classes, photos.truth)
    with pytest.raises(bu.BadInput, match="0 things on white ground"):
        stage_photographs(dark)


# ------------------------------------------------------------ context


class ByGround(torch.nn.Module):
    """Answers 1 where the top left pixel is bright, else 0: it sees nothing but the ground."""

    def forward(self, images):
        bright = images[:, 0, 0, 0] > 0.5
        return torch.stack([~bright, bright], 1).float()


def staged_of(grounds: dict[str, float], labels: list[int], rounds: int = 1) -> Staged:
    count = len(labels)
    pictures = {name: torch.full((rounds, count, 3, 32, 32), shade) for name, shade in grounds.items()}
    masks = torch.zeros(count, 32, 32, dtype=torch.bool)
    masks[:, 12:20, 12:20] = True
    return Staged(pictures, torch.tensor(labels), masks, torch.zeros(rounds, count, dtype=torch.long), torch.arange(2))


def test_a_network_that_sees_only_the_ground_is_found_out():
    staged = staged_of({"own": 0.9, "grey": 0.4, "other": 0.1}, [1] * 20)
    known = context(ByGround().eval(), staged)
    assert known.percent("own").value == 100 and known.percent("other").value == 0
    assert known.taken["other"].mean() == 1 and known.taken["own"].mean() == 0 and known.own["own"].mean() == 1
    effects = known.effects()
    assert effects["helps"].value == 100 and effects["harms"].value == 0 and effects["together"].low > 50


def test_effects_are_paired_signed_and_add_up():
    random = np.random.default_rng(0)
    right = {ground: (random.random(300) < share).astype(float) for ground, share in
             (("own", 0.8), ("grey", 0.9), ("other", 0.5))}  # fmt: skip
    effects = Context(right, {}, {}).effects()
    assert effects["helps"].high < 0 < effects["harms"].low
    assert effects["together"].value == pytest.approx(effects["helps"].value + effects["harms"].value)
    same = Context({**right, "other": right["own"]}, {}, {}).points("own", "other")
    assert same.value == 0 and same.high < 1  # no scatter is left where all pairs agree


def test_versions_of_a_ground_are_averaged_before_things_are_drawn():
    staged = staged_of({"own": 0.9}, [1] * 10, rounds=2)
    staged.pictures["own"][1] = 0.1
    known = context(ByGround().eval(), staged)
    assert (known.right["own"] == 0.5).all() and known.percent("own").value == 50


def test_evidence_lies_where_it_is_put(monkeypatch):
    """A made-up map: the right class speaks on the thing alone, the strongest wrong one off it alone."""
    from bagnet_utils.experiments import context as module

    staged = staged_of({"own": 0.5, "other": 0.5}, [0] * 12)
    staged = staged._replace(group=torch.arange(3))
    net = bu.bagnet9(3, width=0.25, depth=(1, 1, 1, 1)).eval()
    on = touched(staged.masks, 9, 8)
    assert on.shape == (12, 3, 3) and 0 < on[0].sum() < 9

    def made_up(model, images):
        votes = torch.zeros(len(images), 3, 3, 3)
        votes[:, 0] = 2.0 * on[: len(images)]
        votes[:, 1] = 1.0 * ~on[: len(images)]
        votes[:, 2] = -5.0  # never the strongest
        return votes

    monkeypatch.setattr(module, "evidence", made_up)
    right, false = evidence_off(net, staged, "own"), evidence_off(net, staged, "own", false=True)
    assert (right.evidence == 0).all() and (false.evidence == 100).all()
    assert right.patches == pytest.approx(100 * (~on[0]).double().mean().item())
    assert right.more().value < 0 < false.more().value
    with pytest.raises(bu.BadInput, match="no ground called 'sky'; there are own, other"):
        evidence_off(net, staged, "sky")


def test_a_patch_is_touched_by_a_single_pixel_at_its_edge():
    masks = torch.zeros(1, 33, 33, dtype=torch.bool)
    masks[0, 16, 16] = True
    found = touched(masks, 9, 8)[0]
    assert found.nonzero().tolist() == [[1, 1], [1, 2], [2, 1], [2, 2]]  # pixel 16 ends one patch and begins the next


def test_on_another_scenery_fewer_scenes_are_right_and_false_evidence_lies_behind():
    staged = stage_scenes(bu.load_world("patchwork", "test", n=30).truth[:])
    staged = staged._replace(pictures={ground: staged.pictures[ground] for ground in ("own", "other")})
    net = bu.load_model("bagnet9")
    assert context(net, staged).points("own", "other").value > 15
    right, false = evidence_off(net, staged, "other"), evidence_off(net, staged, "other", false=True)
    assert false.evidence.mean() > right.evidence.mean() + 10


# ------------------------------------------------------------ locality


def profile_of(kinds: int, each: int, small: float, large: float, special: int | None = None) -> Profile:
    random = np.random.default_rng(1)
    labels = np.repeat(np.arange(kinds), each)
    right = {"bagnet9": random.random(len(labels)) < small, "bagnet33": random.random(len(labels)) < large}
    if special is not None:
        right["bagnet9"][labels == special], right["bagnet33"][labels == special] = False, True
    return Profile(right, labels, tuple(f"kind {n}" for n in range(kinds)))


def test_one_kind_of_many_that_truly_gains_is_found_and_no_other():
    gains = profile_of(32, 20, 0.7, 0.7, special=5).gains()
    assert [one.kind for one in gains if one.sure] == ["kind 5"]
    assert gains[-1].kind == "kind 5" and gains[-1].points.value == 100 and gains[-1].points.low > 70
    values = [one.points.value for one in gains]
    assert values == sorted(values) and len(values) == 32


def test_among_kinds_that_gain_nothing_single_intervals_err_and_holm_does_not():
    missed, alarms = 0, 0
    for seed in range(20):
        random = np.random.default_rng(seed)
        labels = np.repeat(np.arange(32), 12)
        right = {name: random.random(len(labels)) < 0.7 for name in ("bagnet9", "bagnet33")}
        gains = Profile(right, labels, tuple(map(str, range(32)))).gains()
        missed += sum(one.points.low > 0 or one.points.high < 0 for one in gains)
        alarms += any(one.sure for one in gains)
    assert missed > 0 and alarms <= 3


def test_halves_agree_where_kinds_differ_and_not_where_they_do_not():
    labels = np.repeat(np.arange(30), 20)
    random, gain = np.random.default_rng(0), np.linspace(0, 0.9, 30)[labels]
    right = {"bagnet9": random.random(600) < 0.05, "bagnet33": random.random(600) < gain}
    first, second = Profile(right, labels, tuple(map(str, range(30)))).in_halves()
    assert np.corrcoef(first, second)[0, 1] > 0.6
    assert abs(np.corrcoef(*profile_of(30, 20, 0.7, 0.7).in_halves())[0, 1]) < 0.5


def test_holm_is_stricter_than_each_test_alone_and_stops_at_the_first_that_fails():
    assert holm([0.01, 0.04, 0.03]) == [True, False, False]
    assert holm([0.001, 0.02, 0.02]) == [True, True, True]
    assert holm([0.2]) == [False] and holm([0.049]) == [True]


def test_the_profile_counts_what_predict_says_and_wants_the_same_classes(photos):
    few = replace(photos, images=photos.images[:40], labels=photos.labels[:40])
    net = bu.load_model("bagnet9", "photos")
    known = locality_profile({"bagnet9": net}, few)
    assert (known.right["bagnet9"] == (bu.predict(net, few.images) == few.labels).numpy()).all()
    assert known.accuracy()["bagnet9"].value == 100 * known.right["bagnet9"].mean()
    with pytest.raises(bu.BadInput, match=r"knows other classes than these 32; .* probe_profile"):
        locality_profile({"bagnet9": bu.load_model("bagnet9")}, few)
    with pytest.raises(bu.BadInput, match="networks are wanted by name"):
        locality_profile(net, few)


def test_the_quick_ruler_finds_a_step_whose_place_is_known():
    """Figures 12 px apart: a window of 9 px cannot tell their order, whatever its features; one of 33 px can."""
    world = pair(gap=12, n=60, split="test")
    known = probe_profile({name: bu.load_model(name, "tiny") for name in ("bagnet9", "bagnet33")}, world)
    accuracy = known.accuracy()
    assert accuracy["bagnet9"].low < 50 < accuracy["bagnet9"].high and accuracy["bagnet33"].low > 70
    assert known.gain().low > 20


def test_each_picture_is_held_out_once_and_every_class_is_in_every_fold():
    labels = torch.tensor([0] * 9 + [1] * 5 + [2] * 4)
    folds = folds_of(labels, 4, seed=0)
    for label in range(3):
        counts = folds[labels == label].bincount(minlength=4)
        assert counts.min() >= 1 and counts.max() - counts.min() <= 1
    assert torch.equal(folds, folds_of(labels, 4, 0)) and not torch.equal(folds, folds_of(labels, 4, 1))
    with pytest.raises(bu.BadInput, match="folds is 5, but a whole number from 2 to 4 is wanted"):
        folds_of(labels, 5, 0)
    with pytest.raises(bu.BadInput, match="one class only"):
        folds_of(torch.zeros(8, dtype=torch.long), 4, 0)
    with pytest.raises(bu.BadInput, match="a single picture"):
        folds_of(torch.tensor([0, 0, 1]), 2, 0)


def test_labels_at_random_cannot_be_learnt_by_the_quick_ruler():
    """If pictures leaked from the folds that teach into the one that is asked, this would be far above chance."""
    random = torch.Generator().manual_seed(0)
    world = World(torch.rand(80, 3, 32, 32, generator=random), torch.arange(80) % 2, ("a", "b"), [None] * 80)
    known = probe_profile({"bagnet9": bu.load_model("bagnet9", "tiny")}, world)
    assert known.accuracy()["bagnet9"].low < 50 < known.accuracy()["bagnet9"].high + 8


def test_the_way_from_chance_to_the_best():
    assert share_of_way(50, 100, 50) == 0 and share_of_way(100, 100, 50) == 100 and share_of_way(60, 90, 30) == 50
