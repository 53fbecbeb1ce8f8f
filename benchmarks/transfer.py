"""How much do features from another world help when pictures are few? A part of docs/claims.md.

Zeiler and Fergus (2014) took the features of a network that had learnt ImageNet, put a new last layer on them and
taught it Caltech-101; and trained the same network from scratch. Here the features come from the nets for 64 pixels
("tiny"), and 32 of Caltech-101's kinds are learnt, at 5, 15 and 30 pictures a kind, each with five seeds.

python3 course.py transfer            all of it; what is there already is not measured again
"""

import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import product

import storing
import torch
import torch.nn.functional as F
from cells import ends
from torch import Tensor, nn

import bagnet_utils as bu
from bagnet_utils.experiments.looking_inside import layers
from bagnet_utils.experiments.transfer import pooled_features, some_of_each
from bagnet_utils.models.recipes import RECIPES, Recipe, vary
from bagnet_utils.models.training import train
from bagnet_utils.models.zoo import TITLES, build
from bagnet_utils.statistics import over_runs

NAMES, EACH, SEEDS = ("bagnet17", "resnet"), (5, 15, 30), 5
EPOCHS, STEPS, BATCH = 10, 100, 32  # from scratch; the same steps however many pictures there are
PAPER = {"from scratch": {15: 22.8, 30: 46.5}, "new last layer": {15: 83.8, 30: 86.5}}  # percent of 101 kinds


def main() -> None:
    world, test = bu.load_world("photos", "train", n=None), bu.load_world("photos", n=None)
    found = storing.read().get("transfer", {})
    for name, seed, each in product(NAMES, range(SEEDS), EACH):
        chosen = some_of_each(world.labels, each, seed)
        for way in PAPER:
            key = f"{name}, {way}, {each} a kind, seed {seed}"
            if key in found:
                continue
            if way == "from scratch":
                answers = bu.predict(from_scratch(name, world.images[chosen], world.labels[chosen], seed), test.images)
            else:
                known, new = features_of(name, "train")[chosen], features_of(name, "test")
                shift, scale = known.mean(0), known.std(0) + 1e-6
                layer = last_layer((known - shift) / scale, world.labels[chosen], len(world.classes))
                answers = F.linear((new - shift) / scale, *layer).argmax(1)
            percent = round(100 * (answers == test.labels).float().mean().item(), 2)
            storing.write("transfer", {key: percent})
            print(key, percent, flush=True)


def from_scratch(name: str, images: Tensor, labels: Tensor, seed: int) -> nn.Module:
    """The network trained from fresh weights, on pictures moved and mirrored anew each time."""
    pixels, model = (images * 255).round().to(torch.uint8), build(name, "photos", seed=seed)

    def draw(epoch: int):
        random = torch.Generator().manual_seed(1000 * seed + epoch)
        rounds = -(-STEPS * BATCH // len(labels))
        order = torch.cat([torch.randperm(len(labels), generator=random) for _ in range(rounds)])
        order = order[: STEPS * BATCH]
        return torch.cat([vary(part, random) for part in pixels[order].split(500)]), labels[order]

    recipe = Recipe(epochs=EPOCHS, pictures=STEPS * BATCH, batch=BATCH, smoothing=RECIPES["photos"].smoothing)
    with tempfile.TemporaryDirectory() as folder:
        train(model, draw, recipe, folder)
    return model.cpu()


@cache
def features_of(name: str, split: str) -> Tensor:
    """What the last layer of the tiny net is given, N x C, for all pictures of a split."""
    model = bu.load_model(name, world="tiny")
    (features,) = pooled_features(model, bu.load_world("photos", split, n=None).images, layers(model)[-1:]).values()
    return features


def last_layer(features: Tensor, labels: Tensor, kinds: int) -> tuple[Tensor, Tensor]:
    """Weights and biases of a last layer that is taught these features (softmax regression)."""
    weight = torch.zeros(kinds, features.shape[1], requires_grad=True)
    bias = torch.zeros(kinds, requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        wrong = F.cross_entropy(F.linear(features, weight, bias), labels) + 1e-3 * weight.pow(2).sum()
        wrong.backward()
        return wrong

    optimizer.step(loss)
    return weight.detach(), bias.detach()


def lines() -> Iterator[str]:
    """The table, as far as it was measured."""
    found = storing.read().get("transfer", {})
    yield HEAD.format(steps=EPOCHS * STEPS, batch=BATCH, seeds=SEEDS)
    for name in NAMES:
        for way in PAPER:
            cells = []
            for each in EACH:
                runs = [found.get(f"{name}, {way}, {each} a kind, seed {seed}") for seed in range(SEEDS)]
                cells.append("not run yet" if None in runs else ends(over_runs(runs), 1))
            yield f"| {TITLES[name]}, {way} | {' | '.join(cells)} |"
    for way, figures in PAPER.items():
        cells = [str(figures.get(each, "")) for each in EACH]
        yield f"| Zeiler and Fergus, {way} (101 kinds, 256 px) | {' | '.join(cells)} |"


HEAD = """
## Do features from another world help?

Percent right on the test photographs, after training on 5, 15 and 30 pictures of each of the 32 kinds. *New last
layer*: the features of the network for 64 pixels (twenty other kinds) stay as they are, and softmax regression is
trained on them. *From scratch*: the whole network is trained, {steps} steps of {batch} pictures. Mean over {seeds}
seeds, each with its own pictures, and its 95 % interval (Student's t). Zeiler and Fergus (2014) took the features
from ImageNet and learnt all of Caltech-101.

| | 5 of each kind | 15 of each kind | 30 of each kind |
|---|---|---|---|"""

if __name__ == "__main__":
    main()
