"""Attribution maps add up to what they explain, the network is left alone, and masking hides what was asked for."""

import contextlib
import copy
import warnings

import pytest
import torch
from test_heatmaps import SMALL, trained_looking
from test_masking import Camera
from torch import Tensor, nn

import bagnet_utils as bu
from bagnet_utils.models.rewriting import rewrite_for_captum

LOOKING = "saliency", "integrated gradients", "lrp", "deeplift"
EXACT = *LOOKING, "heatmap"
BAGNETS = "bagnet9", "bagnet17", "bagnet33"
SHIPPED = *BAGNETS, "resnet", "densenet", "vgg", "vit", "vit_bag"
NETS = {name: bu.load_model(name) for name in SHIPPED}
torch.manual_seed(0)
NETS["random"] = trained_looking(bu.BagNet((1, 0, 1, 1), **SMALL))
IMAGE = torch.from_numpy(bu.scene(0, 1).image)


class Plain(nn.Module):
    """A linear network, so that every method can be worked out by hand; or one with a step that few methods know."""

    def __init__(self, step=lambda x: x):
        super().__init__()
        self.step, self.fc = step, nn.Linear(3 * 12 * 20, 4)

    def forward(self, images: Tensor) -> Tensor:
        return self.fc(self.step(images).flatten(1))


def picture(name: str) -> Tensor:
    return IMAGE if name == "vit" else IMAGE[:, 32:96, 20:92]  # smaller is quicker, but its positions want all of it


def change(net: nn.Module, image: Tensor, target: int, baseline: str = "mean") -> float:
    """By how much a logit differs from that of the blank picture."""
    blank = torch.zeros_like(image) if baseline == "black" else image.mean((1, 2), keepdim=True).expand_as(image)
    return net(torch.stack([blank, image]))[:, target].diff().item()


