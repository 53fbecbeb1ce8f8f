"""What the text of notebook 07 says, and its cells must therefore have printed."""

NOTEBOOK = "07_scrambling"

SAID = [
    "8 networks, 120 pictures",
    "64 of 225 windows lie within one tile",
    "resnet: windows of 93 px, one every 16 px",
    "densenet: windows of 241 px, one every 16 px",
    "bagnet33: windows of 33 px, one every 8 px",
    "as it is: [[0.5, 0.25], [0.25, 0.5]]\nshuffled: [[0.5, 0.25], [0.25, 0.5]]\nparted: [[0.5, 0.0], [0.0, 0.5]]",
]
_AT = r"tiles of {0} px\n(?:.+\n)*?{1} .*?{2} +(\d+) %"
MEASURED = [
    # the guess: BagNet-9, coats, tiles of 16 px
    (r"^(\d+) of 24 right", 23, 24),
    # whole windows carry the same evidence, the seams all of the change
    (r"differs by at most (\S+)", 0, 1e-3),
    *[
        (rf"BagNet-{q} +{t} px +{share} % +(\d\.\d+)", 0, 1e-3)
        for q, t, share in ((9, 16, 28), (17, 32, 33), (33, 64, 44))
    ],
    *[(rf"BagNet-{q} +{t} px +(\d+) %", 0, 0) for q, t in ((17, 16), (33, 32), (33, 16))],
    *[(rf"BagNet-9 +{t} px +\d+ % +\S+ +(\d\.\d+)", 0.3, 1) for t in (64, 32, 16)],
    *[(rf"BagNet-33 +{t} px +\d+ % +\S+ +(\d\.\d+)", 1.5, 8) for t in (64, 32, 16)],
    # the three ViTs: 30 to 70 % is chance
    *[(rf"^vit_bag +moved.*{pair} +(\d+) %", 30, 70) for pair in ("face", "wheel", "totem")],
    *[(rf"^vit, positions set to 0.*{pair} +(\d+) %", 30, 70) for pair in ("face", "wheel", "totem")],
    *[(rf"^vit +moved.*{pair} +(\d+) %", 95, 100) for pair in ("face", "totem")],
    (r"^vit +moved.*wheel +(\d+) %", 30, 70),
    (r"^vit +moved by (\d+\.\d+)", 1, 100),
    (r"^vit, positions set to 0.*moved by (\d+\.\d+)", 0, 1e-4),
    (r"^vit_bag .*moved by (\d+\.\d+)", 0, 1e-4),
    # the sweep
    (r"how sure: +50 % of 24 pictures stands for (\d+)", 30, 32),
    *[
        (_AT.format(tile, net, "coat"), 95, 100)
        for tile in (64, 16, 8)
        for net in ("bagnet9", "bagnet17", "vit_bag", "vit")
    ],
    *[(_AT.format(tile, "resnet", "coat"), 92, 100) for tile in (64, 16, 8)],
    (_AT.format(8, "bagnet33", "coat"), 40, 76),
    *[(_AT.format(16, net, "coat"), 95, 100) for net in ("bagnet33", "densenet")],
    *[
        (_AT.format(16, net, pair), 0, 68)
        for net in ("bagnet9", "bagnet17", "bagnet33", "vit_bag", "vgg", "resnet", "densenet", "vit")
        for pair in ("face", "wheel")
    ],
    *[(_AT.format(64, net, "face"), 95, 100) for net in ("bagnet17", "bagnet33", "resnet", "densenet")],
    *[(_AT.format(64, net, "wheel"), 92, 100) for net in ("bagnet33", "resnet", "densenet")],
    *[(_AT.format(8, net, "tench"), 88, 100) for net in ("bagnet9", "bagnet17", "vit_bag", "vit")],
    (_AT.format(64, "vgg", "coat"), 0, 75),
    (r"tiles of 16 px\n(?:.+\n)*?vgg .*another pair +(\d+) %", 20, 60),
    (_AT.format(64, "vit", "face"), 40, 80),
    (_AT.format(64, "vit", "totem"), 40, 80),
    (_AT.format(16, "resnet", "totem"), 99, 100),
    (_AT.format(16, "densenet", "totem"), 30, 70),
    # the totem moved down by 0, 8 and 16 px
    (r"^resnet +100 % +(\d+) % +100 %", 0, 5),
    (r"^densenet +100 % +(\d+) % +100 %", 97, 100),
    # photographs: right (same answer); at 8 px the ViT alone repeats all three
    (r"^vit +\d+ +\d \(\d\) +\d \(\d\) +\d \((\d)\)", 3, 3),
    *[
        (rf"^{net} +\d+ +\d \(\d\) +\d \(\d\) +\d \((\d)\)", 0, 2)
        for net in ("bagnet9", "bagnet17", "bagnet33", "vgg", "resnet", "densenet")
    ],
    (r"^vit +(\d+) +\d \(\d\)", 1, 1),
    # textures: the VGG before and after; no interval of a right pair holds 20 %
    (r"^vgg +(\d+) +\d+ \( *\d+\.\.", 10, 10),
    (r"^vgg +10 +(\d+) \(", 0, 4),
    *[
        (rf"^{net} +\d+ +\d+ \([ \d.]+ %\) +\d+ \( *(\d+)\.\.", 21, 100)
        for net in ("bagnet9", "bagnet17", "bagnet33", "vit_bag", "vgg", "resnet", "densenet", "vit")
    ],
]
