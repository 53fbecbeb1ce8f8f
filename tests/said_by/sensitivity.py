"""What the text of notebook 11 says, and its cells must therefore have printed."""

NOTEBOOK = "11_sensitivity"

SAID = [
    "DenseNet says wheel over bell",
    "bu.masking_curve gives the same: True",
    "BagNet-33 itself, hidden by its own heatmap: 1.00 before, 1.00 after 32 squares",
    "vit: attribute: lrp goes back through a network layer by layer",
    "vit: attribute: deeplift goes back through a network layer by layer",
]
_OWN = ("BagNet-33", "VGG", "ResNet", "DenseNet")
_THREE = ("BagNet-33", "ResNet", "DenseNet")
_PLACE = r"^{0}: how many nets(?:.*\n)+?  {1} +predicts better "
_SHARE = r"^{0} +{1} +"
_HOW = ("deeplift from black", "deeplift, sign dropped")
_DENSE = r"^{0}, DenseNet:(?:.*\n)+?  {1} +(?:BagNet-33.*)?BagNet-{2}: "
_DICE = _PLACE.format("photos", "random")
MEASURED = [
    # sixteen squares, chosen by DeepLIFT, hardly shake the DenseNet; at thirty-two it gives up
    (r"probability: 1\.00 \S+ \S+ \S+ (\d\.\d+) \S+$", 0.75, 1),
    (r"probability: 1\.00 \S+ \S+ \S+ \S+ (\d\.\d+)$", 0, 0.4),
    (r"^It is (\d+)\. Next time", 95, 100),
    (r"^DeepLIFT +of its 32 squares +(\d+) hold", 20, 32),
    (r"^BagNet-33's heatmap +of its 32 squares +(\d+) hold", 0, 15),
    # the window's centre is a gap
    (r"^nothing hidden: (\d+) logits", 160, 166),
    (r"^its centre .* hidden: (\d+)", 160, 166),
    (r"^its top .* hidden: (\d+)", 100, 159),
    (r"^its bottom .* hidden: (\d+)", 100, 159),
    # three pictures: who lies below the heatmap, and who says nothing
    *[(rf"^{net} +DeepLIFT +0\.\d+ +(\S+)$", -0.24, -0.06) for net in _OWN],
    *[(rf"^{net} +integrated gradients +0\.\d+ +(\S+)$", -0.24, -0.06) for net in _OWN],
    (r"^VGG +BagNet-33's heatmap +(\d\.\d+)", 0.95, 1),
    (r"^ResNet +BagNet-33's heatmap +(\d\.\d+)", 0.95, 1),
    # sixty pictures, as docs/experiments.json has them
    (_DICE + r"\d, worse (\d)", 7, 7),
    (_PLACE.format("photos", "DeepLIFT") + r"(\d)", 6, 6),
    (_PLACE.format("photos", "integrated gradients") + r"(\d)", 7, 7),
    (_PLACE.format("photos", "saliency") + r"(\d)", 0, 0),
    (_PLACE.format("photos", "saliency") + r"\d, worse (\d)", 4, 4),
    (_PLACE.format("photos", "LRP") + r"(\d)", 1, 1),
    (_PLACE.format("photos", "LRP") + r"\d, worse (\d)", 3, 3),
    (_PLACE.format("patchwork", "DeepLIFT") + r"(\d)", 5, 6),
    (_PLACE.format("patchwork", "integrated gradients") + r"(\d)", 6, 7),
    (_PLACE.format("patchwork", "random") + r"(\d)", 0, 0),
    (_PLACE.format("patchwork", "random") + r"\d, worse (\d)", 6, 6),
    *[(_PLACE.format("patchwork", m) + r"(\d)", 4, 7) for m in ("saliency", "LRP")],
    # why it differs from the paper
    *[(_DENSE.format("photos", "deeplift", q) + r"(\S+)", -0.12, -0.09) for q in (33, 17)],
    *[(_DENSE.format("photos", "deeplift", q) + r"\S+ \(\S+?\.\.(\S+)\)", -1, -0.001) for q in (33, 17)],
    (_DENSE.format("photos", _HOW[0], 33) + r"(\S+)", -0.0449, -0.035),
    (_DENSE.format("photos", _HOW[0], 33) + r"\S+ \(\S+?\.\.(\S+)\)", -1, -0.001),
    (_DENSE.format("photos", _HOW[0], 17) + r"(\S+)", -0.0349, -0.025),
    *[
        (_DENSE.format("photos", how, q) + r"\S+ \(\S+?\.\.(\S+)\)", 0, 1)
        for how, q in ((_HOW[0], 17), (_HOW[1], 33), (_HOW[1], 17))
    ],
    *[
        (_DENSE.format("photos", how, q) + r"\S+ \((-0\.\d+)\.\.", -1, 0)
        for how, q in ((_HOW[0], 17), (_HOW[1], 33), (_HOW[1], 17))
    ],
    (_DENSE.format("patchwork", "deeplift", 33) + r"(\S+)", -0.4, -0.05),
    (_DENSE.format("patchwork", "deeplift", 33) + r"\S+ \(\S+\.\.(\S+)\)", -0.3, -0.01),
    *[(_DENSE.format("patchwork", how, 33) + r"\S+ \(\S+?\.\.(\S+)\)", -0.3, -0.01) for how in _HOW],
    (_DENSE.format("patchwork", "deeplift from black", 33) + r"(\S+)", -0.12, -0.05),
    (r"^  ResNet +0\.\d+ \(.*\) +-0\.\d+ \(\S+?\.\.([+-]\d\.\d+)\)", -0.2, -0.01),
    (r"^  DenseNet +0\.\d+ \(.*\) +-0\.\d+ \(\S+?\.\.(-\d\.\d+)\)", -0.03, 0),
    # what is hidden on photographs
    (r"^flamingo: DenseNet says flamingo, (\S+);", 0.905, 0.915),
    (r"^flamingo: .* heatmap (\S+),", 0.06, 0.084),
    (r"^flamingo: .* DeepLIFT (\S+),", 0.06, 0.084),
    (r"^flamingo: .* random (\S+)$", 0.8, 0.82),
    *[(rf"^leopards: DenseNet says leopards, .* {how} (\S+),", 0.51, 1) for how in ("heatmap", "DeepLIFT")],
    (r"^of the leopards' 32 squares by DeepLIFT (\d+) lie", 17, 17),
    # both ways round
    (r"^bagnet33 -> densenet \S+ \((\d\.\d+)\.\.", 0.005, 0.5),
    (r"^bagnet33 -> densenet \S+ \(\S+?\.\.(\d\.\d+)\)", 0.08, 0.6),
    (r"^densenet -> bagnet33 \S+ \((\d\.\d+)\.\.", 0.005, 0.2),
    (r"^heatmap +-> densenet (\d\.\d+)", 0, 0.03),
    (r"^heatmap +-> bagnet33 (\d\.\d+)", 0, 0.03),
    # the truth
    (r"^blind map .*\.\. *(\d+)\)", 8, 18),
    *[
        (_SHARE.format(net, method) + r"\d+ \([ \d.]+\) +\+\d+ \( *\+(\d+)\.\.", 5, 60)  # above the blind map
        for net in ("VGG", "ResNet", "DenseNet")
        for method in ("saliency", "integrated gradients", "LRP", "DeepLIFT")
    ],
    (r"^the first less the second: \S+ \((-\d\.\d+)\.\.", -0.5, 0),
    (r"^the first less the second: \S+ \(\S+?\.\.(\d\.\d+)\)", 0, 0.5),
    (r"^heatmap of BagNet-33 .*\) +(\d+) +\d+ +\d+ +\d+$", 45, 90),
    *[(rf"^heatmap of BagNet-33 .*\) +(?:\d+ +){{{k}}}(\d+)", 0, 25) for k in (1, 2, 3)],
    (r"^wheel: (\d+) % of the heatmap", 90, 100),
    # the sanity check
    *[(rf"^{net} +{m} +as it is ([+-]\S+),", -0.16, 0.12) for net in _THREE for m in ("LRP", "DeepLIFT")],
    (r"^BagNet-33 +DeepLIFT +as it is .* values \+(\d\.\d+)", 0.6, 0.9),
    # the traps
    *[(rf"^{net} +largest value .* to LRP (\S+)$", 0, 1e-5) for net in _OWN],
    (r"^integrated gradients adds up .* gap (\S+)", -0.1, 0.1),
    (r"^DeepLIFT +adds up .* gap (\S+)", -0.005, 0.005),
    (r"^DeepLIFT, as it is +adds up .* gap -(\S+)", 1.8, 2.4),
]
