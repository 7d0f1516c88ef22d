// The ELS machine four pixels at a time, where the browser can (WebAssembly with SIMD).
//
// COMPILED is patch_simd.ts (sha256 b4208ae3877d3529...), compiled by AssemblyScript 0.28:
//   npx asc patch_simd.ts --outFile patch_simd.wasm -O3 --noAssert --runtime stub \
//     --enable simd --enable bulk-memory --initialMemory 64 && base64 -w0 patch_simd.wasm

export function createPatchSimd({ CUT, emptyPartial }) {
  const COMPILED =
    "AGFzbQEAAAABHARgAAF/YAV/f397ewBgAn19AGAGf39/f39/AX8DCAcBAgADAAAABQMBAEAGeRh/AUEAC38BQQALfwFBAAt/AUEAC38BQQALfwFBAAt/AUEAC38BQQALfwFBAAt/AUEAC38BQQALfwFBAAt/AUEAC38BQQALfwFBAAt/AUEAC38BQQALfwFBAAt/AUEAC38BQQALfwFBAAt/AUEAC38BQQALfwFBAAsHRgcGbGF5b3V0AAMHbm9pc3lBdAACBmtleXNBdAAECGVuZXJneUF0AAULY29sdW1uc0xlZnQABgRzY2FuAAEGbWVtb3J5AgAK8RIH7AcCBXsNfyMMIAEjCWxqIwMgAmpBAnRqIRAjFiEPIwQhAiMCIRUjECEOIxEhDSAAIwpsIgAjFGohFCMAIwpsIRMjACMJbCEMIxIgAGohEiMTIABqIREjDSELIxUhAQNAIAEgD0gEQCABIA1qIQogASAOaiIW/QAEACEFAkAgAkEMSARAQQEhAANAIAAgAkgEQCAFIBYgAEECdGr9AAQA/eQBIQUgAEEBaiEADAELCwwBCyACQQJxBH8gBSAW/QAEBCAW/QAECP3kAf3kASEFQQMFQQELIQADQCAAIAJIBEAgBSAKIABBAnRq/QAEAP3kASEFIABBBGohAAwBCwsLIAUgA/3mASABIAtq/QAEAP3kASIHIAEgEmr9AAQAIgX95QEiBiAE/UP9UwRAIAEgEWr9AAQAIQggBv0MAAAAAAAAAAAAAAAAAAAAAP1D/VMEQCAFIAf96AEiBiAF/eUB/QwAAK7CAACuwgAArsIAAK7C/ekBIgn9DDuquD87qrg/O6q4PzuquD/95gH9aiEFIAj9DImICDyJiAg8iYgIPImICDwgCSAF/QwYcjE/GHIxPxhyMT8YcjE//eYB/eUBIgj95gH9DKuqKj2rqio9q6oqPauqKj395AEgCP3mAf0Mq6oqPquqKj6rqio+q6oqPv3kASAI/eYB/QwAAAA/AAAAPwAAAD8AAAA//eQBIAj95gH9DAAAgD8AAIA/AACAPwAAgD/95AEgCP3mAf0MAACAPwAAgD8AAIA/AACAP/3kASAF/fgBQRf9qwH9rgEiBf3mASEIQQAhAANAIAAgFUgEQCAUIAAgE2xqIAFqIgogCv0ABAAgBf3mAf0LBAAgAEEBaiEADAELCyABIBJqIAYiBf0LBAALIAUgB/3lAf0MAACuwgAArsIAAK7CAACuwv3pASIF/Qw7qrg/O6q4PzuquD87qrg//eYB/WohBiABIBFqIAj9DImICDyJiAg8iYgIPImICDwgBSAG/QwYcjE/GHIxPxhyMT8YcjE//eYB/eUBIgX95gH9DKuqKj2rqio9q6oqPauqKj395AEgBf3mAf0Mq6oqPquqKj6rqio+q6oqPv3kASAF/eYB/QwAAAA/AAAAPwAAAD8AAAA//eQBIAX95gH9DAAAgD8AAIA/AACAPwAAgD/95AEgBf3mAf0MAACAPwAAgD8AAIA/AACAP/3kASAG/fgBQRf9qwH9rgEiBf3kAf0LBABBACEAA0AgACAVSARAIBQgACATbGogAWoiCiAK/QAEACAFIBAgACAMbGogAWr9AAQA/eYB/eQB/QsEACAAQQFqIQAMAQsLCyABQRBqIQEMAQsLC9kIAhN/A3sgAP0TIRYgAf0TIRdBAEEAIwZrIwUbIQcDQCAHIwZMBEBBACMFIAdFIwUbIgIEf0EABSMDIgMjAyAHayIEIAMgBEobCyIDIwNrIAIbIQQjACACBH8jAAUjACMDayIFIAdrIQYgBSAGIAUgBkgbCyIKIwNqIAIbIQtBAEEAIwdrIwUbIQgDQCAIIwdMBEAjBSAIRSMFGyICBH9BAAUjAyIFIwMgCGsiBiAFIAZKGwsiBSACBH8jAQUjASMDayICIAhrIQYgAiAGIAIgBkgbCyIGSARAQQAhAgNAIAIjCkECdUgEQCMNIAJBAnRqQwAAAABDyvJJcSACIAZIIAIgBU5xGzgCACACQQFqIQIMAQsLIAVBfHFBAnQkFSAGQQNqQXxxQQJ0JBYjCCICIAYjA0EBdGpBA2pBfHFBAnQiBSACIAVIGyQXIAhBACMHIwUbaiEJIAQhAgNAIAIgC0gEQCACIAdqIgUjAGsgBSAFIwBOGyEMIw4jCCACIwNqbGohDSMXIQ5BACEGA0AgBiMCSARAIwsjCCAGIwBsIgUgAmpsaiEPIwwjCSAFIAxqbGogCUECdGohECMVIQUDQCAFIA5IBEAgBSAPav0ABAAgBSAQav0ABAD95QEiFSAV/eYBIRUgBSANaiIRIAYEeyAVIBH9AAQA/eQBBSAVC/0LBAAgBUEQaiEFDAELCyAGQQFqIQYMAQsLIAJBAWohAgwBCwsjBQRAIw4jACMIbCICIw5qIwMjCGwiBfwKAAAjDiACaiAFaiMOIAVqIAX8CgAACyMEQQxOBEAjDiEFIwghBiMPIQwjCCMAIwNBAXRqQQNrbCENQQAhAgNAIAIgDUgEQCACIAxqIAIgBWoiDv0ABAAgBiAOav0ABAD95AEgDiAGQQF0av0ABAAgDiAGQQNsav0ABAD95AH95AH9CwQAIAJBEGohAgwBCwsLIAMhAgNAIAIgCkgEQCMEIQ8jFyEQIxAhESMIIgwgAmwiBSMOaiENIw8gBWohEiMVIQYDQCAGIBBIBEAgBiARaiAGIBJqIRQgBiANaiIO/QAEACEVAkAgD0EMSARAQQEhBQNAIAUgD0gEQCAVIA4gBSAMbGr9AAQA/eQBIRUgBUEBaiEFDAELCwwBCyAPQQJxBH8gFSAMIA5q/QAEACAOIAxBAXRq/QAEAP3kAf3kASEVQQMFQQELIQUDQCAFIA9IBEAgFSAUIAUgDGxq/QAEAP3kASEVIAVBBGohBQwBCwsLIBX9CwQAIAZBEGohBgwBCwsjBEEMTgRAIxAhBiMRIQwjCCENQQAhBQNAIAUgDUgEQCAFIAxqIAUgBmoiDv0ABAAgDv0ABAT95AEgDv0ABAggDv0ABAz95AH95AH9CwQAIAVBEGohBQwBCwsLIAIgAiAHaiIFIwBrIAUgBSMAThsgCSAWIBcQACACQQFqIQIMAQsLCyAIQQFqIQgMAQsLIAdBAWohBwwBCwsLBAAjCwuJAgEBfyABJAAgAiQBIAMkAiAEJAMgBEEBdEEBaiQEIAVBAEckBSAFBH8gAUEBawUgAUEBayAEQQF0ayIGQQAgBkEAThsLJAYgBQR/IAJBAWsFIAJBAWsgBEEBdGsiBUEAIAVBAE4bCyQHIAIgBEEBdCIEaiIFQQNqQXxxQQJ0JAggBSMHQQF0akEHakF8cUECdCQJIAJBA2pBfHFBAnQkCiAAJAsjCyABIANsIgAjCGxqJAwjDCAAIwlsaiQOIwggASAEamwiAiMOaiQPIw8gAmokECMQIwhqQRBqJBEjESMIakEQaiQNIw0jCmokEiABIwpsIgEjEmokEyMTIAFqJBQjFCAAIwpsagsEACMMCwQAIxILDAAjA0EAIwcjBRtqCw==";
  const UNMET = 1e20; // the energy of a pixel that has met no candidate

  function start() {
    try {
      const bytes = Uint8Array.from(atob(COMPILED), (letter) => letter.charCodeAt(0));
      return new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports;
    } catch {
      return null; // an old browser, or a page that forbids it
    }
  }
  const machine = start();

  function elsPartial({ images, x, alpha, patchSize, boundary, from, to }) {
    const { pixels, channels, height, width } = images;
    const radius = (patchSize - 1) / 2;
    const base = 1024;
    const circular = boundary === "circular";
    const end = machine.layout(base, height, width, channels, radius, circular);
    const missing = end - machine.memory.buffer.byteLength;
    if (missing > 0) machine.memory.grow(Math.ceil(missing / 65536));
    const memory = new Float32Array(machine.memory.buffer);
    memory.fill(0, base / 4, end / 4);

    const four = (n) => (n + 3) & ~3;
    const left = machine.columnsLeft();
    const noisyWide = four(width + 2 * radius);
    const reach = circular ? width - 1 : Math.max(0, width - 1 - 2 * radius);
    const keyWide = four(width + 2 * radius + 2 * reach + 4);
    function lay(source, offset, factor, at, wide, before) {
      for (let row = 0; row < channels * height; row++) {
        for (let k = 0; k < wide; k++) {
          const j = circular ? (k - before + 2 * width) % width : k - before;
          const inside = j >= 0 && j < width;
          memory[at / 4 + row * wide + k] = inside ? factor * source[offset + row * width + j] : 0;
        }
      }
    }

    const area = height * width;
    const wide = four(width);
    const results = machine.energyAt() / 4; // energies, totals, then a sum for each channel
    const partial = emptyPartial(area, channels);
    const { energy, total, sum } = partial;
    const signal = Math.sqrt(alpha);
    lay(x, 0, 1, machine.noisyAt(), noisyWide, radius);
    for (let n = from; n < to; n++) {
      lay(pixels, n * channels * area, signal, machine.keysAt(), keyWide, left);
      memory.fill(0, results, end / 4);
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < width; j++) {
          memory[results + i * wide + j] = Math.min(UNMET, energy[i * width + j]);
        }
      }
      machine.scan(1 / (2 * (1 - alpha)), CUT);
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < width; j++) {
          const place = i * width + j;
          const found = results + i * wide + j;
          const added = memory[found + height * wide];
          if (added === 0) continue;
          const shrink = Math.exp(memory[found] - energy[place]);
          energy[place] = memory[found];
          total[place] = shrink * total[place] + added;
          for (let c = 0; c < channels; c++) {
            const more = memory[found + (2 + c) * height * wide] / signal;
            sum[c * area + place] = shrink * sum[c * area + place] + more;
          }
        }
      }
    }
    return partial;
  }

  return { elsPartial: machine && elsPartial };
}
