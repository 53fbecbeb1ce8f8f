"""Without internet: a server on this machine gives what servers give, good and bad; each end is one clear sentence."""

import hashlib
import io
import json
import os
import tarfile
import threading
import zipfile
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from PIL import Image

import bagnet_utils as bu
from bagnet_utils import files
from bagnet_utils.models import published
from bagnet_utils.worlds import imagenet, photos

CONTENT = bytes(range(256)) * 400
SHA = hashlib.sha256(CONTENT).hexdigest()


class Server(BaseHTTPRequestHandler):
    """What comes for an address is in `shelf`; the first folder of the address says how it comes."""

    shelf: ClassVar[dict[str, bytes]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self):
        how, name = self.path.strip("/").split("/", 1)
        first = self.path not in self.asked
        self.asked.append(self.path)
        content = self.shelf.get(name, CONTENT)
        if how == "missing":
            return self.send_error(404)
        if how == "busy" and first:
            return self.send_error(503)
        if how == "slow":
            threading.Event().wait(2)
        if how == "proxy":
            content = b"<!DOCTYPE html><title>Please log in</title>"
        if how == "altered":
            content = content[:-1] + b"!"
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        broken = how == "breaks" or (how == "flaky" and first)
        self.wfile.write(content[: len(content) // 2] if broken else content)

    def log_message(self, *words):
        pass


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The server's address; downloads go to a folder of this test's own."""
    monkeypatch.setattr(Server, "asked", [])
    monkeypatch.setattr(Server, "shelf", {})
    monkeypatch.setattr(files, "DOWNLOADS", tmp_path / "downloads")
    monkeypatch.setattr(files, "PAUSES", (0.01, 0.01))
    monkeypatch.setattr(files, "PATIENCE", 0.5)
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    running = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


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


@pytest.mark.parametrize("how", ["flaky", "busy"])
def test_an_interrupted_download_is_tried_again(server, how):
    assert files.fetch(f"{server}/{how}/thing.bin", SHA[:8]).read_bytes() == CONTENT
    assert len(Server.asked) == 2


@pytest.mark.parametrize(
    ("how", "says", "times"),
    [
        ("missing", "The server says 404", 1),
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


# ------------------------------------------------------------ the published networks


def by_rule(shapes: dict[str, torch.Size], salt: int = 1) -> dict[str, torch.Tensor]:
    """Weights made by rule, so that nobody needs the published ones to test how such files are read."""
    state = {}
    for key, shape in shapes.items():
        random = np.random.default_rng([salt, zlib.crc32(key.encode())])
        if key.endswith("num_batches_tracked"):
            state[key] = torch.zeros(shape, dtype=torch.long)
        elif key.endswith("running_var") or (len(shape) == 1 and key.endswith("weight")):
            state[key] = torch.from_numpy(random.uniform(0.5, 1.5, shape).astype(np.float32))
        elif len(shape) == 1:
            state[key] = torch.from_numpy((0.1 * random.standard_normal(shape)).astype(np.float32))
        else:
            scaled = random.standard_normal(shape) * np.sqrt(1 / np.prod(shape[1:]))
            state[key] = torch.from_numpy(scaled.astype(np.float32))
    return state


def offer(server: str, monkeypatch, name: str, state: dict, how: str = "well") -> None:
    """Put weights on the server and the server's address in the place of the real one."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    stem, _, ending = published.ADDRESSES[name].rsplit("/", 1)[1].partition("-")
    file = f"{stem}-{hashlib.sha256(buffer.getvalue()).hexdigest()[:8]}.{ending.split('.', 1)[1]}"
    Server.shelf[file] = buffer.getvalue()
    monkeypatch.setitem(published.ADDRESSES, name, f"{server}/{how}/{file}")


@pytest.mark.parametrize("name", ["bagnet9", "bagnet33"])
def test_published_bagnets_are_fetched_once_and_work_like_any_other(server, monkeypatch, name):
    bare = {"bagnet9": bu.bagnet9, "bagnet33": bu.bagnet33}[name]()
    state = by_rule({key: value.shape for key, value in bare.state_dict().items()})
    offer(server, monkeypatch, name, state)
    model = bu.load_model(name, world="imagenet")
    bu.load_model(name, world="imagenet")
    assert len(Server.asked) == 1
    assert model.patch_size == bare.patch_size and len(model.classes) == 1000 and model.classes[0] == "tench"
    images = bu.load_world("imagenet").images[:1, :, :64, :64]
    bare.load_state_dict(state)
    mean, deviation = (torch.tensor(values)[:, None, None] for values in published.COLOURS)
    with torch.no_grad():
        logits = model(images)
        assert torch.allclose(logits, bare.eval()((images - mean) / deviation), atol=1e-5)
    assert torch.allclose(bu.evidence(model, images).mean((2, 3)), logits, atol=1e-4)
    assert bu.heatmap(model, images[0], target=3).ndim == 2


def test_published_bagnets_refuse_coarse_numbers(server, monkeypatch):
    bare = bu.bagnet9()
    offer(server, monkeypatch, "bagnet9", by_rule({key: value.shape for key, value in bare.state_dict().items()}))
    model = bu.load_model("bagnet9", world="imagenet")
    image = torch.rand(1, 3, 32, 32)
    with pytest.raises(bu.BadInput, match="autocast"), torch.autocast("cpu", torch.bfloat16):
        model(image)
    with pytest.raises(bu.BadInput, match="float16"):
        model.half()(image.half())


@pytest.mark.parametrize("name", ["resnet", "densenet"])
def test_torchvisions_nets_come_the_same_way(server, monkeypatch, name):
    import torchvision

    net = torchvision.models.get_model(published.TORCHVISION[name])
    state = by_rule({key: value.shape for key, value in net.state_dict().items()})
    old = {key.replace("norm1.", "norm.1.") if "denselayer" in key else key: value for key, value in state.items()}
    offer(server, monkeypatch, name, old)
    model = bu.load_model(name, world="imagenet")
    assert model.patch_size is None and len(model.classes) == 1000 and not model.training
    net.load_state_dict(state)
    images = torch.rand(1, 3, 64, 64)
    mean, deviation = (torch.tensor(values)[:, None, None] for values in published.COLOURS)
    with torch.no_grad():
        assert torch.allclose(model(images), net.eval()((images - mean) / deviation), atol=1e-5)


def test_every_address_names_its_hash():
    for name, address in published.ADDRESSES.items():
        digits = address.rsplit("-", 1)[1].split(".")[0]
        assert len(digits) == 8 and int(digits, 16) >= 0, name


# ------------------------------------------------------------ pictures


def jpeg(colour, side: int = 64) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), colour).save(buffer, "JPEG")
    return buffer.getvalue()


