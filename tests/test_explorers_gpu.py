"""The ELS machine on a graphics processor (WebGPU): the same numbers, and no page depends on it.

These tests run on a processor that Chromium plays in software. It is slow, and pages refuse it; so
the tests call `createPool(engine, {gpu: "always"})`, which takes any that computes the same.
"""

import sys

import bare_page
import numpy as np
import pytest
import torch
from conftest import ROOT

from els_tutorial.explorers import MachineExplorer, bundle
from els_tutorial.machines import EquivariantLocalScore

sys.path.insert(0, str(ROOT / "book" / "_ext"))
from public import policy

# channels, height, width, patch size, border, alpha_bar, training images
JOBS = [
    (1, 28, 28, 7, "circular", 0.5, 2),
    (1, 28, 28, 7, "zeros", 0.5, 3),
    (1, 28, 28, 1, "zeros", 0.02, 2),
    (1, 32, 32, 3, "circular", 0.9, 1),
    (1, 64, 64, 35, "zeros", 0.7, 1),
    (1, 28, 28, 39, "zeros", 0.6, 3),
    (1, 33, 17, 15, "circular", 0.3, 2),
    (3, 32, 32, 11, "zeros", 0.3, 2),
    (3, 18, 21, 7, "circular", 0.9995, 3),
    (3, 15, 20, 1, "circular", 0.002, 3),
    (3, 25, 16, 3, "zeros", 0.9995, 3),
    (3, 23, 23, 11, "circular", 0.002, 2),
    (3, 20, 20, 23, "zeros", 0.4, 4),
]


@pytest.fixture(scope="module")
def browser(launch):
    """A Chromium that plays a graphics processor in software."""
    chromium = launch("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader")
    yield chromium
    chromium.close()


# The page's own parts, and what tests do with them.
TOOLS = """
    const softmax = createSoftmax();
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    const flat = (numbers) => Float32Array.from(numbers.flat(9));

    async function gpuAndScalar({ shape, pictures, x, ...rest }) {
        window.gpu ??= await createPatchGpu(softmax, createGpuShader).startGpu(true);
        const [count, channels, height, width] = shape;
        const images = { pixels: flat(pictures), count, channels, height, width };
        const job = { kind: "ELS", images, x: flat(x), from: 0, to: count, ...rest };
        const both = [await gpu.elsPartial(job), createPatchMean(softmax).patchPartial(job)];
        return both.map((partial) => ({
            logit: [...partial.energy.map((e, k) => Math.log(partial.total[k]) - e)],
            x0Hat: [...softmax.merge([partial], height * width, channels)],
            kinds: Object.values(partial).map((numbers) => numbers.length),
        }));
    }

    // Pictures of a seed, and a job for them.
    function example(seed, { count = 2, channels = 1, side = 12, patchSize = 3 } = {}) {
        const { noise } = createEngine();
        const size = channels * side * side;
        const pixels = noise(seed, count * size).map(Math.sign);
        const x = noise(seed + 1, size).map((v, k) => 0.7 * (v + pixels[k]));
        const images = { pixels, channels, height: side, width: side };
        return [images, { kind: "ELS", count, x, alpha: 0.5, patchSize, boundary: "circular" }];
    }
    function byHand([images, job]) {
        const { patchPartial } = createPatchMean(softmax);
        const all = { ...job, images: { ...images, count: job.count }, from: 0, to: job.count };
        return softmax.merge([patchPartial(all)], job.x.length / images.channels, images.channels);
    }
    const apart = (a, b) => Math.max(...a.map((value, k) => Math.abs(value - b[k])));

    // The worker that tries the processor, how many there are, and how many were ended.
    const trials = { started: 0, ended: 0 };
    const isTrial = (text) => text.includes("function serveGpu(");
    window.Blob = class extends Blob {
        constructor(texts, options) {
            const trial = isTrial(String(texts[0]));
            super(trial ? [window.first || "", ...texts] : texts, options);
            if (trial) trials.next = true;
        }
    };
    window.Worker = class extends Worker {
        constructor(address) {
            super(address);
            this.trial = trials.next;
            trials.next = false;
            if (this.trial) trials.started += 1;
            if (this.trial) window.onTrial?.();
        }
        terminate() {
            if (this.trial) trials.ended += 1;
            super.terminate();
        }
    };
    async function poolAfter(seed, gpu, options) {
        const [images, job] = example(seed, options);
        const pool = createPool(createEngine(), { gpu });
        pool.setImages(images);
        const first = await pool.denoise(job);
        while (!pool.usesGpu && !trials.ended) await pause(20);
        return { pool, images, job, first, right: byHand([images, job]) };
    }
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A page with the pool and all its parts, under the policy of the book's pages."""
    folder = tmp_path_factory.mktemp("gpu")
    (folder / "parts.js").write_text(bundle.module("pool") + TOOLS, encoding="utf-8")
    page = '<!doctype html><meta charset="utf-8">{}<script src="parts.js"></script>'
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy("")}">'
    (folder / "page.html").write_text(page.format(meta), encoding="utf-8")
    return (folder / "page.html").as_uri()


