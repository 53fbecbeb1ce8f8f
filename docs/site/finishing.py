"""The pages after Sphinx: nothing from elsewhere may load, pictures wait until seen, machines can read it."""

import base64
import hashlib
import re
import shutil
from html import escape, unescape
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
# Widgets set styles of their own (sizes of bars, places of boxes) and carry their pictures as data: hence two words.
POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'"
)
UNUSED = r'<script[^>]*src="[^"]*(fontawesome|{more})\.js[^"]*"[^>]*></script>'  # icons are site.css's
FONT = re.compile(r"@font-face\s*{[^}]*fontawesome[^}]*}")
ICON = re.compile(r'url\("(icons/[^"]+)"\)')
SIGNATURE = re.compile(r'<dl>\s*((?:<dd><em class="sig-param">.*?</dd>\s*)+)</dl>', re.DOTALL)
SEARCH = "searchtools|language_data|searchindex"  # only its own page needs these


def finish(made: Path, address: str) -> None:
    """Everything that is done to the folder of pages that Sphinx made."""
    for unwanted in (".doctrees", "_static/locales", "_static/vendor", ".buildinfo", "objects.inv"):
        path = made / unwanted
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for file in {*made.rglob("*.map"), *made.glob("_static/scripts/fontawesome*")}:
        file.unlink()
    for style in made.glob("_static/styles/*.css"):
        style.write_text(FONT.sub("", style.read_text(encoding="utf-8")), encoding="utf-8")
    style = made / "_static" / "site.css"
    style.write_text(
        ICON.sub(lambda found: inside(style.parent / found[1]), style.read_text(encoding="utf-8")), encoding="utf-8"
    )
    for page in made.rglob("*.html"):
        if "_static" not in page.parts:
            page.write_text(finished(page, made, address), encoding="utf-8")
    (made / ".nojekyll").touch()
    (made / "robots.txt").write_text(f"User-agent: *\nAllow: /\nSitemap: {address}sitemap.xml\n", encoding="utf-8")
    urls = "".join(f"<url><loc>{escape(address + name)}</loc></url>\n" for name in pages(made))
    sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{urls}</urlset>\n'
    (made / "sitemap.xml").write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n{sitemap}', encoding="utf-8")


def pages(made: Path) -> list[str]:
    """The addresses of all pages that somebody may look for."""
    names = sorted(page.relative_to(made).as_posix() for page in made.rglob("*.html") if "_static" not in page.parts)
    return [name for name in names if name not in ("search.html", "genindex.html")]


def finished(page: Path, made: Path, address: str) -> str:
    """One page's text."""
    text, name = page.read_text(encoding="utf-8"), page.relative_to(made).as_posix()
    more = "no-other" if name == "search.html" else SEARCH
    text = re.sub(UNUSED.format(more=more), "", text)
    text = re.sub(r"<img [^>]*>", lambda found: lazy(found[0], page), text)
    text = SIGNATURE.sub(parameters, text)
    scripts = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", text, re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts}
    policy = POLICY.format(hashes="".join(f" 'sha256-{one}'" for one in sorted(hashes)))
    head = f'<meta charset="utf-8" />\n<meta http-equiv="Content-Security-Policy" content="{policy}">'
    head += about(text, name, address)
    return text.replace('<meta charset="utf-8" />', head, 1)


def inside(icon: Path) -> str:
    """An icon in the style itself: from a disk, browsers do not fetch masks."""
    return f'url("data:image/svg+xml;base64,{base64.b64encode(icon.read_bytes()).decode()}")'


def parameters(found: re.Match) -> str:
    """Arguments on lines of their own, without a list of descriptions that describe nothing."""
    lines = found[1].replace("<dd>", "<span>").replace("</dd>", "</span>")
    return f'<span class="sig-params">{lines}</span>'


def lazy(tag: str, page: Path) -> str:
    """A picture that is fetched when it comes near the window; its place is kept free until then."""
    source = re.search(r'src="([^"]+)"', tag)[1]
    if source.startswith("data:") or ' loading="' in tag:
        return tag
    size = ""
    if ' width="' not in tag and not source.endswith(".svg"):
        with Image.open(page.parent / unescape(source)) as picture:
            size = f' width="{picture.width}" height="{picture.height}"'
    return tag.replace("<img ", f'<img loading="lazy" decoding="async"{size} ', 1)


def about(text: str, name: str, address: str) -> str:
    """What search engines and previews of links show."""
    title = unescape(re.search(r"<title>(.*?)( &#8212;.*?)?</title>", text, re.DOTALL)[1]).strip()
    article = text[text.find("<article") :]
    told = [
        re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", one))).strip()
        for one in re.findall(r"<p>(.*?)</p>", article, re.DOTALL)
    ]
    words = next(
        (one for one in told if len(one) > 80), "A course in notebooks on networks that decide by small patches."
    )
    words = words if len(words) < 200 else words[:197].rsplit(" ", 1)[0] + " ..."
    facts = {"og:title": title, "og:description": words, "og:type": "article", "og:site_name": "BagNet, a course"}
    if address:
        facts |= {"og:url": address + name, "og:image": f"{address}_static/card.png"}
    lines = [
        f'<meta name="description" content="{escape(words)}">',
        '<meta name="twitter:card" content="summary_large_image">',
    ]
    lines += [f'<meta property="{key}" content="{escape(value)}">' for key, value in facts.items()]
    lines += [f'<link rel="canonical" href="{escape(address + name)}">'] if address else []
    return "".join(f"\n{line}" for line in lines)
