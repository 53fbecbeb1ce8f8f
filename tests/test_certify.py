"""The certified defence: what is proven holds against everything that was tried, and a weaker bound would not hold."""

import pytest
import torch
from torch import Tensor

import bagnet_utils as bu
from bagnet_utils.experiments.certify import WAYS, certify, windows
from bagnet_utils.experiments.heatmaps import evidence
from bagnet_utils.experiments.stickers import optimise_sticker, random_places, stick

SMALL = {"width": 0.125, "depth": (1, 1, 1, 1)}
SIZE = 8  # px, of the stickers in the small pictures
HUGE = 1e5  # logits


def small_net(side: int = 34) -> tuple[bu.BagNet, Tensor, Tensor]:
    """A BagNet-9 with random weights for four kinds of colours, pictures of 4 x 4 patches, and its own answers."""
    random = torch.Generator().manual_seed(1)
    torch.manual_seed(1)
    model = bu.bagnet9(4, **SMALL).eval()
    colours = torch.rand(64, 2, 3, 1, 1, generator=random)
    begin = torch.randint(side, (64, 1, 1, 1), generator=random)
    pictures = torch.where(torch.arange(side) < begin, colours[:, 0], colours[:, 1])  # two fields side by side
    pictures = (pictures.expand(-1, -1, side, side) + 0.05 * torch.randn(64, 3, side, side, generator=random)).clamp(
        0, 1
    )
    with torch.no_grad():
        logits = model(pictures)
        scale = 10 / logits.std()
        model.fc.weight *= scale
        model.fc.bias.copy_(5 - scale * (logits - model.fc.bias).mean(0))
    return model, pictures, bu.predict(model, pictures)


def shrunken(masks: Tensor) -> Tensor:
    """Windows with one cell fewer a side: too small."""
    return masks & masks.roll(1, 1) & masks.roll(1, 2)


@pytest.mark.parametrize(("q", "size"), [(9, 1), (9, 3), (17, 9), pytest.param(33, 2, marks=pytest.mark.slow)])
def test_windows_are_the_sets_of_patches_that_move(q, size):
    """A pixel sticker at every place: what moves lies in a window, and no window is larger than need be."""
    model = {9: bu.bagnet9, 17: bu.bagnet17, 33: bu.bagnet33}[q](2, **SMALL).eval().double()
    height, width = q + 11, q + 8  # some pixels at the lower and right end are seen by no patch
    image = torch.rand(3, height, width)
    places = torch.cartesian_prod(torch.arange(height - size + 1), torch.arange(width - size + 1))
    before, moved = evidence(model, image), set()
    for part in places.split(200):
        touched = torch.zeros(len(part), *before.shape[2:], dtype=torch.bool)
        for _ in range(5):  # a ReLU that happens to be shut hides what lies behind it
            after = evidence(model, stick(image.expand(len(part), -1, -1, -1), 9 * torch.randn(3, size, size), part))
            touched |= ((after - before).abs() > 1e-9).any(1)
        moved |= {tuple(cells.flatten().tolist()) for cells in touched}
    masks = windows(model, (height, width), size)
    found = {tuple(mask.flatten().tolist()) for mask in masks}
    assert found <= moved
    flat = masks.flatten(1)
    assert all((torch.tensor(cells) <= flat).all(1).any() for cells in moved)
    assert len(found) == len(masks)


def worst(maps: Tensor, labels: Tensor, cells: Tensor, random: torch.Generator):
    """Evidence that a sticker on these cells could leave: all that is allowed, and more than any network would give."""
    others = (labels + torch.randint(1, maps.shape[1], labels.shape, generator=random)) % maps.shape[1]
    for strength in (HUGE, 20.0, 0.5):
        for low in (-strength, 0.0):
            change = maps.new_zeros(maps.shape[:2])
            change[torch.arange(len(maps)), labels], change[torch.arange(len(maps)), others] = low, strength
            yield torch.where(cells, change[:, :, None, None], maps)
    yield torch.where(cells, 30 * torch.randn(maps.shape, generator=random), maps)
    yield torch.where(cells, maps.roll(1, 1), maps)
    yield torch.where(cells, maps[torch.randperm(len(maps), generator=random)], maps)


