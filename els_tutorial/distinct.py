"""The ELS machine at small windows: a patch that occurs a hundred times is weighed once, times 100.

Of the 3 x 3 patches of handwritten digits about a quarter are distinct. So the distances are taken
to the distinct ones alone, in float64 as differences squared, and each weight is multiplied by the
number of times that its patch occurs: duplicates are weights.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numba
import numpy as np
import torch
import torch.nn.functional as F

from els_tutorial.patches import centres, extract, regions, wrap
from els_tutorial.running_sums import LEAST, exponentials

LARGEST = 3  # the window's side up to which patches are collected
MOST = 2**26  # and their numbers in all: what is collected is held in memory
TILE = 512  # patches weighed at once: their distances stay in the nearest cache

_jit = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "nnan", "arcp"})


class Patches(NamedTuple):
    """The distinct patches of one region, and how often each occurs."""

    keys: np.ndarray  # [D, K]
    counts: np.ndarray  # float32 [K]
    values: np.ndarray  # float32 [C, K], the patches' centres times their counts


def distinct_rows(rows):
    """Return the distinct rows of rows [K, D], float, and how often each occurs.

    Rows are told apart by a 64-bit sum over their bits. Should two different rows ever share one,
    all rows stay apart, which costs time and no truth.
    """
    odd = np.random.default_rng(0).integers(2**62, size=rows.shape[1], dtype=np.uint64) * 2 + 1
    sums = np.zeros(len(rows), np.uint64)
    for column, factor in zip(rows.T, odd, strict=True):
        bits = np.ascontiguousarray(column, np.float64).view(np.uint64)
        sums += (bits ^ (bits >> np.uint64(29))) * factor  # modulo 2^64
    _, first, place, counts = np.unique(
        sums, return_index=True, return_inverse=True, return_counts=True
    )
    if np.array_equal(rows[first[place]], rows):
        return rows[first], counts
    return rows, np.ones(len(rows), np.int64)


def _in_threes(windows):
    """Add zeros until the windows [K, D] have a multiple of three entries."""
    return F.pad(windows, (0, -windows.shape[1] % 3)).numpy()


def collect(images, patch_size, boundary):
    """Return the distinct patches of images [N, C, H, W] as a list of (rows, columns, Patches).

    Returns None where they do not pay: for larger windows, too many images to hold their patches,
    or too few copies among them.
    """
    if patch_size > LARGEST or images.numel() * patch_size**2 > MOST:
        return None
    wrapped = wrap(images, patch_size, boundary)
    found, numbers = [], 0
    for rows, columns in regions(*images.shape[2:], patch_size, boundary):
        windows = _in_threes(extract(wrapped, rows, columns).flatten(0, 1))
        keys, counts = distinct_rows(windows)
        values = keys[:, centres(images.shape[1], rows, columns)] * counts[:, None]
        by_entry = [np.ascontiguousarray(part.T) for part in (keys, values.astype(np.float32))]
        found.append((rows, columns, Patches(by_entry[0], counts.astype(np.float32), by_entry[1])))
        numbers += keys.size
    # Running sums take about as long for one candidate as this does for five numbers.
    return found if numbers < 5 * images[:, 0].numel() else None


@_jit
def _weigh(queries, keys, counts, values, signal, scale):
    """Return the means [Q, C] for queries [Q, D] over keys [D, K]; D is a multiple of 3."""
    channels, count = values.shape
    top = np.full(len(queries), -np.inf)
    total = np.zeros(len(queries))
    weighted = np.zeros((len(queries), channels))
    near = np.empty((len(keys), TILE))
    distances = np.empty(TILE)
    weights = np.empty(TILE, np.float32)
    for start in range(0, count, TILE):
        size = min(TILE, count - start)
        for d in range(len(keys)):
            for k in range(size):
                near[d, k] = signal * keys[d, start + k]
        for q in range(len(queries)):
            for k in range(size):
                distances[k] = 0.0
            for d in range(0, len(keys), 3):
                for k in range(size):
                    one = queries[q, d] - near[d, k]
                    two = queries[q, d + 1] - near[d + 1, k]
                    three = queries[q, d + 2] - near[d + 2, k]
                    distances[k] += one * one + two * two + three * three
            least = distances[0]
            for k in range(size):
                least = min(least, distances[k])
            logit = -scale * least
            if logit < top[q] + LEAST:
                continue
            if logit > top[q]:
                shrink = np.exp(top[q] - logit)
                top[q] = logit
                total[q] *= shrink
                for c in range(channels):
                    weighted[q, c] *= shrink
            for k in range(size):
                weights[k] = max(-scale * distances[k] - top[q], LEAST)
            exponentials(weights, size)
            added = np.float32(0)
            for k in range(size):
                added += weights[k] * counts[start + k]
            total[q] += added
            for c in range(channels):
                added = np.float32(0)
                for k in range(size):
                    added += weights[k] * values[c, start + k]
                weighted[q, c] += added
    return weighted / total.reshape((-1, 1))


def posterior_mean(x, patches, alpha_bar, patch_size, boundary):
    """Return what the ELS machine guesses for a batch of noisy images.

    Args:
        x: noisy images, float tensor [B, C, H, W] on the CPU.
        patches: what :func:`collect` returns for the training images.
        alpha_bar, patch_size, boundary: as for the machine, already checked.

    Returns:
        float64 tensor [B, C, H, W].
    """
    noisy = wrap(x.double(), patch_size, boundary)
    x0_hat = torch.empty_like(x, dtype=torch.float64)
    threads = torch.get_num_threads()
    signal, scale = alpha_bar**0.5, 0.5 / (1 - alpha_bar)
    with ThreadPoolExecutor(threads) as pool:
        for rows, columns, known in patches:
            queries = _in_threes(extract(noisy, rows, columns).flatten(0, 1))
            shares = np.array_split(queries, min(threads, len(queries)))
            means = list(pool.map(lambda q, k=known: _weigh(q, *k, signal, scale), shares))
            place = (..., slice(rows.start, rows.stop), slice(columns.start, columns.stop))
            target = x0_hat[place]
            mean = torch.from_numpy(np.concatenate(means))
            target.copy_(mean.view(len(x), *target.shape[2:], -1).movedim(-1, 1))
    return x0_hat