def tiny_archive() -> bytes:
    """Tiny ImageNet in miniature: two of the twenty kinds and one other class."""
    buffer, notes = io.BytesIO(), []
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in ("n02123045", "n07920052", "n00000000"):
            for i in range(3):
                archive.writestr(f"tiny-imagenet-200/train/{number}/images/{number}_{i}.JPEG", jpeg((40 * i, 90, 20)))
            archive.writestr(f"tiny-imagenet-200/val/images/val_{number}.JPEG", jpeg("teal"))
            notes.append(f"val_{number}.JPEG\t{number}\t0\t0\t63\t63")
        archive.writestr("tiny-imagenet-200/val/val_annotations.txt", "\n".join(notes))
    return buffer.getvalue()


def nette_archive() -> bytes:
    """Imagenette in miniature."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for split in ("train", "val"):
            for number in ("n01440764", "n03888257"):
                content = jpeg("olive", 160)
                entry = tarfile.TarInfo(f"imagenette2-160/{split}/{number}/{number}_1.JPEG")
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_the_twenty_kinds_come_from_tiny_imagenet(server, monkeypatch, tmp_path):
    archive = tiny_archive()
    Server.shelf["tiny-imagenet-200.zip"] = archive
    monkeypatch.setattr(photos, "TINY", f"{server}/flaky/tiny-imagenet-200.zip")
    monkeypatch.setattr(photos, "TINY_MD5", hashlib.md5(archive).hexdigest())
    monkeypatch.setattr(photos, "UNPACKED", tmp_path / "photos20")
    assert len(bu.load_world("photos").images) == 3  # nothing is downloaded unless it is asked for
    world = bu.load_world("photos", split="train", n=None, download=True)
    assert world.images.shape == (6, 3, 64, 64) and world.classes == photos.CLASSES
    assert {world.classes[label] for label in world.labels} == {"tabby", "espresso"}
    assert len(bu.load_world("photos", split="val").images) == 2  # and from then on it is there
    assert len(Server.asked) == 2 and sorted(p.name for p in tmp_path.iterdir()) == ["downloads", "photos20"]


def test_imagenette_comes_with_imagenets_labels(server, monkeypatch, tmp_path):
    archive = nette_archive()
    Server.shelf["imagenette2-160.tgz"] = archive
    monkeypatch.setattr(imagenet, "IMAGENETTE", f"{server}/well/imagenette2-160.tgz")
    monkeypatch.setattr(imagenet, "IMAGENETTE_MD5", hashlib.md5(archive).hexdigest())
    monkeypatch.setattr(imagenet, "UNPACKED", tmp_path / "imagenette2-160")
    world = bu.load_world("imagenet", download=True)
    assert world.images.shape == (2, 3, 224, 224)
    assert [world.classes[label] for label in world.labels] == ["tench", "parachute"]


def test_a_broken_archive_is_said_and_leaves_nothing(server, monkeypatch, tmp_path):
    for module, name, ending in ((photos, "TINY", "tiny.zip"), (imagenet, "IMAGENETTE", "nette.tgz")):
        monkeypatch.setattr(module, name, f"{server}/well/{ending}")
        monkeypatch.setattr(module, f"{name}_MD5", hashlib.md5(CONTENT).hexdigest())
        monkeypatch.setattr(module, "UNPACKED", tmp_path / ending)
        with pytest.raises(bu.BadInput, match=f"{ending} cannot be unpacked"):
            bu.load_world(module.__name__.rsplit(".", 1)[1], download=True)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["downloads"]


def test_the_addresses_that_torchvision_knows_are_the_same():
    import torchvision

    assert torchvision.datasets.Imagenette._ARCHIVES["160px"] == (imagenet.IMAGENETTE, imagenet.IMAGENETTE_MD5)
    for name, net in published.TORCHVISION.items():
        assert torchvision.models.get_model_weights(net).IMAGENET1K_V1.url == published.ADDRESSES[name]
    assert json.dumps(imagenet.numbers()[:2]) == '["n01440764", "n01443537"]' and len(imagenet.numbers()) == 1000
