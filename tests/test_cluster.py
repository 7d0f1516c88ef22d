"""A machine over a Dask cluster: the single-process answer, also when a worker is killed."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import ROOT
from dask.distributed import Client, LocalCluster
from test_machines import build, pictures, queries

from els_tutorial.blocks import ImageFile
from els_tutorial.cluster import ClusterDenoiser, _partial, pairs, traffic
from els_tutorial.machines import (
    EquivariantLocalScore,
    EquivariantScore,
    IdealScore,
    LocalScore,
)
from els_tutorial.sampling import sample
from els_tutorial.schedules import CosineSchedule

IMAGES = pictures(40, (3, 8, 8))
CLASSES = {
    "IS": (IdealScore, {}),
    "ES": (EquivariantScore, {}),
    "LS": (LocalScore, {"patch_size": 5, "boundary": "zeros"}),
    "ELS": (EquivariantLocalScore, {"patch_size": 5, "boundary": "zeros"}),
}


@pytest.fixture(scope="module")
def client():
    """Two workers, each a process of its own with one thread."""
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True}
    with LocalCluster(**settings, dashboard_address=":0") as cluster, Client(cluster) as client:
        yield client


@pytest.fixture
def file(tmp_path):
    np.save(tmp_path / "images.npy", IMAGES.numpy())
    return ImageFile(tmp_path / "images.npy")


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("shards", [1, 2, 7])
def test_cluster_gives_the_single_process_answer(client, file, kind, shards):
    machine, settings = CLASSES[kind]
    spread = ClusterDenoiser(client, machine, file.shards(shards), **settings)
    assert spread.images.shape == IMAGES.shape
    alone = build(kind, IMAGES, 5, "zeros")
    for alpha_bar in (0.0002, 0.5, 0.99):
        x = queries(IMAGES, alpha_bar)
        apart = spread.denoise(x, alpha_bar) - alone.denoise(x, alpha_bar)
        assert apart.abs().max() <= 1e-5, alpha_bar


def test_shards_in_memory_are_sent_and_the_sampler_cannot_tell(client):
    spread = ClusterDenoiser(client, LocalScore, list(IMAGES.split(15)), patch_size=3)
    noise = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    images = [sample(m, noise, CosineSchedule(), 5) for m in (spread, LocalScore(IMAGES, 3))]
    assert (images[0] - images[1]).abs().max() <= 1e-5


class Deadly(ImageFile):
    """Kills the process that reads it, after the first block, where a file ``armed`` lies."""

    def __iter__(self):
        for block in super().__iter__():
            yield from block.split(3)
            try:
                Path(self.path.with_name("armed")).unlink()
            except FileNotFoundError:
                continue
            os.kill(os.getpid(), signal.SIGKILL)


def pids(client):
    return set(client.run(os.getpid).values())


def test_a_worker_killed_in_mid_step_loses_nothing(client, file):
    machine, settings = CLASSES["ELS"]
    shards = [Deadly(file.path, *pair) for pair in ((0, 10), (10, 20), (20, 30), (30, 40))]
    spread = ClusterDenoiser(client, machine, shards, **settings)
    x, before, armed = queries(IMAGES, 0.5), pids(client), file.path.with_name("armed")
    unharmed = spread.denoise(x, 0.5)
    assert pids(client) == before
    armed.touch()
    survived = spread.denoise(x, 0.5)
    assert not armed.exists()
    assert before - pids(client)  # the worker that read it is no more
    want = machine(IMAGES, **settings).denoise(x, 0.5)
    for got in (unharmed, survived, spread.denoise(x, 0.5)):
        assert (got - want).abs().max() <= 1e-5


def test_what_a_machine_refuses_is_said_here(client, file, tmp_path):
    with pytest.raises(ValueError, match="got none"):
        ClusterDenoiser(client, IdealScore, [])
    with pytest.raises(ValueError, match=r"\[-1, 1\]"):
        ClusterDenoiser(client, IdealScore, [IMAGES, IMAGES * 2])
    with pytest.raises(ValueError, match="odd int"):
        ClusterDenoiser(client, LocalScore, file.shards(2), patch_size=4)
    with pytest.raises(ValueError, match="one shape"):
        ClusterDenoiser(client, IdealScore, [IMAGES, IMAGES[..., :5]])
    spread = ClusterDenoiser(client, IdealScore, file.shards(2))
    for x, alpha_bar in ((IMAGES[..., :5], 0.5), (IMAGES, 1.5), (IMAGES * torch.nan, 0.5)):
        with pytest.raises(ValueError, match=r"x must|alpha_bar"):
            spread.denoise(x, alpha_bar)


@pytest.mark.parametrize("kind", CLASSES)
def test_traffic_is_the_size_of_what_is_sent(kind):
    machine, settings = CLASSES[kind]
    x = IMAGES[:3]
    sent = _partial(machine(IMAGES, **settings), x, 0.5)
    said = traffic(tuple(x.shape), 7, whole=kind in ("IS", "ES"))
    assert said.out == 7 * x.nbytes
    assert said.back == 7 * sum(part.nbytes for part in sent)


def test_traffic_and_pairs_of_a_step_over_cifar10():
    assert traffic((1, 3, 32, 32), 32) == (32 * 12_288, 32 * (12_288 + 8_192))
    assert pairs(50_000, 32, 32) == 50_000 * 1024 * 1024 == 52_428_800_000


def test_code_on_the_page_runs(tmp_path):
    """All but the two launchers, in one script as a reader would put it together."""
    page = (ROOT / "book" / "reference" / "cluster.md").read_text(encoding="utf-8")
    code = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    launchers = [block for block in code if "SLURMCluster" in block or "KubeCluster" in block]
    assert len(launchers) == 2 and len(code) == 8
    script = "\n".join(block for block in code if block not in launchers)
    (tmp_path / "page.py").write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "page.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