@pytest.mark.parametrize("baseline", ["mean", "black"])
@pytest.mark.parametrize("name", SHIPPED)
@torch.no_grad()  # which must not keep the methods from their gradients
def test_every_method_explains_each_pixel_or_says_why_not(name, baseline):
    net, image, state = NETS[name], picture(name), torch.get_rng_state()
    target, found = net(image[None]).argmax().item(), {}
    for method in (*EXACT, "random"):
        if (method == "heatmap" and name not in BAGNETS) or (method in LOOKING[2:] and name in ("vit", "vit_bag")):
            with pytest.raises(bu.BadInput, match=r"^[^\n]*(a BagNet is wanted|has others)[^\n]*\Z"):
                bu.attribute(net, image, target, method)
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found[method] = bu.attribute(net, image, target, method, baseline)
        assert found[method].shape == image.shape[1:] and found[method].isfinite().all() and found[method].std() > 0
    again, other = (bu.attribute(net, image, target, "random", seed=seed) for seed in (0, 1))
    assert torch.equal(again, found["random"]) and not torch.equal(again, other)
    assert torch.equal(state, torch.get_rng_state())
    near = {"integrated gradients": 0.1, "deeplift": 0.1 if name == "vgg" else 1e-4}
    for method in near.keys() & found.keys():  # these are complete
        assert found[method].sum().item() == pytest.approx(change(net, image, target, baseline), rel=near[method])
    if name in BAGNETS:
        assert torch.equal(found["heatmap"], bu.heatmap(net, image, target, stride=1))
        centres = (slice(net.patch_size // 2, side - net.patch_size // 2, 8) for side in image.shape[1:])
        assert found["heatmap"][*centres].mean().item() == pytest.approx(net(image[None]).max().item(), abs=1e-3)


def test_deeplift_is_complete_in_spite_of_max_pooling():
    net, image = NETS["vgg"], picture("vgg")
    assert bu.attribute(net, image, 0, "deeplift").sum().item() == pytest.approx(change(net, image, 0), rel=1e-4)


@pytest.mark.parametrize("name", [*SHIPPED[:6], "random"])
def test_lrp_is_input_times_gradient_where_all_is_relu(name):
    net, image = NETS[name], picture(name)
    shown = net.normalise(image[None]).detach()
    plain = rewrite_for_captum(net, shown, "lrp")
    for same in (image, image.flip(1)):
        assert torch.allclose(plain(net.normalise(same[None])), net(same[None]), atol=1e-4)
    (slope,) = torch.autograd.grad(plain(shown.requires_grad_())[0, 2], shown)
    wanted = (slope * shown).sum(1)[0].detach()
    assert (bu.attribute(net, image, 2, "lrp") - wanted).norm() < (0.01 if name == "random" else 1e-3) * wanted.norm()
    if name != "vgg":
        assert bu.attribute(net, image, 2, "deeplift").sum().item() == pytest.approx(change(net, image, 2), rel=1e-3)


def test_a_linear_network_by_hand():
    net, image = Plain().eval(), torch.rand(3, 12, 20)
    weight = net.fc.weight[1].detach().reshape(3, 12, 20)
    away = image - image.mean((1, 2), keepdim=True)
    wanted = weight.abs(), weight * away, weight * image, weight * away
    for method, per_number in zip(LOOKING, wanted, strict=True):
        assert torch.allclose(bu.attribute(net, image, 1, method), per_number.sum(0), atol=1e-4)


@pytest.mark.parametrize("step", [nn.GELU(), nn.LayerNorm(20), nn.functional.gelu, torch.sigmoid, lambda x: x * x])
def test_what_lrp_and_deeplift_do_not_know_they_do_not_guess(step):
    for method in ("lrp", "deeplift"):
        with pytest.raises(bu.BadInput, match=f"{method} goes back .* this Plain has others"):
            bu.attribute(Plain(step).eval(), torch.rand(3, 12, 20), 1, method)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet50", "densenet169", "vit_b_16"])
def test_nets_of_torchvision(name):
    net = pytest.importorskip("torchvision").models.get_model(name).eval()  # without a normalisation
    image = torch.rand(3, 224, 224)
    with pytest.raises(bu.BadInput, match="others") if name == "vit_b_16" else contextlib.nullcontext():
        assert bu.attribute(net, image, 3, "deeplift").sum().item() == pytest.approx(change(net, image, 3), rel=0.02)


@pytest.mark.parametrize("name", ["bagnet17", "vgg", "vit"])
def test_the_network_and_the_picture_are_left_alone(name):
    net, image = bu.load_model(name), picture(name).clone()
    before, same = copy.deepcopy(net.state_dict()), net.normalise
    for method in LOOKING if name != "vit" else LOOKING[:2]:
        bu.attribute(net, image, 1, method)
    bu.masking_curve(net, image, image[0], [0, 9])
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    assert (
        torch.equal(image, picture(name)) and not image.requires_grad and image.grad is None and net.normalise is same
    )
    assert not any(m.training or m._forward_hooks or m._forward_pre_hooks or m._backward_hooks for m in net.modules())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in net.parameters())


@pytest.mark.parametrize("name", ["bagnet9", "vit"])
def test_curves_begin_with_the_leading_probability_and_masks_may_come_in_any_order(name):
    net, attribution = NETS[name], torch.rand(128, 128)
    curve = bu.masking_curve(net, IMAGE, attribution, range(0, 60, 2))  # more than go through at a time
    assert curve[0].item() == pytest.approx(net(IMAGE[None]).softmax(1).max().item(), abs=1e-4)
    assert torch.allclose(bu.masking_curve(net, IMAGE, attribution.numpy(), [58, 0, 20]), curve[[29, 0, 10]], atol=1e-4)


def test_exactly_the_most_important_patches_are_hidden():
    image, attribution, camera = torch.rand(3, 40, 52), torch.randn(40, 52), Camera().eval()
    bu.masking_curve(camera, image, attribution, [0, 3, 35, 11], side=7)
    corners = [(row, column) for row in range(0, 35, 7) for column in range(0, 49, 7)]
    corners.sort(key=lambda at: -attribution[at[0] : at[0] + 7, at[1] : at[1] + 7].mean().item())
    for count, hidden in zip([0, 3, 35, 11], camera.seen[1], strict=True):
        wanted = image.clone()
        for row, column in corners[:count]:
            part = wanted[:, row : row + 7, column : column + 7]
            part[:] = part.mean((1, 2), keepdim=True)
        assert torch.allclose(hidden, wanted, atol=1e-6)


@pytest.mark.parametrize("name", ["bagnet9", "bagnet33", "resnet", "vgg"])
def test_who_knows_the_cue_makes_the_network_fall_faster(name):
    lead = []
    for scene in (bu.scene(label, seed) for label in (0, 1) for seed in (1, 2, 3)):  # the cue is the coat
        image, cue = torch.from_numpy(scene.image), torch.from_numpy(scene.cue.any((0, 1))).float()
        first, last = (bu.masking_curve(NETS[name], image, some, [0, 16, 32, 48]) for some in (cue, -cue))
        lead.append((last - first).mean().item())
    assert min(lead) > 0 and sum(lead) / len(lead) > 0.1  # the ResNet knows a zebra by less than its coat


@pytest.mark.parametrize("name", ["bagnet33", "vgg", "densenet", "vit"])
def test_random_weights_are_new_ones_everywhere(name):
    net, state = bu.load_model(name), torch.get_rng_state()
    before = copy.deepcopy(net.state_dict())
    nets = [bu.with_random_weights(net, seed) for seed in (0, 0, 1)]
    assert torch.equal(state, torch.get_rng_state()) and not any(some.training for some in nets)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())
    for modules in zip(*(some.modules() for some in (net, *nets)), strict=True):
        for old, new, again, other in zip(*(module.parameters(recurse=False) for module in modules), strict=True):
            if hasattr(modules[0], "reset_parameters"):
                assert not torch.equal(old, new) and torch.equal(new, again)
                assert new.ndim == 1 or not torch.equal(new, other)  # BatchNorm begins with ones and zeros


MAP = torch.rand(40, 52)
GIVEN = {
    bu.attribute: {"model": NETS["bagnet9"], "image": IMAGE[:, :40, :52], "target": 0, "method": "saliency"},
    bu.masking_curve: {"model": NETS["bagnet9"], "image": IMAGE[:, :40, :52], "attribution": MAP, "masks": [0, 1]},
}
BAD = [
    *[(bu.attribute, {"target": 10, "method": method}, "is 10") for method in EXACT],
    (bu.attribute, {"method": "gradcam"}, "'gradcam'; there are saliency, .*, lrp, deeplift, heatmap, random"),
    (bu.attribute, {"baseline": "white"}, "no baseline called 'white'.*mean, black"),
    *[(bu.masking_curve, {"attribution": n}, "NaN|one number") for n in (MAP[1:], MAP[None], None, MAP / 0 * 0)],
    *[(bu.masking_curve, {"masks": some}, "at least one number") for some in ([], 5, None, "12")],
    *[(bu.masking_curve, {"masks": [0, n]}, f"masks is {n!r}, .* 0 to 30") for n in (31, -1, True, 2.5)],
    *[(bu.masking_curve, {"side": n}, f"side is {n!r}") for n in (0, 41)],
]


@pytest.mark.parametrize(("call", "changed", "told"), BAD)
def test_bad_input_gets_one_line(call, changed, told):
    with pytest.raises(bu.BadInput, match=f"^(attribute|heatmap|masking_curve): .*{told}") as caught:
        call(**{**GIVEN[call], **changed})
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300
