"""Drawn garments, grey or coloured, of any size: images that are no digits."""

import numpy as np
from PIL import Image, ImageDraw

# outlines in a square of side 1, y downwards
OUTLINES = {
    "T-shirt": [(0.3, 0.15), (0.7, 0.15), (0.95, 0.4), (0.8, 0.5), (0.7, 0.4), (0.7, 0.85), (0.3, 0.85), (0.3, 0.4),
                (0.2, 0.5), (0.05, 0.4)],
    "trousers": [(0.3, 0.1), (0.7, 0.1), (0.8, 0.9), (0.58, 0.9), (0.5, 0.4), (0.42, 0.9), (0.2, 0.9)],
    "dress": [(0.4, 0.1), (0.6, 0.1), (0.6, 0.4), (0.9, 0.9), (0.1, 0.9), (0.4, 0.4)],
    "boot": [(0.3, 0.1), (0.6, 0.1), (0.6, 0.6), (0.95, 0.75), (0.95, 0.9), (0.3, 0.9)],
    "bag": [(0.1, 0.4), (0.3, 0.4), (0.3, 0.2), (0.7, 0.2), (0.7, 0.4), (0.9, 0.4), (0.9, 0.85), (0.1, 0.85)],
    "hat": [(0.3, 0.25), (0.7, 0.25), (0.7, 0.6), (0.95, 0.6), (0.95, 0.75), (0.05, 0.75), (0.05, 0.6), (0.3, 0.6)],
}  # fmt: skip
_FINER = 4  # times, so that edges are grey


def draw_garments(n, size, n_classes, colour, seed=0):
    """So many images, uint8 (n, size, size) or (n, size, size, 3), bright on black, and their labels in turns."""
    draw = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    outlines = list(OUTLINES.values())
    images = np.stack([_drawn(outlines[label], size, draw) for label in labels])
    shades = draw.uniform(0.6, 1, (n, 1, 1, 3)) * draw.permuted(np.tile([1.0, 0.8, 0.3], (n, 1)), axis=1)[:, None, None]
    images = images[..., None] * shades if colour else images * shades.max(axis=-1)
    return images.round().astype(np.uint8), labels


def _drawn(outline, size, draw):
    places = (np.array(outline) - 0.5) * draw.uniform(0.8, 1.05, 2) + 0.5 + draw.uniform(-0.05, 0.05, 2)
    places += draw.normal(0, 0.02, places.shape)
    picture = Image.new("L", (_FINER * size, _FINER * size))
    ImageDraw.Draw(picture).polygon([tuple(place) for place in _FINER * size * places], fill=255)
    return np.asarray(picture.resize((size, size), Image.Resampling.BOX), dtype=float)
