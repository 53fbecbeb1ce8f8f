"""A network for your own pictures: features from the course, a new last layer, then all weights together."""

import hashlib
import json
import time
from collections.abc import Callable
from contextlib import nullcontext, redirect_stdout, suppress
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bagnet_utils.checks import check_choice, check_number, check_seed, check_whole, describe
from bagnet_utils.errors import BadInput
from bagnet_utils.models.bagnet import Normalise
from bagnet_utils.models.recipes import Pictures, Recipe, evenly, recipe_for, vary
from bagnet_utils.models.scores import predict
from bagnet_utils.models.training import layout, train
from bagnet_utils.models.zoo import NETS, WORLDS, load_model, take_features
from bagnet_utils.statistics import Estimate, confidence_interval
from bagnet_utils.worlds.own import hold_out, read_folder
from bagnet_utils.worlds.photos import SIDE
from bagnet_utils.worlds.world import World

Watch = Callable[[int, int, list[dict]], None]  # steps made, steps in all, the rows of the epochs so far
ABLE = tuple(name for name, net in NETS.items() if "tiny" in net.worlds)


@dataclass(frozen=True)
class Finetuned:
    """A network that learnt your pictures, and what it never saw of them."""

    model: nn.Module = field(repr=False)  # in eval mode, with .classes and .patch_size
    learnt: World  # what it learnt from
    held_out: World  # the quarter that was kept for the test
    accuracy: Estimate  # percent right of held_out, with its 95 % interval (Wilson's)
    rows: list[dict] = field(repr=False)  # by epoch: loss, seconds, percent right; epoch 0: only the last layer learnt
    notes: tuple[str, ...] = ()  # a line on each file that was left out


