"""A report on a network and the pictures it was tested on: one page that needs nothing but a browser."""

import hashlib
import json
import platform
from dataclasses import replace
from datetime import date
from html import escape
from pathlib import Path
from string import Template

import torch
from torch import nn

from bagnet_utils.checks import check_switch, describe
from bagnet_utils.display.report_parts import by_class, confusion, counted, maps, patches, shortcuts, title_of
from bagnet_utils.display.widgets import explore
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.overview import Overview, overview
from bagnet_utils.files import write_whole
from bagnet_utils.models.bagnet import BagNet
from bagnet_utils.models.zoo import WORLDS
from bagnet_utils.statistics import confidence_interval
from bagnet_utils.worlds.world import World

HERE = Path(__file__).parent
MARK = "The BagNet course: bagnet_utils.display.report"  # by this we know a report again
EXPLORED, PIXELS = 6, 200_000  # pictures in the explorer, at most, and their pixels, so that the page stays small
FEW = 10  # pictures: a class with fewer is named among what was hardly tested

PARTS = {
    "accuracy": "Accuracy",
    "classes": "Accuracy by class",
    "confusion": "What is taken for what",
    "maps": "Where the evidence is",
    "patches": "Telling and misleading patches",
    "shortcuts": "Shortcut checks",
    "explorer": "Look for yourself",
    "limits": "What was not tested",
    "commands": "How this page was made",
}
BAG = {
    "maps_how": "Red places speak for the class that is named below the map, blue ones against it, white ones say "
    "nothing. Each place is one patch, and the mean over all patches is exactly the logit of the class: nothing is "
    "estimated.",
    "patches_how": "Telling patches come from pictures of the class, misleading ones from pictures of other classes; "
    "the number is the evidence for the class, in logits. Ask of each row: is this what the class is, or only what "
    "often comes with it?",
    "explorer": '<p class="how">Choose a picture, move the box with the mouse or the arrow keys, and read what the '
    "patch under it says. Silence patches with a click or Space, and see whether the answer stays.</p>"
    '<noscript><p>This part needs JavaScript; the rest of the page does not.</p></noscript><p class="choice"><label>'
    'Picture <select id="explorer-choice">$choices</select></label></p><div id="explorer-place"></div>',
}
OTHER = {
    "maps_how": "This network has no evidence for each patch, so a square was hidden, place by place: red where the "
    "logit of the class falls, so what was hidden speaks for it; blue where the logit rises. Such a map is one way to "
    "ask (occlusion), not an exact account as of a BagNet.",
    "patches_how": "This network is no bag of patches: no patch has evidence of its own, so there are none to show. "
    "Only a BagNet's can be listed.",
    "explorer": '<p class="how">The explorer silences patches of a BagNet one by one. This network is none, so it is '
    "left out.</p>",
}


def report(
    model: nn.Module,
    world: World,
    path: str | Path = "report.html",
    title: str = "",
    commands: str = "",
    overwrite: bool = False,
) -> Path:
    """Write one self-contained page on a network and the pictures that it is tested on; returns its path.

    world: pictures that the network did not learn from, of the model's own classes. title: by default what was tested
    on what. commands: the code that made model and world, to be printed at the end. An older report is replaced; any
    other file only with overwrite=True.
    """
    place = check_place(path, overwrite)
    for what, text in (("title", title), ("commands", commands)):
        if not isinstance(text, str):
            raise BadInput(f"report: {what} is {describe(text)}, but text is wanted; leave it out for the usual one.")
    seen, name, words = overview(model, world), name_of(model), BAG if isinstance(model, BagNet) else OTHER
    if len(world.truth) != len(world.labels):
        world = replace(world, truth=(None,) * len(world.labels))
    pictures = counted(len(world.labels), "picture")
    made = commands.strip() or f"model = ...  # {name}\nworld = ...  # {pictures}"
    page = Template(text_of("report.html")).substitute(
        words,
        mark=MARK,
        style=text_of("report.css") + text_of("explorer.css"),
        title=escape(title or f"{name}, tested on {pictures}"),
        facts=pairs(facts(model, name, world)),
        contents="".join(f'<li><a href="#{part}">{words}</a></li>' for part, words in PARTS.items()),
        accuracy=accuracy(seen, world, name),
        classes=by_class(seen, world),
        confusion=confusion(seen, world),
        maps=maps(model, seen, world),
        patches=patches(seen, world) if seen.telling else "",
        shortcuts=shortcuts(model, world),
        limits="".join(f"<li>{line}</li>" for line in limits(seen, world)),
        commands=escape(f"{made}\nbu.report(model, world, {place.name!r})"),
        fingerprints=pairs(fingerprints(model, world)),
        **explorers(model, seen, world, words["explorer"]),
    )
    try:
        write_whole(place, page)
    except OSError as problem:
        why = problem.strerror or problem
        raise BadInput(f"report: {path} cannot be written ({why}); name a file in a folder of yours.") from None
    return place


def check_place(path, overwrite: bool) -> Path:
    """A path that can be written, and that holds nothing yet, or an older report."""
    check_switch("report", "overwrite", overwrite)
    usable = isinstance(path, (str, Path)) and "\0" not in str(path)
    if not usable or Path(path).suffix.lower() not in (".html", ".htm"):
        raise BadInput(f"report: path is {str(path)!r:.80}, but the name of a page is wanted, such as 'report.html'.")
    place = Path(path).expanduser()
    try:
        if not place.parent.is_dir():
            raise BadInput(f"report: there is no folder {place.parent}; make it, or name another one.")
        if place.is_dir():
            raise BadInput(f"report: {path} is a folder, but the name of a page is wanted, such as 'report.html'.")
        if place.exists() and not overwrite:
            with place.open("rb") as file:
                if MARK.encode() not in file.read(1000):
                    raise BadInput(
                        f"report: {path} is there already and is no report of ours, so it stays as it is; name another "
                        "file, or say overwrite=True."
                    )
    except OSError as problem:
        raise BadInput(f"report: {path} cannot be used ({problem.strerror}); name another file.") from None
    return place


