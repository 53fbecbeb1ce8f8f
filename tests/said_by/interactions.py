"""What the text of notebook 09 says, and its cells must therefore have printed."""

NOTEBOOK = "09_interactions"
SAID = [
    *[
        f"{pair:5} changed beside the figures: 0 px; put together otherwise than drawn: 0 px"
        for pair in ("face", "wheel", "totem")
    ],
    "bagnet9  cannot tell the two classes apart",
    "vit      cannot tell the two classes apart",
    "left over on 32 photographs",
    "bagnet17  correlation 1.00 1.00 1.00   left over  0.0   0.0   0.0 %",
]
MEASURED = [
    # eyes and beak do not talk: their falls add up; eyes and feet do
    *[(rf"^{net} +both go .*: (\d+) % \(", 90, 112) for net in ("bagnet17", "bagnet33", "vgg", "resnet", "densenet")],
    *[
        (rf"^face +{net} .*alone at most (\d\.\d)", 0, 0.4)
        for net in ("bagnet17", "bagnet33", "vgg", "resnet", "densenet")
    ],
    *[(rf"^face +{net} .*eyes beak ([+-]\d+\.\d)", -1, 1.2) for net in ("bagnet17", "bagnet33", "vgg", "resnet")],
    *[
        (rf"^face +{net} .*eyes feet \+(\d+\.\d)", 6, 40)
        for net in ("bagnet17", "bagnet33", "vgg", "resnet", "densenet")
    ],
    (r"^wheel bagnet33 .*bell leaf \+(\d+\.\d)", 8, 13),
    (r"^wheel vgg .*wheel bell \+(\d+\.\d)", 8, 16),
    (r"^wheel resnet .*bell leaf \+(\d+\.\d)", 7, 11),
    (r"^totem vgg .*mask wings \+(\d+\.\d)", 12, 20),
    (r"^totem resnet .*wings snake \+(\d+\.\d)", 6, 9),
    (r"^face +bagnet17 .*the couples make (\d+) %", 99, 101),
    (r"^wheel densenet .*wheel bell \+(\d+\.\d),.*bell leaf", 5, 10),  # it spreads what it knows over several couples
    (r"^wheel densenet .*bell leaf \+(\d+\.\d);", 3, 8),
    *[(rf"^{pair} +{net} .*the couples make (\d+) %", 90, 120) for pair, net in (("face", "vgg"), ("totem", "resnet"))],
    (r"^BagNet-9 +gap 7 px: (\S+);", 1e-4, 1),
    (r"^BagNet-9 .*gap 8 px: (\S+) logits", 0, 1e-11),
    (r"^BagNet-17 gap 15 px: (\S+);", 1e-5, 1),
    (r"^BagNet-17 .*gap 16 px: (\S+) logits", 0, 1e-11),
    (r"^BagNet-33 gap 31 px: (\S+);", 1e-9, 1),
    (r"^BagNet-33 .*gap 32 px: (\S+) logits", 0, 1e-11),
    *[(rf"^{net} +correlation .* left over +(\S+)", 4, 10) for net in ("vgg", "resnet", "densenet")],
    *[(rf"^{net} +correlation .* left over +\S+ +(\S+)", 4, 11.4) for net in ("vgg", "resnet", "densenet")],
    *[(rf"^{net} +correlation .* left over +\S+ +\S+ +(\S+)", 0, 4) for net in ("vgg", "resnet", "densenet")],
    (r"^bagnet33 +correlation .* (\S+) %$", 0, 0.04),
    *[(rf"^{net} +correlation (\S+)", 0.975, 0.995) for net in ("vgg", "resnet", "densenet")],
    *[(rf"^{net} +correlation \S+ \S+ (\S+)", 0.995, 1) for net in ("vgg", "resnet", "densenet")],
    (r"^vgg +correlation .* left over +\S+ +(\S+)", 7.4, 8.4),
    (r"^resnet +correlation .* left over +\S+ +(\S+)", 9.5, 10.5),
    (r"^densenet +correlation .* left over +\S+ +(\S+)", 10.5, 11.5),
    (r"^vit +correlation .* left over +(\S+)", 91.5, 92.5),
    (r"^vit +correlation .* left over +\S+ +(\S+)", 35.5, 36.5),
    (r"^vit +r = (\d\.\d+)", 0.995, 1),
    (r"^vit +r = \S+ \((\d\.\d+)\.\.", 0.2, 0.35),
    (r"^vit +r = .*slope (\d\.\d+)", 1.9, 2.4),
    (r"largest fall (\S+) one by one", 0.55, 0.65),
    (r"largest fall \S+ one by one, (\S+) at once", 1.2, 1.35),
    # two squares on a photograph, 16 px apart: BagNet-17's two sums are one and the same
    *[
        (rf"^{kind} +bagnet17 .*added up (\S+); both at once \1$", -9, 9)
        for kind in ("sunflower", "leopards", "grand piano", "flamingo")
    ],
    (r"^flamingo +vgg .*added up (\S+);", 0.955, 0.965),
    (r"^flamingo +vgg .*both at once (\S+)$", 1.405, 1.415),
    # one photograph of each kind: what is left over, and that it is more than on Patchwork
    (r"^bagnet17 left over on .* photographs +(\d+) %", 0, 0),
    *[
        (rf"^{net} +left over on .* photographs +(\d+) %", least, most)
        for net, least, most in (("bagnet33", 13, 13), ("vgg", 53, 53), ("resnet", 28, 28))
    ],
    *[
        (rf"^{net} +left over on .* on Patchwork +(\d+) %", least, most)
        for net, least, most in (("bagnet33", 4, 4), ("vgg", 7, 7), ("resnet", 10, 10))
    ],
    (r"^vgg +left over on .* photographs .*?\((\d+)\.\.", 20, 53),
    (r"^vgg +left over on .* on Patchwork .*\.\.(\d+)\)$", 7, 19),
    (r"^resnet +left over on .* photographs .*?\((\d+)\.\.", 20, 28),
    (r"^resnet +left over on .* on Patchwork .*\.\.(\d+)\)$", 10, 19),
    (r"^bagnet33 +left over on .* photographs .*?\((\d+)\.\.", 5, 10),
    (r"^bagnet33 +left over on .* on Patchwork .*\.\.(\d+)\)$", 10, 13),
    # a hundred photographs, as docs/experiments.json has them
    *[
        (rf"^{net} +r at 4 px (\S+)", value - 0.001, value + 0.001)
        for net, value in (("vgg", 0.65), ("resnet", 0.82), ("densenet", 0.63), ("bagnet33", 0.82))
    ],
    *[(rf"^{net} +r at .* 16 px (\S+) ", 0.945, 0.985) for net in ("vgg", "resnet", "densenet")],
    *[(rf"^{net} +r at .* 32 px (\S+) ", 0.985, 1) for net in ("vgg", "resnet", "densenet")],
    (r"^bagnet17 r at .* 16 px (\S+) ", 1, 1),
    (r"^bagnet33 r at .* 32 px (\S+) ", 1, 1),
    (r"^resnet +on photographs, left over in percent: (\d+)", 75, 75),
    *[(rf"^{net} +on photographs, left over in percent: (\d+)", 101, 200) for net in ("vgg", "densenet")],
    *[
        (rf"^{net} +on photographs, left over in percent: (?:\d+ \S+ ){{2}}(\d+)", value, value)
        for net, value in (("bagnet17", 0), ("bagnet33", 12), ("resnet", 20), ("vgg", 32), ("densenet", 40))
    ],
    *[
        (rf"^{net} +on photographs, left over in percent: (?:\d+ \S+ ){{4}}(\d+)", least, most)
        for net, least, most in (("bagnet33", 0, 0), ("resnet", 5, 5), ("vgg", 14, 14), ("densenet", 5, 14))
    ],
    (r"^bagnet17 face +none .*values: eyes (\d+\.\d)", 5, 7),
    (r"^bagnet17 face +none .*beak (\d+\.\d), feet", 0, 0.5),
    (r"^largest difference (\S+);", 0, 1e-12),
    (r"^bagnet17 square 5 .* widest range (\S+) logits", 0, 1e-4),
    (r"^vgg +square 5 adds (\d\.\d+)", 1.65, 1.75),
    (r"^vgg +square 5 adds \S+ to (\d\.\d+)", 3.55, 3.65),
]