def finetune(
    source: World | str | Path,
    network: str = "bagnet17",
    epochs: int | None = None,
    minutes: float | None = None,
    folder: str | Path | None = None,
    seed: int = 0,
    watch: Watch | None = None,
) -> Finetuned:
    """Let one of the course's networks learn your pictures; about a quarter of each class is kept for the test.

    source: a folder with one subfolder of pictures for each class, or a world. epochs: how often it sees the pictures
    (20 times unless you say otherwise); or minutes: as many epochs as fit. Stop it (interrupt the kernel, Ctrl-C): what
    the last full epoch had learnt is kept. folder: where checkpoints go; with the same folder it goes on from there.
    watch: is told how far it is, for a live curve.
    """
    check_choice("finetune", "network", network, ABLE)
    seed = check_seed("finetune", seed, 2**31 - 1)
    if epochs is not None and minutes is not None:
        raise BadInput("finetune: epochs and minutes were both given, but only one of them is wanted; leave one out.")
    world, notes = pictures_of(source)
    for note in notes:
        print("left out:", note)
    learnt, held = (part_of(world, numbers) for numbers in hold_out(world))
    pixels, pool = (learnt.images * 255).round().to(torch.uint8), evenly(learnt.labels)
    batch = 16 if len(pool) >= 320 else 8  # BatchNorm keeps still, so small ones will do, and need less memory
    pool = pool.repeat(-(-4 * batch // len(pool)))  # few pictures come again and again, or an epoch has no steps
    model = prepared(network, learnt, seed)
    rows = [{"epoch": 0, "held out": percent_right(model, held)}]
    if minutes is not None:
        minutes = check_number("finetune", "minutes", minutes, 0, 10_000)
        epochs = epochs_begun(folder) or epochs_in(minutes, model, pixels, len(pool))
    epochs = check_whole("finetune", "epochs", 20 if epochs is None else epochs, 1, 1000)
    recipe = Recipe(epochs, len(pool) // batch * batch, batch, smoothing=0.1)
    recipe = replace(recipe, rate=gentle_rate(network, recipe))

    def draw(epoch: int) -> Pictures:
        random = torch.Generator().manual_seed(1000 * seed + epoch)
        order = pool[torch.randperm(len(pool), generator=random)]
        return torch.cat([vary(part, random) for part in pixels[order].split(500)]), learnt.labels[order]

    draw.about = {"seed": seed, "data": hashlib.sha256(pixels.numpy()).hexdigest()[:12], "network": network}
    told = Told(watch, recipe, rows, held, folder)
    with nullcontext(folder) if folder else TemporaryDirectory() as place:
        hook = model.register_forward_pre_hook(told.step)
        try:
            with redirect_stdout(StringIO()) if watch else nullcontext():
                rows[1:] = train(model, draw, recipe, place, told.epoch)
        except KeyboardInterrupt:
            rows[1:] = as_it_was_kept(model, place)
            print(f"Stopped after epoch {len(rows) - 1} of {epochs}." + (" Call it again to go on." if folder else ""))
        finally:
            hook.remove()
    model = model.cpu().eval()
    right = int((predict(model, held.images) == held.labels).sum())
    share = Estimate(100 * right / len(held.labels), *confidence_interval(right, len(held.labels)))
    return Finetuned(model, learnt, held, share, rows, notes)


class Told:
    """What the training loop calls: after each epoch the held-out pictures are asked; and the watcher is told."""

    def __init__(self, watch: Watch | None, recipe: Recipe, rows: list[dict], held: World, folder):
        self.watch, self.held, each = watch or (lambda *_: None), held, recipe.pictures // recipe.batch
        self.rows = rows + kept(folder).get("rows", [])
        self.steps, self.all = (len(self.rows) - 1) * each, recipe.epochs * each

    def step(self, model: nn.Module, _) -> None:
        if model.training:
            for layer in model.modules():
                if isinstance(layer, nn.BatchNorm2d):
                    layer.eval()  # it keeps its means: those of a batch of few pictures jump, and cost accuracy
            self.steps += 1
            self.watch(self.steps, self.all, self.rows)

    def epoch(self, model: nn.Module) -> dict[str, float]:
        right = percent_right(model, self.held)
        self.rows.append({"epoch": len(self.rows), "held out": right})
        self.watch(self.steps, self.all, self.rows)
        return {"held out": right}


def pictures_of(source) -> tuple[World, tuple[str, ...]]:
    """A world of 128-px pictures with two classes at least."""
    if isinstance(source, (str, Path)):
        return read_folder(source)
    if not isinstance(source, World):
        raise BadInput(f"finetune: a folder of class folders or a world is wanted, but {describe(source)} was given.")
    if len(source.labels.unique()) < 2:
        raise BadInput(
            f"finetune: the world has {len(source.labels)} pictures of one class, but two classes are wanted."
        )
    images = source.images
    if images.shape[2:] != (SIDE, SIDE):
        images = F.interpolate(images, size=(SIDE, SIDE), mode="bicubic", antialias=True).clamp(0, 1)
    return World(images, source.labels, source.classes, source.truth), ()


def part_of(world: World, numbers: Tensor) -> World:
    """Some pictures of a world."""
    truth = [world.truth[i] for i in numbers.tolist()]
    return World(world.images[numbers], world.labels[numbers], world.classes, truth)


def percent_right(model: nn.Module, world: World) -> float:
    return 100 * (predict(model, world.images) == world.labels).float().mean().item()


# ------------------------------------------------------------ what it begins with


def prepared(network: str, learnt: World, seed: int) -> nn.Module:
    """The network with the features of its sister for 64-px pictures, and a last layer that has learnt these ones."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = NETS[network].build(len(learnt.classes), SIDE)
    model.normalise = Normalise(*WORLDS["tiny"].colours)
    model.classes, model.patch_size = learnt.classes, getattr(model, "patch_size", None)
    take_features(model, load_model(network, "tiny"))
    model.eval()
    fit_last_layer(model, learnt)
    return model


def fit_last_layer(model: nn.Module, learnt: World, decay: float = 0.1) -> None:
    """Softmax regression on what the last layer is given, each of its numbers scaled alike; in place."""
    last = [layer for layer in model.modules() if isinstance(layer, nn.Linear)][-1]
    given: list[Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, inputs: given.append(inputs[0]))
    predict(model, learnt.images)
    hook.remove()
    features = torch.cat(given)  # N x D
    shift, scale = features.mean(0), features.std(0) + 1e-6
    features, classes = (features - shift) / scale, len(learnt.classes)
    weight = torch.zeros(classes, features.shape[1], requires_grad=True)
    bias = torch.zeros(classes, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        wrong = F.cross_entropy(F.linear(features, weight, bias), learnt.labels) + decay * weight.pow(2).sum()
        wrong.backward()
        return wrong

    optimizer.step(loss)
    with torch.no_grad():
        last.weight.copy_(weight / scale)
        last.bias.copy_(bias - last.weight @ shift)


def gentle_rate(network: str, recipe: Recipe) -> float:
    """The learning rate: that of the long training on the photographs, for fewer steps in proportion less.

    The last layer has learnt already, so large steps, of which there are too few to settle, would only do harm.
    """
    long = recipe_for("photos", network)
    steps, all_steps = (one.epochs * (one.pictures // one.batch) for one in (recipe, long))
    return long.rate * min(1, steps / all_steps)


def epochs_in(minutes: float, model: nn.Module, pixels: Tensor, pictures: int) -> int:
    """How many epochs of so many pictures fit, by the time that some take here; one at least."""
    some = (pixels[:16].float() / 255).contiguous(memory_format=layout(model))
    started = time.monotonic()
    for _ in range(2):  # the first one is slower, so this is a careful guess
        model(some).sum().backward()
    model.zero_grad()
    return max(1, int(60 * minutes / ((time.monotonic() - started) / 2 / len(some) * pictures)))


def epochs_begun(folder: str | Path | None) -> int | None:
    """How many epochs the run in this folder is to have, if there is one."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        return int(json.loads((Path(folder) / "run.json").read_text(encoding="utf-8"))["epochs"])
    return None


def kept(folder: str | Path | None) -> dict:
    """What the folder holds of the last full epoch; nothing if there is none."""
    path = Path(folder or ".") / "checkpoint.pt"
    return torch.load(path, map_location="cpu", weights_only=True) if folder and path.exists() else {}


def as_it_was_kept(model: nn.Module, folder: str | Path) -> list[dict]:
    """Put back the weights after the last full epoch; the rows of the epochs until then."""
    state = kept(folder)
    if not state:
        raise BadInput(
            "finetune: it was stopped before the first epoch had ended, so nothing is learnt yet; let it run longer, "
            "or give it fewer pictures."
        )
    model.load_state_dict(state["model"])
    return state["rows"]
