"""Probes: pooled features are what a layer puts out, and a linear classifier on them learns what can be learnt."""

import pytest
import torch
from torch import nn

import bagnet_utils as bu
from bagnet_utils.experiments import watching
from bagnet_utils.experiments.looking_inside import activations, layers
from bagnet_utils.experiments.transfer import (
    PROBES,
    fit_probe,
    over_places,
    percent_right,
    pooled_features,
    some_of_each,
)

PICTURES = torch.rand(5, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ["vgg", "resnet", "bagnet17", "vit"])
def test_features_are_the_mean_over_places_of_what_each_layer_puts_out(name):
    model = bu.load_model(name, "tiny")
    found = pooled_features(model, PICTURES, layers(model))
    assert list(found) == layers(model)
    for layer, features in found.items():
        maps = activations(model, PICTURES, layer)
        assert torch.allclose(features, maps.mean((2, 3)) if maps.ndim == 4 else maps, atol=1e-5)


@pytest.mark.parametrize("name", ["resnet", "bagnet17"])
def test_the_last_ones_are_what_the_last_linear_layer_is_given(name):
    model = bu.load_model(name, "tiny")
    (features,) = pooled_features(model, PICTURES, layers(model)[-1:]).values()
    assert torch.allclose(model.fc(features), bu.logits(model, PICTURES), atol=1e-4)


def test_features_do_not_depend_on_the_batch_and_leave_no_hooks(monkeypatch):
    model = bu.load_model("resnet", "tiny")
    one = pooled_features(model, PICTURES, ["stem"])["stem"]
    monkeypatch.setattr(watching, "BATCH", 2)
    other = pooled_features(model, PICTURES, ["stem"])["stem"]
    assert torch.allclose(one, other, atol=1e-5) and not model.stem._forward_hooks
    with pytest.raises(bu.BadInput, match="no layer called 'nose'"):
        pooled_features(model, PICTURES, ["nose"])
    with pytest.raises(bu.BadInput, match="train mode"):
        pooled_features(nn.Conv2d(3, 2, 1), PICTURES, [])


def test_places_are_averaged_whatever_their_form():
    numbers = torch.arange(24.0)
    assert torch.equal(over_places(numbers.reshape(1, 4, 2, 3)), numbers.reshape(1, 4, 6).mean(2))
    assert torch.equal(over_places(numbers.reshape(1, 6, 4)), numbers.reshape(6, 4).mean(0)[None])
    assert torch.equal(over_places(numbers.reshape(4, 6)), numbers.reshape(4, 6))


def test_as_many_pictures_of_every_kind_are_chosen_as_asked():
    labels = torch.arange(4).repeat_interleave(9)
    chosen = some_of_each(labels, 5, seed=0)
    assert labels[chosen].bincount().tolist() == [5] * 4 and len(set(chosen.tolist())) == 20
    assert not torch.equal(chosen, some_of_each(labels, 5, seed=1))
    with pytest.raises(bu.BadInput, match="from 1 to 9 is wanted"):
        some_of_each(labels, 10, seed=0)


@pytest.mark.parametrize("kind", PROBES)
def test_a_probe_learns_what_is_linear_and_nothing_from_noise(kind):
    random = torch.Generator().manual_seed(0)
    labels = torch.arange(4).repeat_interleave(30)
    noise = torch.randn(120, 6, generator=random)
    told = torch.cat([1e-4 * torch.eye(4)[labels], 100 * noise], 1)  # small beside large: so they must be scaled
    learnt, new = torch.arange(120) % 2 == 0, torch.arange(120) % 2 == 1
    for features, low, high in ((told, 95, 100), (noise, 0, 50)):
        probe = fit_probe(kind, features[learnt], labels[learnt], 1.0)
        assert low <= percent_right(probe, features[new], labels[new]) <= high
    with pytest.raises(bu.BadInput, match="there are SVM, softmax"):
        fit_probe("tree", told, labels, 1.0)
    with pytest.raises(bu.BadInput, match="N x D features and N labels"):
        fit_probe(kind, told[:5], labels, 1.0)
