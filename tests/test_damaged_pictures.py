"""A damaged picture, or list of pictures, is said in one line: which one it is, and how it comes back."""

import pytest
from PIL import Image

import bagnet_utils as bu
from bagnet_utils.worlds import photos


@pytest.mark.parametrize("world", ["photos", "tiny", "imagenet"])
def test_of_two_files_of_one_name_the_damaged_one_is_named_with_its_kind(tmp_path, world):
    for kind in ("crab", "lotus"):
        (tmp_path / kind).mkdir()
        Image.new("RGB", (64, 48), "teal").save(tmp_path / kind / "image_0004.jpg")
    bu.load_world(world, root=tmp_path)
    damaged = tmp_path / "lotus" / "image_0004.jpg"
    damaged.write_bytes(damaged.read_bytes()[:300])
    with pytest.raises(bu.BadInput, match=r"^load_image: lotus/image_0004\.jpg is (broken|not a picture)") as told:
        bu.load_world(world, root=tmp_path)
    assert "\n" not in str(told.value) and "delete the folder" not in str(told.value)  # it is the reader's own


HASH = "0" * 64


@pytest.mark.parametrize(
    "lines",
    ["", "picture,sha256", f"test/unicorn/image_0001.jpg,{HASH}", f"crab.jpg,{HASH}", "test/crab/image_0001.jpg"],
)
def test_a_damaged_list_of_photographs_is_said_with_the_cure(tmp_path, monkeypatch, lines):
    whole = photos.shipped_hashes()
    monkeypatch.setattr(photos, "SHIPPED", tmp_path)
    rows = [f"{name},{sha}" for name, sha in whole.items()] if "/" in lines or "crab" in lines else []
    head = ["picture,sha256"] if rows else []
    (tmp_path / "pictures.csv").write_text("\n".join([*head, lines, *rows]) + "\n")
    with pytest.raises(
        bu.BadInput, match=r"pictures\.csv is missing or damaged; get it back with `git checkout"
    ) as told:
        photos.shipped_hashes.__wrapped__()
    assert "\n" not in str(told.value)
