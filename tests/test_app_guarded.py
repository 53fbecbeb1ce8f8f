"""Who may ask the app, that visitors are kept apart and forgotten, and that bad pictures get one line."""

import contextlib
import io
import json
import re
import struct
import threading
import time
import zlib

import numpy as np
import pytest
import requests
import torch
from apped import TOKEN, Guest, app, noise, picture_of  # noqa: F401
from PIL import Image
from test_finetuning import bad_files
from test_pictures import bomb, content

import bagnet_utils as bu
from bagnet_utils.app import __main__, server, visitors
from bagnet_utils.app.guarding import FILES, HEADER

ROUTES = [("GET", ""), ("GET", "small/flamingo"), ("GET", "nothing"), *[("GET", f"part/{name}") for name in FILES]]
ROUTES += [("POST", name) for name in ("begin", "look", "dense", "own?side=128", "leave")]


@pytest.fixture
def guest(app):  # noqa: F811
    return Guest(app[0])


# ---------------------------------------------------------------- who may ask


@pytest.mark.parametrize(("how", "where"), ROUTES)
def test_without_the_token_nothing_is_told(app, how, where):  # noqa: F811
    for cookies in ({}, {app[1].cookie: "a-wrong-token"}, {app[1].cookie: ""}):
        answer = requests.request(how, f"{app[0]}/{where}", cookies=cookies, headers={HEADER: "new"}, timeout=30)
        assert answer.status_code == 403 and answer.text.startswith("The token is missing or wrong.")
        assert "\n" not in answer.text and TOKEN not in answer.text and "set-cookie" not in answer.headers
    if how == "GET":  # the token of the address is for the page alone
        assert requests.get(f"{app[0]}/{where}?token=wrong", timeout=30).status_code == 403


def test_the_token_becomes_a_cookie_that_scripts_and_other_sites_cannot_use(app):  # noqa: F811
    answer = requests.get(f"{app[0]}/?token={TOKEN}", timeout=30)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=strict" in cookie and "expires" not in cookie
    assert str(app[1].cookie) in cookie and app[0].rsplit(":", 1)[1] in app[1].cookie
    again = requests.get(f"{app[0]}/", cookies=answer.cookies, timeout=30)
    assert again.status_code == 200 and TOKEN not in again.text


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "[::2]:80"])
def test_other_names_for_this_machine_are_turned_away(app, host):  # noqa: F811
    answer = requests.get(f"{app[0]}/?token={TOKEN}", headers={"Host": host}, timeout=30)
    assert answer.status_code == 403 and "answers to localhost" in answer.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8890", "127.0.0.1:1", "[::1]:8890", "[::1]"])
def test_its_own_names_are_answered(app, host):  # noqa: F811
    assert requests.get(f"{app[0]}/?token={TOKEN}", headers={"Host": host}, timeout=30).status_code == 200


def test_a_form_of_another_page_can_ask_nothing(app):  # noqa: F811
    cookies = {app[1].cookie: TOKEN}
    for where in ("begin", "look", "dense", "own?side=128", "leave"):
        answer = requests.post(f"{app[0]}/{where}", cookies=cookies, data="{}", timeout=30)
        assert answer.status_code == 403 and HEADER in answer.text
        asked = requests.options(f"{app[0]}/{where}", cookies=cookies, timeout=30)
        assert "access-control-allow-origin" not in asked.headers


def test_no_answer_is_kept_guessed_at_or_framed(guest):
    for answer in (guest.web.get(guest.address), guest.web.get(f"{guest.address}/part/page.js"), guest.ask()):
        assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
        assert (
            answer.headers["X-Content-Type-Options"] == "nosniff" and answer.headers["Referrer-Policy"] == "no-referrer"
        )
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'") and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy.replace("style-src-attr 'unsafe-inline'", "") and "http" not in policy
        assert "Tornado" not in answer.headers["Server"]


def test_only_the_parts_of_the_page_are_given(guest):
    for where in (
        "part/server.py",
        "part/..",
        "part/../server.py",
        "part/%2e%2e/server.py",
        "small/..%2f",
        "data/README.md",
    ):
        asked = requests.Request("GET", guest.address, cookies=guest.web.cookies).prepare()
        asked.url = f"{guest.address}/{where}"  # as it is: requests would tidy it up
        assert guest.web.send(asked).status_code == 404, where


