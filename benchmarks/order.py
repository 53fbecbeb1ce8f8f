"""What does a network lose with the order of its parts, and what does it need to read order? A part of docs/claims.md.

Two trainings, both on Patchwork: the ResNet on pictures whose tiles are shuffled anew in each epoch; and heads on the
patch features of BagNet-33, which stays as it is. And one test of photographs: how much of them may be missing?

python3 course.py order            all of it (an hour); what was trained already is not trained again
"""

import time
from dataclasses import asdict

import storing
import torch
import torch.nn.functional as F

import bagnet_utils as bu
from bagnet_utils.experiments.dropping import dropping_curve
from bagnet_utils.experiments.interactions import interaction, relative_difference
from bagnet_utils.experiments.scrambling import scramble
from bagnet_utils.models import recipes
from bagnet_utils.models.order import COMMAND, HEADED, IN_TILES, TILE, PatchHead, build_head, load_order
from bagnet_utils.models.scores import accuracy_by_pair
from bagnet_utils.models.training import EXACT, train
from bagnet_utils.models.zoo import RUNS, build, keep, manifest
from bagnet_utils.statistics import percent_of, point_difference
from bagnet_utils.worlds.patchwork.scenes import NAMES

HEAD_RECIPE = recipes.Recipe(epochs=8, pictures=2500, batch=32, rate=2e-3, decay=0.02)
TOTEMS, FRESH = 2000, 50  # of the pictures; drawn for epoch 50, so that BagNet-33 has not learnt from them


# ------------------------------------------------------------ training


def train_in_tiles() -> None:
    recipe = recipes.recipe_for("patchwork", "resnet")
    model, whole = build("resnet", "patchwork"), recipes.patchwork_pictures(recipe)

    def draw(epoch: int) -> recipes.Pictures:
        images, labels = whole(epoch)
        pair = (scramble(images[i::2] / 255, TILE, seed=epoch) for i in (0, 1))  # twins in the same order: they cancel
        return (torch.stack(list(pair), dim=1).flatten(0, 1) * 255).round().to(torch.uint8), labels

    draw.about = {**whole.about, "tile": TILE}
    rows = train(model, draw, recipe, RUNS / f"order-resnet-tiles-{TILE}", recipes.patchwork_score())
    ship(model, IN_TILES, recipe, sum(row["seconds"] for row in rows))


def train_heads() -> None:
    """Each head on the same features of the same pictures: most of them totems, the others so that nothing is lost."""
    net, recipe = bu.load_model("bagnet33"), HEAD_RECIPE
    drawn = [
        recipes.patchwork_pictures(recipes.Recipe(pictures=count), pairs=pairs)(FRESH)
        for count, pairs in ((TOTEMS, ("totem",)), (recipe.pictures - TOTEMS, tuple(set(NAMES) - {"totem"})))
    ]
    images, labels = (torch.cat(parts) for parts in zip(*drawn, strict=True))
    maps = features(net, images)
    for kind in reversed(HEADED):
        if f"order/{kind}" in manifest():
            continue
        started = time.monotonic()
        ship(trained_head(kind, net, maps, labels), kind, recipe, time.monotonic() - started)


@torch.no_grad()
def features(net, images: torch.Tensor) -> torch.Tensor:
    """N x D x h x w in float16, for memory."""
    return torch.cat([net.features(some.float() / 255).half() for some in images.split(10)])


