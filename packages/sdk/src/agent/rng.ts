/** A repeatable stream of numbers in [0, 1), mulberry32: for policies, which need no better one. */
export function randomNumbers(rngSeed: number): () => number {
  let state = rngSeed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
