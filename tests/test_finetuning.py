"""Your own pictures: what is read and what is told, a fair quarter, stopping, going on, and what comes out."""

import io
import re
import shutil
from functools import partial

import numpy as np
import pytest
import torch
from PIL import Image

import bagnet_utils as bu
from bagnet_utils.display.live import LiveCurve, progress_bar
from bagnet_utils.models import finetuning
from bagnet_utils.models.bagnet import bagnet9
from bagnet_utils.models.finetuning import finetune
from bagnet_utils.models.recipes import Recipe
from bagnet_utils.models.zoo import Net
from bagnet_utils.worlds.own import keep_uploads, read_folder
from bagnet_utils.worlds.world import World

COLOURS = {"apples": (200, 40, 40), "limes": (40, 200, 40), "plums": (90, 40, 160)}


def picture(kind: str, seed: int, side: int = 96) -> Image.Image:
    """Blotches, most of them in the colour of the kind."""
    random = np.random.default_rng([seed, *COLOURS[kind]])
    blotches = random.integers(0, 255, (8, 8, 3))
    blotches[random.random((8, 8)) < 0.5] = COLOURS[kind]
    return Image.fromarray(blotches.astype(np.uint8)).resize((side, side), Image.Resampling.BICUBIC)


def content(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def fill(root, each: int = 8, kinds=COLOURS):
    for kind in kinds:
        (root / kind).mkdir(parents=True)
        for number in range(each):
            (root / kind / f"{number:02}.png").write_bytes(content(picture(kind, number)))
    return root


@pytest.fixture
def small(monkeypatch):
    """A BagNet-9 with few weights, and smaller pictures: what is tested here does not depend on the size."""

    def build(classes: int, side: int = 128):
        return bagnet9(classes, width=1 / 8, depth=(1, 1, 1, 1))

    torch.manual_seed(0)
    start = build(20).eval()
    monkeypatch.setattr(finetuning, "NETS", {"bagnet17": Net(build)})
    monkeypatch.setattr(finetuning, "SIDE", 40)
    monkeypatch.setattr(finetuning, "read_folder", partial(read_folder, side=40))
    monkeypatch.setattr(finetuning, "load_model", lambda name, world: start)


# ------------------------------------------------------------ reading


def bad_files() -> dict[str, tuple[bytes, str]]:
    """Eleven files that cannot be read, and what is said of each."""
    png, jpeg = content(picture("limes", 90)), content(picture("limes", 91), "JPEG")
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)
    no = "is not a picture that can be read"
    return {
        "telephone.heic": (heic, no),
        "renamed.jpg": (heic, no),
        "words.jpg": (b"not a picture", no),
        "notes.txt": (b"bought on Monday", no),
        "page.png": (b"<!DOCTYPE html><title>404</title>", no),
        "drawing.svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", no),
        "paper.pdf": (b"%PDF-1.4 ...", no),
        "empty.jpg": (b"", r"is empty \(0 bytes\)"),
        "cut.png": (png[: len(png) // 2], "broken or was cut short"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "broken or was cut short"),
        "dot.png": (content(Image.new("RGB", (3, 3))), "has 3 x 3 pixels, but 16 at least are wanted"),
    }


def test_eleven_unreadable_and_forty_good_files(tmp_path, capsys, small):
    fill(tmp_path, 20, ("apples", "limes"))
    for number, (name, (bytes_, _)) in enumerate(bad_files().items()):
        (tmp_path / ("apples", "limes")[number % 2] / name).write_bytes(bytes_)
    found = finetune(tmp_path, epochs=1, watch=LiveCurve())
    assert len(found.notes) == 11 and len(found.learnt.labels) == len(found.held_out.labels) * 3 == 30
    lines = capsys.readouterr().out.splitlines()
    for name, (_, says) in bad_files().items():
        (line,) = [line for line in lines if f"/{name} " in line]
        assert line.startswith(("left out: apples/", "left out: limes/")) and len(line) < 200
        assert re.search(says, line)
    assert found.accuracy.value > 75 and found.accuracy.low <= found.accuracy.value <= found.accuracy.high
    model = found.model
    assert not model.training and model.classes == ("apples", "limes") and model.patch_size == 9
    maps = bu.evidence(model, found.held_out.images)
    assert torch.allclose(maps.mean((2, 3)), bu.logits(model, found.held_out.images), atol=1e-4)


def test_all_kinds_of_pictures_are_read_and_hidden_files_are_not_told(tmp_path):
    fill(tmp_path, 2)
    colour = picture("plums", 50)
    files = {
        "grey.png": content(colour.convert("L")),
        "clear.png": content(colour.convert("RGBA")),
        "print.jpg": content(colour.convert("CMYK"), "JPEG"),
        "moving.gif": content(colour, "GIF", save_all=True, append_images=[picture("limes", 51)]),
        "deep.tiff": content(Image.fromarray(np.full((20, 30), 30000, np.uint16)), "TIFF"),
        ".DS_Store": b"?",
        "._grey.png": b"?",
        "Thumbs.db": b"?",
    }
    for name, bytes_ in files.items():
        (tmp_path / "plums" / name).write_bytes(bytes_)
    (tmp_path / "empty").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / "plums" / "deeper").mkdir()
    (tmp_path / "plums" / "deeper" / "more.png").write_bytes(content(picture("plums", 52)))
    world, notes = read_folder(tmp_path)
    assert world.classes == tuple(COLOURS) and world.labels.bincount().tolist() == [2, 2, 8]
    assert notes == ("empty: this folder has no picture that can be read, so it is no class.",)
    assert world.images.shape[1:] == (3, 128, 128) and len(world.truth) == 12


