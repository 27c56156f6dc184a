import { philox } from './noise.ts'

/** Key of the numbers that a policy draws with; the noise of chunks has others. */
const POLICY_KEY = 2
const TWO_POW_32 = 2 ** 32

/** `length` numbers in [0, 1) for what is drawn at one chunk: a pure function of random seed and chunk index. */
export function chunkUniforms(rngSeed: number, chunkIndex: number, length: number): Float64Array {
  const out = new Float64Array(length)
  const chunkHigh = Math.floor(chunkIndex / TWO_POW_32)
  for (let block = 0; block * 4 < length; block++) {
    const words = philox([block, chunkIndex >>> 0, chunkHigh, 0], [rngSeed >>> 0, POLICY_KEY])
    // Writes beyond the end of a typed array are dropped: the last block may be partly used.
    words.forEach((word, i) => {
      out[block * 4 + i] = word / TWO_POW_32
    })
  }
  return out
}
