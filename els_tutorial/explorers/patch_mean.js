// The patch machines, LS and ELS: for one training image and one shift, squared differences, their
// sums over windows by running sums (whose cost no window changes), and one softmax update a pixel.

export function createPatchMean({ CUT, decay, emptyPartial }) {
  function axisPlan(length, radius, shift, boundary) {
    // Along one axis: pixels first..last are compared with themselves + shift. `opening` lists the
    // places in the first pixel's window; `enter` and `leave` say what each later pixel's window
    // gains and loses. Place `length` holds zeros.
    const wrap = (i) => ((i % length) + length) % length;
    const circular = boundary === "circular";
    const whole = circular || shift === 0;
    const first = whole ? 0 : Math.max(radius, radius - shift);
    const last = whole ? length - 1 : Math.min(length - 1 - radius, length - 1 - radius - shift);
    if (last < first) return null; // with zero borders: no two windows that are cut alike
    const place = (i) => (circular ? wrap(i) : i >= 0 && i < length ? i : length);
    const opening = [];
    for (let i = first - radius; i <= first + radius; i++) {
      if (place(i) < length) opening.push(place(i));
    }
    const enter = new Int32Array(length + 1).fill(length);
    const leave = new Int32Array(length + 1).fill(length);
    for (let i = first; i <= last; i++) {
      enter[i] = place(i + radius);
      leave[i] = place(i - radius - 1);
    }
    const from = circular ? 0 : Math.max(0, first - radius);
    const to = circular ? length : Math.min(length, last + radius + 1);
    const partner = new Int32Array(length);
    for (let i = 0; i < length; i++) partner[i] = circular ? wrap(i + shift) : i + shift;
    return { first, last, opening: Int32Array.from(opening), enter, leave, from, to, partner };
  }

  function shifts(length, radius, boundary) {
    // Every shift that some pixel may be compared at.
    const all = [];
    const reach = boundary === "circular" ? length - 1 : Math.max(0, length - 1 - 2 * radius);
    const low = boundary === "circular" ? 0 : -reach;
    for (let s = low; s <= reach; s++) all.push(s);
    return all;
  }

  function doubledRows(pixels, offset, channels, height, width, factor) {
    // Rows written twice in a row: a shifted row of a torus is then one piece of memory.
    const wide = 2 * width;
    const rows = new Float64Array(channels * height * wide);
    for (let k = 0; k < channels * height; k++) {
      for (let j = 0; j < wide; j++) {
        rows[k * wide + j] = factor * pixels[offset + k * width + (j % width)];
      }
    }
    return rows;
  }

  function scanShift(x, keys, values, rows, columns, shape, scale, scratch, partial) {
    const { channels, height, width, columnShift } = shape;
    const wide = 2 * width;
    const area = height * width;
    const { squares, lines } = scratch; // [(H + 1) * W] and [W + 1], the last of each stays zero
    const { energy, total, sum } = partial;
    const { from, to, first, last, opening, enter, leave } = columns;

    for (let i = rows.from; i < rows.to; i++) {
      const out = i * width;
      for (let c = 0; c < channels; c++) {
        const own = (c * height + i) * width;
        const other = (c * height + rows.partner[i]) * wide + columnShift;
        if (c === 0) {
          for (let j = from; j < to; j++) {
            const d = x[own + j] - keys[other + j];
            squares[out + j] = d * d;
          }
        } else {
          for (let j = from; j < to; j++) {
            const d = x[own + j] - keys[other + j];
            squares[out + j] += d * d;
          }
        }
      }
    }

    for (let j = from; j < to; j++) lines[j] = 0;
    for (const i of rows.opening) {
      for (let j = from; j < to; j++) lines[j] += squares[i * width + j];
    }
    for (let i = rows.first; i <= rows.last; i++) {
      if (i > rows.first) {
        const gain = rows.enter[i] * width;
        const loss = rows.leave[i] * width;
        for (let j = from; j < to; j++) lines[j] += squares[gain + j] - squares[loss + j];
      }
      let window = 0;
      for (let k = 0; k < opening.length; k++) window += lines[opening[k]];
      const here = i * width;
      const there = rows.partner[i] * wide + columnShift;
      for (let j = first; j <= last; j++) {
        const now = window * scale;
        const gap = now - energy[here + j];
        // What the next pixel's window gains and loses.
        window += lines[enter[j + 1]] - lines[leave[j + 1]];
        if (gap < CUT) {
          const place = here + j;
          let weight = 1;
          if (gap < 0) {
            // A new heaviest candidate: what was gathered so far shrinks.
            const shrink = gap > -CUT ? decay(-gap) : 0;
            total[place] *= shrink;
            for (let c = 0; c < channels; c++) sum[c * area + place] *= shrink;
            energy[place] = now;
          } else {
            weight = decay(gap);
          }
          total[place] += weight;
          for (let c = 0; c < channels; c++) {
            sum[c * area + place] += weight * values[c * height * wide + there + j];
          }
        }
      }
    }
  }

  function patchPartial({ kind, images, x, alpha, patchSize, boundary, from, to }) {
    const { pixels, channels, height, width } = images;
    const radius = (patchSize - 1) / 2;
    const partial = emptyPartial(height * width, channels);
    const scratch = {
      squares: new Float64Array((height + 1) * width),
      lines: new Float64Array(width + 1),
    };
    const plans = (length) => {
      const some = kind === "LS" ? [0] : shifts(length, radius, boundary);
      const made = some.map((shift) => [shift, axisPlan(length, radius, shift, boundary)]);
      return made.filter(([, plan]) => plan);
    };
    const rowPlans = plans(height);
    const columnPlans = plans(width);
    const noisy = Float64Array.from(x);
    const scale = 1 / (2 * (1 - alpha));
    for (let n = from; n < to; n++) {
      const offset = n * channels * height * width;
      const values = doubledRows(pixels, offset, channels, height, width, 1);
      const keys = doubledRows(pixels, offset, channels, height, width, Math.sqrt(alpha));
      for (const [, rows] of rowPlans) {
        for (const [columnShift, columns] of columnPlans) {
          const shape = { channels, height, width, columnShift };
          scanShift(noisy, keys, values, rows, columns, shape, scale, scratch, partial);
        }
      }
    }
    return partial;
  }

  return { patchPartial, doubledRows };
}
