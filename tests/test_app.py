"""What the app answers is what the course's own functions say, for the very picture that the page shows."""

import json
import re

import numpy as np
import pytest
import torch
from apped import Guest, app, maps_of, noise, picture_of, unpacked  # noqa: F401

import bagnet_utils as bu
from bagnet_utils.app import answers, nets, shown
from bagnet_utils.experiments.stickers import attack, random_places
from bagnet_utils.worlds.photos import SHIPPED

ERASE = {"do": "erase", "row": 40, "column": 56, "size": 24, "fill": "mean"}
STICKER = {"do": "sticker", "row": 3, "column": 90, "sticker": "made:flamingo"}
SHUFFLE = {"do": "shuffle", "tile": 32, "seed": 5}


@pytest.fixture
def guest(app):  # noqa: F811
    return Guest(app[0])


def agrees(answer: dict, world: str) -> None:
    """The maps, the stride and the classes are those of the nets of this world for the picture in the answer."""
    for q, maps in maps_of(answer).items():
        net = bu.load_model(f"bagnet{q}", world)
        assert answer["packed"]["names"] == list(net.classes) and answer["packed"]["total"] == len(net.classes)
        assert torch.allclose(maps, bu.evidence(net, picture_of(answer))[0], atol=2e-3)
        assert all(bag["stride"] == 8 for bag in answer["packed"]["bags"])


@pytest.mark.parametrize(
    ("world", "picture", "side"), [("photos", "crab", 128), ("patchwork", "owl", 128), ("tiny", "cat", 64)]
)
def test_a_picture_on_offer(guest, world, picture, side):
    answer = guest.look(nets=world, picture=picture, side=side)
    agrees(answer, world)
    for q, logits in answer["before"].items():
        assert np.allclose(
            logits, bu.logits(bu.load_model(f"bagnet{q}", world), picture_of(answer)[None])[0], atol=1e-3
        )
    if world == "photos":
        assert torch.equal(picture_of(answer), bu.load_image(SHIPPED / "test/crab/image_0019.jpg"))


def test_every_change_and_all_of_them_together(guest):
    plain = picture_of(guest.look())
    before = guest.look()["before"]
    edits = []
    for edit in (ERASE, STICKER, SHUFFLE, {**ERASE, "row": 120, "fill": "noise"}):  # one beyond the last patch as well
        edits.append(edit)
        answer = guest.look(edits=edits)
        agrees(answer, "photos")
        assert answer["before"] == before
        assert not torch.equal(picture_of(answer), plain)
    for length in (3, 2, 1, 0):  # back again
        agrees(guest.look(edits=edits[:length]), "photos")
    erased = picture_of(guest.look(edits=[ERASE]))
    inside = plain[:, 40:64, 56:80].mean((1, 2))
    assert torch.allclose(erased[:, 50, 60], inside, atol=1 / 255)
    changed = (erased != plain).any(0)
    assert not changed[:40].any() and not changed[:, 80:].any() and changed.sum() > 500
    shuffled = picture_of(guest.look(edits=[SHUFFLE]))
    assert torch.equal(shuffled, bu.scramble(plain, 32, 5))


def test_only_patches_that_see_a_change_are_computed(monkeypatch):
    net, picture = bu.load_model("bagnet17", "photos"), shown.offered("flamingo", 224)
    before, asked = answers.ask(net, picture, []), []
    real = answers.evidence
    monkeypatch.setattr(
        answers, "evidence", lambda model, images: asked.append(images.shape[-2:]) or real(model, images)
    )
    now = shown.edited(picture, [ERASE])
    after = answers.ask(net, now, [before])
    assert len(asked) == 1 and max(asked[0]) <= 24 + 2 * 17 + 8
    assert torch.allclose(after.maps, real(net, now)[0], atol=1e-3)
    assert answers.ask(net, now, [before, after]).maps is after.maps and len(asked) == 1


def test_the_telling_sticker_tells_and_the_made_one_fools():
    patch = shown.sticker("photos:dalmatian")
    net = bu.load_model("bagnet33", "photos")
    assert patch.shape == (3, 33, 33) and int(net(patch[None]).argmax()) == net.classes.index("dalmatian")
    made, some = shown.sticker("made:flamingo"), bu.load_world("photos", n=64)
    assert made.shape[1] == shown.stickers()["made:flamingo"]["side"] == 24
    flamingo, net = some.classes.index("flamingo"), bu.load_model("bagnet17", "photos")
    places = random_places(some.images, 24, seed=3)
    noisy = torch.rand(3, 24, 24)
    fooled, chance = (
        attack(net, some.images, some.labels, one, flamingo, places).success.float().mean() for one in (made, noisy)
    )
    assert fooled > 0.4 and chance < 0.1


