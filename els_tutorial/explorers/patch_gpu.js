// The ELS machine on a graphics processor, where the browser has one (WebGPU).
//
// The work is cut into submissions of some milliseconds, one at a time, so that a slow processor
// still draws the reader's screen. The cut depends on the job alone: the same job, the same bits.

export function createPatchGpu({ CUT, emptyPartial }, createGpuShader) {
  const TILE = 16;
  const SIZES = [24, 32, 54]; // a tile with its margins; the last fills 16 KB of shared memory
  const LARGEST_PATCH = 54 - TILE + 1;
  const ROWS = 4; // row shifts of one workgroup
  const WORK = 8e7; // pixels x candidates x patch side of one submission
  const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|warp/i;
  const shader = createGpuShader({ CUT, TILE, ROWS });

  const fits = ({ kind, patchSize }) => kind === "ELS" && patchSize <= LARGEST_PATCH;

  function machineOf(device) {
    const { queue } = device;
    const { UNIFORM, STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    const memory = (words, usage) => device.createBuffer({ size: 4 * words, usage });
    const filled = (numbers, usage) => {
      const buffer = memory(numbers.length, usage | COPY_DST);
      queue.writeBuffer(buffer, 0, numbers);
      return buffer;
    };
    const kinds = ["uniform", "read-only-storage", "read-only-storage", "storage", "storage"];
    const bindings = device.createBindGroupLayout({
      entries: kinds.map((type, binding) => {
        return { binding, visibility: GPUShaderStage.COMPUTE, buffer: { type } };
      }),
    });
    const layout = device.createPipelineLayout({ bindGroupLayouts: [bindings] });
    const made = new Map(); // size and channels -> the two steps
    let held = {}; // the training images, as they lie on the device

    function steps(size, channels) {
      const key = [size, channels].join();
      if (!made.has(key)) {
        const module = device.createShaderModule({ code: shader(size, channels) });
        const step = (entryPoint) =>
          device.createComputePipelineAsync({ layout, compute: { module, entryPoint } });
        made.set(key, Promise.all([step("scan"), step("join")]));
      }
      return made.get(key);
    }

    async function elsPartial({ images, x, alpha, patchSize, boundary, from, to }) {
      const { pixels, channels, height, width } = images;
      const area = height * width;
      const fields = 2 + channels; // energy, total and sums
      const radius = (patchSize - 1) / 2;
      const size = SIZES.find((most) => most >= TILE + 2 * radius);
      const [scan, join] = await steps(size, channels);
      const torus = boundary === "circular";
      const shifts = (length) => {
        const reach = Math.max(0, length - 1 - 2 * radius);
        return torus ? [0, length] : [-reach, 2 * reach + 1];
      };
      const [up, rows] = shifts(height);
      const [left, columns] = shifts(width);
      const groups = Math.ceil(rows / ROWS);
      const atOnce = Math.max(1, Math.floor(WORK / (area * rows * columns * patchSize)));

      if (held.pixels !== pixels) {
        held.buffer?.destroy();
        held = { pixels, buffer: filled(Float32Array.from(pixels), STORAGE) };
      }
      const none = new Float32Array(fields * area).fill(1e20, 0, area);
      const settings = memory(16, UNIFORM | COPY_DST);
      const noisy = filled(Float32Array.from(x), STORAGE);
      const parts = memory(Math.min(atOnce, to - from) * groups * fields * area, STORAGE);
      const joined = filled(none, STORAGE | COPY_SRC);
      const answer = memory(fields * area, MAP_READ | COPY_DST);
      const used = device.createBindGroup({
        layout: bindings,
        entries: [settings, held.buffer, noisy, parts, joined].map((buffer, binding) => {
          return { binding, resource: { buffer } };
        }),
      });
      for (let image = from; image < to; image += atOnce) {
        const count = Math.min(atOnce, to - image);
        const whole = [height, width, radius, +torus, up, rows, left, columns];
        queue.writeBuffer(settings, 0, Int32Array.of(...whole, image, groups, count * groups));
        queue.writeBuffer(settings, 48, Float32Array.of(Math.sqrt(alpha), 1 / (2 * (1 - alpha))));
        const commands = device.createCommandEncoder();
        const pass = commands.beginComputePass();
        pass.setBindGroup(0, used);
        pass.setPipeline(scan);
        const tiles = Math.ceil(height / TILE) * Math.ceil(width / TILE);
        pass.dispatchWorkgroups(tiles, groups, count);
        pass.setPipeline(join);
        pass.dispatchWorkgroups(Math.ceil(area / 64));
        pass.end();
        const more = image + count < to;
        if (!more) commands.copyBufferToBuffer(joined, 0, answer, 0, 4 * fields * area);
        queue.submit([commands.finish()]);
        if (more) await queue.onSubmittedWorkDone();
      }
      await answer.mapAsync(GPUMapMode.READ);
      const found = new Float32Array(answer.getMappedRange());
      const partial = emptyPartial(area, channels);
      partial.energy.set(found.subarray(0, area));
      partial.total.set(found.subarray(area, 2 * area));
      partial.sum.set(found.subarray(2 * area));
      for (const buffer of [settings, noisy, parts, joined, answer]) buffer.destroy();
      return partial;
    }
    return elsPartial;
  }

  // Resolves to a machine, or to null: without WebGPU, or where a processor only plays a graphics
  // processor (which is slower than SIMD), unless `software` admits it.
  async function startGpu(software = false) {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) return null;
    const { vendor, architecture, device: model, description, isFallbackAdapter } = adapter.info;
    const known = [vendor, architecture, model, description].join(" ");
    const plays = isFallbackAdapter || adapter.isFallbackAdapter || SOFTWARE.test(known);
    if (plays && !software) return null;
    const device = await adapter.requestDevice();
    const gone = device.lost.then(() => Promise.reject(new Error("the device is lost")));
    gone.catch(() => {}); // whoever waits for an answer hears of it
    const filters = ["validation", "out-of-memory", "internal"];
    const compute = machineOf(device);
    async function guarded(job) {
      for (const filter of filters) device.pushErrorScope(filter);
      const partial = await compute(job);
      const errors = await Promise.all(filters.map(() => device.popErrorScope()));
      if (errors.some(Boolean)) throw errors.find(Boolean);
      return partial;
    }
    // One job at a time. It rejects when anything goes wrong; then this machine is of no more use.
    return { device, elsPartial: (job) => Promise.race([gone, guarded(job)]) };
  }

  return { fits, startGpu };
}
