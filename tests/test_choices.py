"""Small VGGs that differ in one choice: what ships loads, is what it says, and gets better while it learns."""

import pytest
import torch
from safetensors.torch import load_file

import bagnet_utils as bu
from bagnet_utils.models import zoo
from bagnet_utils.models.choices import CHOICES, SHIPPED, SNAPSHOTS, build_choice, load_choice, row_of

ROWS = {key: row for key, row in zoo.manifest().items() if key.startswith("choices/")}


def test_each_choice_differs_from_the_whole_network():
    def shapes(choice):
        return {key: value.shape for key, value in build_choice(choice).state_dict().items()}

    for choice in CHOICES:
        assert build_choice(choice).eval()(torch.rand(2, 3, 128, 128)).shape == (2, 32)
        assert choice == "full" or shapes(choice) != shapes("full")
    with pytest.raises(bu.BadInput, match="there is no choice called 'deep'"):
        build_choice("deep")


def test_what_ships_is_small_and_complete():
    assert set(ROWS) == {row_of(choice) for choice in SHIPPED} | {row_of("full", epoch) for epoch in SNAPSHOTS}
    assert sum(row["bytes"] for key, row in ROWS.items() if "full" in key) <= 3e6
    for row in ROWS.values():
        kept = load_file(zoo.WEIGHTS / row["file"])
        assert {value.dtype for value in kept.values() if value.is_floating_point()} == {torch.float16}


def test_the_snapshots_lead_to_the_trained_network():
    first, last = load_choice(after=1), load_choice("full")
    assert not last.training and last.classes == bu.load_model("vgg", world="photos").classes
    assert all(torch.equal(a, b) for a, b in zip(last.parameters(), load_choice(after=30).parameters(), strict=True))
    world = bu.load_world("photos", n=96)
    early, late = ((bu.predict(net, world.images) == world.labels).sum().item() for net in (first, last))
    assert late > 0.5 * len(world.labels) > early


@pytest.mark.parametrize("choice", [choice for choice in SHIPPED if choice != "full"])
def test_the_two_with_large_first_filters_know_the_photographs(choice):
    world, net = bu.load_world("photos", n=96), load_choice(choice)
    assert (bu.predict(net, world.images) == world.labels).float().mean() > 0.5


def test_what_does_not_ship_is_refused_in_one_line():
    for asked, says in (
        ({"choice": "half as wide"}, "full, first filters 11 px"),
        ({"after": 3}, "1, 2, 5, 10, 20, 30 epochs"),
        ({"choice": SHIPPED[1], "after": 5}, 'of "full" only'),
    ):
        with pytest.raises(bu.BadInput, match=says) as told:
            load_choice(**asked)
        assert "\n" not in str(told.value)


def test_harmed_weights_are_named_with_the_cure(tmp_path, monkeypatch):
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    zoo.keep(build_choice(), "full after 5", "choices", {})
    assert load_choice(after=5).classes
    (tmp_path / "choices-full-after-5.safetensors").write_bytes(b"?")
    with pytest.raises(bu.BadInput, match=r"load_choice.*after-5\.safetensors is damaged.*course\.py choices"):
        load_choice(after=5)
    with pytest.raises(bu.BadInput, match="does not list choices/full after 2"):
        load_choice(after=2)