def test_by_default_only_this_machine_is_served_and_what_else_means_is_said(capsys):
    assert __main__.options([]).host == "127.0.0.1"
    assert server.App.__init__.__defaults__[0] == server.LOOPBACK
    for words in (["--pages", "javascript:alert(1)"], ["--port", "x"], ["--port", "99999"], ["--port", "-1"]):
        with pytest.raises(SystemExit):
            __main__.options(words)
    (taken,) = __main__.sockets_at("127.0.0.1", 0)
    with pytest.raises(SystemExit, match="name another --port"):
        __main__.sockets_at("127.0.0.1", taken.getsockname()[1])
    taken.close()


# ---------------------------------------------------------------- visitors


def test_nobody_sees_anothers_picture(app):  # noqa: F811
    guests = [Guest(app[0]) for _ in range(3)]
    for number, one in enumerate(guests[:2]):
        assert one.give(noise(number)).status_code == 200
    for number, one in enumerate(guests[:2]):
        assert torch.equal(picture_of(one.look(picture="own")), bu.load_image(noise(number), 128))
    assert guests[2].ask(picture="own").status_code == 410
    names = [one.about["visitor"] for one in guests]
    assert len(set(names)) == 3 and min(map(len, names)) >= 32


def test_a_page_that_is_closed_is_forgotten(app, guest):  # noqa: F811
    assert guest.give(noise(3)).status_code == 200 and guest.about["visitor"] in app[1].visitors.here
    assert guest.post("leave").status_code == 200
    assert guest.about["visitor"] not in app[1].visitors.here
    answer = guest.ask(picture="own")
    assert answer.status_code == 410 and "forgotten" in answer.text
    guest.web.headers[HEADER] = "x" * 32
    assert guest.ask().status_code == 410


def test_idle_visitors_go_and_of_too_many_the_idlest():
    now = [0.0]
    all_of = visitors.Visitors(lambda: now[0])
    first = all_of.welcome()
    now[0] = visitors.IDLE - 1
    assert all_of.find(first) is not None
    now[0] += visitors.IDLE - 1
    assert all_of.find(first) is not None, "a sign of life counts from then on"
    now[0] += visitors.IDLE + 1
    assert all_of.find(first) is None and not all_of.here
    names = []
    for _ in range(visitors.MOST):
        now[0] += 1
        names.append(all_of.welcome())
    now[0] += 1
    assert all_of.find(names[0])
    new = all_of.welcome()
    assert len(all_of.here) == visitors.MOST and {new, names[0]} <= all_of.here.keys() and names[1] not in all_of.here


def test_a_newer_question_makes_an_older_one_obsolete(app, guest):  # noqa: F811
    said = {}

    def ask(name: str, **question):
        said[name] = guest.ask(**question)

    older = threading.Thread(target=ask, args=("older",), kwargs={"where": "dense", "classes": [1], "side": 224})
    older.start()
    visitor = app[1].visitors.here[guest.about["visitor"]]
    while not visitor.asked:
        time.sleep(0.01)
    ask("newer", where="look")
    older.join()
    assert said["newer"].status_code == 200
    last = (
        json.loads(said["older"].text.splitlines()[-1])
        if said["older"].status_code == 200
        else {"status": said["older"].status_code}
    )
    assert last["status"] == 409


def test_nothing_of_a_visitor_touches_the_disk(guest, monkeypatch):
    def refuse(path, mode="r", *rest, **options):
        assert not set(mode) & set("wax+"), f"{path} was opened for writing"
        return real(path, mode, *rest, **options)

    real = io.open
    monkeypatch.setattr("builtins.open", refuse)
    monkeypatch.setattr(io, "open", refuse)
    assert guest.give(noise(4)).status_code == 200
    guest.look(picture="own")


