"""Where a report is written, and what it says when it cannot be."""

from pathlib import Path

import pytest
from test_report import NAMES, ORDINARY, bag, some_world, world  # noqa: F401

import bagnet_utils as bu
from bagnet_utils.display.report import MARK, report
from bagnet_utils.models.bagnet import BagNet
from bagnet_utils.worlds.world import World


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("no/such/folder/report.html", "there is no folder"),
        ("report", "the name of a page is wanted"),
        ("report.py", "the name of a page is wanted"),
        (7, "the name of a page is wanted"),
        ("bad\0.html", "the name of a page is wanted"),
        ("folder.html", "is a folder"),
        ("theirs.html", "no report of ours"),
    ],
)
def test_paths_that_cannot_be_are_refused_before_anything_is_measured(tmp_path, monkeypatch, path, says):
    monkeypatch.chdir(tmp_path)
    Path("folder.html").mkdir()
    Path("theirs.html").write_text("my thesis", encoding="utf-8")
    with pytest.raises(bu.BadInput, match=f"^report: .*{says}") as caught:
        report(None, None, path)
    assert "\n" not in str(caught.value) and Path("theirs.html").read_text(encoding="utf-8") == "my thesis"


def test_an_older_report_is_replaced_and_another_file_only_on_request(bag, tmp_path):  # noqa: F811
    path = tmp_path / "report.html"
    path.write_text("my thesis", encoding="utf-8")
    assert report(bag, some_world(2), path, overwrite=True) == path
    assert MARK in path.read_text(encoding="utf-8")
    report(bag, some_world(3), path)
    assert "of 3 pictures" in path.read_text(encoding="utf-8")
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_a_disk_that_refuses_is_one_line_and_leaves_the_old_report(bag, tmp_path, monkeypatch):  # noqa: F811
    path = report(bag, some_world(2), tmp_path / "report.html")
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(bu.BadInput, match="cannot be written") as caught:
        report(bag, some_world(3), path)
    assert "\n" not in str(caught.value) and path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_what_does_not_fit_is_said_in_one_line(bag, world, tmp_path):  # noqa: F811
    path = tmp_path / "report.html"
    named = BagNet((1, 1, 0, 0), 5, 0.25, (1, 1, 1, 1)).eval()
    named.classes = NAMES
    wrong = {
        "a world is wanted": (bag, world.images),
        "call model.eval": (BagNet((1, 1, 0, 0), 5, 0.25, (1, 1, 1, 1)), world),
        "give pictures of the model's own classes": (named, world),
        "needs a label": (bag, World(world.images, world.labels + 1, ORDINARY, ())),
        "0 to 1 is wanted": (bag, World(world.images * 255, world.labels, ORDINARY, ())),
        "the model has 5": (bag, World(world.images, world.labels * 0, ("a", "b"), ())),
    }
    for says, (model, given) in wrong.items():
        with pytest.raises(bu.BadInput, match=f"^report: .*{says}") as caught:
            report(model, given, path)
        assert "\n" not in str(caught.value) and not path.exists()
    with pytest.raises(bu.BadInput, match="report: title is"):
        report(bag, world, path, title=3)
