"""Who may come in, and what the page is made of.

Everything needs the token, which the address holds that is printed at the start; it is exchanged for a cookie. What
asks for anything also needs a header of our own, which no page from elsewhere can send.
"""

import hmac
import json
import sys
import traceback
from pathlib import Path

from tornado.web import HTTPError, RequestHandler

from bagnet_utils.app.visitors import Visitor
from bagnet_utils.errors import BadInput

HERE = Path(__file__).parent
DISPLAY = HERE.parent / "display"
HEADER = "X-BagNet-Visitor"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data: "
    "blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Server": "BagNet",
}
FILES = {  # what the page is made of
    "page.js": (HERE, "text/javascript"),
    "maps.js": (HERE, "text/javascript"),
    "asking.js": (HERE, "text/javascript"),
    "keeping.js": (HERE, "text/javascript"),
    "camera.js": (HERE, "text/javascript"),
    "texts.js": (HERE, "text/javascript"),
    "page.css": (HERE, "text/css"),
    "explorer.js": (DISPLAY, "text/javascript"),
    "explorer.css": (DISPLAY, "text/css"),
}
# The part of the report's script that stands in for a kernel: a model that keeps its state.
LIVE = (DISPLAY / "report.js").read_text(encoding="utf-8").split("const models")[0] + "export { live };\n"


class Refused(HTTPError):
    """One line for whoever asked."""

    def __init__(self, status: int, line: str):
        super().__init__(status, line.replace("%", "%%"))
        self.line = line


class Guarded(RequestHandler):
    """Every question: only with the token, only under the server's own name, and no answer is kept by anybody."""

    def set_default_headers(self):
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self):
        app = self.application
        host = self.request.host.rsplit(":", 1)[0] if not self.request.host.endswith("]") else self.request.host
        if app.hosts and host.lower() not in app.hosts:  # else a page elsewhere could give its own name our address
            raise Refused(403, f"This server answers to {', '.join(app.hosts)} only; use the address it printed.")
        cookie = self.get_cookie(app.cookie, "")
        given = cookie or (self.get_argument("token", "") if self.request.path == "/" else "")
        said = [given, self.get_argument("token", "")] if self.request.path == "/" else [given]
        if not any(hmac.compare_digest(one.encode(), app.token.encode()) for one in said):
            raise Refused(403, "The token is missing or wrong. Open the address that the app printed when it started.")

    def write_error(self, status_code, **about):
        problem = about["exc_info"][1]
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        line = line_of(problem) if isinstance(problem, BadInput) else f"{status_code}: {self._reason}."
        self.finish(getattr(problem, "line", line))

    def log_exception(self, kind, problem, trace):
        if isinstance(problem, BadInput):
            note(line_of(problem))
        elif not isinstance(problem, HTTPError):
            place = traceback.extract_tb(trace)[-1]
            where = f"{Path(place.filename).name}, line {place.lineno}"
            note(f"{self.request.method} {self.request.path} failed: {kind.__name__} in {where}")


class Page(Guarded):
    def get(self):
        app = self.application
        secure = self.request.protocol == "https"
        self.set_cookie(app.cookie, app.token, httponly=True, samesite="Strict", secure=secure, expires_days=None)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish((HERE / "page.html").read_bytes())


class Part(Guarded):
    def get(self, name):
        if name == "live.js":
            kind, content = "text/javascript", LIVE
        elif name in FILES:
            folder, kind = FILES[name]
            content = (folder / name).read_bytes()
        else:
            raise Refused(404, "There is no such part of the page.")
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.finish(content)


class Question(Guarded):
    """What only our own page can ask: a header of ours is wanted, and a visitor who is known."""

    def prepare(self):
        super().prepare()
        if HEADER not in self.request.headers:
            raise Refused(403, f"The header {HEADER} is missing: only the app's own page may ask this.")
        self.name = self.request.headers[HEADER]

    def who(self) -> Visitor:
        visitor = self.application.visitors.find(self.name)
        if visitor is None:
            raise Refused(410, "The server has forgotten this page after a long pause; it begins anew.")
        return visitor

    def asked(self) -> dict:
        try:
            asked = json.loads(self.request.body)
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            raise Refused(400, "The question is no JSON object.")
        return asked

    def tell(self, what: dict) -> None:
        """One line of the answer, at once."""
        self.write(json.dumps(what, separators=(",", ":")) + "\n")
        self.flush()


def line_of(problem: Exception) -> str:
    """A sentence of the course's, without the name of the function that a page does not show."""
    words = str(problem).split(": ", 1)[-1]
    return words[:1].upper() + words[1:400]


def note(line: str) -> None:
    """One line for whoever watches the terminal; never a name of a picture."""
    print(f"app: {line}", file=sys.stderr, flush=True)
