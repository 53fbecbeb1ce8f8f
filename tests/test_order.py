"""Order: a head that reads it only with places and attention, tokens that are really dropped, and what ships."""

import numpy as np
import pytest
import torch

import bagnet_utils as bu
from bagnet_utils.exercises.order import READS, head_and_patches, heads, reads_order
from bagnet_utils.experiments.dropping import drop_tokens, dropping_curve, missing, paint_over
from bagnet_utils.models import zoo
from bagnet_utils.models.order import HEADED, IN_TILES, HeadedBag, build_head, load_order

RANDOM = torch.Generator().manual_seed(0)
PICTURES = torch.rand(4, 3, 128, 128, generator=RANDOM)


def weighted(kind: str) -> torch.nn.Module:
    """A head with no weight at 0, so that all of its parts count."""
    head = build_head(kind).eval()
    with torch.no_grad():
        for weight in head.parameters():
            weight.add_(0.3 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)))
    return head


@pytest.mark.parametrize("kind", HEADED)
def test_a_head_knows_the_order_of_patches_only_with_places(kind):
    head, maps = weighted(kind), torch.randn(2, 512, 12, 12, generator=torch.Generator().manual_seed(2))
    order = torch.randperm(144, generator=torch.Generator().manual_seed(3))
    shuffled = maps.flatten(2)[:, :, order].unflatten(2, (12, 12))
    moved = (head(shuffled) - head(maps)).abs().max().item()
    assert moved > 1e-3 if "places" in kind else moved < 1e-4


@pytest.mark.parametrize("kind", HEADED)
def test_patches_add_up_unless_they_ask_each_other(kind):
    """Two patches changed together: without attention, the sum of what each change does alone."""
    head, maps = weighted(kind).double(), torch.randn(1, 512, 12, 12, generator=torch.Generator().manual_seed(2))
    maps = maps.double()  # so that rounding is far below any interaction
    one, other, both = maps.clone(), maps.clone(), maps.clone()
    one[..., 3, 3] += 2
    other[..., 8, 3] -= 2
    both[..., 3, 3], both[..., 8, 3] = one[..., 3, 3], other[..., 8, 3]
    with torch.no_grad():
        left_over = (head(both) - head(one) - head(other) + head(maps)).abs().max().item()
    assert left_over > 1e-6 if "attention" in kind else left_over < 1e-12


