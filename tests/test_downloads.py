"""Without internet: a server on this machine gives what servers give, good and bad; each end is one clear sentence."""

import hashlib
import io
import os
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from conftest import CONTENT, SHA, Server
from PIL import Image
from scipy.io import savemat

import bagnet_utils as bu
from bagnet_utils import files
from bagnet_utils.worlds import caltech, imagenet, tiny


def nothing_left() -> bool:
    return not files.DOWNLOADS.exists() or not list(files.DOWNLOADS.iterdir())


def test_a_file_comes_once_and_whole(server):
    path = files.fetch(f"{server}/well/thing.bin", SHA[:8])
    assert path.read_bytes() == CONTENT and path == files.DOWNLOADS / "thing.bin"
    assert files.fetch(f"{server}/well/thing.bin", SHA) == path and len(Server.asked) == 1


def test_a_file_put_there_by_hand_will_do(server):
    files.DOWNLOADS.mkdir()
    (files.DOWNLOADS / "thing.bin").write_bytes(CONTENT)
    assert files.fetch("http://nowhere.invalid/thing.bin", SHA[:8]).read_bytes() == CONTENT
    (files.DOWNLOADS / "thing.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(bu.BadInput, match=r"thing.bin is damaged.*Delete it"):
        files.fetch(f"{server}/well/thing.bin", SHA[:8])


@pytest.mark.parametrize("how", ["flaky", "busy", "often"])
def test_an_interrupted_download_is_tried_again(server, how):
    assert files.fetch(f"{server}/{how}/thing.bin", SHA[:8]).read_bytes() == CONTENT
    assert len(Server.asked) == 2


@pytest.mark.parametrize(
    ("how", "says", "times"),
    [
        ("404", "The server says 404", 1),
        ("403", "The server says 403", 1),
        ("429", "The server says 429", 3),
        ("500", "The server says 500", 3),
        ("503", "The server says 503", 3),
        ("breaks", "broke off", 3),
        ("slow", "did not answer within", 3),
        ("proxy", "A web page came instead", 3),
        ("altered", "What came is not the file", 3),
    ],
)
def test_whatever_goes_wrong_is_said_once_and_nothing_broken_stays(server, how, says, times):
    with pytest.raises(bu.BadInput, match=says) as caught:
        files.fetch(f"{server}/{how}/thing.bin", SHA[:8])
    assert str(caught.value).startswith("thing.bin could not be downloaded") and "\n" not in str(caught.value)
    assert "by other means and put it at" in str(caught.value)
    assert len(Server.asked) == times and nothing_left()


def test_no_internet_is_one_line_that_says_what_still_works(server):
    with pytest.raises(bu.BadInput, match=r"cannot be reached.*works without"):
        files.fetch("http://127.0.0.1:9/thing.bin", SHA[:8])
    assert nothing_left()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_said(server, monkeypatch):
    import pooch

    def download(self, url, output, _):
        with open("/dev/full", "wb") as full:
            full.write(CONTENT)

    monkeypatch.setattr(pooch.HTTPDownloader, "__call__", download)
    with pytest.raises(bu.BadInput, match=r"the disk is full\. Make room"):
        files.fetch(f"{server}/well/thing.bin", SHA[:8])
    assert nothing_left()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_said(server):
    files.DOWNLOADS.mkdir(mode=0o500)
    with pytest.raises(bu.BadInput, match="could not be written"):
        files.fetch(f"{server}/well/thing.bin", SHA[:8])


# ------------------------------------------------------------ pictures


def jpeg(colour, size: tuple[int, int] = (64, 64)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "JPEG")
    return buffer.getvalue()


def tiny_archive() -> bytes:
    """Tiny ImageNet in miniature, laid out as the real one: two of the twenty kinds and one other class."""
    buffer, numbers, notes = io.BytesIO(), ("n02123045", "n07920052", "n00000000"), []
    with zipfile.ZipFile(buffer, "w") as archive:

        def add(path: str, content: bytes | str = "") -> None:
            archive.writestr(f"tiny-imagenet-200/{path}", content)

        for folder in ("", "train/", "val/", "val/images/", "test/", "test/images/"):
            add(folder)
        add("words.txt", "\n".join(f"{number}\tsome words" for number in numbers))
        add("wnids.txt", "\n".join(numbers))
        for number in numbers:
            add(f"train/{number}/")
            add(f"train/{number}/{number}_boxes.txt", f"{number}_0.JPEG\t0\t0\t63\t63\n")
            add(f"train/{number}/images/")
            for i in range(3):
                add(f"train/{number}/images/{number}_{i}.JPEG", jpeg((40 * i, 90, 20)))
            add(f"val/images/val_{number}.JPEG", jpeg("teal"))
            add(f"test/images/test_{number}.JPEG", jpeg("red"))
            notes.append(f"val_{number}.JPEG\t{number}\t0\t0\t63\t63\n")
        add("val/val_annotations.txt", "".join(notes))
    return buffer.getvalue()


def nette_archive() -> bytes:
    """Imagenette in miniature, and what a malicious one would hold."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for split in ("train", "val"):
            for number in ("n01440764", "n03888257"):
                content = jpeg("olive", (160, 160))
                entry = tarfile.TarInfo(f"imagenette2-160/{split}/{number}/{number}_1.JPEG")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
                link = tarfile.TarInfo(f"imagenette2-160/{split}/{number}/link.JPEG")
                link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
                archive.addfile(link)
        for name in ("../outside.JPEG", "imagenette2-160/train/../outside.JPEG", "/outside.JPEG"):
            archive.addfile(tarfile.TarInfo(name))
    return buffer.getvalue()


def tar_of(files: dict[str, bytes], mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def caltech_archive() -> bytes:
    """Caltech-101 in miniature, laid out as the real one: archives in an archive, outlines in other folders."""
    pictures, outlines = {}, {}
    for kind, folder in (("airplanes", "Airplanes_Side_2"), ("crab", "crab"), ("BACKGROUND_Google", None)):
        for i in range(1, 9):
            pictures[f"101_ObjectCategories/{kind}/image_{i:04}.jpg"] = jpeg((30 * i, 60, 90), (200, 100))
            pictures[f"101_ObjectCategories/{kind}/._image_{i:04}.jpg"] = b"of a Mac"
            if folder and i != 4:
                found = io.BytesIO()
                contour = np.array([[0.0, 50, 50, 0], [0, 0, 20, 20]])  # columns, rows, from the box's corner on
                savemat(found, {"box_coord": np.array([[30, 50, 100, 150]]), "obj_contour": contour})
                outlines[f"Annotations/{folder}/annotation_{i:04}.mat"] = found.getvalue()
    pictures["../outside.jpg"] = pictures["/outside.jpg"] = b""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("caltech-101/101_ObjectCategories.tar.gz", tar_of(pictures, "w:gz"))
        archive.writestr("caltech-101/Annotations.tar", tar_of(outlines, "w"))
        archive.writestr("caltech-101/show_annotation.m", "% MATLAB")
        archive.writestr("__MACOSX/caltech-101/._Annotations.tar", b"of a Mac")
    return buffer.getvalue()


def offer(monkeypatch, module, constant: str, address: str, content: bytes, home: Path) -> None:
    """Put an archive on the server, and let a world fetch it from there and unpack it at `home`."""
    Server.shelf[address.rsplit("/", 1)[1]] = content
    monkeypatch.setattr(module, constant, address)
    monkeypatch.setattr(module, f"{constant}_MD5", hashlib.md5(content).hexdigest())
    monkeypatch.setattr(module, "UNPACKED", home)


def test_the_twenty_kinds_come_from_tiny_imagenet(server, monkeypatch, tmp_path):
    offer(monkeypatch, tiny, "TINY", f"{server}/flaky/tiny-imagenet-200.zip", tiny_archive(), tmp_path / "photos20")
    assert len(bu.load_world("tiny").images) == 3  # nothing is downloaded unless it is asked for
    world = bu.load_world("tiny", split="train", n=None, download=True)
    assert world.images.shape == (6, 3, 64, 64) and world.classes == tiny.CLASSES
    assert {world.classes[label] for label in world.labels} == {"tabby", "espresso"}
    assert len(bu.load_world("tiny", split="val").images) == 2  # and from then on it is there
    assert len(Server.asked) == 2 and sorted(p.name for p in tmp_path.iterdir()) == ["downloads", "photos20"]


def test_imagenette_comes_with_imagenets_labels(server, monkeypatch, tmp_path):
    address = f"{server}/well/imagenette2-160.tgz"
    offer(monkeypatch, imagenet, "IMAGENETTE", address, nette_archive(), tmp_path / "nette")
    world = bu.load_world("imagenet", download=True)
    assert world.images.shape == (2, 3, 224, 224)
    assert [world.classes[label] for label in world.labels] == ["tench", "parachute"]
    assert {path.name for path in tmp_path.rglob("*.JPEG")} == {"n01440764_1.JPEG", "n03888257_1.JPEG"}


def test_imagenette_is_unpacked_by_the_first_releases_of_python_3_11(server, monkeypatch, tmp_path):
    def extractall(self, path=".", members=None, *, numeric_owner=False):  # 3.11.0 to 3.11.3 know no filter
        raise AssertionError("what it unpacks, and where to, would not be checked")

    monkeypatch.setattr(tarfile.TarFile, "extractall", extractall)
    offer(monkeypatch, imagenet, "IMAGENETTE", f"{server}/well/nette.tgz", nette_archive(), tmp_path / "nette")
    assert len(bu.load_world("imagenet", download=True).images) == 2


def test_all_of_caltech_comes_with_outlines(server, monkeypatch, tmp_path):
    address = f"{server}/well/caltech-101.zip"
    offer(monkeypatch, caltech, "CALTECH", address, caltech_archive(), tmp_path / "caltech-101")
    with pytest.raises(bu.BadInput, match="Caltech-101 is not here; download=True fetches it once"):
        bu.load_world("caltech")
    learnt = bu.load_world("caltech", "train", n=None, download=True)
    test = bu.load_world("caltech", n=None)  # and from then on it is there
    assert learnt.images.shape == (12, 3, 128, 128) and test.images.shape == (4, 3, 128, 128)
    assert learnt.classes == test.classes == ("airplanes", "crab")
    assert {one.file for one in learnt.truth}.isdisjoint(one.file for one in test.truth)
    for one in (*learnt.truth, *test.truth):
        if one.file.endswith("image_0004.jpg"):
            assert one.outline is None
        else:  # rows 30 to 50 of 100, columns 100 to 150 of 200, at 128 px
            assert one.outline.min(1) == pytest.approx([38.4, 64]) and one.outline.max(1) == pytest.approx([64, 96])
    assert not [*tmp_path.rglob("outside*"), *tmp_path.rglob("._*")]


@pytest.mark.parametrize(("world", "kept"), [("tiny", "photos20"), ("caltech", "caltech-101")])
def test_a_damaged_picture_that_was_downloaded_comes_back_by_a_second_download(monkeypatch, tmp_path, world, kept):
    module, home = {"tiny": tiny, "caltech": caltech}[world], tmp_path / kept
    for kind in ("crab", "lotus"):
        for i in range(4):
            files.put(jpeg("teal"), home, kind, f"image_{i:04}.jpg")
    (home / "lotus" / "image_0003.jpg").write_bytes(b"no picture")  # crab has one of this name, too
    monkeypatch.setattr(module, "UNPACKED", home)
    with pytest.raises(bu.BadInput, match=r"^load_image: lotus/image_0003\.jpg is not a picture") as told:
        bu.load_world(world, n=None)
    cure = f"Or delete the folder {home.as_posix()} and load the world again with download=True."
    assert str(told.value).endswith(cure) and "\n" not in str(told.value)


def test_a_broken_archive_is_said_and_leaves_nothing(server, monkeypatch, tmp_path):
    broken = (tiny, "TINY", "tiny.zip"), (imagenet, "IMAGENETTE", "nette.tgz"), (caltech, "CALTECH", "caltech.zip")
    for module, name, ending in broken:
        offer(monkeypatch, module, name, f"{server}/well/{ending}", CONTENT, tmp_path / ending)
        with pytest.raises(bu.BadInput, match=f"{ending} cannot be unpacked"):
            bu.load_world(module.__name__.rsplit(".", 1)[1], download=True)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["downloads"]
