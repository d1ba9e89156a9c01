"""The prior's training: resumable bit for bit, refusing what is not its own, and learning."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from bam_pipelines.networks.checkpoints import NetworkSpecification, TrainedNetwork
from bam_pipelines.networks.diffusion_training import DiffusionTraining, PriorTrainer
from bam_pipelines.networks.ema import MovingAverage
from bam_pipelines.networks.noise import NoiseSpecification

NOISE = NoiseSpecification("v_prediction", "squaredcos_cap_v2", 100, (-1.0, 1.0))
SPECIFICATION = NetworkSpecification(
    "patch_unet",
    {"image_size": 8, "channels": 1, "block_channels": [16, 32], "attention_head_width": 8},
    NOISE,
)
SETTINGS = DiffusionTraining(
    steps=5, batch_size=4, learning_rate=1e-3, warmup_steps=2, ema_decay=0.99, gradient_clip=1.0, checkpoint_every=2
)


@pytest.fixture
def images():
    return torch.rand(10, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def weights(network):
    return torch.cat([value.flatten() for value in network.state_dict().values()])


class Stopped(Exception):
    """Stands for a kill between two steps."""


def stop_after(monkeypatch, trainer, steps):
    advance = trainer._advance

    def advance_or_stop(images):
        if trainer.step == steps:
            raise Stopped
        return advance(images)

    monkeypatch.setattr(trainer, "_advance", advance_or_stop)


def test_a_resumed_training_equals_one_that_was_never_stopped(images, compute, tmp_path, monkeypatch):
    whole = PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1)
    uninterrupted = whole.fit(images, None)
    checkpoint = tmp_path / "prior" / "checkpoint.safetensors"
    for stop in (3, 4):  # checkpoints at 2 and 4: the third step is done twice
        killed = PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1)
        stop_after(monkeypatch, killed, stop)
        with pytest.raises(Stopped):
            killed.fit(images, checkpoint)
    last = PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1)
    steps = []
    advance = last._advance
    monkeypatch.setattr(last, "_advance", lambda batch: (steps.append(last.step), advance(batch))[1])
    resumed = last.fit(images, checkpoint)
    assert steps == [4]
    # what comes out is the average, not the last weights
    assert torch.equal(weights(resumed.network), weights(last.ema.average))
    assert not torch.equal(weights(resumed.network), weights(last.network))
    assert torch.equal(weights(resumed.network), weights(uninterrupted.network))
    assert torch.equal(weights(last.network), weights(whole.network))
    assert last.losses == whole.losses and len(whole.losses) == 5
    assert [path.name for path in checkpoint.parent.iterdir()] == [checkpoint.name]


def test_a_finished_training_does_nothing_again(images, compute, tmp_path):
    settings = replace(SETTINGS, steps=2)
    checkpoint = tmp_path / "checkpoint.safetensors"
    first = PriorTrainer(SPECIFICATION, settings, compute, seed=1).fit(images, checkpoint)
    again = PriorTrainer(SPECIFICATION, settings, compute, seed=1).fit(images, checkpoint)
    assert torch.equal(weights(first.network), weights(again.network))


def test_a_checkpoint_of_other_images_or_other_beginnings_is_refused(images, compute, tmp_path):
    checkpoint = tmp_path / "checkpoint.safetensors"
    settings = replace(SETTINGS, steps=2)
    first = PriorTrainer(SPECIFICATION, settings, compute, seed=1).fit(images, checkpoint)
    for seen, start in ((1 - images, None), (images, first)):
        with pytest.raises(ValueError, match=r"checkpoint\.safetensors belongs to a training with .* remove the file"):
            PriorTrainer(SPECIFICATION, settings, compute, 1, start).fit(seen, checkpoint)


def test_the_seed_decides(images, compute):
    settings = replace(SETTINGS, steps=1)
    found = [weights(PriorTrainer(SPECIFICATION, settings, compute, seed).fit(images, None).network) for seed in (1, 2)]
    assert not torch.equal(*found)


@pytest.mark.parametrize(
    ("settings", "noise", "seed"),
    [
        (replace(SETTINGS, learning_rate=2e-3), NOISE, 1),
        (SETTINGS, replace(NOISE, prediction_type="epsilon"), 1),
        (SETTINGS, NOISE, 2),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(settings, noise, seed, compute, tmp_path):
    checkpoint = tmp_path / "checkpoint.safetensors"
    PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1).store(checkpoint)
    other = PriorTrainer(replace(SPECIFICATION, noise=noise), settings, compute, seed)
    with pytest.raises(ValueError, match=r"checkpoint\.safetensors belongs to a training with .* remove the file"):
        other.restore(checkpoint)


def test_a_damaged_checkpoint_is_named(images, compute, tmp_path):
    checkpoint = tmp_path / "checkpoint.safetensors"
    trainer = PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1)
    trainer.store(checkpoint)
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"checkpoint\.safetensors: cannot be read as a whole safetensors file"):
        trainer.fit(images, checkpoint)


def test_a_loss_that_is_not_finite_stops_the_training(images, compute):
    images[:] = float("nan")
    with pytest.raises(FloatingPointError, match="loss is nan at step 0; lower prior.training.learning_rate"):
        PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1).fit(images, None)


def test_too_few_images_are_refused(images, compute):
    with pytest.raises(ValueError, match="3 training images, expected at least prior.training.batch_size = 4"):
        PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1).fit(images[:3], None)


def test_only_denoisers_are_trained(compute):
    with pytest.raises(ValueError, match="patch_unet has no noise schedule; a prior needs one"):
        PriorTrainer(replace(SPECIFICATION, noise=None), SETTINGS, compute, seed=1)


def test_the_learning_rate_by_hand(compute):
    trainer = PriorTrainer(SPECIFICATION, replace(SETTINGS, steps=6, warmup_steps=2), compute, seed=1)
    rates = []
    for trainer.step in range(6):
        rates.append(trainer._rate_factor())
    # ½, 1, then ½ (1 + cos(π k / 4)) for k = 0 … 3: 1, .8535534, .5, .1464466
    assert rates == pytest.approx([0.5, 1.0, 1.0, 0.8535534, 0.5, 0.1464466])


def test_an_epoch_shows_every_image_once_in_the_priors_range(compute):
    images = (torch.arange(8.0) / 7)[:, None, None, None].expand(8, 1, 8, 8)
    trainer = PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1)
    shown = []
    for trainer.step in range(4):
        shown.append(trainer._batch(images)[:, 0, 0, 0])
    for epoch in (torch.cat(shown[:2]), torch.cat(shown[2:])):
        torch.testing.assert_close(epoch.sort().values, torch.linspace(-1, 1, 8))
    assert not torch.equal(torch.cat(shown[:2]), torch.cat(shown[2:]))


class Silent(nn.Module):
    """A denoiser that says 0 everywhere and remembers what it was shown."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(()))
        self.shown = []

    def forward(self, noisy, timesteps):
        self.shown.append((noisy, timesteps))
        return self.scale * noisy


