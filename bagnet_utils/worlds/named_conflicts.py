"""A folder of cue-conflict pictures whose names tell shape and texture, as those of Geirhos and others (2019) do.

cat1-car3.png: the shape of the first cat with the texture of the third car. The sixteen kinds are everyday words, each
of them made of ImageNet's classes below it in WordNet. The classes were written down from ImageNet's names and then
compared with the authors' own list (texture-vs-shape, human_categories.py): they agree. The authors took a few classes
out by hand, where a name has two meanings or a picture would not be called so: they are under `LEFT_OUT`.
"""

import re
from pathlib import Path

from bagnet_utils.errors import BadInput
from bagnet_utils.worlds.pictures import ENDINGS

LEFT_OUT = {  # below `bird` and `dog` in WordNet, and yet not counted
    "bird": (7, 9, 17, 21, 84, 85, 86, 97, 134, 146),  # cock, ostrich, jay, kite, peacock, quail, partridge, drake,
    # crane, albatross
    "dog": (151, 192, 204, 227, 242, 251, 258, 260, 264),  # Chihuahua, cairn, Lhasa, kelpie, boxer, dalmatian, Samoyed,
    # chow, Cardigan
}
BIRDS = (*range(7, 25), *range(80, 101), *range(127, 147))
DOGS = range(151, 269)
SIXTEEN = {
    "airplane": (404,),  # airliner
    "bear": (294, 295, 296, 297),  # brown, American black, ice, sloth bear
    "bicycle": (444, 671),  # for two, mountain bike
    "bird": tuple(label for label in BIRDS if label not in LEFT_OUT["bird"]),
    "boat": (472, 554, 625, 814, 914),  # canoe, fireboat, lifeboat, speedboat, yawl
    "bottle": (440, 720, 737, 898, 899, 901, 907),  # beer, pill, pop, water bottle, water jug, whiskey jug, wine bottle
    "car": (436, 511, 817),  # beach wagon, convertible, sports car
    "cat": (281, 282, 283, 284, 285, 286),  # tabby, tiger cat, Persian, Siamese, Egyptian, cougar
    "chair": (423, 559, 765, 857),  # barber chair, folding chair, rocking chair, throne
    "clock": (409, 530, 892),  # analog, digital, wall clock
    "dog": tuple(label for label in DOGS if label not in LEFT_OUT["dog"]),
    "elephant": (385, 386),  # Indian, African
    "keyboard": (508, 878),  # computer, typewriter
    "knife": (499,),  # cleaver
    "oven": (766,),  # rotisserie
    "truck": (555, 569, 656, 675, 717, 734, 864, 867),  # fire engine, garbage truck, minivan, moving van, pickup,
    # police van, tow truck, trailer truck
}
NAMED = re.compile(r"([a-z]+)\d*-([a-z]+)\d*", re.IGNORECASE)


def listed(folder: str | Path) -> tuple[list[tuple[Path, int, int]], list[str]]:
    """The pictures in a folder (and in folders in it) that are named as cue conflicts: file, shape, texture; and a line
    for each picture that is left out.
    """
    root, kinds = Path(folder).expanduser(), tuple(SIXTEEN)
    if not root.is_dir():
        raise BadInput(
            f"shape_bias_of_folder: there is no folder {root}; name one with pictures such as cat1-car3.png."
        )
    files, notes = [], []
    for file in sorted(file for file in root.rglob("*") if file.suffix.lower() in ENDINGS):
        found = NAMED.fullmatch(file.stem)
        words = [word.lower() for word in found.groups()] if found else []
        if not words:
            notes.append(f"{file.name} is not named as shape-texture, such as cat1-car3.png")
        elif strange := [word for word in words if word not in kinds]:
            notes.append(f"{file.name}: {strange[0]} is none of the sixteen kinds")
        elif words[0] == words[1]:
            notes.append(f"{file.name}: shape and texture are both of a {words[0]}")
        else:
            files.append((file, *map(kinds.index, words)))
    if not files:
        why = f"; the first: {notes[0]}" if notes else ""
        raise BadInput(
            f"shape_bias_of_folder: {root} holds no cue conflict; wanted are pictures named shape-texture, such as "
            f"cat1-car3.png, of two of {', '.join(kinds)}{why}."
        )
    return files, notes
