"""For editors: the names of GROUPS in __init__.py, which fetches them when they are first used."""

from bagnet_utils.display.asking import (
    expect as expect,
)
from bagnet_utils.display.asking import (
    guess as guess,
)
from bagnet_utils.display.figures import (
    show_heatmap as show_heatmap,
)
from bagnet_utils.display.figures import (
    show_heatmaps as show_heatmaps,
)
from bagnet_utils.display.figures import (
    show_patches as show_patches,
)
from bagnet_utils.display.figures import (
    show_windows as show_windows,
)
from bagnet_utils.display.sliders import (
    sliders as sliders,
)
from bagnet_utils.display.style import (
    evidence_scale as evidence_scale,
)
from bagnet_utils.display.style import (
    look as look,
)
from bagnet_utils.display.style import (
    style as style,
)
from bagnet_utils.display.widgets import (
    explore as explore,
)
from bagnet_utils.errors import (
    BadInput as BadInput,
)
from bagnet_utils.exercises import (
    check as check,
)
from bagnet_utils.experiments.agreement import (
    accuracy_by_class as accuracy_by_class,
)
from bagnet_utils.experiments.agreement import (
    class_correlation as class_correlation,
)
from bagnet_utils.experiments.agreement import (
    error_consistency as error_consistency,
)
from bagnet_utils.experiments.attributions import (
    attribute as attribute,
)
from bagnet_utils.experiments.attributions import (
    masking_curve as masking_curve,
)
from bagnet_utils.experiments.attributions import (
    with_random_weights as with_random_weights,
)
from bagnet_utils.experiments.grading import (
    box_around as box_around,
)
from bagnet_utils.experiments.grading import (
    points_at as points_at,
)
from bagnet_utils.experiments.grading import (
    share_on as share_on,
)
from bagnet_utils.experiments.heatmaps import (
    evidence as evidence,
)
from bagnet_utils.experiments.heatmaps import (
    heatmap as heatmap,
)
from bagnet_utils.experiments.interactions import (
    interaction as interaction,
)
from bagnet_utils.experiments.interactions import (
    shapley as shapley,
)
from bagnet_utils.experiments.invariance import (
    move as move,
)
from bagnet_utils.experiments.looking_inside import (
    project as project,
)
from bagnet_utils.experiments.masking import (
    occlude as occlude,
)
from bagnet_utils.experiments.patches import (
    prototypes as prototypes,
)
from bagnet_utils.experiments.patches import (
    top_patches as top_patches,
)
from bagnet_utils.experiments.receptive_field import (
    receptive_field as receptive_field,
)
from bagnet_utils.experiments.scrambling import (
    scramble as scramble,
)
from bagnet_utils.experiments.scrambling import (
    texturise as texturise,
)
from bagnet_utils.files import (
    results as results,
)
from bagnet_utils.models.bagnet import (
    BagNet as BagNet,
)
from bagnet_utils.models.bagnet import (
    bagnet9 as bagnet9,
)
from bagnet_utils.models.bagnet import (
    bagnet17 as bagnet17,
)
from bagnet_utils.models.bagnet import (
    bagnet33 as bagnet33,
)
from bagnet_utils.models.scores import (
    logits as logits,
)
from bagnet_utils.models.scores import (
    predict as predict,
)
from bagnet_utils.models.zoo import (
    load_model as load_model,
)
from bagnet_utils.progress import (
    progress as progress,
)
from bagnet_utils.statistics import (
    bootstrap as bootstrap,
)
from bagnet_utils.statistics import (
    confidence_interval as confidence_interval,
)
from bagnet_utils.worlds import (
    load_world as load_world,
)
from bagnet_utils.worlds.patchwork import (
    pair as pair,
)
from bagnet_utils.worlds.patchwork.scenes import (
    scene as scene,
)
from bagnet_utils.worlds.photos import (
    dark_corners as dark_corners,
)
from bagnet_utils.worlds.pictures import (
    load_image as load_image,
)

__version__: str