@pytest.fixture
def page(new_page, address):
    page = new_page()
    page.goto(address)
    return page


def drawn(seed, channels, height, width, alpha_bar, count):
    """Random pictures, and the first of them under noise."""
    random = np.random.default_rng(seed)
    pictures = random.choice([-1.0, -0.5, 1.0], (count, channels, height, width))
    noise = random.standard_normal(pictures[:1].shape)
    x = np.sqrt(alpha_bar) * pictures[:1] + np.sqrt(1 - alpha_bar) * noise
    return [torch.tensor(values, dtype=torch.float32) for values in (pictures, x)]


def agree(page, seed, channels, height, width, patch_size, boundary, alpha_bar, count):
    pictures, x = drawn(seed, channels, height, width, alpha_bar, count)
    job = {"patchSize": patch_size, "boundary": boundary, "alpha": alpha_bar}
    sent = {"shape": pictures.shape, "pictures": pictures.tolist(), "x": x.tolist()} | job
    gpu, scalar = page.evaluate("gpuAndScalar", sent)
    assert gpu["kinds"] == scalar["kinds"]
    machine = EquivariantLocalScore(pictures.double(), patch_size, boundary)
    x0_hat = machine.denoise(x.double(), alpha_bar).flatten()
    for expected in (scalar["x0Hat"], x0_hat.tolist()):
        np.testing.assert_allclose(gpu["x0Hat"], expected, rtol=0, atol=2e-5, err_msg=str(job))
    np.testing.assert_allclose(gpu["logit"], scalar["logit"], rtol=1e-5, atol=1e-4)


# ---- The numbers ----


@pytest.mark.parametrize("number", range(len(JOBS)))
def test_a_graphics_processor_computes_what_the_page_and_python_compute(page, number):
    agree(page, number, *JOBS[number])


