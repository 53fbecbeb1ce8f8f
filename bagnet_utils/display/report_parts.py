"""The parts of a report, as HTML. They write down what they are given; whatever a reader named is escaped."""

import base64
import io
from html import escape
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from PIL import Image
from torch import Tensor, nn

from bagnet_utils.display.style import evidence_scale
from bagnet_utils.errors import BadInput
from bagnet_utils.experiments.overview import CLASSES, Overview, maps_for
from bagnet_utils.experiments.patches import Patch
from bagnet_utils.experiments.shortcuts import shortcut_checks
from bagnet_utils.statistics import Estimate, confidence_interval
from bagnet_utils.worlds.world import World

MINUS = "\N{MINUS SIGN}"


def counted(number: int, thing: str) -> str:
    """3 pictures, 1 class."""
    return f"{number:,} {thing}" + ("es" if thing.endswith("s") else "s") * (number != 1)


def breaking(name: str) -> str:
    """A name that may go on in the next line after an underscore."""
    return escape(name).replace("_", "_<wbr>")


def signed(value: float) -> str:
    return f"{value:+.1f}".replace("-", MINUS)


def inline(pixels: np.ndarray) -> str:
    """H x W x 3 bytes as an address that holds the picture itself: as PNG or JPEG, whichever is smaller."""
    files = io.BytesIO(), io.BytesIO()
    picture = Image.fromarray(pixels)
    picture.save(files[0], "PNG", optimize=True)
    picture.save(files[1], "JPEG", quality=92, subsampling=0)
    kind, file = min(zip(("png", "jpeg"), files, strict=True), key=lambda pair: len(pair[1].getvalue()))
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def drawn(image: Tensor) -> str:
    """A 3 x H x W picture in [0, 1]."""
    return inline(np.rint(image.numpy() * 255).astype(np.uint8).transpose(1, 2, 0))


def drawn_map(values: Tensor, reach: float) -> str:
    """An h x w map, one pixel a place: the page makes it larger."""
    scale = evidence_scale(reach=reach)
    shades = colormaps[scale["cmap"]](values.numpy() / reach / 2 + 0.5)[:, :, :3]
    return inline(np.rint(shades * 255).astype(np.uint8))


def table(caption: str, heads: list[str], rows: list[str], kind: str) -> str:
    """A table that can be scrolled sideways, by keys as well, where the page is narrow."""
    cells = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{caption}"><table class="{kind}">'
        f"<caption>{caption}</caption><thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


# ---------------------------------------------------------------- numbers


def by_class(seen: Overview, world: World) -> str:
    rows = []
    for kind in seen.ranked:
        total, right = int(seen.confusion[kind].sum()), int(seen.confusion[kind, kind])
        low, high = confidence_interval(right, total)
        others = seen.confusion[kind] * (np.arange(len(world.classes)) != kind)
        most = int(others.argmax())
        taken = f"{escape(world.classes[most])} ({others[most]})" if others[most] else ""
        share = 100 * right / total
        rows.append(
            f'<tr><th scope="row">{breaking(world.classes[kind])}</th><td>{right} of {total}</td><td>{share:.0f} %</td>'
            f"<td>{low:.0f} to {high:.0f} %</td>"
            f'<td class="whisker"><i style="left:{low:.1f}%;width:{high - low:.1f}%"></i>'
            f'<b style="left:{share:.1f}%"></b></td><td>{taken}</td></tr>'
        )
    heads = [
        "class",
        "correct",
        "accuracy",
        "95 % interval",
        "<span>0</span><span>100 %</span>",
        "most often taken for",
    ]
    none = [escape(name) for kind, name in enumerate(world.classes) if kind not in set(seen.ranked)]
    missing = f"<p>No pictures to test on: {', '.join(none)}.</p>" if none else ""
    return table("Accuracy by class, the lowest first", heads, rows, "by-class") + missing


def confusion(seen: Overview, world: World) -> str:
    """Counts, of up to CLASSES classes; of more the most frequent mistakes alone."""
    wrong = seen.confusion * (1 - np.eye(len(seen.confusion), dtype=int))
    pairs = [divmod(int(n), len(wrong)) for n in (-wrong).ravel().argsort(kind="stable")[:8]]
    lines = "".join(
        f"<li>{escape(world.classes[true])} taken for {escape(world.classes[answer])}: "
        f"{wrong[true, answer]} of {seen.confusion[true].sum()}</li>"
        for true, answer in pairs
        if wrong[true, answer]
    )
    most = f"<h3>The most frequent mistakes</h3><ol>{lines}</ol>" if lines else "<p>There is no mistake.</p>"
    shown = np.flatnonzero(seen.confusion.sum(0) + seen.confusion.sum(1))
    if len(shown) > CLASSES:
        return f"<p>A table of {len(shown)} classes could not be read, so it is left out.</p>{most}"
    rows = []
    for true in sorted(seen.ranked):
        cells = []
        for answer in shown:
            count = seen.confusion[true, answer]
            kind = "right" if true == answer else "wrong"
            share = f' style="--share:{count / seen.confusion[true].sum():.2f}"' if count else ""
            cells.append(f'<td class="{kind}"{share}>{count or ""}</td>')
        rows.append(f'<tr><th scope="row">{breaking(world.classes[true])}</th>{"".join(cells)}</tr>')
    heads = ["shown \N{DOWNWARDS ARROW} answer \N{RIGHTWARDS ARROW}"]
    heads += [f"<span>{escape(world.classes[answer])}</span>" for answer in shown]
    return table("Number of pictures by class (rows) and answer (columns)", heads, rows, "confusion") + most


