// The noisy picture: the same numbers as `els_tutorial.explorers.noise` and the cosine schedule.

export function createNoise() {
  function uniforms(seed) {
    // mulberry32: 32 bits of state, one number in [0, 1) a call.
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let z = state;
      z = Math.imul(z ^ (z >>> 15), z | 1);
      z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
      return ((z ^ (z >>> 14)) >>> 0) / 4294967296;
    };
  }

  function noise(seed, length) {
    // Box-Muller: two uniform numbers make two independent normal ones.
    const next = uniforms(seed);
    const values = new Float32Array(length);
    for (let i = 0; i < length; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(1 - next()));
      const angle = 2 * Math.PI * next();
      values[i] = radius * Math.cos(angle);
      if (i + 1 < length) values[i + 1] = radius * Math.sin(angle);
    }
    return values;
  }

  function alphaBar(t) {
    return Math.cos((Math.PI * t) / 2.016) ** 2;
  }

  function addNoise(picture, alpha, seed) {
    const signal = Math.sqrt(alpha);
    const sigma = Math.sqrt(1 - alpha);
    const x = noise(seed, picture.length);
    for (let i = 0; i < x.length; i++) x[i] = signal * picture[i] + sigma * x[i];
    return x;
  }

  return { uniforms, noise, alphaBar, addNoise };
}
