"""Does anything leak? Two attempts to make a BagNet-q solve pairs whose cue is wider than q.

longer: trained from scratch on the pairs it must not solve, with three times the pictures that the shipped net had.
window: trained on single windows that hold a piece of the cue, each told its picture's class, so that no averaging can
        bury a faint hint. The same is done with the widest pair that it can solve, to show that the probe would see.

python3 course.py leaks longer bagnet33         one attempt at a time; `claims` puts the results on its page
"""

import argparse
import hashlib
from collections.abc import Iterator

import numpy as np
import storing
import torch
import torch.nn.functional as F
from cells import cell

import bagnet_utils as bu
from bagnet_utils.models.recipes import Recipe, patchwork_pictures
from bagnet_utils.models.scores import accuracy_by_pair
from bagnet_utils.models.training import train
from bagnet_utils.models.zoo import RUNS, TITLES, build
from bagnet_utils.worlds.patchwork import Truth, paint
from bagnet_utils.worlds.patchwork.scenes import NAMES, PAIRS

HIDDEN = {"bagnet9": ("face", "wheel", "totem"), "bagnet17": ("wheel", "totem"), "bagnet33": ("totem",)}
SOLVABLE = {"bagnet9": "coat", "bagnet17": "face", "bagnet33": "wheel"}
CHANCE = (42, 58)  # percent, for the whole interval: with 1,000 pictures a share of 45 to 55
TIMES, TESTED = 3, 1000  # how much more training; test pictures a pair


def main() -> None:
    parser = argparse.ArgumentParser(prog="course.py leaks", description=__doc__.splitlines()[0])
    parser.add_argument("attempt", choices=["longer", "window", "all"], nargs="?", default="all")
    parser.add_argument("name", choices=[*HIDDEN, "all"], nargs="?", default="all")
    options = parser.parse_args()
    try:
        for name in HIDDEN if options.name == "all" else [options.name]:
            if options.attempt in ("longer", "all"):
                note(name, "longer", longer(name))
            if options.attempt in ("window", "all"):
                note(name, "window", {pair: window(name, pair) for pair in (*HIDDEN[name], SOLVABLE[name])})
    except bu.BadInput as problem:
        raise SystemExit(str(problem)) from None