def test_folders_that_cannot_be_learnt_say_why(tmp_path):
    with pytest.raises(bu.BadInput, match=r"there is no folder .*nowhere; name one"):
        finetune(tmp_path / "nowhere")
    with pytest.raises(bu.BadInput, match="has no pictures that can be read, but two classes at least"):
        finetune(tmp_path)
    (tmp_path / "apples").mkdir()
    (tmp_path / "apples" / "one.jpg").write_bytes(b"x")
    with pytest.raises(
        bu.BadInput, match=r"no pictures that can be read.* First problem: apples/one.jpg is not a pict"
    ):
        finetune(tmp_path)
    (tmp_path / "apples" / "one.jpg").write_bytes(content(picture("apples", 1), "JPEG"))
    with pytest.raises(bu.BadInput, match="only one class with pictures, apples, but two classes at least are wanted"):
        finetune(tmp_path)
    fill(tmp_path, 4, ("limes",))
    with pytest.raises(bu.BadInput, match="the class apples has 1 picture, but two different ones at least"):
        finetune(tmp_path)
    shutil.copy(tmp_path / "apples" / "one.jpg", tmp_path / "apples" / "two.jpg")
    with pytest.raises(bu.BadInput, match="the class apples has 2 pictures that are copies of one another"):
        finetune(tmp_path)


def test_wrong_words_say_what_is_wanted(tmp_path):
    with pytest.raises(bu.BadInput, match=r"no network called 'bagnet8'; there are bagnet9"):
        finetune(tmp_path, "bagnet8")
    with pytest.raises(bu.BadInput, match="epochs and minutes were both given"):
        finetune(tmp_path, epochs=2, minutes=1)
    with pytest.raises(bu.BadInput, match="a folder of class folders or a world is wanted, but a Tensor"):
        finetune(torch.zeros(2, 3, 128, 128))
    one = World(torch.rand(4, 3, 128, 128), torch.zeros(4, dtype=torch.long), ("a", "b"), [None] * 4)
    with pytest.raises(bu.BadInput, match="4 pictures of one class, but two classes"):
        finetune(one)


def test_uploads_become_files_and_what_is_no_picture_is_told(tmp_path):
    def upload(name: str, bytes_: bytes) -> dict:
        return {"name": name, "type": "image/png", "content": memoryview(bytes_)}

    same_name = [upload("image.png", content(picture("limes", n))) for n in (1, 2, 2)]
    told = keep_uploads(
        [*same_name, upload("../trick.png", same_name[0]["content"]), upload("a.heic", b"?")], tmp_path / "x"
    )
    assert len(told) == 1 and told[0].startswith("a.heic is not a picture that can be read")
    names = sorted(file.name.rsplit("-", 1)[0] for file in (tmp_path / "x").iterdir())
    assert names == ["image", "image", "trick"] and len(list(tmp_path.iterdir())) == 1
    assert keep_uploads((), tmp_path / "y") == [] and not (tmp_path / "y").exists()


# ------------------------------------------------------------ learning, stopping, going on


def weights(found) -> dict:
    return found.model.state_dict()


def same(one: dict, other: dict) -> bool:
    return all(torch.equal(one[key], other[key]) for key in one)


class Stop:
    """Interrupts as Ctrl-C would, when this share of the steps is made."""

    def __init__(self, share: float):
        self.share = share

    def __call__(self, steps, of, rows):
        if steps >= self.share * of:
            raise KeyboardInterrupt


def test_stopped_and_gone_on_ends_at_the_weights_of_an_unbroken_run(tmp_path, small, capsys):
    root, run = fill(tmp_path / "own"), tmp_path / "run"
    whole = finetune(root, epochs=3)
    told = []
    stopped = finetune(root, epochs=3, folder=run, watch=Stop(0.8))
    assert "Stopped after epoch 2 of 3. Call it again to go on." in capsys.readouterr().out
    assert [row["epoch"] for row in stopped.rows] == [0, 1, 2] and not stopped.model.training
    assert not same(weights(stopped), weights(whole))
    on = finetune(root, epochs=3, folder=run, watch=lambda *how: told.append(how))
    assert same(weights(on), weights(whole)) and on.accuracy == whole.accuracy
    assert [row["epoch"] for row in on.rows] == [0, 1, 2, 3]
    assert told[0][0] == told[0][1] * 2 / 3 + 1 and told[-1][0] == told[-1][1] and len(told[-1][2]) == 4
    assert told[-1][2][-1]["held out"] == on.rows[-1]["held out"]
    with pytest.raises(bu.BadInput, match="holds another run: epochs was 3 and is 4"):
        finetune(root, epochs=4, folder=run)


