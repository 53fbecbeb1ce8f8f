"""Start the app: `python3 course.py app`, or `python -m bagnet_utils.app`."""

import argparse
import asyncio
import os
import secrets
import socket
import sys
import webbrowser

from tornado.netutil import bind_sockets

PORTS = range(8890, 8910)  # looked through for a free one
TOKEN = "BAGNET_APP_TOKEN"  # of the environment; a word in the command line could be read by others on the machine


def options(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="course.py app", description="The patch explorer as a page.")
    parser.add_argument("--port", type=int, help=f"the port to listen on (default: the first free from {PORTS[0]})")
    parser.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: this machine only)")
    parser.add_argument("--name", default="", help="the name that visitors use, if a proxy stands before the app")
    parser.add_argument("--pages", default="", help="the address of the course's website, for links to notebooks")
    chosen = parser.parse_args(words)
    if chosen.pages and not chosen.pages.startswith(("http://", "https://")):
        parser.error(f"--pages is {chosen.pages!r}, but an address is wanted, such as https://example.org/course/")
    if chosen.port is not None and not 0 <= chosen.port < 2**16:  # larger ones would be wrapped around
        parser.error(f"--port is {chosen.port}, but a number from 1024 to 65535 is wanted")
    return chosen


def sockets_at(host: str, port: int | None) -> list[socket.socket]:
    problem = None
    for one in PORTS if port is None else [port]:
        try:
            return bind_sockets(one, host)
        except OSError as said:
            problem = said
    where = f"port {port}" if port is not None else f"any port from {PORTS[0]} to {PORTS[-1]}"
    sys.exit(f"app: {where} at {host} cannot be used ({problem}); close what is open on it, or name another --port.")


async def serve(chosen: argparse.Namespace) -> None:
    from bagnet_utils.app.server import LOOPBACK, App, listen

    sockets = sockets_at(chosen.host, chosen.port)
    port = sockets[0].getsockname()[1]
    alone = chosen.host in LOOPBACK
    token = os.environ.get(TOKEN) or secrets.token_hex(24)
    hosts = (*LOOPBACK, *filter(None, [chosen.name.lower()])) if alone else ()
    app = App(token, port, hosts, chosen.pages)
    server = listen(app, sockets, proxied=bool(chosen.name))
    name = f"[{chosen.host}]" if ":" in chosen.host else chosen.host
    address = f"http://{name}:{port}/?token={token}"
    if not alone:
        print(
            "Other machines can now open this page, if they have the address with its token; nothing on the way is "
            "encrypted. A proxy with HTTPS in front is better (docs/app.md)."
        )
    print(f"The patch explorer is at {address}\nCtrl-C ends it; nothing of what visitors did is kept.", flush=True)
    if not chosen.no_browser:
        webbrowser.open(address)
    try:
        await app.warm()
    finally:
        server.stop()


def main() -> None:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # before PyTorch comes: the cores are for several visitors
    try:
        asyncio.run(serve(options()))
    except KeyboardInterrupt:
        print("\nThe patch explorer is closed.")


if __name__ == "__main__":
    main()
