"""The one place where pixel values change type or range, and where stimulus ids come from."""

import hashlib

import numpy as np
import torch


def to_unit(pixels: np.ndarray) -> torch.Tensor:
    """Turn uint8 images into the float images that every network takes.

    Parameters
    ----------
    pixels
        uint8, (N, H, W) or (N, C, H, W), 0 to 255.

    Returns
    -------
    torch.Tensor
        float32, (N, C, H, W), in [0, 1].

    Raises
    ------
    ValueError
        If the type is not uint8 or the number of dimensions neither 3 nor 4.
    """
    if pixels.dtype != np.uint8:
        raise ValueError(f"images are {pixels.dtype}, expected uint8 in 0 to 255; convert them with to_uint8.")
    if pixels.ndim not in (3, 4):
        raise ValueError(f"images have shape {pixels.shape}, expected (N, H, W) or (N, C, H, W).")
    images = torch.from_numpy(np.ascontiguousarray(pixels))
    images = images[:, None] if images.ndim == 3 else images
    return images.to(torch.float32) / 255.0


def to_uint8(images: torch.Tensor) -> np.ndarray:
    """Round float images in [0, 1] to the uint8 images that people see; the inverse of :func:`to_unit`.

    Parameters
    ----------
    images
        float, any shape; values outside [0, 1] are clipped first.

    Returns
    -------
    numpy.ndarray
        uint8, the same shape.

    Raises
    ------
    ValueError
        If a value is not finite.
    """
    if not bool(torch.isfinite(images).all()):
        raise ValueError("images hold values that are not finite; they cannot be stored as uint8.")
    return images.detach().clamp(0, 1).mul(255).round().to(torch.uint8).cpu().numpy()


def to_range(images: torch.Tensor, value_range: tuple[float, float]) -> torch.Tensor:
    """Map images from [0, 1] linearly to ``value_range``, the range a denoiser was trained on."""
    low, high = value_range
    return images * (high - low) + low


def from_range(images: torch.Tensor, value_range: tuple[float, float]) -> torch.Tensor:
    """Map images from ``value_range`` linearly to [0, 1]; the inverse of :func:`to_range`."""
    low, high = value_range
    return (images - low) / (high - low)


def stimulus_ids(pixels: np.ndarray) -> list[str]:
    """Name images by their content, so that a stimulus keeps its id wherever it goes.

    Parameters
    ----------
    pixels
        uint8, (N, C, H, W).

    Returns
    -------
    list of str
        First 16 hex digits of the sha256 of "CxHxW:" and the pixels, one an image.

    Raises
    ------
    ValueError
        If the array is not uint8 with four dimensions.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 4:
        raise ValueError(f"pixels are {pixels.dtype} {pixels.shape}, expected uint8 (N, C, H, W).")
    size = "x".join(map(str, pixels.shape[1:])).encode() + b":"
    return [hashlib.sha256(size + np.ascontiguousarray(image).tobytes()).hexdigest()[:16] for image in pixels]
