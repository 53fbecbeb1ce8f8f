"""What docs/security.md promises: each of its lines names a test, and those that belong nowhere else are here."""

import ast
import io
import json
import re
import sys
import tarfile
import zipfile
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from bagnet_utils.errors import BadInput
from bagnet_utils.models import published
from bagnet_utils.worlds import caltech, imagenet, tiny

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "security.md"
OURS = ("bagnet_utils", "benchmarks", "docs", "tests")
SCRIPTS = [
    path for name in OURS for path in sorted([ROOT / name] if name[-3:] == ".py" else (ROOT / name).rglob("*.py"))
]
SCRIPTS = [path for path in SCRIPTS if "_build" not in path.parts]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# ---------------------------------------------------------------- the page


def named() -> list[tuple[str, str]]:
    return re.findall(r"`(tests/\w+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8"))


def test_every_line_of_the_page_names_a_test_that_exists():
    text = PAGE.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| What might happen")]
    assert len(rows) > 20 and all(re.search(r"`tests/\w+\.py::test_\w+`[^|]*\|$", row) for row in rows)
    for file, test in named():
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{file}::{test}"
    sections = re.split(r"(?m)^## ", text)[1:]
    assert all("Not protected" in section for section in sections), "what is not protected is said as well"


# ---------------------------------------------------------------- nothing that could run a stranger's code

PICKLES = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "jsonpickle"}
# Who may name one, and what of it: an error that is caught, and a test that makes the evil file.
ALLOWED = {"bagnet_utils/models/published.py": {"UnpicklingError"}, "tests/test_bagnet.py": {"dumps"}}
# Who may run text as code: a page runs what its reader typed, in the reader's browser; the teacher's edition runs the
# notebooks' own stubs and solutions; tests run the course's own cells.
RUNNERS = {"docs/site/checking.py", "docs/teach/editions.py"}
DANGEROUS = {
    "os.system",
    "os.popen",
    "yaml.load",
    "yaml.unsafe_load",
    "yaml.full_load",
    "torch.hub.load",
    "torch.jit.load",
}


def dangers(tree: ast.AST, name: str) -> list[str]:
    """What in this code would run what a file or a stranger says."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            home = getattr(node, "module", None) or ""
            names = {home.split(".")[0], *(alias.name.split(".")[0] for alias in node.names if not home)}
            if name not in ALLOWED or isinstance(node, ast.ImportFrom):
                found += [f"imports {one}" for one in names & PICKLES]
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in PICKLES:
            found += [] if node.attr in ALLOWED.get(name, ()) else [f"{node.value.id}.{node.attr}"]
        if not isinstance(node, ast.Call):
            continue
        called, said = ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}
        if called in ("eval", "exec") and name not in RUNNERS and not name.startswith("tests/"):
            found.append(called)
        if called in DANGEROUS or (called.endswith((".extractall", ".extract")) and not name.startswith("tests/")):
            found.append(called)
        if called == "torch.load" and said.get("weights_only") != "True":
            found.append("torch.load without weights_only=True")
        found += [f"{word}={said[word]}" for word, bad in BAD.items() if said.get(word) in bad]
    return found


BAD = {"shell": ("True",), "allow_pickle": ("True",), "verify": ("False",), "weights_only": ("False",)}


def code_of(notebook: Path) -> str:
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")


def test_nothing_is_loaded_that_could_run_code():
    assert len(SCRIPTS) > 150
    found = {name_of(path): dangers(ast.parse(path.read_text(encoding="utf-8")), name_of(path)) for path in SCRIPTS}
    found |= {path.name: dangers(ast.parse(code_of(path)), path.name) for path in NOTEBOOKS}
    assert not {name: what for name, what in found.items() if what}


@pytest.mark.parametrize(
    "code",
    [
        "import pickle",
        "from pickle import loads",
        "import os, dill",
        "pickle.load(file)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text)",
        "eval(text)",
        "subprocess.run(text, shell=True)",
        "os.system(text)",
        "archive.extractall(folder)",
        "requests.get(address, verify=False)",
    ],
)
def test_code_that_could_would_be_found(code):
    assert dangers(ast.parse(code), "bagnet_utils/some.py")
    harmless = (
        "torch.load(path, weights_only=True); yaml.safe_load(text); model.eval(); np.load(path); re.compile(text)"
    )
    assert not dangers(ast.parse(harmless), "bagnet_utils/some.py")


MARKUP = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc|\beval\(|new Function|javascript:"


def test_scripts_never_make_markup_from_text():
    """What they show, names of classes and files as well, is set as text."""
    scripts = [path for name in ("bagnet_utils", "docs") for path in (ROOT / name).rglob("*.js")]
    scripts = [path for path in scripts if not {"_build", "node_modules", "vendor"} & set(path.parts)]
    assert len(scripts) >= 5
    for path in scripts:
        assert not re.search(MARKUP, path.read_text(encoding="utf-8")), name_of(path)


def test_notebooks_carry_no_scripts_of_their_own():
    for path in NOTEBOOKS:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        assert notebook["metadata"].keys() <= {"kernelspec", "language_info", "jupytext"}, path.name
        for cell in notebook["cells"]:
            known = {
                "alt",
                "numbers",
                "quoted",
                "tags",
                "jupyter",
                "cellView",
                "scrolled",
                "collapsed",
                "lines_to_next_cell",
            }
            assert cell["metadata"].keys() <= known, f"{path.name}: {cell['metadata'].keys() - known}"
            told = ["".join(cell["source"])] if cell["cell_type"] == "markdown" else []
            for output in cell.get("outputs", []):
                data = output.get("data", {})
                assert "application/javascript" not in data
                told += [
                    "".join(data[kind]) for kind in ("text/html", "image/svg+xml", "text/markdown") if kind in data
                ]
            for text in told:
                assert not re.search(r"(?i)<script|<iframe|<object|<embed|\son\w+\s*=\s*[\"']|javascript:", text), (
                    path.name
                )


# ---------------------------------------------------------------- servers

OFF = r"token[\"']?\s*[=:]\s*[\"']{2}|disable_check_xsrf|allow_origin|allow_remote_access"


def test_nothing_turns_the_guards_of_jupyter_off():
    files = [*SCRIPTS, *ROOT.glob("*.yml"), *ROOT.glob(".devcontainer/*"), *ROOT.glob("binder/*"), ROOT / "Dockerfile"]
    for path in files:
        if path != Path(__file__) and path.name != "test_machines.py":
            text = path.read_text(encoding="utf-8")
            assert not re.search(OFF, text), name_of(path)
            told = "0.0.0.0" in text and path.name != "Dockerfile" and path.parent.name != "tests"
            assert not told, f"{name_of(path)} listens to everybody"


def test_the_site_is_shown_on_this_machine_only(tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "site"))
    seen = []
    monkeypatch.setattr(ThreadingHTTPServer, "serve_forever", lambda self: seen.append(self.server_address[0]))
    import build  # the site's own module

    build.serve(tmp_path, 0)
    assert seen == ["127.0.0.1"] and "http://127.0.0.1:" in capsys.readouterr().out
    sys.modules.pop("build")


# ---------------------------------------------------------------- downloads and archives


def addresses() -> set[str]:
    found = set()
    for path in (path for path in SCRIPTS if name_of(path).startswith("bagnet_utils/")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found |= set(
                    re.findall(r"https?://[\w.-]+/[^\s\"'<>)]+\.(?:zip|tgz|tar|pth|gz|safetensors)\b", node.value)
                )
    return found | set(published.ADDRESSES.values())


def test_every_download_has_a_hash_and_comes_by_https_but_one():
    kept = {
        imagenet.IMAGENETTE: imagenet.IMAGENETTE_MD5,
        tiny.TINY: tiny.TINY_MD5,
        caltech.CALTECH: caltech.CALTECH_MD5,
    }
    assert addresses() == {*kept, *published.ADDRESSES.values()}
    assert all(re.fullmatch(r"[0-9a-f]{32}", value) for value in kept.values())
    assert all(re.search(r"-[0-9a-f]{8}\.", address) for address in published.ADDRESSES.values())
    assert [address for address in addresses() if not address.startswith("https://")] == [tiny.TINY]


OUTSIDE = ["../../../evil.jpg", "../../evil.jpg", "train/../../evil.JPEG", "a/../evil.JPEG", "/tmp/evil.jpg"]


def tar(names: list[str], mode: str = "w") -> bytes:
    """An archive with these files, and with a link out of its folder."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, io.BytesIO(b"evil"))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
            link = tarfile.TarInfo(f"imagenette2-160/train/n02979186/link{kind.decode()}.JPEG")
            link.type, link.linkname = kind, "/etc/passwd"
            archive.addfile(link)
    return file.getvalue()


