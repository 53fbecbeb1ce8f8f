"""What a page may ask: its words are checked here, one by one, before anything is computed."""

import base64

from torch import Tensor, cat

from bagnet_utils.app import nets, shown
from bagnet_utils.app.answers import Known, ask, bands, dense, packed
from bagnet_utils.checks import check_choice, check_target
from bagnet_utils.display.packing import pack
from bagnet_utils.errors import BadInput
from bagnet_utils.models.bagnet import BagNet

REMEMBERED = 5  # pictures of each visitor, so that to undo a change costs nothing

__all__ = ["bands", "classes_of", "dense", "joined", "nets_of", "of_one", "packed", "picture"]


def picture(asked: dict, own: dict[int, Tensor]) -> tuple[Tensor, Tensor, str]:
    """The picture as it was, as it is after all changes, and the latter as an address that holds it."""
    sides = nets.SETS[check_choice("app", "set of networks", asked.get("nets"), nets.SETS)].sides
    side = asked.get("side")
    if side not in sides:
        raise BadInput(f"app: pictures of {side!r} px were asked for, but there are {', '.join(map(str, sides))} here.")
    if asked.get("picture") == "own":
        if side not in own:
            raise Gone("app: the server does not have your picture in this size; give it again.")
        plain = own[side]
    else:
        plain = shown.offered(asked.get("picture"), side)
    plain = (plain * 255).round() / 255
    now = shown.edited(plain, asked.get("edits", []))
    return plain, now, "data:image/png;base64," + base64.b64encode(shown.png(now)).decode()


class Gone(BadInput):
    """The page has to send its picture again."""

    status = 410


def nets_of(asked: dict) -> dict[int, BagNet]:
    return nets.load(asked["nets"])


def classes_of(asked: dict, loaded: dict[int, BagNet], least: int = 0) -> list[int]:
    """The chosen class, and the one that it is compared with, if there is one."""
    chosen, count = asked.get("classes", []), loaded[min(loaded)].fc.out_features
    if not isinstance(chosen, list) or not least <= len(chosen) <= 2:
        raise BadInput("app: one class or two are wanted.")
    return [check_target("app", number, count) for number in chosen]


def of_one(model: BagNet, plain: Tensor, now: Tensor, known: list[Known]) -> list[Known]:
    """What a network says of the picture as it was, and as it is; behind them what is still worth knowing."""
    before = ask(model, plain, known)
    after = ask(model, now, [before, *known])
    others = (one for one in known if one.maps is not before.maps and one.maps is not after.maps)
    return [before, after, *others][:REMEMBERED]


def joined(q: int, maps: list[list[Tensor]]) -> dict:
    """A dense map for each class, from its pieces."""
    whole = [cat(rows) for rows in maps]
    return pack(q, 1, cat([one[None] for one in whole]))
