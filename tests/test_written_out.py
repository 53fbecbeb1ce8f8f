"""LRP and DeepLIFT on networks of all makes: right to the last step, or one line that says that they cannot."""

import pytest
import torch
import torch.nn.functional as F
from captum.attr import InputXGradient
from torch import Tensor, nn

import bagnet_utils as bu


class Net(nn.Module):
    """A convolution, the step in question, and what is needed to make two logits of it."""

    def __init__(self, step, more: nn.Module | None = None):
        super().__init__()
        torch.manual_seed(1)
        self.conv, self.relu, self.pool = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2)
        self.same, self.fc, self.more = nn.Conv2d(4, 4, 3, padding=1), nn.LazyLinear(2), more
        self.step = step
        self.double().eval()
        self(torch.rand(1, 3, 14, 18, dtype=torch.float64))

    def forward(self, images: Tensor) -> Tensor:
        return self.fc(self.step(self, self.conv(images)).flatten(1))


def changed_in_place(net: Net, x: Tensor) -> Tensor:
    kept = x
    x += 1
    return F.relu(x) + kept


RIGHT = {
    "crop at the bottom right": lambda net, x: F.relu(x[:, :, 5:, 5:]),
    "crop that follows a size": lambda net, x: F.relu(x[:, :, 1 : x.shape[2] - 2, -x.size(3) // 2 :]),
    "every second": lambda net, x: F.relu(x[:, :, ::2, 1::2]),
    "one row": lambda net, x: F.relu(x[:, :, 3]),
    "some channels": lambda net, x: F.relu(x[:, [2, 0]]),
    "dots": lambda net, x: F.relu(x[..., 1:]),
    "as it is": lambda net, x: F.relu(x[:, :, : x.shape[2], : x.shape[3]]),
    "alpha": lambda net, x: F.relu(torch.add(x, net.same(x), alpha=-3)),
    "add as a method": lambda net, x: F.relu(x.add(net.same(x), alpha=2)),
    "difference": lambda net, x: F.relu(x - net.same(x)),
    "a number added": lambda net, x: F.relu(x + 0.25),
    "added in place": lambda net, x: F.relu(net.same(x).add_(x)),
    "rows side by side": lambda net, x: F.relu(torch.cat([x, net.same(x)], dim=2)),
    "channels side by side": lambda net, x: F.relu(torch.cat((x, net.same(x)), 1)),
    "mean of rows": lambda net, x: F.relu(x.mean(2)),
    "mean that keeps its dimensions": lambda net, x: F.relu(x + x.mean((2, 3), keepdim=True)),
    "mean as a function": lambda net, x: torch.mean(F.relu(x), dim=(2, 3)),
    "sum": lambda net, x: F.relu(x).sum((1, 2)),
    "average pooling": lambda net, x: F.avg_pool2d(F.relu(x), 3, stride=2),
    "average pooling to a size": lambda net, x: F.adaptive_avg_pool2d(F.relu(x), output_size=(2, 3)),
    "reshaped to a size": lambda net, x: F.relu(x).reshape(x.shape[0], -1),
    "viewed": lambda net, x: F.relu(x).view(x.size(0), 2, -1),
    "one ReLU used twice": lambda net, x: net.relu(net.same(net.relu(x))),
    "one convolution used twice": lambda net, x: F.relu(net.same(F.relu(net.same(x)))),
    "one pooling used twice": lambda net, x: net.pool(net.same(net.pool(x))),
    "a ReLU and a sum of the same": lambda net, x: net.same(F.relu(x)) + x,
    "a ReLU and a layer of the same": lambda net, x: F.relu(x) + net.same(x),
    "two ReLUs of the same": lambda net, x: F.relu(x) + net.same(torch.relu(x)),
    "a pooling and a crop of the same": lambda net, x: net.pool(x) + x[:, :, ::2, ::2],
    "flattened twice": lambda net, x: F.relu(F.relu(x).flatten(1)),
    "a ReLU as a method": lambda net, x: x.relu(),
}
MORE = {"flatten": nn.Sequential(nn.ReLU(), nn.Flatten()), "nothing": nn.Sequential(nn.Dropout(), nn.Identity())}
RIGHT |= {name: (lambda net, x: F.relu(net.more(x)), more) for name, more in MORE.items()}


@pytest.mark.parametrize("given", RIGHT.values(), ids=RIGHT)
def test_every_step_does_as_it_did(given):
    net = Net(*given) if isinstance(given, tuple) else Net(given)
    image = torch.rand(3, 14, 18, dtype=torch.float64)
    blank = image.mean((1, 2), keepdim=True).expand_as(image)
    gain = net(torch.stack([blank, image]))[:, 1].diff().item()
    assert bu.attribute(net, image, 1, "deeplift").sum().item() == pytest.approx(gain, rel=1e-6)
    assert_lrp_is_input_times_gradient(net, image)


def assert_lrp_is_input_times_gradient(net: Net, image: Tensor) -> None:
    wanted = InputXGradient(net).attribute(image[None].clone().requires_grad_(), target=1)[0].sum(0).detach()
    assert torch.allclose(bu.attribute(net, image, 1, "lrp"), wanted, atol=1e-3 * wanted.abs().max())


def test_windows_of_a_pooling_may_overlap():
    """Captum's DeepLIFT cannot undo such a pooling, so it is left to the gradient, whoever else sees its input."""
    net = Net(lambda net, x: net.same(F.relu(net.more(x) + x[:, :, ::2, ::2])), nn.MaxPool2d(3, 2, padding=1))
    image = torch.rand(3, 14, 18, dtype=torch.float64)
    blank = image.mean((1, 2), keepdim=True).expand_as(image)
    gain = net(torch.stack([blank, image]))[:, 1].diff().item()
    assert bu.attribute(net, image, 1, "deeplift").sum().item() == pytest.approx(gain, rel=0.2)
    assert_lrp_is_input_times_gradient(net, image)


WRONG = {
    "what others see is changed": (changed_in_place, None, "gives other answers"),
    "a product": (lambda net, x: F.relu(x * net.same(x)), None, "has others"),
    "a mirror": (lambda net, x: F.relu(x.flip(3)), None, "has others"),
    "the largest": (lambda net, x: x.amax((2, 3)), None, "has others"),
    "a leaky ReLU": (lambda net, x: net.more(x), nn.LeakyReLU(), "has others"),
    "one picture at a time": (lambda net, x: F.relu(x).reshape(1, -1), None, "has others"),
    "parts": (lambda net, x: F.relu(x.chunk(2, 1)[0]), None, "has others"),
}


@pytest.mark.parametrize("method", ["lrp", "deeplift"])
@pytest.mark.parametrize(("step", "more", "says"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_replayed_is_refused_in_one_line(step, more, says, method):
    net = Net(step, more)
    with pytest.raises(bu.BadInput, match=rf"attribute: {method} .*this Net {says}") as told:
        bu.attribute(net, torch.rand(3, 14, 18, dtype=torch.float64), 1, method)
    assert "\n" not in str(told.value)


def test_a_layers_name_is_not_taken_for_what_it_does():
    for name in ("relu", "add", "mean"):
        net = nn.Sequential()
        net.add_module("flat", nn.Flatten())
        net.add_module(name, nn.LeakyReLU())
        net.add_module("fc", nn.Linear(3 * 12 * 12, 2))
        with pytest.raises(bu.BadInput, match="has others"):
            bu.attribute(net.eval(), torch.rand(3, 12, 12), 1, "deeplift")
