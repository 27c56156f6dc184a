/**
 * Standard normal noise as a pure function of (rngSeed, chunk index, stream): nothing to store, nothing to advance.
 * A rollout that is rebuilt, replayed or forked meets the same noise at the same chunk.
 *
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11) turns a counter into 128 random
 * bits; Box-Muller turns those into four normal numbers.
 */

/** What the noise is for; different streams of one chunk are independent. */
export type NoiseStream = 'initial' | 'commit'

const STREAM_KEY: Record<NoiseStream, number> = { initial: 0, commit: 1 }

const ROUNDS = 10
const MULTIPLIER_0 = 0xd2511f53
const MULTIPLIER_1 = 0xcd9e8d57
const WEYL_0 = 0x9e3779b9
const WEYL_1 = 0xbb67ae85
const TWO_POW_32 = 2 ** 32

type Words = [number, number, number, number]

/** Normal noise, `length` numbers, for one chunk of the rollout that `rngSeed` names. */
export function chunkNoise(rngSeed: number, chunkIndex: number, stream: NoiseStream, length: number): Float32Array {
  const out = new Float32Array(length)
  const chunkHigh = Math.floor(chunkIndex / TWO_POW_32)
  for (let block = 0; block * 4 < length; block++) {
    const words = philox([block, chunkIndex >>> 0, chunkHigh, 0], [rngSeed >>> 0, STREAM_KEY[stream]])
    // Writes beyond the end of a typed array are dropped: the last block may be partly used.
    writeNormalPair(out, block * 4, words[0], words[1])
    writeNormalPair(out, block * 4 + 2, words[2], words[3])
  }
  return out
}

/** Philox4x32 with ten rounds; 32-bit unsigned words in and out. Exported for its known-answer test. */
export function philox(counter: Words, key: [number, number]): Words {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0)
    const low0 = Math.imul(MULTIPLIER_0, c0)
    const high1 = multiplyHigh(MULTIPLIER_1, c2)
    const low1 = Math.imul(MULTIPLIER_1, c2)
    c0 = (high1 ^ c1 ^ k0) >>> 0
    c1 = low1 >>> 0
    c2 = (high0 ^ c3 ^ k1) >>> 0
    c3 = low0 >>> 0
    k0 = (k0 + WEYL_0) >>> 0
    k1 = (k1 + WEYL_1) >>> 0
  }
  return [c0, c1, c2, c3]
}

/** Upper 32 bits of the 64-bit product of two unsigned 32-bit words; no sum of halves leaves 32 bits. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const middle = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) >>> 0
  const carry = (Math.imul(aLow, bHigh) + (middle & 0xffff)) >>> 0
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (carry >>> 16)) >>> 0
}

function writeNormalPair(out: Float32Array, at: number, first: number, second: number): void {
  // Half a unit off both ends: log(0) cannot happen.
  const radius = Math.sqrt(-2 * Math.log((first + 0.5) / TWO_POW_32))
  const angle = (2 * Math.PI * (second + 0.5)) / TWO_POW_32
  out[at] = radius * Math.cos(angle)
  out[at + 1] = radius * Math.sin(angle)
}