def shortcuts(model: nn.Module, world: World) -> str:
    try:
        checks = shortcut_checks(model, world)
    except BadInput as problem:  # too few pictures
        return f"<p>They could not be made. {escape(str(problem))}</p>"
    rows = [
        f'<tr><th scope="row">{escape(one.name)}</th><td>{escape(one.question)}'
        f"<br><small>Before: {escape(one.control)}.</small></td>"
        f'<td data-label="before">{one.before:.0f} %</td><td data-label="after">{one.after:.0f} %</td>'
        f'<td data-label="drop, in points">{points(one.drop)}</td>'
        f"<td>{'<strong>found</strong>: ' if one.found else ''}{escape(one.verdict).replace('-', MINUS)}</td></tr>"
        for one in checks
    ]
    heads = ["check", "question", "before", "after", "drop, in points", "verdict"]
    caption = "Percent of the pictures that are classified correctly, before and after each change"
    return table(caption, heads, rows, "shortcuts stack")


def points(drop: Estimate) -> str:
    ends = "no interval" if np.isnan(drop.low) else f"{signed(drop.low)} to {signed(drop.high)}"
    return f"{signed(drop.value)} ({ends})"


# ---------------------------------------------------------------- pictures


def maps(model: nn.Module, seen: Overview, world: World) -> str:
    """Cards of correct answers and of mistakes, each with the rule by which they were chosen."""
    groups = (
        ("Correct answers", seen.typical, "of up to six classes, evenly from the lowest accuracy to the highest, the "
         "picture whose answer is correct with the median probability"),
        ("The surest mistakes", seen.mistakes, "the wrong answers with the highest probability"),
    )  # fmt: skip
    return "".join(
        f'<h3>{title}</h3><p class="rule">Chosen by rule: {rule}.</p><div class="cards">'
        + ("".join(card(model, seen, world, number) for number in chosen) or "<p>There is none.</p>")
        + "</div>"
        for title, chosen, rule in groups
    )


def card(model: nn.Module, seen: Overview, world: World, number: int) -> str:
    """A picture beside the map for the answer and, of a mistake, the map for its class, on one scale."""
    image, true = world.images[number].float().cpu(), int(world.labels[number])
    answer = int(seen.logits[number].argmax())
    targets = [answer] if answer == true else [answer, true]
    heats = maps_for(model, image, targets)
    reach = evidence_scale(heats)["vmax"]
    names = [escape(world.classes[target]) for target in targets]
    panes = [pane(drawn(image), f"Picture {number}, of the class {escape(world.classes[true])}", "the picture")]
    for heat, name in zip(heats, names, strict=True):
        row, column = divmod(int(heat.argmax()), heat.shape[1])
        places = (
            f"the strongest place for it is row {row + 1} of {heat.shape[0]}, column {column + 1} of {heat.shape[1]}"
        )
        alt = f"Map of what speaks for {name}: mean {signed(heat.mean().item())} logits; {places}"
        panes.append(pane(drawn_map(heat, reach), alt, f"for {name}", "map"))
    sure = f"{100 * seen.logits[number].softmax(0)[answer]:.1f} %"
    says = f"{names[0]}, correct" if answer == true else f"{names[1]}, taken for {names[0]}"
    scale = f"Darkest colours: {MINUS}{reach:.1f} and +{reach:.1f} logits"
    words = f"<strong>{says}</strong>, with probability {sure}. {title_of(world, number)}. {scale}."
    return f'<figure class="card"><div>{"".join(panes)}</div><figcaption>{words}</figcaption></figure>'


def pane(source: str, alt: str, below: str, kind: str = "") -> str:
    return f'<div class="pane {kind}"><img src="{source}" alt="{alt}"><span>{below}</span></div>'


def title_of(world: World, number: int) -> str:
    """The picture's number, and its file if it has one."""
    truth = world.truth[number] if number < len(world.truth) else None
    return f"Picture {number}" + (f" ({escape(Path(truth).name)})" if isinstance(truth, str) else "")


def patches(seen: Overview, world: World) -> str:
    rows = []
    for kind in seen.telling:
        cells = "".join(
            f'<td data-label="{label}">{"".join(tile(patch, kind, world) for patch in some) or "none"}</td>'
            for label, some in (("telling", seen.telling[kind]), ("misleading", seen.misleading[kind]))
        )
        rows.append(f'<tr><th scope="row">{breaking(world.classes[kind])}</th>{cells}</tr>')
    heads = ["class", "telling: from pictures of the class", "misleading: from pictures of other classes"]
    rest = len(seen.ranked) - len(rows)
    more = f"<p>Shown are the {len(rows)} classes with the lowest accuracy; {rest} more are not.</p>" if rest else ""
    return table("Patches with the highest evidence for each class, in logits", heads, rows, "patches stack") + more


def tile(patch: Patch, kind: int, world: World) -> str:
    own, name = int(world.labels[patch.picture]), escape(world.classes[kind])
    said = "" if own == kind else f"<br>{breaking(world.classes[own])}"
    alt = f"Patch of picture {patch.picture}, {escape(world.classes[own])}, at row {patch.row}, column {patch.column}"
    return (
        f'<figure class="tile"><img src="{drawn(patch.pixels)}" alt="{alt}, with evidence for {name}">'
        f"<figcaption>{signed(patch.evidence)}{said}</figcaption></figure>"
    )