def test_on_pictures_of_any_size_as_well(page):
    random = np.random.default_rng(0)
    for seed in range(12):
        height, width = (int(side) for side in random.integers(3, 22, 2))
        boundary = ("circular", "zeros")[seed % 2]
        most = min(height, width) if boundary == "circular" else 2 * min(height, width) - 1
        patch_size = 1 + 2 * int(random.integers((most + 1) // 2))
        alpha_bar = float(random.choice([0.001, 0.2, 0.8, 0.999]))
        channels, count = int(random.choice([1, 3])), int(random.integers(1, 4))
        if patch_size <= 39:
            agree(page, seed, channels, height, width, patch_size, boundary, alpha_bar, count)


def test_a_piece_is_the_mean_of_its_images_alone(page):
    apart = page.evaluate("""async () => {
        const gpu = await createPatchGpu(softmax, createGpuShader).startGpu(true);
        const [images, job] = example(5, { count: 5 });
        const all = { ...job, images: { ...images, count: 5 } };
        const parts = [];
        for (const [from, to] of [[0, 1], [1, 4], [4, 5]]) {
            parts.push(await gpu.elsPartial({ ...all, from, to }));
        }
        return apart(softmax.merge(parts, 144, 1), byHand([images, job]));
    }""")
    assert apart < 1e-5


# ---- Who computes ----


def test_a_pool_takes_the_processor_up_after_its_first_result(page):
    found = page.evaluate("""async () => {
        const { pool, job, first, right } = await poolAfter(1, "always");
        const uses = pool.usesGpu;
        const [second, third] = [await pool.denoise(job), await pool.denoise(job)];
        const same = second.every((value, k) => value === third[k]);
        const [others, other] = example(9, { channels: 3, side: 10 });
        pool.setImages(others);
        const inColour = apart(await pool.denoise(other), byHand([others, other]));
        const large = { ...other, patchSize: 15, boundary: "zeros" };
        const tooLarge = { ...other, patchSize: 19, boundary: "zeros", kind: "LS" };
        const rest = [];
        for (const job of [large, tooLarge]) {
            rest.push(apart(await pool.denoise(job), byHand([others, job])));
        }
        return { uses, same, inColour, rest, still: pool.usesGpu,
                 apart: [apart(first, right), apart(second, right)] };
    }""")
    assert found["uses"] and found["still"] and found["same"]
    assert max(found["inColour"], *found["rest"], *found["apart"]) < 1e-5


def test_the_newest_request_wins_on_the_processor_too(page):
    found = page.evaluate("""async () => {
        const { pool, images, job } = await poolAfter(1, "always");
        const jobs = [0.2, 0.4, 0.6, 0.8].map((alpha) => ({ ...job, alpha }));
        const answers = await Promise.all(jobs.map((job) => pool.denoise(job)));
        return answers.map((answer, k) => answer && apart(answer, byHand([images, jobs[k]])));
    }""")
    first, *between, last = found
    assert between == [None, None] and last < 1e-5
    assert first is None or first < 1e-5  # the pool drops what is under way if that takes long


def test_a_patch_that_does_not_fit_is_left_to_the_other_workers(page):
    found = page.evaluate("""async () => {
        const { pool, images, job } = await poolAfter(1, "always", { side: 24 });
        const large = { ...job, patchSize: 41, boundary: "zeros" };
        return [apart(await pool.denoise(large), byHand([images, large])), pool.usesGpu];
    }""")
    assert found[0] < 1e-5
    assert found[1]


SPOILT = {
    "there is no adapter": "GPU.prototype.requestAdapter = async () => null;",
    "asking for one fails": "GPU.prototype.requestAdapter = () => { throw new Error('no') };",
    "it is only played in software": "",
    "it gives no device": "GPUAdapter.prototype.requestDevice = () => Promise.reject('no');",
    "its program does not compile": """
        const compile = GPUDevice.prototype.createShaderModule;
        GPUDevice.prototype.createShaderModule = function ({ code }) {
            return compile.call(this, { code: code.replace("fn scan", "fn scan scan") });
        };""",
    "a buffer is invalid": """
        const create = GPUDevice.prototype.createBuffer;
        GPUDevice.prototype.createBuffer = function (wish) {
            return create.call(this, { ...wish, usage: wish.usage & ~GPUBufferUsage.STORAGE });
        };""",
    "it computes something else": """
        const compile = GPUDevice.prototype.createShaderModule;
        GPUDevice.prototype.createShaderModule = function ({ code }) {
            return compile.call(this, { code: code.replace("job.scale;", "job.scale * 0.9;") });
        };""",
    "the worker stops": "setTimeout(() => { throw new Error('stop') });",
}


@pytest.mark.parametrize("what", SPOILT)
def test_a_pool_goes_on_as_ever_where(page, what):
    found = page.evaluate(
        """async ([first, mode]) => {
            window.first = `{${first}}`;
            const { pool, job, right } = await poolAfter(3, mode, { count: 16 });
            const answer = await pool.denoise(job);
            return { apart: apart(answer, right), uses: pool.usesGpu, trials };
        }""",
        [SPOILT[what], "always" if SPOILT[what] else "if faster"],
    )
    assert found["apart"] < 1e-5
    assert not found["uses"]
    assert (found["trials"]["started"], found["trials"]["ended"]) == (1, 1)


# The device is lost at some submission: the trial makes one, each job after it one.
LOST = """
    const submit = GPUQueue.prototype.submit;
    const request = GPUAdapter.prototype.requestDevice;
    let device = null;
    let count = 0;
    GPUAdapter.prototype.requestDevice = async function () {
        return (device = await request.call(this));
    };
    GPUQueue.prototype.submit = function (commands) {
        submit.call(this, commands);
        if (++count === 3) device.destroy();
    };
"""


@pytest.mark.parametrize("when", ["while it computes", "between two jobs"])
def test_a_lost_device_loses_no_result(page, when):
    late = LOST.replace("device.destroy()", "setTimeout(() => device.destroy(), 100)")
    found = page.evaluate(
        """async (first) => {
            window.first = `{${first}}`;
            const { pool, job, first: before } = await poolAfter(4, "always");
            const [uses, answers] = [[], []];
            for (let k = 0; k < 4; k++) {
                answers.push(await pool.denoise(job));
                uses.push(pool.usesGpu);
                await pause(400);
            }
            const same = answers.at(-1).every((value, k) => value === before[k]);
            return { uses, same, apart: answers.map((answer) => apart(answer, before)) };
        }""",
        LOST if when == "while it computes" else late,
    )
    assert max(found["apart"]) < 1e-5
    assert found["uses"] == [True, when != "while it computes", False, False]
    assert found["same"]


# Here the processor says that it is a real one, and a clock decides which of the two is faster.
SAYS_REAL = """
    const real = { vendor: "someone", architecture: "some", device: "", description: "" };
    Object.defineProperty(GPUAdapter.prototype, "info", { get: () => real });
    let reads = 0;
    let time = 0;
    // The others are timed in three rounds, two readings each; then the processor is.
    performance.now = () => (time += ++reads <= 6 ? OTHERS : PROCESSOR);
"""


@pytest.mark.parametrize(("others", "processor", "kept"), [(100, 1, True), (10, 9, False)])
def test_the_faster_way_is_kept(page, others, processor, kept):
    clock = SAYS_REAL.replace("OTHERS", str(others)).replace("PROCESSOR", str(processor))
    found = page.evaluate(
        """async (first) => {
            window.first = `{${first}}`;
            Object.defineProperty(navigator, "hardwareConcurrency", { value: 2 });
            const { pool, job, right } = await poolAfter(6, undefined, { count: 16, side: 8 });
            return [pool.usesGpu, apart(await pool.denoise(job), right), trials.ended];
        }""",
        clock,
    )
    assert found[0] == kept
    assert found[1] < 1e-5
    assert found[2] == (0 if kept else 1)


def test_a_trial_that_was_disturbed_decides_nothing(page):
    found = page.evaluate(
        """async (first) => {
            window.first = `{${first}}`;
            const [images, job] = example(6, { count: 16, side: 8 });
            const pool = createPool(createEngine());
            pool.setImages(images);
            const begun = new Promise((done) => {
                window.onTrial = () => done(pool.denoise(job));
            });
            await pool.denoise(job);
            const answer = await begun;
            await pause(3000);
            return [answer !== null, pool.usesGpu, trials.ended, trials.started];
        }""",
        SAYS_REAL.replace("OTHERS", "100").replace("PROCESSOR", "1"),
    )
    assert found == [True, False, 0, 1]


def test_a_figure_shows_the_same_with_a_processor(new_page, tmp_path):
    settings = {"count": 1, "patch_size": 5, "boundary": "zeros", "t": 0.5}
    figure = MachineExplorer(**settings)
    url = bare_page.write(tmp_path, figure)
    script = tmp_path / "machine.js"
    text = script.read_text(encoding="utf-8")
    assert text.count("createPool(engine)") == 1
    forced = text.replace("createPool(engine)", 'createPool(engine, {gpu: "always"})')
    script.write_text(forced, encoding="utf-8")
    page = new_page()
    page.goto(url)
    for t in (0.5, 0.3, 0.6, 0.31, 0.61, 0.32, 0.62):
        page.evaluate("(hash) => (location.hash = hash)", f"machine.t={t}")
        shown = bare_page.result(page, ["x0_hat"], t=t)
        figure.t = t
        expected = figure.denoiser().denoise(figure.x_t(), figure.alpha_bar).flatten()
        torch.testing.assert_close(torch.tensor(shown["x0_hat"]), expected, rtol=0, atol=1e-5)
        if shown["gpu"]:
            break
        page.wait_for_timeout(1000)
    assert shown["gpu"]
