"""Bring your own picture: every kind of file is read, and every kind of rubbish gets one sentence."""

import io
import struct
import time
import zlib

import numpy as np
import pytest
import torch
from conftest import Server
from PIL import Image

import bagnet_utils as bu
from bagnet_utils.worlds import imagenet, pictures, tiny
from bagnet_utils.worlds.tiny import CLASSES

SQUARE = np.kron(np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8), np.ones((8, 8, 1)))
SQUARE = SQUARE.astype(np.uint8)  # 16 x 16 px: red, green / blue, white


def content(picture: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_colours_of_every_kind_of_file(kind):
    options = {"quality": 100} if kind in ("JPEG", "WEBP") else {}
    image = bu.load_image(content(Image.fromarray(SQUARE), kind, **options))
    assert image.shape == (3, 16, 16) and image.dtype == torch.float32
    assert torch.allclose(image[:, 4, 4], torch.tensor([1.0, 0, 0]), atol=0.05)
    assert torch.allclose(image[:, 12, 4], torch.tensor([0, 0, 1.0]), atol=0.05)


def test_two_pictures_in_one_file_as_telephones_write_them():
    two = content(
        Image.fromarray(SQUARE), "MPO", save_all=True, append_images=[Image.new("RGB", (16, 16))], quality=100
    )
    assert torch.allclose(bu.load_image(two)[:, 4, 4], torch.tensor([1.0, 0, 0]), atol=0.05)


def test_no_other_program_is_called_to_open_a_picture(monkeypatch):
    from PIL import EpsImagePlugin

    def called(*_, **__):
        raise AssertionError("Ghostscript was called")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", called)
    for kind in ("EPS", "PPM", "ICO"):
        with pytest.raises(bu.BadInput, match=r"is not a picture that can be read.*give a JPEG, PNG, WebP, GIF, BMP"):
            bu.load_image(content(Image.fromarray(SQUARE), kind))


def test_nor_for_one_that_pil_has_opened_already(monkeypatch, tmp_path):
    from PIL import EpsImagePlugin

    def called(*_, **__):
        raise AssertionError("Ghostscript was called")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", called)
    for kind, welcome in (("EPS", False), ("PPM", False), ("ICO", False), ("MPO", True), ("JPEG", True), ("GIF", True)):
        file = tmp_path / f"x.{kind.lower()}"
        file.write_bytes(content(Image.fromarray(SQUARE), kind))
        with Image.open(file) as picture:
            if welcome:
                assert bu.load_image(picture).shape == (3, 16, 16)
                continue
            with pytest.raises(bu.BadInput, match=r"is not a picture that can be read.*give a JPEG") as told:
                bu.load_image(picture)
            assert "\n" not in str(told.value)
    assert bu.load_image(Image.fromarray(SQUARE)).shape == (3, 16, 16)  # made in memory: of no format


def test_grey_palette_cmyk_and_one_bit():
    grey = Image.fromarray(np.full((8, 8), 51, np.uint8))
    for picture, kind in ((grey, "PNG"), (grey.convert("P"), "PNG"), (grey.convert("CMYK"), "TIFF")):
        image = bu.load_image(content(picture, kind))
        assert image.shape == (3, 8, 8) and torch.allclose(image, torch.tensor(0.2), atol=0.01)
    assert bu.load_image(content(Image.new("1", (4, 4), 1))).min() == 1


def test_transparent_parts_become_white():
    rgba = np.dstack([SQUARE, np.zeros((16, 16), np.uint8)])
    rgba[:8, :, 3] = 255
    image = bu.load_image(content(Image.fromarray(rgba)))
    assert (image[:, 8:] == 1).all() and image[:, 4, 4].tolist() == [1, 0, 0]
    for picture in (Image.fromarray(rgba).convert("LA"), Image.fromarray(rgba).quantize(8)):
        assert bu.load_image(content(picture))[:, 12, 4].min() > 0.98


def test_colours_multiplied_by_their_opacity():
    rgba = Image.fromarray(np.full((8, 8, 4), (200, 100, 0, 128), np.uint8))
    for picture in (rgba, rgba.convert("LA")):
        expected = bu.load_image(picture)
        assert torch.allclose(bu.load_image(picture.convert(picture.mode[:-1] + "a")), expected, atol=0.01)


def test_sixteen_bits_of_grey():
    deep = np.array([[0, 65535], [32768, 6554]], np.uint16)
    for kind in ("PNG", "TIFF"):
        image = bu.load_image(content(Image.fromarray(deep), kind))
        assert torch.allclose(image[0], torch.tensor([[0, 1], [0.5, 0.1]]), atol=0.005)
    assert torch.allclose(
        bu.load_image(content(Image.fromarray(np.float32(deep) / 65535), "TIFF"))[1, 1, 0], torch.tensor(0.5), atol=0.01
    )


def test_the_first_picture_of_a_moving_one():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        moving = content(frames[0], kind, save_all=True, append_images=frames[1:])
        assert torch.allclose(bu.load_image(moving)[:, 4, 4], torch.tensor([1.0, 0, 0]), atol=0.02)


def test_a_turned_photograph_stands_upright():
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to see it right
    turned = content(Image.fromarray(SQUARE), "JPEG", exif=exif, quality=100)
    assert torch.allclose(bu.load_image(turned)[:, 4, 4], torch.tensor([0, 0, 1.0]), atol=0.05)


def test_whatever_a_learner_has_in_hand(tmp_path):
    file = tmp_path / "my cat é.png"
    file.write_bytes(content(Image.fromarray(SQUARE)))
    upload = {"name": "cat.png", "type": "image/png", "content": memoryview(file.read_bytes())}
    for source in (file, str(file), file.read_bytes(), Image.fromarray(SQUARE), file.open("rb"), upload, (upload,)):
        assert torch.equal(bu.load_image(source), torch.from_numpy(SQUARE.transpose(2, 0, 1) / np.float32(255)))


def test_a_picture_from_the_web(server, monkeypatch):
    Server.shelf["cat.png"] = content(Image.fromarray(SQUARE))
    image = bu.load_image(f"{server}/well/cat.png")
    assert torch.equal(image, torch.from_numpy(SQUARE.transpose(2, 0, 1) / np.float32(255)))
    for how, says in (
        ("404", "answers 404"),
        ("proxy", "is not a picture"),
        ("breaks", "cannot be reached|cut short"),
    ):
        with pytest.raises(bu.BadInput, match=says):
            bu.load_image(f"{server}/{how}/cat.png")
    monkeypatch.setattr(pictures, "HEAVIEST", 50)
    with pytest.raises(bu.BadInput, match="holds more than"):
        bu.load_image(f"{server}/well/cat.png")


def test_a_download_in_many_pieces_is_not_copied_with_each_of_them(server, monkeypatch):
    import requests

    monkeypatch.setattr(requests.Response, "iter_content", lambda self, size: (bytes(250) for _ in range(16_000)))
    started = time.process_time()
    assert len(pictures.from_the_web(f"{server}/well/cat.png")) == 4 * 10**6
    assert time.process_time() - started < 2  # copied each time it would be 32 GB


def test_a_size_cuts_the_middle_square():
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    image = bu.load_image(Image.fromarray(wide), size=20)
    assert image.shape == (3, 20, 20) and image.mean() > 0.95
    for size in (0, -1, 2.5, "64", True, 10**6):
        with pytest.raises(bu.BadInput, match="size is"):
            bu.load_image(Image.fromarray(wide), size=size)


def bomb(side: int) -> bytes:
    """A few bytes of PNG that promise side x side pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def test_rubbish_gets_one_sentence(tmp_path):
    whole = content(Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)), "JPEG")
    (tmp_path / "letter.jpg").write_text("Dear Sir or Madam,\n")
    (tmp_path / "whole.jpg").write_bytes(whole)
    (tmp_path / "nothing.png").touch()
    cases = {
        "is not a picture": tmp_path / "letter.jpg",
        "picture is empty": b"",
        "nothing.png is empty": tmp_path / "nothing.png",
        "gives no bytes.*open it with": (tmp_path / "letter.jpg").open(encoding="utf-8"),
        "gives no bytes": (tmp_path / "whole.jpg").open(encoding="utf-8"),
        "cut short": whole[: len(whole) // 2],
        "million": bomb(8000),
        "million pixels": bomb(60000),
        "is a folder": tmp_path,
        "there is no file": tmp_path / "none.png",
        "a int was given": 3,
        "a NoneType was given": None,
        "an empty upload": (),
        "cannot be reached": "http://127.0.0.1:9/cat.jpg",
    }
    for says, source in cases.items():
        with pytest.raises(bu.BadInput, match=says) as caught:
            bu.load_image(source)
        assert str(caught.value).startswith("load_image: ") and "\n" not in str(caught.value)


# ------------------------------------------------------------ folders and worlds


def folder_of(tmp_path, names, split="", each=3):
    for k, name in enumerate(names):
        home = tmp_path / split / name
        home.mkdir(parents=True)
        for i in range(each):
            Image.new("RGB", (80, 64), (20 * k, 50 * i, 9)).save(home / f"{i}.png")
    return tmp_path


def test_three_photographs_are_always_at_hand():
    world = bu.load_world("tiny")
    assert world.images.shape == (3, 3, 64, 64) and world.images.std((1, 2, 3)).min() > 0.05
    assert [CLASSES[label] for label in world.labels] == ["tabby", "espresso", "missile"]
    large = bu.load_world("imagenet")
    assert large.images.shape == (3, 3, 224, 224)
    assert [large.classes[label] for label in large.labels] == ["tabby", "espresso", "missile"]


@pytest.mark.parametrize("names", [["tabby", "pizza"], ["n02123045", "n07873807"], ["Tabby", "pizza"]])
def test_folders_named_as_the_kinds_get_their_labels(tmp_path, names):
    world = bu.load_world("tiny", split="train", root=folder_of(tmp_path, names, "train"))
    assert world.classes == CLASSES and {CLASSES[label] for label in world.labels} == {"tabby", "pizza"}
    assert world.images.shape == (6, 3, 64, 64) and len(world.truth) == 6 and world.truth[0].endswith(".png")


def test_other_folders_are_a_world_of_their_own(tmp_path):
    world = bu.load_world("tiny", root=folder_of(tmp_path, ["pizza", "burger"]))
    assert world.classes == ("burger", "pizza") and sorted(world.labels.tolist()) == [0, 0, 0, 1, 1, 1]


def test_imagenet_folders_go_by_number_or_name(tmp_path):
    names = ["n01440764", "parachute", "Egyptian_cat"]
    world = bu.load_world("imagenet", root=folder_of(tmp_path, names, "val"), n=3)
    assert sorted(world.labels.tolist()) == [0, 285, 701] and len(world.classes) == 1000
    assert imagenet.label_of_class("n02123045") == 281 and imagenet.label_of_class("lion tamer") is None


def test_n_pictures_are_spread_over_the_classes(tmp_path):
    root = folder_of(tmp_path, ["a", "b", "c"], each=5)
    first = bu.load_world("tiny", root=root, n=6)
    assert first.labels.bincount().tolist() == [2, 2, 2]
    assert torch.equal(first.images, bu.load_world("tiny", root=root, n=6).images)
    assert first.truth != bu.load_world("tiny", root=root, n=6, seed=1).truth
    assert len(bu.load_world("tiny", root=root, n=None).labels) == 15


def test_kinds_are_twenty_of_imagenet():
    assert len(CLASSES) == 20 and sorted(CLASSES) == list(CLASSES)
    assert all(number in imagenet.numbers() for number in tiny.KINDS.values())


def test_worlds_say_what_is_wrong(tmp_path):
    (tmp_path / "empty").mkdir()
    cases = [
        (lambda: bu.load_world("tiny", root=tmp_path / "nowhere"), "there is no folder"),
        (lambda: bu.load_world("tiny", root=tmp_path), "no subfolders with pictures"),
        (lambda: bu.load_world("imagenet", root=tmp_path), "no subfolders with pictures"),
        (lambda: bu.load_world("tiny", split="trian"), "there is no split called .trian."),
        (lambda: bu.load_world("tiny", folder=tmp_path), "folder= is no choice for tiny; there are root, download"),
        (lambda: bu.load_world("patchwork", root=tmp_path), "root= is no choice for patchwork"),
        (lambda: bu.load_world("tiny", n=0, root=folder_of(tmp_path, ["a"])), "n is 0"),
    ]
    for call, says in cases:
        with pytest.raises(bu.BadInput, match=says):
            call()
    (tmp_path / "a" / "broken.jpg").write_text("no picture")
    with pytest.raises(bu.BadInput, match=r": a/broken\.jpg is not a picture"):
        bu.load_world("tiny", root=tmp_path)
    assert pictures.class_folders(tmp_path, "val").keys() == {"a"}