def test_a_dense_map_is_the_courses_own_and_tells_how_far_it_is(guest):
    net = bu.load_model("bagnet9", "tiny")
    question = {"nets": "tiny", "picture": "cat", "side": 64, "edits": [{**ERASE, "row": 8, "column": 8, "size": 16}]}
    picture = picture_of(guest.look(**question))
    lines = [json.loads(line) for line in guest.ask("dense", classes=[12, 3], **question).text.splitlines()]
    shares = [line["done"] / line["of"] for line in lines if "of" in line]
    assert shares == sorted(shares) and shares[-1] == 1 and len(shares) == 3 * 2 * 2
    maps = {line["dense"]["q"]: unpacked(line["dense"]) for line in lines if "dense" in line}
    assert sorted(maps) == [9, 17, 33] and maps[9].shape == (2, 64, 64)
    for number, target in enumerate((12, 3)):
        assert torch.allclose(maps[9][number], bu.heatmap(net, picture, target, stride=1), atol=2e-3)


def test_of_a_thousand_classes_few_travel_and_the_chosen_ones_do(app, guest, monkeypatch):  # noqa: F811
    made = {
        q: bu.BagNet(kernel3, 1000, 0.1, (1, 1, 1, 1)).eval()
        for q, kernel3 in zip((9, 17, 33), ((1, 1, 0, 0), (1, 1, 1, 0), (1, 1, 1, 1)), strict=True)
    }
    for net in made.values():
        net.classes = [f"kind {number}" for number in range(1000)]
    monkeypatch.setattr(nets, "fetched", lambda: True)
    monkeypatch.setattr(nets, "loaded", {"imagenet": made}.get)
    answer = guest.look(nets="imagenet", side=224, picture="cat", classes=[990, 7])
    numbers, maps = answer["packed"]["numbers"], maps_of(answer)
    assert numbers[:2] == [990, 7] and len(numbers) < 25 and answer["packed"]["total"] == 1000
    assert answer["packed"]["names"][0] == "kind 990"
    assert torch.allclose(maps[17][1], bu.evidence(made[17], picture_of(answer))[0, 7], atol=1e-3)
    mean = torch.stack([bu.logits(net, picture_of(answer)[None])[0] for net in made.values()]).mean(0)
    assert set(mean.topk(10).indices.tolist()) <= set(numbers)


def test_the_published_nets_are_offered_only_where_they_are(guest, monkeypatch):
    (missing,) = [one for one in guest.about["sets"] if one["name"] == "imagenet"]
    if not missing["missing"]:
        pytest.skip("they are here")
    answer = guest.ask(nets="imagenet", side=224, picture="cat")
    assert answer.status_code == 400 and "not on this machine" in answer.text and "load_model" in answer.text
    assert guest.about["fetch"] in answer.text


def test_what_makes_no_sense_gets_one_line_and_the_next_question_an_answer(guest):
    cases = [
        ({"nets": "cats"}, "no set of networks called 'cats'"),
        ({"nets": ["photos"]}, "no set of networks"),
        ({"side": 99}, "pictures of 99 px were asked for, but there are 128, 224"),
        ({"picture": "../../README.md"}, "no picture called"),
        ({"edits": [{"do": "shuffle", "tile": 37, "seed": 1}]}, "do not divide"),
        ({"edits": [{"do": "erase", "row": -1, "column": 0, "size": 8, "fill": "mean"}]}, "row is -1"),
        ({"edits": [{"do": "erase", "row": 0, "column": 0, "size": 4000, "fill": "mean"}]}, "size is 4000"),
        ({"edits": [{"do": "sticker", "row": 0, "column": 0, "sticker": "photos:yeti"}]}, "no sticker called"),
        ({"edits": [{"do": "delete"}]}, "no change called 'delete'"),
        ({"edits": ["erase"]}, "each change must say"),
        ({"edits": [ERASE] * 201}, "at most 200 changes"),
        ({"classes": [1, 2, 3]}, "One class or two"),
        ({"classes": [32]}, "numbers 0 to 31"),
    ]
    for question, says in cases:
        answer = guest.ask(**question)
        assert answer.status_code == 400 and "\n" not in answer.text and len(answer.text) < 420, question
        assert re.search(says, answer.text, re.IGNORECASE), answer.text
    for body in (b"", b"{", b"[1]", b"\xff\xfe", b"[" * 10_000):
        answer = guest.post("look", body)
        assert (answer.status_code, answer.text) == (400, "The question is no JSON object.")
    agrees(guest.look(), "photos")


def test_a_picture_of_ones_own(guest):
    assert guest.give(noise(1)).status_code == 200
    answer = guest.look(picture="own")
    assert torch.equal(picture_of(answer), bu.load_image(noise(1), 128))
    agrees(answer, "photos")
    assert guest.ask(picture="own", side=224).status_code == 410  # the page sends it again, in this size
    assert guest.give(noise(1), 224).status_code == 200
    assert torch.equal(picture_of(guest.look(picture="own", side=224)), bu.load_image(noise(1), 224))
