"""The five classifiers have the published shapes: parameters counted by hand."""

import pytest
import torch

from bam_pipelines.networks.classifiers import CLASSIFIER_NAMES, build_classifier, build_vgg

# weights + biases, layer by layer, for 28 x 28 x 1 images and ten digits
PARAMETERS = {
    "lrm": 784 * 10 + 10,
    "mlp": (784 * 512 + 512) + (512 * 256 + 256) + (256 * 10 + 10),
    # 3 x 3 convolutions 1-64-64, 128-128, 256-256; 28 is halved to 14, 7, 3: 256 · 3² = 2304 features
    "vgg": (9 * 1 * 64 + 64)
    + (9 * 64 * 64 + 64)
    + (9 * 64 * 128 + 128)
    + (9 * 128 * 128 + 128)
    + (9 * 128 * 256 + 256)
    + (9 * 256 * 256 + 256)
    + (2304 * 256 + 256)
    + (256 * 10 + 10),
    # 7 x 7 convolution to 64, 3 x 3 to 128, 256, 512, global average
    "cornet": (49 * 64 + 64) + (9 * 64 * 128 + 128) + (9 * 128 * 256 + 256) + (9 * 256 * 512 + 512) + (512 * 10 + 10),
    # patches of 4 x 4 to width 128, class token, 7² + 1 positions; 8 layers of attention (queries, keys, values,
    # output), two norms, MLP of ratio 4; last norm; head
    "vit": (16 * 128 + 128)
    + 128
    + 50 * 128
    + 8 * (4 * (128 * 128 + 128) + 2 * 2 * 128 + (128 * 512 + 512) + (512 * 128 + 128))
    + 2 * 128
    + (128 * 10 + 10),
}


def built(name, *sizes):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build_classifier(name, *sizes).eval()


def test_there_are_five():
    assert set(CLASSIFIER_NAMES) == set(PARAMETERS)


@pytest.mark.parametrize("name", CLASSIFIER_NAMES)
def test_parameters_are_those_of_the_published_architecture(name):
    network = built(name, 28, 1, 10)
    assert sum(parameter.numel() for parameter in network.parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", CLASSIFIER_NAMES)
@pytest.mark.parametrize("sizes", [(28, 1, 10), (8, 3, 4), (13, 3, 4)])
def test_logits_have_a_gradient_in_every_image(name, sizes):
    image_size, channels, n_classes = sizes
    images = torch.rand(2, channels, image_size, image_size, generator=torch.Generator().manual_seed(0))
    images.requires_grad_(True)
    logits = built(name, *sizes)(images)
    assert logits.shape == (2, n_classes)
    logits[1].square().sum().backward()
    assert torch.equal(images.grad[0], torch.zeros_like(images[0]))  # images do not see each other
    assert images.grad[1].abs().max() > 0


def test_the_vgg_takes_other_widths():
    network = build_vgg(8, 1, 1, widths=(4, 8), hidden=16)
    # 8 is halved to 4 and 2: 8 · 2² = 32 features
    expected = (9 * 4 + 4) + (9 * 16 + 4) + (9 * 32 + 8) + (9 * 64 + 8) + (32 * 16 + 16) + 17
    assert sum(parameter.numel() for parameter in network.parameters()) == expected


def test_an_image_too_small_to_pool_is_refused():
    with pytest.raises(ValueError, match="image_size is 7, expected at least 8 for 3 max-pools"):
        build_vgg(7, 1, 4)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="classifier 'alexnet' is unknown, expected one of vit, vgg, cornet, mlp, lrm"):
        build_classifier("alexnet", 28, 1, 10)