def falls(way: str, given: Tensor, real: Tensor, draws: int = 2) -> tuple[int, int]:
    """How many pictures are certified with the `given` windows, and how many fall to stickers on the `real` ones."""
    random = torch.Generator().manual_seed(2)
    lead = 12 * torch.rand(200, 1, 1, generator=random)
    maps = 4 * torch.randn(200, 3, 5, 5, generator=random)
    labels = torch.randint(3, (200,), generator=random)
    maps[torch.arange(200), labels] += lead
    certified = WAYS[way](maps, labels, given).certified
    maps, labels = maps[certified], labels[certified]
    fallen = torch.zeros(len(maps), dtype=torch.bool)
    for cells in real:
        for _ in range(draws):
            for attacked in worst(maps, labels, cells, random):
                fallen |= WAYS[way](attacked, labels, given).answers != labels
    return len(maps), int(fallen.sum())


@pytest.mark.parametrize("way", WAYS)
def test_no_evidence_in_one_window_changes_a_certified_answer(way):
    """Stronger than any sticker: whatever the evidence in one window, a certified answer stays."""
    masks = windows(bu.bagnet9(3, **SMALL), (41, 41), 3)  # 2 x 2 cells of 5 x 5
    certified, fallen = falls(way, masks, masks)
    assert 20 < certified < 190
    assert fallen == 0


@pytest.mark.parametrize("way", WAYS)
def test_windows_of_one_cell_fewer_are_too_small(way):
    """The bound is needed: with windows of 1 x 1 cells some certified answers fall."""
    masks = windows(bu.bagnet9(3, **SMALL), (41, 41), 3)
    _, fallen = falls(way, shrunken(masks), masks)
    assert fallen > 0


def stickers_against(model, image: Tensor, label: int, many: int) -> Tensor:
    """Plain colours, noise, cut-outs of the picture, and stickers that are optimised against it: many x 3 x p x p."""
    random = torch.Generator().manual_seed(3)
    corners = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * 3)[:, :, None, None].expand(-1, -1, SIZE, SIZE)
    optimised = [
        optimise_sticker(model, image[None], target, SIZE, steps=8, seed=target)
        for target in range(4)
        if target != label
    ]
    drawn = torch.rand(many, 3, SIZE, SIZE, generator=random)
    drawn[::2] = drawn[::2, :, :1, :1]
    return torch.cat([corners, torch.stack(optimised), drawn])[:many]


def brute_force(way: str, given: Tensor, pictures: int, many: int) -> int:
    """Every pixel place x many stickers, on those certified pictures that come nearest to not being certified."""
    model, images, labels = small_net()
    maps = evidence(model, images)
    chosen = WAYS[way](maps, labels, given).certified
    lead = maps.mean((2, 3)).topk(2, 1).values
    order = (lead[:, 0] - lead[:, 1]).masked_fill(~chosen, torch.inf).argsort()[:pictures]
    assert chosen[order].all()
    side, fallen = images.shape[2], 0
    places = torch.cartesian_prod(torch.arange(side - SIZE + 1), torch.arange(side - SIZE + 1))
    for number in order.tolist():
        for sticker in stickers_against(model, images[number], int(labels[number]), many):
            attacked = stick(images[number].expand(len(places), -1, -1, -1), sticker, places)
            answers = WAYS[way](evidence(model, attacked), labels[number].expand(len(places)), given).answers
            fallen += int((answers != labels[number]).sum())
    return fallen


@pytest.mark.parametrize("way", WAYS)
def test_no_sticker_at_any_place_changes_a_certified_picture(way):
    net = small_net()[0]
    assert brute_force(way, windows(net, (34, 34), SIZE), pictures=1, many=9) == 0


