"""The app's server: which questions there are, and that every answer goes to whoever asked."""

import asyncio
import json
from importlib import import_module

from tornado.httpserver import HTTPServer
from tornado.web import Application, stream_request_body

from bagnet_utils.app.guarding import Guarded, Page, Part, Question, Refused, line_of, note
from bagnet_utils.app.visitors import Line, Obsolete, Visitors
from bagnet_utils.errors import BadInput

HEAVIEST = 20 * 2**20  # bytes of a visitor's picture
LETTER = 2**18  # bytes of any other question
DRAINED = 2**28  # bytes that are read, and thrown away, before a sender is cut off who sends too much
LOOPBACK = ("localhost", "127.0.0.1", "[::1]", "::1")


class Small(Guarded):
    """A picture on offer, small."""

    async def get(self, name):
        shown = (await self.application.ready)["shown"]
        if name not in shown.PICTURES:
            raise Refused(404, "There is no such picture.")
        self.set_header("Content-Type", "image/png")
        self.finish(await asyncio.get_running_loop().run_in_executor(None, shown.small, name))


class Begin(Question):
    async def post(self):
        parts = await self.application.ready
        shown = parts["shown"].PICTURES
        about = {
            "visitor": self.application.visitors.welcome(),
            "sets": parts["nets"].table(),
            "fetch": parts["nets"].FETCH,
            "pictures": [
                {"name": name, "title": one.title, "kind": one.kind, "sets": one.sets, "credit": one.credit}
                for name, one in shown.items()
            ],
            "stickers": parts["shown"].stickers(),
            "pages": self.application.pages,
        }
        self.finish(about)


class Leave(Question):
    def post(self):
        self.application.visitors.forget(self.name)
        self.finish({})


@stream_request_body
class Own(Question):
    """A visitor's own picture, as bytes; it is kept scaled, in memory, until another one comes or the page goes."""

    def prepare(self):
        self.came, self.size = bytearray(), 0
        self.request.connection.set_max_body_size(DRAINED)
        super().prepare()

    def data_received(self, piece):
        self.size += len(piece)
        if self.size <= HEAVIEST:
            self.came += piece
        else:
            self.came = bytearray()

    async def post(self):
        parts, visitor = await self.application.ready, self.who()
        if self.size > HEAVIEST:
            megabytes = f"{self.size / 2**20:.0f} MB, but at most {HEAVIEST // 2**20} MB"
            raise Refused(413, f"The picture has {megabytes} are wanted; make it smaller first.")
        side = self.get_query_argument("side", "")
        if side not in {str(side) for one in parts["nets"].SETS.values() for side in one.sides}:
            raise Refused(400, "There is no such size of pictures here.")
        visitor.asked += 1
        content, self.came = bytes(self.came), bytearray()
        try:
            picture = await self.application.line.take(visitor, visitor.asked, read, parts, content, int(side))
        except Obsolete:
            raise Refused(409, "A newer question has come.") from None
        except BadInput as problem:
            raise Refused(400, line_of(problem)) from None
        visitor.own, visitor.known = {int(side): picture}, {}
        self.finish({})


def read(parts: dict, content: bytes, side: int):
    """The visitor's picture, or one line; what the reader of pictures did not expect is one line as well."""
    try:
        return parts["pictures"].load_image(content, side)
    except BadInput:
        raise
    except Exception as problem:  # of a file that was made to break readers
        note(f"a picture could not be read: {type(problem).__name__}")
        raise BadInput("app: the picture is broken, or of a kind that is not known; give another one.") from None