# ---------------------------------------------------------------- pictures that are none


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def wild_files() -> dict[str, tuple[bytes, str]]:
    """Bad files beyond those of a folder of one's own, and what is said of each."""
    whole = noise(5)
    text = chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(2**27)))
    grown = whole[:33] + text + whole[33:]
    no = "is not a picture that can be read"
    return {
        "bomb": (bomb(8000), "50 million"),
        "huge bomb": (bomb(60_000), "50 million pixels"),
        "text that unpacks to 128 MB": (grown, "broken|200"),
        "a page named .jpg": (b"<html><script>alert(1)</script></html>", no),
        "a drawing with a script": (b"<?xml version='1.0'?><svg onload='alert(1)'/>", no),
        "postscript": (content(Image.new("RGB", (9, 9)), "EPS"), no),
        "an archive": (b"PK\3\4" + bytes(200), no),
        "nothing but a head": (whole[:33], f"broken|{no}"),
        "a header that lies": (
            whole[:16] + struct.pack(">II", 6000, 6000) + whole[24:],
            "broken|cut short|not a picture",
        ),
        "zeros": (bytes(1000), no),
    }


def test_twenty_kinds_of_bad_pictures_get_a_line_and_the_last_good_one_stays(guest, capfd):
    assert guest.give(noise(6)).status_code == 200
    files = {name: one for name, one in bad_files().items() if name != "dot.png"} | wild_files()
    assert len(files) == 20
    for name, (bytes_, says) in files.items():
        answer = guest.give(bytes_)
        if answer.status_code != 200:
            assert answer.status_code == 400, name
            assert re.search(says, answer.text) and "\n" not in answer.text and len(answer.text) < 300, (
                name,
                answer.text,
            )
            assert "Traceback" not in answer.text and "load_image" not in answer.text and ".py" not in answer.text
            assert torch.equal(picture_of(guest.look(picture="own")), bu.load_image(noise(6), 128)), name
        else:
            assert "200" in says, name
            assert guest.give(noise(6)).status_code == 200
    said = capfd.readouterr()
    assert "Traceback" not in said.err + said.out


def test_odd_pictures_are_read_as_the_course_reads_them(guest):
    pixels = np.random.default_rng(7).integers(0, 256, (40, 60, 3), np.uint8)
    picture, exif = Image.fromarray(pixels), Image.Exif()
    exif[0x0112] = 6
    odd = [
        content(picture.convert("CMYK"), "JPEG"),
        content(picture, "JPEG", exif=exif),
        content(picture, "GIF", save_all=True, append_images=[Image.new("RGB", (60, 40))]),
        content(Image.fromarray(np.full((40, 60), 30000, np.uint16)), "PNG"),
        content(picture.convert("RGBA"), "WEBP"),
        content(Image.new("L", (1, 1), 9), "PNG"),
    ]
    for bytes_ in odd:
        assert guest.give(bytes_).status_code == 200
        assert torch.equal(picture_of(guest.look(picture="own")), bu.load_image(bytes_, 128))


def test_more_than_twenty_megabytes_are_thrown_away_as_they_come(app, guest, monkeypatch):  # noqa: F811
    assert guest.give(noise(8)).status_code == 200
    held, take = [], server.Own.data_received

    def watched(own, piece):
        take(own, piece)
        held.append(len(own.came))

    monkeypatch.setattr(server.Own, "data_received", watched)
    for body in (bytes(server.HEAVIEST + 1), iter([bytes(2**20)] * 21)):  # of a known length, and in pieces
        answer = guest.post("own?side=128", body)
        assert answer.status_code == 413 and "at most 20 MB" in answer.text
        assert held[-1] == 0 < max(held) <= server.HEAVIEST
    assert torch.equal(picture_of(guest.look(picture="own")), bu.load_image(noise(8), 128))
    answer = guest.post("own?side=77", noise(8))
    assert answer.status_code == 400 and "no such size" in answer.text
    with contextlib.suppress(requests.RequestException):  # other questions are short
        assert guest.post("look", bytes(server.LETTER + 1)).status_code in (400, 413)
    assert guest.ask().status_code == 200


def test_what_goes_wrong_in_our_own_code_is_one_line_too(guest, monkeypatch, capfd):
    from bagnet_utils.app import questions

    def fail(*_):
        raise RuntimeError("a secret")

    monkeypatch.setattr(questions, "picture", fail)
    answer = guest.ask()
    assert answer.status_code == 500 and answer.text == "500: Internal Server Error."
    lines = [line for line in capfd.readouterr().err.splitlines() if line]
    assert len(lines) == 1 and lines[0].startswith("app: POST /look failed: RuntimeError in test_app_guarded.py")
    assert "secret" not in lines[0]