@pytest.mark.slow
def test_hundreds_of_optimised_stickers_change_no_certified_picture():
    """Each made against this very picture, at every third place of each row and column, another third each time."""
    model, images, labels = small_net()
    masks, maps = windows(model, tuple(images.shape[2:]), SIZE), evidence(model, images)
    sure = torch.stack([way(maps, labels, masks).certified for way in WAYS.values()]).all(0)
    lead = maps.mean((2, 3)).topk(2, 1).values
    number = int((lead[:, 0] - lead[:, 1]).masked_fill(~sure, torch.inf).argmin())
    image, label = images[number], int(labels[number])
    others, free = [target for target in range(4) if target != label], images.shape[2] - SIZE + 1
    for seed in range(201):
        sticker = optimise_sticker(model, image[None], others[seed % 3], SIZE, steps=8, seed=seed)
        places = torch.cartesian_prod(torch.arange(seed % 3, free, 3), torch.arange(seed // 3 % 3, free, 3))
        found = evidence(model, stick(image.expand(len(places), -1, -1, -1), sticker, places))
        for name, way in WAYS.items():
            answers = way(found, labels[number].expand(len(places)), masks).answers
            assert (answers == label).all(), f"{name}, sticker {seed}"


@pytest.mark.parametrize("way", WAYS)
def test_with_too_small_windows_real_stickers_do_change_certified_pictures(way):
    net = small_net()[0]
    assert brute_force(way, shrunken(windows(net, (34, 34), SIZE)), pictures=1, many=9) > 0


@pytest.mark.slow
def test_certified_photographs_stand_where_others_fall():
    """The real BagNet-17, 16 px: the certified photographs of the smallest lead, each attacked at many places by
    stickers that are optimised for it; the same attack turns the answers of some that are right, but not certified."""
    model, world = bu.load_model("bagnet17", "photos"), bu.load_world("photos", n=64)
    found = certify(model, world.images, world.labels, 16)
    lead = bu.logits(model, world.images).topk(2, 1)
    narrow = (lead.values[:, 0] - lead.values[:, 1]).argsort()
    right = found.answers == world.labels
    fallen = {}
    for kind, able in (("certified", found.certified), ("not certified", right & ~found.certified)):
        changed = 0
        for number in [int(n) for n in narrow if able[n]][:2]:
            image, label = world.images[number], world.labels[number]
            rival = int(lead.indices[number][lead.indices[number] != label][0])
            sticker = optimise_sticker(model, image[None], rival, 16, steps=25, batch=4)
            many = image.expand(40, -1, -1, -1)
            attacked = stick(many, sticker, random_places(many, 16, seed=number))
            changed += int((certify(model, attacked, label.expand(40), 16).answers != label).sum())
        fallen[kind] = changed
    assert fallen["certified"] == 0
    assert fallen["not certified"] > 0


def test_certify_keeps_its_promises_of_form():
    model, images = bu.bagnet9(3, **SMALL).eval(), torch.rand(5, 3, 40, 40)
    labels = bu.predict(model, images)
    found = certify(model, images, labels, 3)
    assert found.answers.shape == found.certified.shape == (5,) and found.certified.dtype == torch.bool
    assert torch.equal(found.answers[found.certified], labels[found.certified])
    wrong = certify(model, images, (labels + 1) % 3, 3)
    assert torch.equal(wrong.answers, found.answers) and not wrong.certified.any()
    assert not certify(model, images, labels, 40).certified.any()  # the sticker is the whole picture
    for given, match in ((41, "1 to 40"), (0, "1 to 40"), (2.5, "whole number")):
        with pytest.raises(bu.BadInput, match=match):
            certify(model, images, labels, given)
    with pytest.raises(bu.BadInput, match="one each"):
        certify(model, images, labels[:4], 3)
    with pytest.raises(bu.BadInput, match="a BagNet is wanted"):
        certify(torch.nn.Flatten().eval(), images, labels, 3)
    with pytest.raises(bu.BadInput, match="way to defend"):
        certify(model, images, labels, 3, way="prayer")
