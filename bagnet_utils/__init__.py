"""Helpers of the BagNet course. Every name a learner types lives here: `import bagnet_utils as bu`.

A name is fetched from its module when it is first used, so that importing the package costs nothing.
"""

from importlib import import_module

from bagnet_utils.progress import progress as progress  # at once: else the module of that name would hide it

__version__ = "0.1.0"

WHERE = {
    "worlds": ("load_world",),
    "worlds.patchwork": ("pair",),
    "worlds.photos": ("dark_corners",),
    "worlds.pictures": ("load_image",),
    "worlds.patchwork.scenes": ("scene",),
    "models.bagnet": ("BagNet", "bagnet9", "bagnet17", "bagnet33"),
    "models.zoo": ("load_model",),
    "models.published": ("load_published",),
    "models.scores": ("predict", "logits"),
    "experiments.receptive_field": (
        "ReceptiveField",
        "receptive_field",
        "receptive_field_by_gradient",
        "receptive_field_by_pixel",
    ),
    "experiments.heatmaps": ("evidence", "heatmap"),
    "experiments.grading": ("share_on", "points_at", "box_around", "iou"),
    "experiments.patches": ("top_patches", "prototypes"),
    "experiments.scrambling": ("scramble", "whole_patches", "texturise"),
    "experiments.masking": ("occlude",),
    "experiments.interactions": ("interaction", "shapley"),
    "experiments.invariance": ("move",),
    "experiments.agreement": ("error_consistency", "accuracy_by_class", "class_correlation", "missed_by_all"),
    "experiments.attributions": ("attribute", "masking_curve", "with_random_weights"),
    "statistics": ("bootstrap",),
    "display.asking": ("guess", "expect"),
    "display.sliders": ("sliders",),
    "display.style": ("style", "look", "evidence_scale"),
    "display.figures": ("show_heatmap", "show_heatmaps", "show_patches", "show_sheet", "show_windows"),
    "exercises": ("check",),
    "progress": ("progress",),
    "display.widgets": ("explore",),
    "errors": ("BadInput",),
}
_MODULE_OF = {name: module for module, names in WHERE.items() for name in names}
__all__ = sorted(_MODULE_OF)


def __getattr__(name: str):
    if name not in _MODULE_OF:
        raise AttributeError(f"bagnet_utils has no {name!r}; it has {', '.join(__all__)}")
    value = globals()[name] = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
