"""How far a diffusion prior moves an image when it is noised and denoised once: small for images it knows."""

import torch

from bam_pipelines.compute.seeds import torch_generator
from bam_pipelines.images.pixels import to_range
from bam_pipelines.networks.checkpoints import TrainedNetwork
from bam_pipelines.networks.noise import add_noise, predicted_clean

# shares of the schedule at which residuals are taken: from fine detail to the digit's shape
_LEVELS = (0.2, 0.4, 0.6)


@torch.no_grad()
def denoising_residual(prior: TrainedNetwork, images: torch.Tensor, draws: int, seed: int) -> torch.Tensor:
    """Measure the prior's error of denoising, averaged over three noise levels.

    Parameters
    ----------
    prior
        A trained denoiser.
    images
        Float, (N, C, H, W) in [0, 1].
    draws
        Noise draws a level, at least 1.
    seed
        Of the noise, which is the same for each image: differences between images are not differences of noise.

    Returns
    -------
    torch.Tensor
        float32, (N,): root mean squared error of the clean estimate, in units of the prior's value range.
    """
    width = prior.noise.value_range[1] - prior.noise.value_range[0]
    batches = to_range(images, prior.noise.value_range).split(500)
    return torch.cat([_mean_square_error(prior, batch, draws, seed) for batch in batches]).sqrt() / width


def _mean_square_error(prior: TrainedNetwork, clean: torch.Tensor, draws: int, seed: int) -> torch.Tensor:
    noise, generator = prior.noise, torch_generator(seed, "denoising residual")
    signals = noise.alphas_cumprod()
    errors = []
    for level in _LEVELS:
        step = round(level * (noise.steps - 1))
        signal = signals[step].to(torch.float32)
        for _ in range(draws):
            noisy = add_noise(clean, torch.randn(clean.shape[1:], generator=generator), signal)
            output = prior.network(noisy, torch.full((len(clean),), step))
            estimate = predicted_clean(noisy, output, signal, noise.prediction_type)
            errors.append((estimate - clean).square().flatten(1).mean(dim=1))
    return torch.stack(errors).mean(dim=0)