def trained_head(kind: str, net, maps: torch.Tensor, labels: torch.Tensor) -> PatchHead:
    head, recipe = build_head(kind).train(), HEAD_RECIPE
    quick = [weight for name, weight in head.named_parameters() if name == "ask.by_distance"]
    other = [weight for name, weight in head.named_parameters() if name != "ask.by_distance"]
    groups = [{"params": other}] + [{"params": quick, "lr": 10 * recipe.rate, "weight_decay": 0.0}] * bool(quick)
    optimizer = torch.optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.decay)
    steps = recipe.epochs * (recipe.pictures // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [group["lr"] for group in optimizer.param_groups], steps)
    for epoch in range(recipe.epochs):
        twins = torch.randperm(len(labels) // 2, generator=torch.Generator().manual_seed(epoch))
        order, total = torch.stack([2 * twins, 2 * twins + 1], 1).flatten(), 0.0
        for some in order.split(recipe.batch)[: recipe.pictures // recipe.batch]:
            part = maps[some].float()
            with torch.no_grad():
                bag = net.fc(part.mean((2, 3)))
            loss = F.cross_entropy(bag + head(part), labels[some])
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(head.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"{kind}, epoch {epoch + 1}: loss {total * recipe.batch / recipe.pictures:.4f}", flush=True)
    return head.eval()


def ship(model, name: str, recipe: recipes.Recipe, seconds: float) -> None:
    facts = {**asdict(recipe), "seed": 0, "minutes": round(seconds / 60, 1), "threads": torch.get_num_threads()}
    keep(model, name, "order", {**facts, "device": "processor", "precision": EXACT, "command": COMMAND})


# ------------------------------------------------------------ measuring

PICTURES, MOVED = 1000, 40  # of all pairs, and as many of one pair; px: how far these are moved, at most
MOVED_IN_TILES = "tiles, as drawn and moved"
GAPS, ASKED = (8, 16, 24, 32, 40), 100  # between hidden squares, in px; pictures on which they are hidden
SHARES, EVERY = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9), 3  # of a photograph that is missing; every third test photograph
SEEING = ("vit", "resnet", "vgg", "bagnet9", "bagnet17", "bagnet33")


def measure() -> None:
    """Everything that docs/claims.md says of order; what stands there of the same weights is not measured again."""
    world, found = bu.load_world("patchwork", n=PICTURES), storing.read().get("order", {})
    totems = bu.load_world("patchwork", n=PICTURES, pairs=["totem"])
    nets = {name: load_order(name) for name in (IN_TILES, *HEADED)}
    for name, net in nets.items():
        weights = manifest()[f"order/{name}"]["sha256"][:12]
        if found.get(name, {}).get("weights") != weights:
            row = {"weights": weights, **right_answers(net, world, totems, tiles=name not in HEADED)}
            gaps = GAPS[3:] if name in HEADED else GAPS  # at narrow gaps the bag itself interacts
            left = [interaction(net, world.images[:ASKED], gap).left_over for gap in gaps]
            row |= {"gaps": gaps, "left over": left}
            storing.write("order", {name: row, "pictures": PICTURES, "asked": ASKED})
            print(name, row, flush=True)
    if "more left over in the resnet" not in found:
        more = {}
        for gap in GAPS[3:]:
            both = [interaction(net, world.images[:ASKED], gap) for net in (bu.load_model("resnet"), nets[IN_TILES])]
            more[str(gap)] = bu.bootstrap(more_left_over, *(column.double() for one in both for column in one))
        storing.write("order", {"more left over in the resnet": more})
    if found.get(MOVED_IN_TILES, {}).get("weights") != manifest()[f"order/{IN_TILES}"]["sha256"][:12]:
        worlds = {pair: bu.load_world("patchwork", n=PICTURES, pairs=[pair]) for pair in ("face", "wheel")}
        row = {pair: drawn_and_moved(nets[IN_TILES], pictures) for pair, pictures in worlds.items()}
        storing.write("order", {MOVED_IN_TILES: {"weights": manifest()[f"order/{IN_TILES}"]["sha256"][:12], **row}})
    if "missing" not in found:
        measure_missing()


def measure_missing() -> None:
    """How many photographs are right with a share of their squares missing; tokens dropped, or painted over."""
    photos = bu.load_world("photos", n=None)
    images, labels = photos.images[::EVERY], photos.labels[::EVERY]
    right = {}
    for name in SEEING:
        net = bu.load_model(name, "photos")
        right[name] = dropping_curve(net, images, labels, SHARES)
        if name == "vit":
            right["vit, dropped"] = dropping_curve(net, images, labels, SHARES, drop=True)
        print(name, flush=True)
    counts = {name: [int(curve[share].sum()) for share in SHARES] for name, curve in right.items()}
    dropped = right.pop("vit, dropped")
    more = {name: bu.bootstrap(point_difference, dropped[0.8], curve[0.8]) for name, curve in right.items()}
    kept = bu.bootstrap(percent_of, dropped[0.8], dropped[0.0])
    facts = {"shares": SHARES, "photographs": len(labels), "right": counts, "dropped above": more, "kept": kept}
    storing.write("order", {"missing": facts})


def right_answers(net, world, totems, tiles: bool) -> dict:
    """Percent right, pair by pair, on whole pictures and perhaps in tiles; and on more totems, as drawn and moved."""
    shown = {"whole": world.images} | ({"in tiles": scramble(world.images, TILE, seed=1)} if tiles else {})
    right = {what: accuracy_by_pair(bu.predict(net, images), world.labels, NAMES) for what, images in shown.items()}
    return right | {"totems": drawn_and_moved(net, totems)}


def drawn_and_moved(net, world) -> list[int]:
    """How many pictures are right, as drawn and moved by up to MOVED px in both directions."""
    random = torch.Generator().manual_seed(0)
    moved = bu.move(world.images, *torch.randint(MOVED + 1, (2, len(world.labels)), generator=random))
    return [int((bu.predict(net, images) == world.labels).sum()) for images in (world.images, moved)]


def more_left_over(joint, summed, other_joint, other_summed, axis: int = -1) -> float:
    return relative_difference(joint, summed, axis) - relative_difference(other_joint, other_summed, axis)


if __name__ == "__main__":
    if f"order/{IN_TILES}" not in manifest():
        train_in_tiles()
    if any(f"order/{kind}" not in manifest() for kind in HEADED):
        train_heads()
    measure()