def archives() -> dict[str, tuple]:
    """Which module unpacks it, and an archive of its kind whose names lead elsewhere."""
    number = "n02979186"
    inside = [
        f"{top}/{split}/{number}/{name}"
        for top in ("x", "..")
        for split in ("train", "val")
        for name in ("..", "ok.JPEG")
    ]
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        evil = ["../../evil.jpg", "./../../evil.jpg", "../kind/evil.jpg"]
        archive.writestr(f"caltech-101/{caltech.PICTURES}.tar.gz", tar(evil, "w:gz"))
        archive.writestr(f"caltech-101/{caltech.OUTLINES}.tar", tar([]))
    photos = io.BytesIO()
    with zipfile.ZipFile(photos, "w") as archive:
        archive.writestr("tiny-imagenet-200/val/val_annotations.txt", "../evil.JPEG\tn02123045\n")
        for name in OUTSIDE:
            archive.writestr(f"tiny-imagenet-200/train/n02123045/images/{name}", "evil")
            archive.writestr(f"tiny-imagenet-200/val/images/{name}", "evil")
    return {
        "caltech": (caltech, whole.getvalue()),
        "imagenette": (imagenet, tar([*inside, *(f"x/train/{number}/{name}" for name in OUTSIDE)], "w:gz")),
        "tiny": (tiny, photos.getvalue()),
    }


@pytest.mark.parametrize("name", ["caltech", "imagenette", "tiny"])
def test_an_archive_writes_only_into_its_own_folder(name, tmp_path, monkeypatch):
    module, content = archives()[name]
    monkeypatch.setattr(module, "UNPACKED", tmp_path / "a" / "b" / "home")
    (tmp_path / "archive").write_bytes(content)
    try:
        module.unpack(tmp_path / "archive")
    except BadInput as problem:
        assert "cannot be unpacked" in str(problem) and "\n" not in str(problem)
    written = [path for path in tmp_path.rglob("*") if path.is_file() or path.is_symlink()]
    outside = [path for path in written if not path.is_relative_to(tmp_path / "a/b/home") and path.name != "archive"]
    assert not outside and not [path for path in written if path.is_symlink()]
    assert not [path for path in written if path.name.startswith("link")]
