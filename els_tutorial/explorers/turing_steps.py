"""Gray and Scott's two substances, U and V, which react and spread in steps of time.

The page takes the same operations in the same order, in double precision: both get the same bits.
"""

import math

import torch

from els_tutorial.explorers.noise import uniforms

SIDE = 128  # cells a side; the field is a torus
SPREAD_U, SPREAD_V = 0.16, 0.08  # diffusion constants, in cells squared a step
DROPS = 12  # of V at the start
DROP = (6, 8)  # rows and columns; a square one may never find an axis to split along
KINDS = ("none", "restless", "turing", "even")


def laplacian(x):
    """Return the sum over the four neighbours minus four times the cell, of x [..., H, W]."""
    upright = x.roll(1, -2) + x.roll(-1, -2)
    return upright + (x.roll(1, -1) + x.roll(-1, -1)) - 4 * x


def react(u, v, feed, kill, steps=1, spread=(SPREAD_U, SPREAD_V)):
    """Let U + 2V → 3V run for some steps, with U fed and V removed.

    Args:
        u, v: concentrations, float64 tensors [..., H, W] on a torus; 0 and more.
        feed: rate at which fresh U (at 1) replaces what is there, a float, per step.
        kill: rate at which V decays beside that, a float, per step.
        steps: int.
        spread: the two diffusion constants, in cells squared per step.

    Returns:
        (u, v) after these steps.
    """
    loss = feed + kill
    for _ in range(steps):
        reaction = u * v * v
        u, v = (
            u + ((spread[0] * laplacian(u) - reaction) + feed * (1 - u)),
            v + ((spread[1] * laplacian(v) + reaction) - loss * v),
        )
    return u, v


def even_state(feed, kill):
    """Return (u, v) of the even state with more V, or None where V cannot keep itself alive.

    It solves u v = feed + kill and feed (1 - u) = u v², which needs feed ≥ 4 (feed + kill)².
    """
    loss = feed + kill
    inside = 1 - 4 * loss * loss / feed
    if inside < 0:
        return None
    v = feed / (2 * loss) * (1 + math.sqrt(inside))
    return loss / v, v


def jacobian(feed, kill):
    """Return the derivatives of the reaction at the even state with V, ((f_u, f_v), (g_u, g_v))."""
    v = even_state(feed, kill)[1]
    loss = feed + kill
    return (-v * v - feed, -2 * loss), (v * v, loss)


def kind(feed, kill, spread=(SPREAD_U, SPREAD_V)):
    """Say what becomes of the even state with V after a small disturbance.

    Returns:
        "none" if there is no such state, "restless" if it is unstable even without diffusion,
        "turing" if it is stable without diffusion and unstable with it, "even" if it is stable.
    """
    if even_state(feed, kill) is None:
        return "none"
    (f_u, f_v), (g_u, g_v) = jacobian(feed, kill)
    determinant = f_u * g_v - f_v * g_u
    if f_u + g_v >= 0 or determinant <= 0:
        return "restless"
    mixed = spread[1] * f_u + spread[0] * g_v
    return "turing" if mixed > 2 * math.sqrt(spread[0] * spread[1] * determinant) else "even"


def drops(seed):
    """Return U everywhere, and twelve drops of V at random places: (u, v), float64 [128, 128]."""
    u = torch.ones(SIDE, SIDE, dtype=torch.float64)
    v = torch.zeros_like(u)
    places = torch.from_numpy(uniforms(seed, 2 * DROPS) * SIDE).long().view(-1, 2)
    rows, columns = map(torch.arange, DROP)
    for row, column in places:
        cells = ((row + rows)[:, None] % SIDE, (column + columns) % SIDE)
        u[cells], v[cells] = 0.5, 0.25
    return u, v


def almost_even(seed, feed, kill):
    """Return the even state with V, or that without where there is none, and 0.01 of noise.

    Returns:
        (u, v), float64 [128, 128]; to each cell a number between 0 and 0.01 is added.
    """
    u, v = even_state(feed, kill) or (1.0, 0.0)
    noise = torch.from_numpy(uniforms(seed, 2 * SIDE * SIDE)).view(2, SIDE, SIDE)
    return u + 0.01 * noise[0], v + 0.01 * noise[1]