def test_every_step_has_noise_of_its_own_at_every_strength(compute):
    trainer = PriorTrainer(SPECIFICATION, replace(SETTINGS, steps=2, learning_rate=1e-30), compute, seed=1)
    trainer.network = Silent()
    trainer.ema = MovingAverage(trainer.network, 0.9)
    trainer.fit(torch.full((4, 1, 8, 8), 0.5), None)  # in the middle of the range: 0
    for (noisy, timesteps), loss in zip(trainer.network.shown, trainer.losses, strict=True):
        # one step in each quarter of 0 … 99
        assert (timesteps // 25).tolist() == [0, 1, 2, 3]
        signal = trainer.signal[timesteps][:, None, None, None]
        noise = noisy / (1 - signal).sqrt()
        # 256 normal numbers: standard errors 1/16 of the mean, √(2/256) = .09 of the variance
        assert abs(noise.mean().item()) < 0.25 and noise.var().item() == pytest.approx(1.0, abs=0.3)
        # the velocity of an image that is 0 is √ᾱ noise; the output is 0
        assert loss == pytest.approx((signal * noise.square()).mean().item(), rel=1e-4)
    (first, early), (second, late) = trainer.network.shown
    assert not torch.equal(first, second) and not torch.equal(early, late)


def test_the_gradient_is_clipped(images, compute):
    trainer = PriorTrainer(SPECIFICATION, replace(SETTINGS, steps=1, gradient_clip=1e-3), compute, seed=1)
    trainer.fit(images, None)
    # Adam's first moment after one step is a tenth of the gradient, whose norm is clipped to .001
    moments = [state["exp_avg"].flatten() for state in trainer.optimizer.state.values()]
    assert torch.cat(moments).norm().item() == pytest.approx(1e-4, rel=1e-3)


def test_training_lowers_the_loss(compute):
    # one image only: what is to be predicted can be read off the noisy image
    images = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0)).expand(16, 1, 8, 8)
    settings = replace(SETTINGS, steps=60, batch_size=16, learning_rate=5e-3, warmup_steps=5)
    trainer = PriorTrainer(SPECIFICATION, settings, compute, seed=1)
    trained = trainer.fit(images, None)
    assert sum(trainer.losses[-10:]) < 0.6 * sum(trainer.losses[:10])
    assert replace(trained.specification, notes={}) == SPECIFICATION
    assert not trained.network.training


def test_a_training_goes_on_from_earlier_weights_with_other_noise(images, compute):
    first = PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1).fit(images, None)
    again = PriorTrainer(SPECIFICATION, replace(SETTINGS, learning_rate=5e-4), compute, seed=1, start=first)
    assert torch.equal(weights(again.network), weights(first.network))
    assert again.steps_before == 5
    # 10 images are 2 batches of 4: steps 5 and 6 are the second batch of epoch 2 and the first of epoch 3
    whole = PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1)
    for again.step, whole.step in ((0, 5), (1, 6)):
        assert torch.equal(again._batch(images), whole._batch(images))
    again.step = 0
    second = again.fit(images, None)
    assert not torch.equal(weights(second.network), weights(first.network))
    common = {"steps": 5, "batch_size": 4, "seed": 1}
    assert second.specification.notes == {
        "trainings": [common | {"learning_rate": 1e-3}, common | {"learning_rate": 5e-4}]
    }


def test_weights_of_another_denoiser_are_no_start(compute):
    other = replace(SPECIFICATION, noise=replace(NOISE, prediction_type="epsilon"))
    start = PriorTrainer(other, SETTINGS, compute, seed=1)
    trained = TrainedNetwork(start.network, start.specification)
    with pytest.raises(ValueError, match="the weights to start from are those of .*epsilon.* expected .*v_prediction"):
        PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1, start=trained)


def test_weights_without_a_history_are_no_start(compute):
    start = PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1)
    with pytest.raises(ValueError, match="do not say how they were trained"):
        PriorTrainer(SPECIFICATION, SETTINGS, compute, seed=1, start=TrainedNetwork(start.network, SPECIFICATION))