def text_of(file: str) -> str:
    return (HERE / file).read_text(encoding="utf-8")


def pairs(rows: dict[str, str]) -> str:
    return "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in rows.items())


def name_of(model: nn.Module) -> str:
    return f"BagNet-{model.patch_size}" if isinstance(model, BagNet) else type(model).__name__


def facts(model: nn.Module, name: str, world: World) -> dict[str, str]:
    weights = sum(weight.numel() for weight in model.parameters())
    grid = f", patches of {model.patch_size} px, one every {model.stride} px" if isinstance(model, BagNet) else ""
    height, width = world.images.shape[2:]
    known = [title for title, home in WORLDS.items() if tuple(home.classes) == tuple(world.classes)]
    return {
        "Date": date.today().isoformat(),
        "Network": f"{name}, {weights:,} weights{grid}",
        "World": f"{known[0]}, a world of the course" if known else "own pictures",
        "Pictures": f"{len(world.labels):,}, each {height} x {width} px",
        "Classes": f"{len(world.classes):,}",
    }


def fingerprints(model: nn.Module, world: World) -> dict[str, str]:
    """The beginnings of hashes, and the versions."""
    hashes = {}
    for title, tensors in (("Weights", model.state_dict().values()), ("Pictures", (world.images, world.labels))):
        digest = hashlib.sha256()
        for tensor in tensors:
            digest.update(tensor.detach().cpu().double().numpy().tobytes())
        hashes[f"{title}, fingerprint"] = digest.hexdigest()[:12]
    return hashes | {"Made with": f"PyTorch {torch.__version__}, Python {platform.python_version()}"}


def accuracy(seen: Overview, world: World, name: str) -> str:
    right, total = int(seen.confusion.trace()), len(world.labels)
    low, high = confidence_interval(right, total)
    common = int(seen.confusion.sum(1).argmax())
    share = 100 * seen.confusion[common].sum() / total
    return (
        f'<p class="lead"><strong>{100 * right / total:.1f} %</strong> '
        f"<span>95 % interval {low:.1f} to {high:.1f} %</span></p>"
        f"<p>{name} classifies {right} of {counted(total, 'picture')} correctly. For comparison: always to answer "
        f"{escape(world.classes[common])}, the most common class here, would give {share:.1f} %.</p>"
    )


def explorers(model: nn.Module, seen: Overview, world: World, words: str) -> dict[str, str]:
    """The explorer of a few pictures, correct answers and mistakes in turn: how it looks, and its script."""
    if not isinstance(model, BagNet):
        return {"explorer": words, "scripts": ""}
    most = min(EXPLORED, max(1, PIXELS // world.images[0, 0].numel()))
    half = max(most - len(seen.mistakes), (most + 1) // 2)
    numbers = [*seen.typical[:half], *seen.mistakes[: most - min(half, len(seen.typical))]]
    states, choices = [], []
    for place, number in enumerate(numbers):
        true, answer = int(world.labels[number]), int(seen.logits[number].argmax())
        widget = explore(model, world.images[number], true, list(world.classes))
        widget.target = answer if answer in widget.packed["numbers"] else true
        states.append({key: value for key, value in widget.get_state().items() if not key.startswith("_")})
        says = world.classes[true] + (", correct" if answer == true else f", taken for {world.classes[answer]}")
        choices.append(f'<option value="{place}">{escape(says)}. {title_of(world, number)}</option>')
    data = json.dumps(states).replace("<", "\\u003c")  # so that no name ends the script
    code = text_of("explorer.js").replace("export default { render };", "return { render };")
    script = f"(() => {{\nconst explorer = (() => {{\n{code}}})();\n{text_of('report.js')}}})();"
    return {
        "explorer": Template(words).substitute(choices="".join(choices)),
        "scripts": f'<script type="application/json" id="explorer-data">{data}</script>\n<script>\n{script}\n</script>',
    }


def limits(seen: Overview, world: World) -> list[str]:
    """What a reader might take for tested."""
    counts = {world.classes[kind]: int(seen.confusion[kind].sum()) for kind in range(len(world.classes))}
    none, few = (
        [escape(name) for name, n in counts.items() if least <= n < most] for least, most in ((0, 1), (1, FEW))
    )
    lines = [
        "Whether the network learned from these very pictures, or from near copies of them. This page cannot know. If "
        "so, the accuracy is too high.",
        "Pictures from elsewhere: another camera, place, season or source. The intervals are for pictures of the same "
        "source only.",
        "Other training runs. Another seed gives other weights, and often another accuracy.",
        "Pictures that show none of these classes, or several of them. The network always answers with one of its own.",
        "Whether a probability can be taken at its word (calibration), and pictures that were changed to deceive.",
        "Other shortcuts than those in the table. And a map or a patch shows where evidence comes from, not what in it "
        "counts: colour, texture or shape.",
    ]
    if none:
        lines.append(f"Classes without pictures: {', '.join(none)}.")
    if few:
        lines.append(f"Classes with fewer than {FEW} pictures were hardly tested: {', '.join(few)}.")
    return lines
