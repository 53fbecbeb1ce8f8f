"""What the text of notebook 08 says, and its cells must therefore have printed."""

NOTEBOOK = "08_occlusion"

SAID = [
    "hidden: sky      zebra less leopard 12",
    "13 x 13 places",
    "coat: none; face: all columns; wheel: all columns; totem: all columns; tench: none",
    "mean: quiet; black: none; noise: none; blur: quiet",
    "picture 224 px, square 32 px, BagNet-9: 5 x 5 of 27 x 27 patches, a cut of 41 px: 3 % of the work",
    "picture 224 px, square 32 px, BagNet-33: 8 x 8 of 24 x 24 patches, a cut of 89 px: 16 % of the work",
    "picture 128 px, square 16 px, BagNet-33: 6 x 6 of 12 x 12 patches, a cut of 73 px: 33 % of the work",
    "somewhere: flamingo, ibis",
    "somewhere: butterfly, sunflower",
    "somewhere: dalmatian\n",
    "somewhere: cougar face\n",
    "laptop",
]
PERCENT = r"(\d+) \(\d+\.\.\d+\) +"  # one cell of the tables
CELL = r"\d+ \(\d+\.\.\d+\) +"
MEASURED = [
    (r"^It is (\d+)\. Next time", 85, 100),  # a black square on the coat: nearly all is left
    (r"hidden: nothing  zebra less leopard (\d+\.\d+)", 10, 11),
    (r"hidden: coat .* zebra (\d+\.\d) %", 100, 100),
    (r"largest difference from the loop: (\S+)", 0, 1e-4),
    (r"mean colour on the sky +zebra less leopard (\d+\.\d+)", 10.5, 11),
    (r"mean colour on the coat +zebra less leopard +(\d+\.\d+)", 6, 8),
    (r"^zebra +activity .* at the worst place (\d+) %", 83, 85),
    (r"^owl +activity (\d+) to", 72, 75),
    (r"^owl +activity .* at the worst place (\d+) %", 99, 100),
    (r"^wheel over bell +activity .* at the worst place (\d+) %", 94, 100),
    (r"^mask over wings +activity .* at the worst place (\d+) %", 94, 100),
    (r"^tench +activity .* at the worst place (\d+) %", 50, 80),
    # one box: nothing falls; all columns: a guess
    (r"hidden: one box(?:.*\n)+?  resnet +" + CELL + PERCENT, 97, 100),
    (r"hidden: one box(?:.*\n)+?  bagnet33 +" + CELL * 2 + PERCENT, 97, 100),
    (r"hidden: one box(?:.*\n)+?  densenet +" + CELL * 2 + PERCENT, 97, 100),
    (r"hidden: one box(?:.*\n)+?  resnet +" + CELL * 3 + PERCENT, 96, 100),
    (r"hidden: one box(?:.*\n)+?  vgg +" + CELL * 3 + PERCENT, 97, 100),
    (r"hidden: one box(?:.*\n)+?  resnet +" + CELL * 4 + PERCENT, 80, 95),
    (r"hidden: all columns(?:.*\n)+?  bagnet17 +" + PERCENT, 30, 70),
    (r"hidden: all columns(?:.*\n)+?  densenet +" + PERCENT, 30, 70),
    (r"hidden: all columns(?:.*\n)+?  resnet +" + CELL + PERCENT, 30, 70),
    (r"hidden: all columns(?:.*\n)+?  resnet +" + CELL * 2 + PERCENT, 30, 70),
    (r"hidden: all columns(?:.*\n)+?  vgg +" + CELL * 2 + PERCENT, 30, 70),
    # one kind of figure
    (r"masks and wings +\n(?:.*\n)+?vgg +" + PERCENT, 30, 80),
    (r"masks and wings +\n(?:.*\n)+?vgg +" + CELL + PERCENT, 20, 70),
    (r"masks and wings +\n(?:.*\n)+?vgg +" + CELL * 2 + PERCENT, 97, 100),
    (r"masks and wings +\n(?:.*\n)+?resnet +" + CELL * 3 + PERCENT, 90, 100),
    # the hand: held, covered, never there
    (r"no hand +\n(?:.*\n)+?bagnet17 +" + CELL + PERCENT, 88, 100),
    (r"no hand +\n(?:.*\n)+?vgg +" + CELL + PERCENT, 88, 100),
    (r"no hand +\n(?:.*\n)*?bagnet9 +" + CELL + PERCENT, 51, 100),
    (r"no hand +\n(?:.*\n)+?vit +" + CELL + PERCENT, 51, 100),
    (r"no hand +\n(?:.*\n)+?resnet +" + CELL * 2 + PERCENT, 0, 15),
    # fills, in thousandths of a logit
    (r"mean less blur\n(?:.*\n)+?resnet +" + PERCENT, 2, 20),
    (r"mean less blur\n(?:.*\n)+?resnet +" + CELL + PERCENT, 400, 2500),
    (r"mean less blur\n(?:.*\n)+?resnet +" + CELL * 2 + PERCENT, 300, 1500),
    (r"mean less blur\n(?:.*\n)+?resnet +" + CELL * 3 + PERCENT, 2, 20),
    # speed; other work on the machine shifts these
    (r"^bagnet9 .* (\d+\.\d) times as fast", 4, 80),
    (r"^bagnet33 .* (\d+\.\d) times as fast", 1.3, 20),
    (r"^bagnet33 .* differ by (\S+) at most", 0, 1e-4),
    (r"^bagnet9 +zebra +correlation (\d\.\d+)", 0.75, 0.95),
    (r"^bagnet33 +wheel over bell +correlation (\d\.\d+)", 0.3, 0.6),
    (r"^bagnet33 +bell over wheel +correlation (\d\.\d+)", 0.05, 0.5),
    # photographs: before, and with the square at the worst place
    *[
        (rf"^{kind} +activity .*; probability (\d+) %, at", percent - 1, percent + 1)
        for kind, percent in (
            ("flamingo", 48),
            ("butterfly", 42),
            ("dalmatian", 98),
            ("cougar face", 86),
            ("grand piano", 20),
        )
    ],
    *[
        (rf"^{kind} +activity .* at the worst place (\d+) %", percent - 1, percent + 1)
        for kind, percent in (("flamingo", 5), ("butterfly", 11), ("dalmatian", 39), ("cougar face", 28))
    ],
    (r"^minaret +row .* % +(\d+) %", 17, 19),
    (r"^minaret +row +(\d+), column", 50, 54),
    (r"^minaret +row +\d+, column +(\d+)", 98, 102),
    *[
        (rf"^{kind} +row .* % +(\d+) %", 0, 1)
        for kind in ("flamingo", "butterfly", "dalmatian", "cougar face", "grand piano")
    ],
]
