"""Where the course keeps files, and how a file gets here from elsewhere: whole and checked, or one clear sentence."""

import errno
import hashlib
import json
import os
import shutil
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from zipfile import BadZipFile

from bagnet_utils.errors import BadInput

DATA = Path(__file__).parents[1] / "data"
WEIGHTS, CACHE, DOWNLOADS = DATA / "weights", DATA / "cache", DATA / "downloads"
RESULTS = DATA.parent / "docs" / "results.json"
PATIENCE = 30.0  # seconds without a byte
PAUSES = (1.0, 4.0)  # seconds before the second and the third attempt


class Trouble(NamedTuple):
    """Why a download failed."""

    says: str  # in a sentence
    may_pass: bool = True  # so that trying again may help


def results(world: str) -> dict:
    """What `course.py claims` measured in a world ("patchwork", "photos" or "tiny"), as docs/claims.md shows it."""
    measured = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if world not in measured:
        raise BadInput(f"results: nothing was measured in {world!r}; there are {', '.join(measured)}.")
    return measured[world]


def fetch(address: str, begins: str, kind: str = "sha256", folder: Path | None = None) -> Path:
    """The file at an address, downloaded once into data/downloads with progress; its hash begins with `begins`.

    A file that is put there by hand will do as well. What is broken or not the file that it should be is not kept.
    """
    path = (folder or DOWNLOADS) / urlsplit(address).path.rsplit("/", 1)[-1]
    by_hand = f"Or fetch {address} by other means and put it at {shown(path)}."
    if path.is_file():
        if digest(path, kind).startswith(begins):
            return path
        raise BadInput(
            f"{shown(path)} is damaged, or not what its name says: its {kind.upper()} does not begin with {begins}. "
            "Delete it and try again."
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for pause in (*PAUSES, None):
            trouble = attempt(address, path, begins, kind)
            if trouble is None:
                return path
            if pause is None or not trouble.may_pass:
                raise BadInput(f"{path.name} could not be downloaded. {trouble.says} {by_hand}")
            time.sleep(pause)
    except OSError as problem:
        full = problem.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
        cure = "Make room and try again." if full else f"{problem.strerror or problem}."
        why = "the disk is full" if full else "it could not be written"
        raise BadInput(f"{path.name} could not be kept in {shown(path.parent)}: {why}. {cure} {by_hand}") from None


def attempt(address: str, path: Path, begins: str, kind: str) -> Trouble | None:
    """Try once. Nothing is left behind unless the right file came; returns what went wrong, if anything did."""
    import pooch
    import requests

    def download(url: str, part: str, _) -> None:
        pooch.HTTPDownloader(progressbar=True, timeout=PATIENCE)(url, part, None)
        if not digest(Path(part), kind).startswith(begins):
            start = Path(part).read_bytes()[:200].lstrip().lower()
            page = start.startswith((b"<!doctype", b"<html", b"<?xml"))
            raise ValueError(
                "A web page came instead of the file: perhaps a proxy or a log-in page stands in between."
                if page
                else f"What came is not the file: its {kind.upper()} does not begin with {begins}."
            )

    pooch.get_logger().setLevel("WARNING")
    host = urlsplit(address).hostname
    try:
        pooch.retrieve(address, known_hash=None, fname=path.name, path=path.parent, downloader=download)
    except requests.HTTPError as problem:
        code, reason = problem.response.status_code, problem.response.reason or "no reason given"
        return Trouble(f"The server says {code} ({reason}).", may_pass=code == 429 or code >= 500)  # 429: too often
    except requests.exceptions.ChunkedEncodingError:
        return Trouble(f"The connection to {host} broke off, each time.")
    except (requests.Timeout, requests.ConnectionError) as problem:
        if "timed out" in str(problem).lower():
            return Trouble(f"{host} did not answer within {PATIENCE:.0f} seconds.")
        return Trouble(
            f"{host} cannot be reached: is there an internet connection? What ships with the course works without."
        )
    except (ValueError, requests.RequestException) as problem:
        return Trouble(str(problem))
    return None


@contextmanager
def unpacking(archive: Path, home: Path) -> Iterator[Path]:
    """A folder to unpack an archive into. It becomes `home` if all goes well, and is gone if anything does not."""
    part = home.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        yield part
        part.rename(home)
    except (BadZipFile, tarfile.TarError, EOFError, KeyError, ValueError, OSError) as problem:
        raise BadInput(
            f"load_world: {archive.name} cannot be unpacked ({problem}); make room, or delete it, and try again."
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def put(content: bytes, home: Path, *names: str) -> None:
    """Write a file below a folder, and the folders on the way. A name that leads elsewhere is refused."""
    path = home.joinpath(*names)
    if not path.resolve().is_relative_to(home.resolve()):
        raise ValueError(f"it holds {'/'.join(names)}, which would lie outside its folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_whole(path: Path, text: str) -> None:
    """Write a text file: all of it, or the old one stays."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_text(text + "\n", encoding="utf-8", newline="\n")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def digest(path: Path, kind: str) -> str:
    """The hash of a file, in hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def shown(path: Path) -> str:
    """A path as a reader knows it: from the course's folder on, where it lies in it."""
    return (path.relative_to(DATA.parent) if path.is_relative_to(DATA.parent) else path).as_posix()
