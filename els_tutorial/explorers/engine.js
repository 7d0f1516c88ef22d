// The mathematics of the explorers: no page, no network, only numbers.
//
// A picture is a flat array [C * H * W]; a set of pictures is {pixels, count, channels, height,
// width} with pixels [N * C * H * W] in [-1, 1]. The Python machines are the oracle of all of this.
// Each part is one function that reads nothing from outside it: its text goes into the workers too.

import { createNoise } from "./noise.js";
import { createSoftmax } from "./softmax.js";
import { createPatchMean } from "./patch_mean.js";
import { createPatchSimd } from "./patch_simd.js";
import { createWholeMean } from "./whole_mean.js";
import { createExplain } from "./explain.js";

export function createEngine() {
  const softmax = createSoftmax();
  const patches = createPatchMean(softmax);
  const { elsPartial } = createPatchSimd(softmax);
  const wholes = createWholeMean({ ...softmax, ...patches });

  function partialOf(job) {
    // A job is {kind, images, x, alpha, patchSize, boundary, from, to}; the mean of images
    // from..to - 1 alone, to be merged with the others.
    if (job.kind === "ELS" && elsPartial) return elsPartial(job);
    return job.kind === "LS" || job.kind === "ELS"
      ? patches.patchPartial(job)
      : wholes.wholePartial(job);
  }

  return { ...createNoise(), ...createExplain(), partialOf, merge: softmax.merge };
}

export const engineText = [
  createNoise,
  createSoftmax,
  createPatchMean,
  createPatchSimd,
  createWholeMean,
  createExplain,
  createEngine,
].join("\n");
