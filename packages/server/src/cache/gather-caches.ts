import type { KvCache } from './kv-cache.ts'

/** Cache inputs of one pass over B rollouts. */
export interface GatheredCache {
  /** [L,B,heads,W*N,headDim] */
  pastKey: Float32Array
  pastValue: Float32Array
  /** [B,W+1] */
  mask: Float32Array
}

/**
 * Puts the caches of B rollouts of one size behind each other, batch axis second.
 *
 * A single cache is handed over as it is, without a copy; several are copied once per chunk, not per denoise step.
 */
export function gatherCaches(caches: readonly KvCache[]): GatheredCache {
  const [first] = caches
  if (caches.length === 1 && first) return { pastKey: first.key, pastValue: first.value, mask: first.mask() }
  return {
    pastKey: interleaveLayers(caches, (cache) => cache.key),
    pastValue: interleaveLayers(caches, (cache) => cache.value),
    mask: Float32Array.from(caches.flatMap((cache) => [...cache.mask()])),
  }
}

function interleaveLayers(caches: readonly KvCache[], pick: (cache: KvCache) => Float32Array): Float32Array {
  const length = caches[0]!.layerLength
  const layers = pick(caches[0]!).length / length
  const out = new Float32Array(caches.length * layers * length)
  caches.forEach((cache, row) => {
    for (let layer = 0; layer < layers; layer++) {
      out.set(pick(cache).subarray(layer * length, (layer + 1) * length), (layer * caches.length + row) * length)
    }
  })
  return out
}
