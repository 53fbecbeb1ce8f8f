"""Helpers of the BagNet course. Every name that a learner types lives here: `import bagnet_utils as bu`.

A name is fetched from its module when it is first used, so that importing the package costs nothing. The names:
"""

from importlib import import_module

from bagnet_utils.progress import progress as progress  # at once: else the module of that name would hide it

__version__ = "0.1.0"

GROUPS = {  # title: name: the module it lives in, and what it is
    "Worlds and pictures": {
        "load_world": ("worlds", "pictures of a world, their labels, and what is true of them"),
        "scene": ("worlds.patchwork.scenes", "one picture of Patchwork, and changed versions of it"),
        "pair": ("worlds.patchwork", "a pair of classes that differ in the order of figures, at any gap"),
        "load_image": ("worlds.pictures", "your own picture, from a file, an address or an upload"),
        "dark_corners": ("worlds.photos", "where photographs are black from a corner on"),
        "move": ("experiments.invariance", "pictures moved by whole pixels"),
    },
    "Networks": {
        "load_model": ("models.zoo", "a trained network of a world"),
        "BagNet": ("models.bagnet", "the class of BagNets, of any size"),
        "bagnet9": ("models.bagnet", "a BagNet with patches of 9 px"),
        "bagnet17": ("models.bagnet", "a BagNet with patches of 17 px"),
        "bagnet33": ("models.bagnet", "a BagNet with patches of 33 px"),
        "logits": ("models.scores", "what a network answers"),
        "predict": ("models.scores", "the best class of each picture"),
        "finetune": ("models.finetuning", "a network for your own pictures"),
        "with_random_weights": ("experiments.attributions", "a network that has learnt nothing"),
    },
    "Receptive fields": {
        "receptive_field": ("experiments.receptive_field", "size, stride and offset: from layers, gradients or pixels"),
    },
    "Heatmaps and patches": {
        "evidence": ("experiments.heatmaps", "the logits of every patch, before their mean"),
        "heatmap": ("experiments.heatmaps", "the evidence for a class, down to every pixel"),
        "share_on": ("experiments.grading", "percent of the positive evidence on a mask"),
        "points_at": ("experiments.grading", "whether the highest value lies on a mask"),
        "box_around": ("experiments.grading", "the box around the high values"),
        "top_patches": ("experiments.patches", "the patches with the highest evidence"),
        "prototypes": ("experiments.patches", "groups of patches that look alike to a network"),
    },
    "Experiments": {
        "scramble": ("experiments.scrambling", "pictures cut into tiles and shuffled"),
        "texturise": ("experiments.scrambling", "pictures made anew from their texture statistics"),
        "occlude": ("experiments.masking", "the answers while a square hides each part"),
        "interaction": ("experiments.interactions", "hide squares at once and one by one: do the drops add up?"),
        "shapley": ("experiments.interactions", "Shapley values of a few players"),
        "error_consistency": ("experiments.agreement", "kappa: the errors that two networks share, beyond chance"),
        "accuracy_by_class": ("experiments.agreement", "percent right of each class"),
        "class_correlation": ("experiments.agreement", "whether the same classes are hard for two networks"),
        "shape_bias": ("experiments.shape_bias", "by shape or by texture? Pictures on which the two disagree"),
        "certify": ("experiments.certify", "answers that no sticker of a size can change"),
        "attribute": ("experiments.attributions", "how much each pixel matters, by six methods"),
        "project": ("experiments.looking_inside", "one activation sent back to the pixels, by three rules"),
        "masking_curve": ("experiments.attributions", "the probability while the most important squares are hidden"),
    },
    "Numbers": {
        "confidence_interval": ("statistics", "the 95 % interval of a proportion"),
        "bootstrap": ("statistics", "the 95 % interval of any statistic of the pictures"),
        "results": ("files", "what `course.py claims` measured, as docs/claims.md shows it"),
    },
    "Figures and widgets": {
        "show_heatmap": ("display.figures", "one map"),
        "show_heatmaps": ("display.figures", "pictures beside their maps"),
        "show_patches": ("display.figures", "rows of patches"),
        "show_windows": ("display.figures", "what one window of a picture holds"),
        "style": ("display.style", "sizes, fonts and colours of the course's figures"),
        "look": ("display.style", "the colour, marker and line of a network"),
        "evidence_scale": ("display.style", "the colour scale of evidence, white at 0"),
        "explore": ("display.widgets", "look at every patch of a picture, and silence patches"),
        "report": ("display.report", "one page on a network and its pictures, to hand in or to send"),
        "sliders": ("display.sliders", "a figure that follows sliders"),
        "guess": ("display.asking", "a slider for your guess, before you see the answer"),
        "expect": ("display.asking", "boxes for what you expect, before you see it"),
    },
    "Exercises": {
        "check": ("exercises", "check.<exercise>(yours) says whether your answer is right, and what is wrong"),
        "progress": ("progress", "what you have solved and guessed"),
        "BadInput": ("errors", "the one error for wrong input: a sentence on what was given and what is wanted"),
    },
}
TABLE = {name: where for names in GROUPS.values() for name, where in names.items()}
__all__ = sorted(TABLE)
__doc__ += "".join(
    f"\n{title}:\n" + "".join(f"    {name:28}{line}\n" for name, (_, line) in names.items())
    for title, names in GROUPS.items()
)


def __getattr__(name: str):
    if name not in TABLE:
        raise AttributeError(f"bagnet_utils has no {name!r}; it has {', '.join(__all__)}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{TABLE[name][0]}"), name)
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
