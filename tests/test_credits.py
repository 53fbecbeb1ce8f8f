"""Whose photographs are shown is said where they are shown; and what a clone fetches stays small."""

import re
import subprocess
from pathlib import Path

import front
import pytest
from PIL import Image
from told import NUMBERED, ROOT, sections, text

README = text(ROOT / "README.md")


def test_the_license_excepts_photographs_and_says_whose_they_are():
    words = " ".join(text(ROOT / "LICENSE").split())
    assert "but the photographs" in words and "10.22002/D1.20086" in words and "data/photos/README.md" in words
    for name in ("Fei-Fei Li", "Marco Andreetto", "Marc'Aurelio Ranzato", "Pietro Perona", "CC BY 4.0"):
        assert name in words.split("Photographs: not ours")[1]


@pytest.mark.parametrize("number", ["00", *(f"{n:02}" for n in range(4, 12)), "12a", "12b", "13a", "13b", "14"])
def test_a_notebook_with_photographs_leads_to_their_credits(number):
    words = "\n".join(sections(NUMBERED[number]).values())
    assert "Caltech-101" in words and re.search(r"\]\(\.\./data/photos/README\.md\)", words)


def test_the_readme_shows_a_photograph_that_is_named_rightly_and_one_that_is_not():
    (alt,) = re.findall(rf"!\[([^\]]+)\]\(docs/images/{front.PICTURE.name}\)", README)
    flamingo, ibis = ([front.told(name, image) for name in front.BAGNETS] for image in front.photographs())
    assert {one.answer for one in (*flamingo, *ibis)} == {"flamingo"}
    for found in (flamingo, ibis):
        low, *_, high = sorted(round(one.percent) for one in found)
        assert f"{low} to {high} %" in alt
    first, second, third = (one.patches for one in flamingo)
    assert first > 200 and f"{first}, {second} and {third} patches" in " ".join(README.split())
    assert front.PICTURE.stat().st_size < 3e5 and Image.open(front.PICTURE).width > 800


def test_what_a_clone_fetches_is_small_and_the_readme_says_how():
    assert "`git clone --depth 1`" in README
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no git, or no repository")
    files = [ROOT / name for name in done.stdout.decode().split("\0") if name]
    assert len(files) > 3000 and sum(file.stat().st_size for file in files if Path(file).is_file()) < 95e6
