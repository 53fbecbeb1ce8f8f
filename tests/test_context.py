"""Context and locality: the same things before other grounds, the evidence off them, and the ruler of data sets."""

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
