"""What the text of notebook 07 says, and its cells must therefore have printed."""

NOTEBOOK = "07_scrambling"

SAID = [
    "8 networks, 120 pictures",
    "64 of 225 windows lie within one tile",
    "the suspect: windows of 93 px, one every 16 px",
    "BagNet-33: windows of 33 px, one every 8 px",
    "grid of  8 px: first rows, in px past a line: bell [0, 1, 2, 3, 4], leaf [0, 1, 2, 3, 4]",
    "grid of 16 px: first rows, in px past a line: bell [8, 9, 10, 11, 12], leaf [0, 1, 2, 3, 4]",
    "as it is: [[0.5, 0.25], [0.25, 0.5]]\nshuffled: [[0.5, 0.25], [0.25, 0.5]]\nparted: [[0.5, 0.0], [0.0, 0.5]]",
]
_AT = r"tiles of {0} px\n(?:.+\n)*?{1} .*?{2} +(\d+) %"
CELL = r"\d+ \(\d+\.\.\d+\) +"  # one cell of the table of photographs
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
    *[(rf"^vit +moved.*{pair} +(\d+) %", 30, 70) for pair in ("face", "wheel", "totem")],
    (r"^vit +moved by (\d+\.\d+)", 0.01, 1),
    (r"^vit, positions set to 0.*moved by (\d+\.\d+)", 0, 1e-4),
    (r"^vit_bag .*moved by (\d+\.\d+)", 0, 1e-4),
    # the sweep
    (r"how sure: +50 % of 24 pictures stands for (\d+)", 30, 32),
    *[(_AT.format(tile, net, "coat"), 95, 100) for tile in (64, 16, 8) for net in ("bagnet9", "vit_bag", "vit")],
    *[(_AT.format(tile, "bagnet17", "coat"), 80, 100) for tile in (64, 16, 8)],
    (_AT.format(8, "bagnet33", "coat"), 40, 80),
    *[(_AT.format(16, net, "coat"), 92, 100) for net in ("bagnet33", "densenet")],
    (_AT.format(8, "resnet", "coat"), 0, 70),
    *[
        (_AT.format(16, net, pair), 0, 70)
        for net in ("bagnet9", "bagnet17", "bagnet33", "vit_bag", "vgg", "resnet", "densenet", "vit")
        for pair in ("face", "wheel", "totem")
    ],
    *[(_AT.format(64, net, "face"), 95, 100) for net in ("bagnet17", "bagnet33", "vgg", "resnet", "densenet")],
    *[(_AT.format(64, net, "wheel"), 92, 100) for net in ("bagnet33", "vgg", "resnet", "densenet")],
    *[(_AT.format(64, net, "totem"), 80, 100) for net in ("vgg", "resnet", "densenet")],
    *[(_AT.format(8, net, "tench"), 88, 100) for net in ("bagnet9", "bagnet17", "vit_bag", "vit")],
    *[(_AT.format(64, "vgg", pair), 0, 75) for pair in ("coat", "tench")],
    # the suspect: right on torn pictures, turned round by 8 px, back again by 16, and at chance where nothing leaks
    (r"^tiles of  16 px: the suspect is right on +(\d+) %", 95, 100),
    (r"^the suspect +(\d+) % +\d+ %", 95, 100),
    (r"^the suspect +\d+ % +(\d+) %", 0, 5),
    (r"^the suspect +\d+ % +\d+ % +(\d+) %", 95, 100),
    (r"strings that begin anywhere: (\d+) %", 35, 65),
    *[
        (rf"^{net} +on our totems" + k * r" +\d+ %" + r" +(\d+) %", 95, 100)
        for net in ("resnet", "densenet", "vgg")
        for k in range(4)
    ],
    # photographs: right, whole and at 16 px (the text gives these numbers), and at 8 px
    *[
        (rf"^{net} +" + CELL * at + r"(\d+) \(\d+\.\.\d+\)", least, most)
        for net, at, least, most in (
            ("bagnet9", 0, 65, 80),
            ("bagnet33", 0, 82, 95),
            ("bagnet9", 2, 43, 45),
            ("bagnet17", 2, 24, 26),
            ("bagnet33", 2, 13, 15),
            ("vgg", 3, 3, 14),
            ("resnet", 3, 3, 14),
            ("densenet", 3, 3, 14),
        )
    ],
    (r"^vgg +four tiles of 64 px (\d+) ", 35, 37),
    (r"^resnet +four tiles of 64 px (\d+) ", 22, 24),
    *[(rf"^{net} +four tiles of 64 px (\d+) ", 0, 23) for net in ("bagnet9", "bagnet17", "bagnet33", "densenet")],
    (r"^vit +four tiles of 64 px (\d+) ", 15, 17),
    (r"^vit .*tiles of 8 px (\d+) ", 5, 7),
    (r"^vit .*tiles of 8 px \d+ \((-?\d+)\.\.", -4, 0),
    # textures: the VGG before and after; no interval of a right pair holds 20 %
    (r"^vgg +(\d+) +\d+ \( *\d+\.\.", 10, 10),
    (r"^vgg +10 +(\d+) \(", 0, 4),
    *[
        (rf"^{net} +\d+ +\d+ \([ \d.]+ %\) +\d+ \( *(\d+)\.\.", 21, 100)
        for net in ("bagnet9", "bagnet17", "bagnet33", "vit_bag", "resnet", "vit")
    ],
    # sixty photographs: right before and after, and the share kept; and of drawings
    (r"^vgg {15,}(\d+) \(", 93, 93),
    (r"^vgg {15,}\d+ \S+ +(\d+) \(", 50, 50),
    (r"^vgg {15,}\d+ \S+ +\d+ \S+ +(\d+) \(", 54, 54),
    (r"^vgg, drawings +\d+ \S+ +\d+ \S+ +(\d+) \(", 48, 48),
    *[
        (rf"^{net} {{10,}}\d+ \S+ +\d+ \S+ +(\d+) \(", kept, kept)
        for net, kept in {
            "bagnet9": 14,
            "bagnet17": 20,
            "bagnet33": 26,
            "vgg": 54,
            "resnet": 42,
            "densenet": 26,
            "vit": 36,
        }.items()
    ],
]
