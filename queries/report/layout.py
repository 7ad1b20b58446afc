"""Places for the accounts of a link chart: linked ones near each other, all others apart."""

import numpy as np
import numpy.typing as npt

# Fruchterman and Reingold 1991 settles within about this many steps; 2,000 accounts take some seconds.
STEPS = 60
GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))
NEAREST = 1e-3


def placed(count: int, links: npt.NDArray[np.int64], weights: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Places of `count` accounts: (count, 2), both coordinates from 0 to 1.

    `links` is (n, 2) of account numbers, `weights` (n,) in nats. The same input gives the same places.
    """
    turns = np.arange(count)
    spiral = np.sqrt((turns + 0.5) / max(count, 1))[:, None]
    at = spiral * np.column_stack([np.cos(turns * GOLDEN_ANGLE), np.sin(turns * GOLDEN_ANGLE)])
    pull = weights / weights.max() if len(weights) else weights
    ideal = 1 / np.sqrt(max(count, 1))
    for step in range(STEPS):
        force = _repulsion(at, ideal)
        _attract(force, at, links, pull, ideal)
        length = np.maximum(np.linalg.norm(force, axis=1, keepdims=True), NEAREST)
        at = at + force / length * np.minimum(length, 0.2 * (1 - step / STEPS)) - 0.02 * at
    return _fitted(at)


def _repulsion(at: npt.NDArray[np.float64], ideal: float) -> npt.NDArray[np.float64]:
    """Σ over others of d · k² / |d|², without the n × n × 2 array of all differences."""
    square = np.einsum("ij,ij->i", at, at)
    distance = np.maximum(square[:, None] + square[None, :] - 2 * at @ at.T, NEAREST * ideal**2)
    near = ideal**2 / distance
    np.fill_diagonal(near, 0)
    force: npt.NDArray[np.float64] = near.sum(axis=1)[:, None] * at - near @ at
    return force


def _attract(
    force: npt.NDArray[np.float64],
    at: npt.NDArray[np.float64],
    links: npt.NDArray[np.int64],
    pull: npt.NDArray[np.float64],
    ideal: float,
) -> None:
    """Add the pull of each link, weight · |d|² / k, to both of its ends."""
    if not len(links):
        return
    between = at[links[:, 1]] - at[links[:, 0]]
    drawn = between * (np.linalg.norm(between, axis=1) / ideal * pull)[:, None]
    np.add.at(force, links[:, 0], drawn)
    np.add.at(force, links[:, 1], -drawn)


def _fitted(at: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    if not len(at):
        return at
    low, size = at.min(axis=0), max(float(np.ptp(at, axis=0).max()), NEAREST)
    centred: npt.NDArray[np.float64] = (at - low) / size + (1 - np.ptp(at, axis=0) / size) / 2
    return centred
