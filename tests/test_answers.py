"""The nets' answers to the photographs: what was written down is read again, and nothing stale or broken is taken."""

import json

import pytest
import torch

import bagnet_utils as bu
from bagnet_utils.models import answers, zoo

NAMES = [name for name, net in zoo.NETS.items() if "tiny" in net.worlds]
LABELS = torch.arange(50) % 20
SHAS = {name: f"{number:064x}" for number, name in enumerate(NAMES)}


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A folder of weights of this test's own, with a manifest and nothing else."""
    monkeypatch.setattr(answers, "WEIGHTS", tmp_path)
    monkeypatch.setattr(zoo, "WEIGHTS", tmp_path)
    write_manifest(tmp_path, SHAS)
    return tmp_path


def write_manifest(folder, shas: dict[str, str]) -> None:
    rows = {f"tiny/{name}": {"file": f"tiny-{name}.safetensors", "sha256": sha} for name, sha in shas.items()}
    (folder / "manifest.json").write_text(json.dumps(rows), encoding="utf-8")


def some_answers(names=NAMES) -> dict[str, torch.Tensor]:
    return {name: torch.randint(20, (50,)) for name in names}


def check_refused(told: str) -> None:
    with pytest.raises(
        bu.BadInput, match=rf"^kept_answers: .*{told}.*: python3 course.py claims --world tiny\.$"
    ) as caught:
        bu.kept_answers()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("names", [NAMES, NAMES[:1], NAMES[::-1]])
def test_what_was_kept_comes_back(weights, names):
    kept = some_answers(names)
    answers.keep_answers(kept, LABELS)
    found, labels = bu.kept_answers()
    assert found.keys() == kept.keys() and all(torch.equal(found[name], kept[name]) for name in names)
    assert torch.equal(labels, LABELS) and {some.dtype for some in (labels, *found.values())} == {torch.int64}
    assert sorted(path.name for path in weights.iterdir()) == ["manifest.json", answers.FILE]  # nothing half made
    assert (weights / answers.FILE).stat().st_size < 50 * len(names) + 50 + 2000  # a byte each


def test_the_last_ones_kept_count(weights):
    for _ in range(2):
        kept = some_answers()
        answers.keep_answers(kept, LABELS)
    assert torch.equal(bu.kept_answers()[0]["vgg"], kept["vgg"])


def test_nets_come_in_the_order_of_the_course(weights):
    for _ in range(4):  # by chance it might be the right one once
        answers.keep_answers(some_answers(), LABELS)
        assert list(bu.kept_answers()[0]) == NAMES


def test_answers_of_other_weights_are_not_taken(weights):
    answers.keep_answers(some_answers(), LABELS)
    write_manifest(weights, {**SHAS, "resnet": "f" * 64})
    check_refused("other weights than today's gave the answers of resnet; measure")
    write_manifest(weights, {name: sha for name, sha in SHAS.items() if name != "vit"})
    check_refused("the answers of vit; measure")
    write_manifest(weights, SHAS)
    bu.kept_answers()


def test_a_missing_file_is_missed_in_one_line(weights):
    check_refused("tiny-answers.safetensors is missing or damaged; measure")


@pytest.mark.parametrize("damage", ["cut", "text", "empty", "folder"])
def test_a_damaged_file_is_found_out(weights, damage):
    answers.keep_answers(some_answers(), LABELS)
    path = weights / answers.FILE
    content = path.read_bytes()
    path.unlink()
    if damage == "folder":
        path.mkdir()
    else:
        path.write_bytes({"cut": content[:-30], "text": b"<!DOCTYPE html>" * 9, "empty": b""}[damage])
    check_refused("missing or damaged")


def test_only_nets_that_ship_have_answers(weights):
    with pytest.raises((KeyError, bu.BadInput)):
        answers.keep_answers(some_answers(["vit_bag"]), LABELS)
    assert not (weights / answers.FILE).exists()


def test_a_half_written_file_does_not_replace_the_whole_one(weights, monkeypatch):
    kept = some_answers()
    answers.keep_answers(kept, LABELS)

    def breaks(numbers, path, metadata):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(answers, "save_file", breaks)
    with pytest.raises(OSError, match="disk full"):
        answers.keep_answers(some_answers(), LABELS)
    assert torch.equal(bu.kept_answers()[0]["vgg"], kept["vgg"])


def test_the_answers_that_ship_are_those_of_the_nets_that_ship():
    found, labels = bu.kept_answers()
    assert set(found) == set(NAMES) and labels.bincount().tolist() == [50] * 20
    manifest = zoo.manifest()
    for name, some in found.items():
        assert some.shape == labels.shape and some.min() >= 0 and some.max() < 20
        share = 100 * (some == labels).double().mean().item()
        assert share == pytest.approx(manifest[f"tiny/{name}"]["accuracy"]["top-1"], abs=0.05)
