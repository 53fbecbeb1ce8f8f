"""What the text of notebook 10 says, and its cells must therefore have printed."""

NOTEBOOK = "10_shared_errors"

SAID = [
    "alike                  8        6.8",
    "ten pictures: kappa 0.375",
    "by chance alike on 64 % of pictures",
    "alike on at most 85 %: kappa could be 0.58",
    "fewest: stop sign 12, ",
    "most: airplanes 50, ",
    "hardest: crab 56 %, ibis 58 %, starfish 59 %",
    "easiest: car side 100 %, motorbikes 99 %",
    "BagNet-33 misses 94 of 715 photographs\nVGG misses 53 of 715 photographs",
    "BagNet-9  most like BagNet-17",
    "least like ViT       0.23",
    "BagNet-33: ResNet.",
    "least like VGG       0.23",
    "missed by all: 21; ",
    "scorpion   for crab       11 % (14 of 133 answers), by 7 networks",
    "ibis       for flamingo   10 % (13 of 126 answers), by 7 networks",
    "llama      for elephant   15 % (19 of 126 answers), by 6 networks",
    "ResNet knows 36 photographs that BagNet-33 misses; it is the other way round for 16",
    "6 of 120 fish have their fingers the other way round",
    "these are the pictures that all miss: True",
    "ResNet    and VGG           1.00 (0.80..1.00)       nan (nan..nan)",
]
MEASURED = [
    (r"100,000 pictures: alike on (\d+\.\d) %", 67.5, 68.5),
    (r"^It is (68)\. ", 68, 68),
    (r"but anything from (\S+) to", -1, 0),
    *[
        (rf"{net} +(\d+\.\d) % right \(", figure - 0.35, figure + 0.35)
        for net, figure in (("BagNet-9", 73.6), ("BagNet-17", 81.7), ("BagNet-33", 86.9), ("ResNet", 89.7))
    ],
    (r"VGG +(\d+\.\d) % right \(", 92.2, 93),
    (r"DenseNet +(\d+\.\d) % right \(", 89.8, 91),
    (r"ViT +(\d+\.\d) % right \(", 70.8, 71.5),
    (r"^12 of 15 right is 80 %, with the interval (\d+) to", 55, 60),
    # the kinds: for three nets alike, and for VGG nothing is known
    (r"BagNet-33 and ResNet +correlation over kinds (\S+)", 0.955, 0.965),
    (r"BagNet-33 and DenseNet +correlation over kinds (\S+)", 0.995, 1),
    *[(rf"BagNet-33 and {net} +correlation.*\((\d\.\d+)\.\.", 0.5, 0.99) for net in ("ResNet", "DenseNet", "ViT")],
    (r"BagNet-33 and VGG +correlation.*\((-\d\.\d+)\.\.", -1, -0.9),
    (r"BagNet-33 and VGG +correlation.*\.\.(\d\.\d+)\)", 0.9, 1),
    (r"as they are: +kappa (\S+)", 0.645, 0.655),
    (r"other photographs: +kappa (\S+)", 0.115, 0.16),  # a fifth of it
    # who errs like whom
    (r"BagNet-33 most like ResNet +(\S+),", 0.645, 0.655),
    (r"BagNet-9  .* least like VGG +(\S+)", 0.225, 0.235),
    (r"VGG       .* least like ViT +(\S+)", 0.225, 0.235),
    *[
        (rf"{of} +with {one} +less with {other} +\S+ \((\S+)\.\.", 0.01, 1)
        for of, one, other in (
            ("BagNet-9", "BagNet-17", "BagNet-33"),
            ("BagNet-17", "BagNet-33", "ResNet"),
            ("BagNet-33", "ResNet", "BagNet-9"),
            ("BagNet-33", "ResNet", "VGG"),
            ("BagNet-33", "ResNet", "DenseNet"),
            ("BagNet-17", "BagNet-9", "ViT"),
        )
    ],
    *[
        (rf"{of} +with {one} +less with {other} +\S+ \((\S+)\.\.", -1, 0)
        for of, one, other in (
            ("BagNet-33", "ResNet", "BagNet-17"),
            ("ResNet", "BagNet-9", "ViT"),
            ("VGG", "BagNet-9", "ViT"),
            ("DenseNet", "BagNet-9", "ViT"),
        )
    ],
    (r"^BagNet-33 with ResNet +less with BagNet-9 .* and (\d\.\d+)$", 0.585, 0.595),
    (r"^VGG       and ViT .*\) +(\d\.\d+)$", 0.325, 0.335),
    (r"^ResNet    and DenseNet .*\) +(\d\.\d+)$", 0.95, 1),  # equally good
    # missed by all
    (r"strangers would miss (\d\.\d+)", 0, 0.005),
    (r"missed by none: (\d+);", 410, 450),
    (r"^so ResNet is ahead on (\d+) to", 51, 70),
    (r"^with black corners +minaret, (\d+) %", 15, 40),
    (r"^corners filled +minaret, (\d+) %", 5, 14),
    (r"^It is (6)\. ", 6, 6),
    (r"BagNet-33 and ResNet +\S+ \((\S+)\.\.\S+ +0\.00", 0.01, 0.5),
    (r"BagNet-33 and ViT +0\.\d+ \((0\.\d+)\.\.0\.\d+\) +0\.\d+ \(0\.", 0.01, 0.2),
    (r"BagNet-33 and ViT +0\.\d+ \(\S+\) +0\.\d+ \((0\.\d+)\.\.", 0.01, 0.2),
    (r"BagNet-9 +(\d+) % right on wheel", 38, 62),
    (r"BagNet-17 +(\d+) % right on wheel", 38, 62),
    (r"ViT +(\d+) % right on wheel", 38, 62),
    (r"no positions +(\d+) % right on wheel", 38, 62),
    (r"BagNet-9  and ViT, no positions alike.*\.\.(\S+)\)", -1, 0),
    (r"ViT       and ViT, no positions alike.*\.\.(\S+)\)", -1, -0.01),
    (r"BagNet-9  and ViT +alike.*\((\S+)\.\.", 0.01, 1),
]