class Look(Question):
    """What the networks say of a picture: while it lasts, lines that tell how far it is; in the end, the answer."""

    def prepare(self):
        super().prepare()
        self.leave = lambda: None
        self.set_header("Content-Type", "application/x-ndjson")

    async def post(self):
        parts, visitor, asked = await self.application.ready, self.who(), self.asked()
        visitor.asked += 1
        number, line = visitor.asked, self.application.line
        self.leave = lambda: setattr(visitor, "asked", max(visitor.asked, number + 1))
        try:
            await self.answer(parts, visitor, asked, lambda *work: line.take(visitor, number, *work))
        except Obsolete:
            self.fail(409, "A newer question has come.")
        except BadInput as problem:
            self.fail(getattr(problem, "status", 400), line_of(problem))

    def on_connection_close(self):
        self.leave()  # nobody waits for the rest

    def fail(self, status: int, line: str) -> None:
        if not self._headers_written:
            raise Refused(status, line)
        self.finish(json.dumps({"problem": line, "status": status}) + "\n")

    async def answer(self, parts, visitor, asked, take) -> None:
        questions = parts["questions"]
        plain, picture, address = await take(questions.picture, asked, visitor.own)
        loaded = await take(questions.nets_of, asked)
        chosen = questions.classes_of(asked, loaded)
        known, done = visitor.known, 0
        if visitor.known.get("nets") != asked["nets"]:
            known = visitor.known = {"nets": asked["nets"]}

        async def one(q: int):
            nonlocal done
            said = known[q] = await take(questions.of_one, loaded[q], plain, picture, known.get(q, []))
            done += 1
            if done < len(loaded):
                self.tell({"done": done, "of": len(loaded)})
            return said

        found = dict(zip(loaded, await asyncio.gather(*map(one, loaded)), strict=True))
        before, now = ({q: said[part] for q, said in found.items()} for part in (0, 1))
        self.tell(await take(questions.packed, loaded, now, before, chosen, address))
        self.finish()


class Dense(Look):
    """The evidence at every pixel: network by network, in pieces."""

    async def answer(self, parts, visitor, asked, take) -> None:
        questions = parts["questions"]
        _, picture, _ = await take(questions.picture, asked, visitor.own)
        loaded = await take(questions.nets_of, asked)
        chosen = questions.classes_of(asked, loaded, least=1)
        bands = questions.bands(picture.shape[1])
        done, total = 0, len(loaded) * len(chosen) * len(bands)
        for q, model in sorted(loaded.items()):
            maps = []
            for target in chosen:
                rows = []
                for band in bands:
                    rows.append(await take(questions.dense, model, picture, target, band))
                    done += 1
                    self.tell({"done": done, "of": total})
                maps.append(rows)
            self.tell({"dense": questions.joined(q, maps)})
        self.finish()


PARTS = {
    "pictures": "bagnet_utils.worlds.pictures",
    "nets": "bagnet_utils.app.nets",
    "shown": "bagnet_utils.app.shown",
    "questions": "bagnet_utils.app.questions",
}
FIRST = "photos"  # the networks that the page begins with; the others follow when it is there
OTHERS = "patchwork", "tiny"


def prepare() -> dict:
    """What computes. It is slow to import, so the page is there first; its first networks are loaded with it."""
    import torch

    torch.set_num_threads(1)  # the cores are for several visitors
    parts = {name: import_module(module) for name, module in PARTS.items()}
    parts["nets"].load(FIRST)
    return parts


class App(Application):
    """All that one server holds."""

    def __init__(self, token: str, port: int, hosts: tuple[str, ...] = LOOPBACK, pages: str = ""):
        self.token, self.hosts, self.pages = token, hosts, pages
        self.cookie = f"bagnet-app-{port}"  # cookies do not tell ports apart
        self.visitors, self.line = Visitors(), Line()
        self.ready = asyncio.get_running_loop().run_in_executor(None, prepare)
        routes = [
            (r"/", Page), (r"/part/([a-z.]+)", Part), (r"/small/([\w-]+)", Small), (r"/begin", Begin),
            (r"/leave", Leave), (r"/own", Own), (r"/look", Look), (r"/dense", Dense), (r".*", Nothing),
        ]  # fmt: skip
        super().__init__(routes, log_function=lambda handler: None)

    async def warm(self) -> None:
        """Get ready what will be asked for next, and from time to time forget who has left."""
        parts, loop = await self.ready, asyncio.get_running_loop()
        for name in OTHERS:
            await loop.run_in_executor(None, parts["nets"].load, name)
        while True:
            await asyncio.sleep(60)
            self.visitors.sweep()


class Nothing(Guarded):
    def get(self):
        raise Refused(404, "There is nothing at this address.")

    post = get


def listen(app: App, sockets: list, proxied: bool = False) -> HTTPServer:
    server = HTTPServer(app, max_body_size=LETTER, max_header_size=2**14, xheaders=proxied, idle_connection_timeout=300)
    server.add_sockets(sockets)
    return server
