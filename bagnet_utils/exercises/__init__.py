"""What the check cells call: `bu.check.window(my_function)`. Each says "not tried yet", "right", or what is wrong."""

from types import SimpleNamespace

from bagnet_utils.exercises import (
    bag_of_features,
    building_bagnet,
    context,
    features,
    heatmaps,
    interactions,
    looking_inside,
    occlusion,
    order,
    receptive_fields,
    scrambling,
    sensitivity,
    shape_bias,
    shared_errors,
    start_here,
    stickers,
    telling_patches,
    training_and_patch_size,
    your_turn,
)

MODULES = (
    start_here,
    bag_of_features,
    receptive_fields,
    building_bagnet,
    training_and_patch_size,
    heatmaps,
    telling_patches,
    scrambling,
    occlusion,
    interactions,
    shared_errors,
    sensitivity,
    looking_inside,
    features,
    shape_bias,
    context,
    stickers,
    order,
    your_turn,
)
CHECKS = {
    name: thing
    for module in MODULES
    for name, thing in vars(module).items()
    if hasattr(thing, "wrong") and name[0] != "_"
}
for name, one in CHECKS.items():
    one.__name__ = name
check = SimpleNamespace(**CHECKS)
