"""What tests of pages share: what stands under each heading, what is emphasised, and the terms of the glossary."""

import json
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from bagnet_utils.models.zoo import WORLDS

ROOT = Path(__file__).parents[1]
DOCS, NOTEBOOKS = ROOT / "docs", sorted((ROOT / "notebooks").glob("*.ipynb"))
NUMBERED = {path.stem.split("_")[0]: path for path in NOTEBOOKS}
PAGES = {name: DOCS / f"{name}.md" for name in ("glossary", "bibliography", "misconceptions", "questions")}
LINK = re.compile(r"\[([^\]]+)\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def joined(words: str) -> str:
    """On one line."""
    return " ".join(words.split())


# ---------------------------------------------------------------- what a notebook or page says


@cache
def sections(path: Path) -> dict[str, str]:
    """What stands under each heading, subsections as well; code is indented. Headings in folded parts are none."""
    lines = text(path).splitlines() if path.suffix == ".md" else []
    for cell in [] if lines else json.loads(text(path))["cells"]:
        source = "".join(cell["source"]).splitlines()
        lines += source if cell["cell_type"] == "markdown" else [f"    {line}" for line in source]
    found, above, folded = {}, {}, False
    for line in lines:
        folded = folded or "<details>" in line
        if not folded and (heading := re.match(r"(#+) (.*)", line)):
            above = {depth: name for depth, name in above.items() if 1 < depth < len(heading[1])}
            above[len(heading[1])] = heading[2]
            found.setdefault(heading[2], []).append(heading[2])
        else:
            for name in above.values():
                found[name].append(line)
        folded = folded and "</details>" not in line
    return {name: "\n".join(under) for name, under in found.items()}


def prose(words: str) -> str:
    """Without code, formulas, folded parts and the targets of links."""
    words = "\n".join(line for line in words.splitlines() if not line.startswith("    "))
    return re.sub(r"(?s)```.*?```|`[^`]*`|\$[^$]*\$|<details>.*?</details>|\]\([^)]*\)", "", words)


def emphasised(words: str) -> list[str]:
    """What stands in bold or in italics."""
    words = prose(words)
    bold, rest = re.findall(r"\*\*([^*]+?)\*\*", words), re.sub(r"\*\*([^*]+?)\*\*", "", words)
    spans = bold + re.findall(r"(?<![*\w])\*([^*\s][^*]*?)\*(?![*\w])", rest)
    return [joined(span.replace("\n> ", " ")) for span in spans]


def full(heading: str, path: Path) -> str | None:
    """The heading that a link names: minutes and the notebook's number may be left out."""
    short = re.compile(rf"(?:\d+[ab]? · )?{re.escape(heading)}(?: · \d+ minutes · \S+)?")
    return next(filter(short.fullmatch, sections(path)), None)


class Entry(NamedTuple):
    term: str
    also: tuple[str, ...]
    words: tuple[str, ...]  # Chinese and Korean
    told: str
    link: str
    target: str

    def names(self) -> tuple[str, ...]:
        return (self.term, *self.also)


ENTRY = r"- \*\*(.+?)\*\*(?: \(also: (.+?)\))?((?: · [^:]+?)*): (.+) \[([^\]]+)\]\(([^)]+)\)"


@cache
def glossary() -> tuple[Entry, ...]:
    entries = []
    for block in re.findall(r"(?ms)^- .+?(?=^- |^\n|\Z)", text(PAGES["glossary"])):
        found = re.fullmatch(ENTRY, joined(block))
        assert found, f"no entry: {block}"
        term, also, words, *rest = found.groups()
        entries.append(Entry(term, tuple(also.split(", ") if also else ()), tuple(words.split(" · ")[1:]), *rest))
    return tuple(entries)


def inflected(name: str) -> str:
    """A pattern for a word and its plural, and for a verb's forms."""
    *before, last = name.split()
    stem = re.escape(last[:-1])
    ends = {"e": rf"{stem}(?:e|es|ed|ing)", "y": rf"{stem}(?:y|ies|ied|ying)", "x": rf"{stem}(?:x|ces)"}
    return r"[\s>]+".join([*map(re.escape, before), ends.get(last[-1], rf"{re.escape(last)}(?:s|es|ed|ing)?")])


def pattern(names) -> re.Pattern:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(inflected, sorted(names, key=len, reverse=True)))})(?!\w)", re.I)


# Words that are emphasised, or stand in a heading of the claims page, and are no terms of the field. Words of up to
# three letters and names of classes need not stand here.
ORDINARY = """
    above absent across added after again against alike alone among another answer anything arrangement away backward
    because before bell below best better between bird black both bound cannot carp carries certain changed choices
    claim claims climbs command copy corners cost course data days depends details difference differences different
    does down drawn draws dropped each elsewhere empty equal equally every exactly experiment fails false feet fergus
    figure filled first five flaw flaws flower forward found from frozen full function geirhos grey ground guessing
    harms held help here hidden hide hold holds honesty hour html human inside itself judged jupyterlab larger last
    learning learnt left less line longer looks lost lower made makes mask masked matters mean measured medicine
    memory middle minaret minus minutes missing more most named nearly network networks new nine none notebook nothing
    number order other others over page painted paper passes person photo photograph picture pictures pixels place
    places plain points pole present probable proved published question random removed repeats report reproducibility
    reverse right rule ruler runs same scale scenery seen shape ship should side size solve solves some something
    stand-in strange success sure surely take taken tell test than that their them there these thing third this
    threads three together trained training trust twelve undecided undefended useful values were what where which
    white whole wings with within without word worth writing wrong your zeiler
"""
NAMES = """
    BibTeX BP BY CC CC0 CDIP CIEDE2000 CITATION CONTRIBUTING CPU CSV CVPR DockerSpawner DOI DOIs ECCV ESC EuroSAT
    exFAT FAT32 GB GitHub HTML ICCV ICLR ICML IIIT IPython JPEG JSTARS JupyterHub JupyterLab KubeSpawner LDAP
    LICENSE LTI macOS MB MIT NativeAuthenticator NC NeurIPS NumPy NVIDIA OAuth OK ONE PAM PatchCamelyon PDF PNG
    PostScript PSS PyPI PyTorch README RVL SA SHA SIGKILL STOP SystemdSpawner TensorFlow TLS USB USENIX VS
"""


def unexplained(words: str, known: re.Pattern, headings: str = "") -> set[str]:
    """Terms of a text that are not in the glossary: emphasised words, words of headings, and names such as XyZ."""
    classes = {part for home in WORLDS.values() for name in home.classes for part in re.split(r"[ _]", name.lower())}
    ordinary = set(ORDINARY.split())
    short = [span for span in emphasised(words) if len(span.split()) <= 3 and span[-1] not in ".?!:"]
    left = known.sub(" ", "\n".join([*short, headings]))
    found = {
        word
        for word in re.findall(r"[a-z][a-z-]{3,}", re.sub(r"['\N{RIGHT SINGLE QUOTATION MARK}]s\b", "", left.lower()))
    }
    singular = {word for word in found if word.rstrip("s") in ordinary | classes}
    names = re.findall(r"\b\w*[A-Z]\w*[A-Z]\w*\b", known.sub(" ", prose(words)))
    return (found - ordinary - classes - singular) | (set(names) - set(NAMES.split()))


@cache
def explained() -> re.Pattern:
    return pattern({name for entry in glossary() for name in entry.names()})