def test_distances_are_counted_from_the_patch_that_asks():
    """With places, attention follows the picture: patches moved by one row give the same inside."""
    ask = weighted("attention with places").ask
    rows, columns = ask.pairs // 23 - 11, ask.pairs % 23 - 11
    asking, asked = torch.arange(144)[:, None], torch.arange(144)[None]
    assert torch.equal(rows, asked // 12 - asking // 12) and torch.equal(columns, asked % 12 - asking % 12)


def test_the_head_is_added_to_the_logits_of_the_bag_and_names_pictures_of_another_size():
    bag, head = bu.load_model("bagnet33"), build_head("attention").eval()
    net = HeadedBag(bag, head).eval()
    with torch.no_grad():
        added = head(bag.features(PICTURES[:2]))
    assert torch.allclose(bu.logits(net, PICTURES[:2]), bu.logits(bag, PICTURES[:2]) + added, atol=1e-4)
    assert added.abs().max() > 0.01 and net.classes == bag.classes
    with pytest.raises(bu.BadInput, match="a map of 4 x 4 patches"):
        net(torch.rand(1, 3, 64, 64))
    with pytest.raises(bu.BadInput, match="no kind of head called 'brain'"):
        build_head("brain")


def test_what_ships_climbs_where_order_can_be_read():
    """40 totems: only the head with places and attention is sure of them, and the ResNet in tiles has lost them."""
    world = bu.load_world("patchwork", n=40, pairs=["totem"])
    for name in (IN_TILES, *HEADED):
        right = (bu.predict(load_order(name), world.images) == world.labels).sum().item()
        assert right >= 37 if name == "attention with places" else 9 <= right <= 33
    with pytest.raises(bu.BadInput, match="there is no network called 'resnet'; there are resnet in tiles"):
        load_order("resnet")
    rows = {key: row for key, row in zoo.manifest().items() if key.startswith("order/")}
    assert set(rows) == {f"order/{name}" for name in (IN_TILES, *HEADED)}
    assert sum(row["bytes"] for row in rows.values()) < 3e6


def test_a_pair_counts_as_solved_only_if_it_is_solved_as_drawn_and_moved():
    from order_claims import SOLVED, drawn_and_moved

    assert [drawn_and_moved(rights, 1000, SOLVED)[1] for rights in ([999, 990], [999, 950], [900, 999])] == [1, 0, 0]
    assert "moved 95.0" in drawn_and_moved([999, 950], 1000, SOLVED)[0]


# ------------------------------------------------------------ what is missing


def test_as_many_squares_are_missing_as_asked_and_more_hold_the_fewer():
    few, many = (missing(5, (128, 64), share, seed=3) for share in (0.25, 0.75))
    assert few.shape == (5, 16, 8) and few.flatten(1).sum(1).tolist() == [32] * 5
    assert many.flatten(1).sum(1).tolist() == [96] * 5 and (many | ~few).all()
    assert not torch.equal(few[0], few[1]) and torch.equal(few, missing(5, (128, 64), 0.25, seed=3))
    assert not missing(2, (128, 128), 0.0).any() and missing(2, (128, 128), 1.0).all()


def test_missing_squares_show_the_mean_colour_of_the_picture_and_nothing_else_changes():
    gone = missing(4, (128, 128), 0.5)
    painted, large = paint_over(PICTURES, gone), gone.repeat_interleave(8, 1).repeat_interleave(8, 2)
    for picture, new, hidden in zip(PICTURES, painted, large, strict=True):
        assert torch.equal(new[:, ~hidden], picture[:, ~hidden])
        assert torch.allclose(new[:, hidden], picture.mean((1, 2))[:, None].expand(3, int(hidden.sum())))


def test_a_dropped_token_cannot_change_the_answer_and_a_kept_one_keeps_its_place():
    vit = bu.load_model("vit", "photos")
    gone = missing(4, (128, 128), 0.6, seed=1)
    large = gone.repeat_interleave(8, 1).repeat_interleave(8, 2)[:, None]
    noise = torch.where(large, torch.rand(PICTURES.shape, generator=torch.Generator().manual_seed(4)), PICTURES)
    answers = drop_tokens(vit, PICTURES, gone)
    assert torch.equal(answers, drop_tokens(vit, noise, gone))
    assert (answers - bu.logits(vit, paint_over(PICTURES, gone))).abs().max() > 0.1  # not the same as painting over
    whole = drop_tokens(vit, PICTURES, missing(4, (128, 128), 0.0))
    assert torch.allclose(whole, bu.logits(vit, PICTURES), atol=1e-4)
    kept = (~gone[0]).flatten().nonzero()[:, 0]
    with torch.no_grad():  # by hand, for one picture
        tokens = (vit.embed(vit.normalise(PICTURES[:1])).flatten(2).transpose(1, 2) + vit.position)[:, kept]
        by_hand = vit.fc(vit.norm(vit.blocks(torch.cat([vit.summary, tokens], 1)))[:, 0])
    assert torch.allclose(answers[:1], by_hand, atol=1e-4) and not vit.blocks._forward_pre_hooks


def test_the_curve_begins_with_whole_pictures():
    world = bu.load_world("photos", n=8)
    for name, drop in (("vit", True), ("resnet", False)):
        net = bu.load_model(name, "photos")
        curve = dropping_curve(net, world.images, world.labels, (0.0, 1.0), drop)
        assert np.array_equal(curve[0.0], (bu.predict(net, world.images) == world.labels).numpy())
        assert curve[1.0].sum() <= 2  # nothing is left to see


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda vit, gone: drop_tokens(bu.load_model("resnet"), PICTURES, gone), "a ViT of the course is wanted"),
        (lambda vit, gone: drop_tokens(vit, PICTURES, gone[:2]), "gone is a Tensor"),
        (lambda vit, gone: drop_tokens(vit, PICTURES, missing(4, (128, 128), 0.5, 16)), "yes or no is wanted"),
        (lambda vit, gone: drop_tokens(vit, PICTURES, gone & (torch.arange(4) > 0)[:, None, None]), "miss more tokens"),
        (lambda vit, gone: drop_tokens(vit.train(), PICTURES, gone), "train mode"),
        (lambda vit, gone: paint_over(PICTURES, 0.5), "gone is a float"),
        (lambda vit, gone: missing(4, (128, 128), 1.5), "share is 1.5"),
        (lambda vit, gone: missing(4, (128, 128), 0.5, 7), "squares of 7 px do not divide"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(change, says):
    with pytest.raises(bu.BadInput, match=says) as told:
        change(bu.load_model("vit", "photos"), missing(4, (128, 128), 0.5))
    assert "\n" not in str(told.value)


# ------------------------------------------------------------ the exercise


def test_the_exercise_knows_which_networks_read_order():
    random = np.random.default_rng(1)
    assert set(heads(random)) == set(READS)
    for _ in range(200):
        head, patches = head_and_patches(random)
        assert reads_order.right(head, patches) == head.reads


def test_shuffling_at_random_is_as_good_an_answer(capsys):
    def shuffles(head, patches):
        orders = [torch.randperm(len(patches), generator=torch.Generator().manual_seed(seed)) for seed in range(20)]
        return any((head(patches[order]) - head(patches)).abs().max() > 1e-4 for order in orders)

    reads_order(shuffles)
    assert capsys.readouterr().out.startswith("✓ Right")
    reads_order(lambda head, patches: "yes")
    assert "Yes or no is wanted" in capsys.readouterr().out
