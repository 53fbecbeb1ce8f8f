"""Make sticker.png anew: 24 x 24 px that turn photographs into flamingos for BagNet-17, as notebook 13b makes them.

Run by hand: python -m bagnet_utils.app.made
"""

from PIL import Image

from bagnet_utils.app.shown import MADE
from bagnet_utils.experiments.stickers import optimise_sticker
from bagnet_utils.models.zoo import load_model
from bagnet_utils.worlds import load_world

SIZE, STEPS = 24, 150

if __name__ == "__main__":
    train = load_world("photos", "train", n=320)
    flamingo = train.classes.index("flamingo")
    sticker = optimise_sticker(load_model("bagnet17", "photos"), train.images, flamingo, SIZE, STEPS)
    Image.fromarray((sticker * 255).round().byte().permute(1, 2, 0).numpy()).save(MADE, "PNG")