def longer(name: str) -> dict[str, float]:
    """Accuracy in percent on fresh pictures of each hidden pair."""
    shipped = Recipe()
    pairs = HIDDEN[name]
    seen = TIMES * shipped.epochs * shipped.pictures * len(pairs) // len(NAMES)
    recipe = Recipe(epochs=shipped.epochs, pictures=seen // shipped.epochs)
    model = build(name, "patchwork", seed=1)
    train(model, patchwork_pictures(recipe, seed=1, pairs=pairs), recipe, RUNS / f"longer-{name}")
    images, labels = pictures(pairs, "test", TESTED * len(pairs), seed=1)
    answers = torch.cat([bu.predict(model, part.float() / 255) for part in images.split(500)])
    return accuracy_by_pair(answers, labels, NAMES)


def window(name: str, pair: str, count: int = 2000, epochs: int = 2) -> float:
    """Accuracy in percent of single windows that hold a piece of the cue, on fresh pictures."""
    model = build(name, "patchwork", seed=2).to(memory_format=torch.channels_last).train()
    images, labels, holds = windows(pair, "train", count, model.patch_size, seed=200)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=epochs * (count // 32))
    random = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        for chosen in torch.randperm(count, generator=random)[: count // 32 * 32].split(32):
            classes = labels[chosen][:, None, None].expand_as(holds[chosen])[holds[chosen]]
            loss = F.cross_entropy(verdicts(model, images[chosen])[holds[chosen]], classes)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    images, labels, holds = windows(pair, "test", TESTED, model.patch_size, seed=2)
    right = torch.zeros(2)
    with torch.no_grad():
        for part in torch.arange(TESTED).split(100):
            best = verdicts(model, images[part]).argmax(3)  # n x h x w
            agree = (best == labels[part][:, None, None])[holds[part]]
            right += torch.tensor([agree.sum(), agree.numel()])
    return 100 * (right[0] / right[1]).item()


def verdicts(model: bu.BagNet, images: torch.Tensor) -> torch.Tensor:
    """N x 3 x H x W bytes -> N x h x w x C: what the net says of each window by itself."""
    return model.fc(model.features(images.float() / 255).permute(0, 2, 3, 1))


def pictures(pairs: tuple[str, ...], split: str, count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    truth = Truth(tuple(pair for pair in PAIRS if pair.name in pairs), split, count, seed)
    return torch.from_numpy(paint(truth)), torch.from_numpy(truth.labels)


def windows(pair: str, split: str, count: int, patch: int, seed: int):
    """Pictures, labels, and for each window of the stride-8 grid whether it holds a pixel of the cue: N x h x w."""
    truth = Truth(tuple(one for one in PAIRS if one.name == pair), split, count, seed)
    scenes = list(truth)
    images = torch.from_numpy(np.stack([np.rint(scene.image * 255).astype(np.uint8) for scene in scenes]))
    cues = torch.from_numpy(np.stack([scene.cue.any((0, 1)) for scene in scenes]))[:, None].float()
    return images, torch.from_numpy(truth.labels), F.max_pool2d(cues, patch, stride=8)[:, 0] > 0


def drawn() -> str:
    """A digest of pictures as they are drawn now: what was tried on others tells nothing about these."""
    return hashlib.sha256(paint(Truth(PAIRS, "test", 100, 1)).tobytes()).hexdigest()


def note(name: str, attempt: str, result: dict[str, float]) -> None:
    result = {pair: round(percent, 2) for pair, percent in result.items()} | {"drawn": drawn()}
    storing.write("leaks", {name: storing.read().get("leaks", {}).get(name, {}) | {attempt: result}})
    print(name, attempt, result, flush=True)


# ------------------------------------------------------------ on the page


def lines() -> Iterator[str]:
    """What the two attempts found, as far as they have been run: a part of docs/claims.md."""
    found = storing.read().get("leaks", {})
    yield LEAKS.format(each=TESTED)
    for name, pairs in HIDDEN.items():
        trained, alone = (found.get(name, {}).get(attempt, {}) for attempt in ("longer", "window"))
        for pair in pairs:
            cells = [TITLES[name], pair, cell(trained[pair], TESTED, CHANCE) if pair in trained else "not run yet"]
            cells += [
                f"{pair} {alone[pair]:.1f}" if pair in alone else "not run yet" for pair in (pair, SOLVABLE[name])
            ]
            yield f"| {' | '.join(cells)} |"


LEAKS = """## Does anything leak?

An accuracy at chance means something only if the network had no other way to learn the pair. Figures follow each other
down columns. Each column has its own uniform phase, so at every position each figure is equally likely in both classes,
and what a window of less than gap + 2 pixels shows has the same distribution in both. A test goes through all phases
and finds no exception. So the mean margin over windows has the same expected value in both classes; call it m. Then the
cross-entropy of such a bag is at least (softplus(m) + softplus(-m)) / 2, which is at least log 2, the loss of a guess:
there is nothing to learn. `python3 course.py leaks` tries it nevertheless, in two ways.

*Longer*: a network trained from scratch on the pairs that it must not solve, with three times as many pictures of them
as the network that ships; accuracy in percent on {each} new pictures of each pair. *Windows*: a network trained on
single windows that hold a piece of the cue, each with the class of its picture as the label, so that no averaging hides
a weak hint; accuracy in percent over all such windows of {each} new pictures (windows of one picture are not
independent, so no interval is given). The last column is the same for a pair that the network can solve: it shows that
this way would find a hint.

| | pair | longer | windows | windows, a pair that it can solve |
|---|---|---|---|---|"""

if __name__ == "__main__":
    main()
