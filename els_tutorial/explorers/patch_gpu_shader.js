// The two steps of the ELS machine on a graphics processor, in WebGPU's language (WGSL).
//
// `scan`: a workgroup takes a tile of 16 x 16 pixels, one training image and a few row shifts. For
// each shift it keeps the squared differences of the tile and its margin, adds them up along rows,
// then along columns (nothing is ever taken away again), and updates one softmax a pixel.
// `join`: one thread a pixel joins what the workgroups found, in their order.

export function createGpuShader({ CUT, TILE, ROWS }) {
  // `size` is that of the tile and its margins, as kept in memory.
  return (size, channels) => `
struct Job {
  height: i32, width: i32, radius: i32, torus: i32, up: i32, rows: i32, left: i32, columns: i32,
  image: i32, groups: i32, parts: i32, unused: i32, signal: f32, scale: f32,
}
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> pictures: array<f32>;
@group(0) @binding(2) var<storage, read> noisy: array<f32>;
@group(0) @binding(3) var<storage, read_write> parts: array<f32>;
@group(0) @binding(4) var<storage, read_write> joined: array<f32>;
var<workgroup> squares: array<f32, ${size * size}>;
var<workgroup> sums: array<f32, ${size * TILE}>;
var<workgroup> rowOf: array<i32, ${size}>;
var<workgroup> columnOf: array<i32, ${size}>;

const FAR: i32 = -100000;

// Where a place of the margin lies: on a torus on the far side, else nowhere, far outside.
fn placeOf(k: i32, length: i32) -> i32 {
  if (job.torus == 1) { return (k % length + length) % length; }
  return select(FAR, k, k >= 0 && k < length);
}
fn moved(k: i32, shift: i32, length: i32) -> i32 {
  return select(k + shift, k + shift - length, job.torus == 1 && k + shift >= length);
}
// Without a torus, only windows that the border cuts alike are compared.
fn alike(k: i32, shift: i32, length: i32) -> bool {
  let low = min(k, k + shift) - job.radius;
  let high = max(k, k + shift) + job.radius;
  return job.torus == 1 || shift == 0 || (low >= 0 && high < length);
}
// Whether no pixel of a tile has a partner at this shift.
fn idle(start: i32, shift: i32, length: i32) -> bool {
  let first = max(job.radius, job.radius - shift);
  let last = length - 1 - max(job.radius, job.radius + shift);
  return job.torus == 0 && shift != 0 && (start + ${TILE - 1} < first || start > last);
}

struct Mean { energy: f32, total: f32, sum: array<f32, ${channels}> }

@compute @workgroup_size(${TILE}, ${TILE})
fn scan(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) own: vec3u) {
  let h = job.height; let w = job.width; let area = h * w;
  let across = (w + ${TILE - 1}) / ${TILE};
  let side = ${TILE} + 2 * job.radius; let window = 2 * job.radius + 1;
  let top = i32(group.x) / across * ${TILE}; let start = i32(group.x) % across * ${TILE};
  let y = i32(own.y); let x = i32(own.x); let me = y * ${TILE} + x;
  let i = top + y; let j = start + x;
  let picture = (job.image + i32(group.z)) * ${channels} * area;
  if (me < side) {
    rowOf[me] = placeOf(top + me - job.radius, h);
    columnOf[me] = placeOf(start + me - job.radius, w);
  }
  workgroupBarrier();
  var mean = Mean(1e20, 0.0, array<f32, ${channels}>());
  let first = i32(group.y) * ${ROWS};
  for (var k = first; k < min(first + ${ROWS}, job.rows); k++) {
    let down = job.up + k;
    if (idle(top, down, h)) { continue; }
    for (var right = job.left; right < job.left + job.columns; right++) {
      if (idle(start, right, w)) { continue; }
      for (var a = y; a < side; a += ${TILE}) {
        let row = rowOf[a]; let u = moved(row, down, h);
        for (var b = x; b < side; b += ${TILE}) {
          let column = columnOf[b]; let v = moved(column, right, w);
          var square = 0.0;
          if (min(row, column) >= 0 && min(u, v) >= 0 && u < h && v < w) {
            for (var c = 0; c < ${channels}; c++) {
              let key = job.signal * pictures[picture + c * area + u * w + v];
              let d = noisy[c * area + row * w + column] - key;
              square += d * d;
            }
          }
          squares[a * ${size} + b] = square;
        }
      }
      workgroupBarrier();
      for (var a = y; a < side; a += ${TILE}) {
        var sum = 0.0;
        for (var m = 0; m < window; m++) { sum += squares[a * ${size} + x + m]; }
        sums[a * ${TILE} + x] = sum;
      }
      workgroupBarrier();
      if (i < h && j < w && alike(i, down, h) && alike(j, right, w)) {
        var now = 0.0;
        for (var m = 0; m < window; m++) { now += sums[(y + m) * ${TILE} + x]; }
        now *= job.scale;
        if (now - mean.energy < ${CUT}.0) {
          let least = min(now, mean.energy);
          let shrink = exp(max(least - mean.energy, -87.0)); let weight = exp(least - now);
          mean.energy = least;
          mean.total = mean.total * shrink + weight;
          let value = picture + moved(i, down, h) * w + moved(j, right, w);
          for (var c = 0; c < ${channels}; c++) {
            mean.sum[c] = mean.sum[c] * shrink + weight * pictures[value + c * area];
          }
        }
      }
    }
  }
  if (i >= h || j >= w) { return; }
  let part = i32(group.z) * job.groups + i32(group.y);
  let at = part * ${2 + channels} * area + i * w + j;
  parts[at] = mean.energy;
  parts[at + area] = mean.total;
  for (var c = 0; c < ${channels}; c++) { parts[at + (2 + c) * area] = mean.sum[c]; }
}

@compute @workgroup_size(64)
fn join(@builtin(global_invocation_id) id: vec3u) {
  let area = job.height * job.width; let p = i32(id.x);
  if (p >= area) { return; }
  var least = joined[p];
  for (var k = 0; k < job.parts; k++) { least = min(least, parts[k * ${2 + channels} * area + p]); }
  let shrink = exp(max(least - joined[p], -87.0));
  joined[p] = least;
  for (var q = 1; q < ${2 + channels}; q++) { joined[q * area + p] *= shrink; }
  for (var k = 0; k < job.parts; k++) {
    let at = k * ${2 + channels} * area + p;
    let weight = exp(max(least - parts[at], -87.0));
    for (var q = 1; q < ${2 + channels}; q++) {
      joined[q * area + p] += weight * parts[at + q * area];
    }
  }
}`;
}
