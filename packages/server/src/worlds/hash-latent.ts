const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * 32-bit FNV-1a over the bits of a latent, a word of 32 bits at a time: equal when every number is equal bit by bit.
 * It proves a replay, it does not protect against forgery.
 */
export function hashLatent(latent: Float32Array): number {
  const words = new Uint32Array(latent.buffer, latent.byteOffset, latent.length)
  let hash = FNV_OFFSET
  for (const word of words) {
    hash = Math.imul(hash ^ word, FNV_PRIME)
    // The product moves bits up only; this brings the high ones down again.
    hash ^= hash >>> 15
  }
  return hash >>> 0
}