def test_what_the_last_full_epoch_had_learnt_is_kept(tmp_path, small):
    root = fill(tmp_path / "own")
    one = finetune(root, epochs=2, folder=tmp_path / "run", watch=Stop(0.75))
    kept = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    assert same(weights(one), kept["model"]) and len(kept["rows"]) == 1
    with pytest.raises(bu.BadInput, match="stopped before the first epoch had ended, so nothing is learnt yet"):
        finetune(root, epochs=2, watch=Stop(0.3))


def test_minutes_choose_the_epochs_and_a_run_that_goes_on_keeps_them(tmp_path, small, monkeypatch):
    root = fill(tmp_path / "own", 4)
    assert len(finetune(root, minutes=1e-6).rows) == 2
    monkeypatch.setattr(finetuning, "epochs_in", lambda *given: 3)
    finetune(root, minutes=1, folder=tmp_path / "run", watch=Stop(0.5))
    monkeypatch.setattr(finetuning, "epochs_in", lambda *given: 7)
    assert len(finetune(root, minutes=1, folder=tmp_path / "run").rows) == 4


def test_more_minutes_are_more_epochs(small):
    model, pixels = finetuning.NETS["bagnet17"].build(3), torch.zeros(16, 3, 128, 128, dtype=torch.uint8)
    model.eval()
    few, many = (finetuning.epochs_in(minutes, model, pixels, 100) for minutes in (0.2, 20))
    assert 1 <= few < many


def test_the_last_layer_alone_tells_colours_apart_and_the_seed_decides(tmp_path, small):
    root = fill(tmp_path / "own", 12)
    found = finetune(root, epochs=1)
    assert found.rows[0]["epoch"] == 0 and found.rows[0]["held out"] > 70
    assert same(weights(found), weights(finetune(root, epochs=1)))
    assert not same(weights(found), weights(finetune(root, epochs=1, seed=1)))


def test_the_last_layer_is_the_regression_on_the_features(small):
    images = torch.rand(12, 3, 40, 40)
    images[6:, 0] += 0.5
    world = World(images, torch.arange(12) // 6, ("dark", "red"), [None] * 12)
    model = finetuning.prepared("bagnet17", world, seed=0)
    assert (bu.predict(model, images) == world.labels).all()
    start = finetuning.load_model("bagnet17", "tiny").state_dict()
    assert all(torch.equal(value, start[key]) for key, value in model.state_dict().items() if "fc" not in key)
    learnt = finetune(world, epochs=1).model.state_dict()
    assert all(torch.equal(value, start[key]) for key, value in learnt.items() if "running" in key)
    assert not torch.equal(learnt["conv2.weight"], start["conv2.weight"])
    assert finetuning.gentle_rate("bagnet17", Recipe(1, 320, 32)) < finetuning.gentle_rate(
        "bagnet17", Recipe(9, 320, 32)
    )


@pytest.mark.slow
@pytest.mark.parametrize("network", ["bagnet17", "vit"])
def test_the_real_networks_learn_a_folder(tmp_path, network):
    found = finetune(fill(tmp_path, 8, ("apples", "limes")), network, epochs=1)
    assert found.model.patch_size == (17 if network == "bagnet17" else None) and found.accuracy.value > 70


def test_worlds_of_any_size_and_two_pictures_of_a_class(small):
    some = bu.load_world("patchwork", "test", n=20)
    four = [int(i) for label in (0, 1) for i in (some.labels == label).nonzero()[:2, 0]]
    images = torch.nn.functional.avg_pool2d(some.images[four], 2)
    found = finetune(World(images, some.labels[four], some.classes[:2], [some.truth[i] for i in four]), epochs=1)
    assert found.learnt.images.shape == (2, 3, 40, 40) and len(found.held_out.truth) == 2
    assert found.accuracy.value in (0, 50, 100)


# ------------------------------------------------------------ the live curve


def test_the_live_curve_holds_the_rows_and_is_shown_in_a_notebook_only(monkeypatch):
    from bagnet_utils.display import live

    shown, curve = [], LiveCurve(every=0)
    rows = [{"epoch": 0, "held out": 50.0}, {"epoch": 1, "held out": 75.0}]
    curve(1, 8, rows[:1])
    assert curve.bar is None and curve.rows == rows[:1]
    monkeypatch.setattr(live, "running_in_a_notebook", lambda: True)
    monkeypatch.setattr(LiveCurve, "put", lambda self, handle, thing: shown.append(thing) or len(shown))
    for step in range(2, 9):
        curve(step, 8, rows)
    bars = [thing.data for thing in shown if hasattr(thing, "data")]
    assert len(bars) == 7 and 'value="8" max="8"' in bars[-1] and len(shown) == 8  # the curve once: one new epoch
    line = curve.draw().lines[0]
    assert line.get_xdata().tolist() == [0, 1] and line.get_ydata().tolist() == [50, 75]
    assert "about 30 s left" in progress_bar(4, 10, 10.0, first=2) and "left" not in progress_bar(2, 10, 1.0, first=2)
