// One pixel, every candidate: which training pixels weigh most? Sums are direct and always in the
// same order, so that equal patches have equal energies.

export function createExplain() {
  function candidatesAlong(length, radius, boundary, i) {
    const cut = (k) => `${Math.min(radius, k)},${Math.min(radius, length - 1 - k)}`;
    const all = [];
    for (let k = 0; k < length; k++) {
      if (boundary === "circular" || cut(k) === cut(i)) all.push(k);
    }
    return all;
  }

  function windowAlong(length, radius, boundary, i) {
    const offsets = [];
    for (let d = -radius; d <= radius; d++) {
      if (boundary === "circular" || (i + d >= 0 && i + d < length)) offsets.push(d);
    }
    return offsets;
  }

  function explain({ kind, images, x, alpha, patchSize, boundary, row, column, top }) {
    const { pixels, count, channels, height, width } = images;
    const area = height * width;
    const whole = kind === "IS" || kind === "ES";
    const everywhere = kind === "ES" || kind === "ELS";
    const radius = (patchSize - 1) / 2;
    const border = whole ? "circular" : boundary;
    const upto = (length) => [...Array(length).keys()];
    // ES counts its candidates by how far an image is rolled, down and to the right.
    const rolled = (length, i) => upto(length).map((a) => (i - a + length) % length);
    const sources = (length, i) => {
      if (!everywhere) return [i];
      return whole ? rolled(length, i) : candidatesAlong(length, radius, border, i);
    };
    const rows = sources(height, row);
    const columns = sources(width, column);
    // For whole images the sum starts at the picture's corner, so that every pixel finds the same.
    const offsets = (length, i) =>
      whole ? upto(length).map((k) => k - i) : windowAlong(length, radius, border, i);
    const downs = offsets(height, row);
    const rights = offsets(width, column);

    const wrap = (i, length) => ((i % length) + length) % length;
    const ownColumns = rights.map((d) => wrap(column + d, width));
    const window = new Float64Array(channels * downs.length * rights.length);
    let filled = 0;
    for (let c = 0; c < channels; c++) {
      for (const d of downs) {
        const line = c * area + wrap(row + d, height) * width;
        for (const j of ownColumns) window[filled++] = x[line + j];
      }
    }

    const signal = Math.sqrt(alpha);
    const scale = 1 / (2 * (1 - alpha));
    const total = count * rows.length * columns.length;
    const energies = new Float64Array(total);
    const lines = rows.map((r) => Int32Array.from(downs, (d) => wrap(r + d, height) * width));
    const steps = columns.map((q) => Int32Array.from(rights, (d) => wrap(q + d, width)));
    let k = 0;
    for (let n = 0; n < count; n++) {
      for (const line of lines) {
        for (const step of steps) {
          let sum = 0;
          let w = 0;
          for (let c = 0; c < channels; c++) {
            for (let i = 0; i < line.length; i++) {
              const start = (n * channels + c) * area + line[i];
              for (let j = 0; j < step.length; j++) {
                const d = window[w++] - signal * pixels[start + step[j]];
                sum += d * d;
              }
            }
          }
          energies[k++] = sum * scale;
        }
      }
    }

    let lowest = Infinity;
    for (const energy of energies) lowest = Math.min(lowest, energy);
    let partition = 0;
    for (const energy of energies) partition += Math.exp(lowest - energy);

    // The weight of each place, summed over the images; NaN where nothing is compared.
    const places = new Float64Array(area).fill(NaN);
    k = 0;
    for (let n = 0; n < count; n++) {
      for (const r of rows) {
        for (const q of columns) {
          const at = r * width + q;
          places[at] = (places[at] || 0) + Math.exp(lowest - energies[k++]) / partition;
        }
      }
    }

    const contents = (index) => {
      const step = steps[index % columns.length];
      const line = lines[Math.floor(index / columns.length) % rows.length];
      const image = Math.floor(index / (rows.length * columns.length));
      const values = new Float32Array(window.length);
      let w = 0;
      for (let c = 0; c < channels; c++) {
        for (const i of line) {
          const start = (image * channels + c) * area + i;
          for (const j of step) values[w++] = pixels[start + j];
        }
      }
      return values;
    };

    // Energies that agree to nine digits are ties, and the first candidate wins, as in Python.
    const tie = (least) => least + 1e-9 * Math.max(1, Math.abs(least));
    const taken = new Uint8Array(total);

    function collect(least) {
      // The first candidate with this energy, and with it all of its identical copies.
      let first = -1;
      let values = null;
      let copies = 0;
      for (let i = 0; i < total; i++) {
        if (taken[i] || energies[i] < least || energies[i] > tie(least)) continue;
        if (first < 0) {
          first = i;
          values = contents(i);
        } else {
          const others = contents(i);
          if (!values.every((v, w) => v === others[w])) continue;
        }
        taken[i] = 1;
        copies += 1;
      }
      const image = Math.floor(first / (rows.length * columns.length));
      const row = rows[Math.floor(first / columns.length) % rows.length];
      const weight = Math.exp(lowest - energies[first]) / partition;
      return { image, row, column: columns[first % columns.length], weight, copies, values };
    }

    const found = [];
    while (found.length < top) {
      let least = Infinity;
      for (let i = 0; i < total; i++) if (!taken[i] && energies[i] < least) least = energies[i];
      if (least === Infinity) break;
      found.push(collect(least));
    }

    // A patch that is light but has many copies may have more weight in all: the family.
    const counts = new Map();
    for (let i = 0; i < total; i++) {
      if (!taken[i]) counts.set(energies[i], (counts.get(energies[i]) || 0) + 1);
    }
    const joint = (energy, copies) => (Math.exp(lowest - energy) / partition) * copies;
    let most = Math.max(...found.map(({ weight, copies }) => weight * copies));
    let chosen = null;
    for (const [energy, copies] of counts) {
      if (copies < 2 || joint(energy, copies) <= most) continue;
      most = joint(energy, copies);
      chosen = energy;
    }
    return {
      candidates: total,
      rows,
      columns,
      places,
      found,
      family: chosen === null ? null : collect(chosen),
      window,
      windowHeight: downs.length,
      windowWidth: rights.length,
    };
  }

  return { explain };
}
