import { describe, expect, it } from 'vitest'
import { modelDims } from '../model/denoiser.ts'
import { fakeManifest } from '../model/fake-manifest.ts'
import { gatherCaches } from './gather-caches.ts'
import { KvCache } from './kv-cache.ts'

const manifest = fakeManifest()
const dims = modelDims(manifest, manifest.sizes[0]!)
const part = dims.tokens * dims.headDim

/** present.* of B rows in which every number says layer, row, head and chunk: 1000 l + 100 b + 10 h + chunk/1000. */
function present(chunk: number, batch = 1): Float32Array {
  const out = new Float32Array(dims.layers * batch * dims.heads * part)
  return out.map((_, i) => {
    const head = Math.floor(i / part) % dims.heads
    const row = Math.floor(i / (part * dims.heads)) % batch
    const layer = Math.floor(i / (part * dims.heads * batch))
    return 1000 * layer + 100 * row + 10 * head + chunk / 1000
  })
}

/** First number of one slot of past.* [L,B,heads,W*N,headDim]. */
function at(past: Float32Array, layer: number, head: number, slot: number, batch = 1, row = 0): number {
  return past[(((layer * batch + row) * dims.heads + head) * dims.contextChunks + slot) * part]!
}

describe('KvCache', () => {
  it('puts each chunk into its slot of every layer and head', () => {
    const cache = new KvCache(dims)
    for (let index = 0; index < 6; index++) cache.commit(index, present(index), present(index))
    // W = 4: chunks 2, 3, 4, 5 are left; chunk 4 sits in slot 0.
    expect([0, 1, 2, 3].map((slot) => at(cache.key, 1, 1, slot))).toEqual(
      [4, 5, 2, 3].map((i) => Math.fround(1010 + i / 1000)),
    )
    expect(at(cache.value, 0, 1, 3)).toBeCloseTo(10.003)
    expect(cache.newest).toBe(5)
    cache.checkIntegrity()
  })

  it('masks empty slots and always shows the chunk itself', () => {
    const cache = new KvCache(dims)
    expect([...cache.mask()]).toEqual([0, 0, 0, 0, 1])
    cache.commit(0, present(0), present(0))
    cache.commit(1, present(1), present(1))
    expect([...cache.mask()]).toEqual([1, 1, 0, 0, 1])
    cache.evict(0)
    cache.evict(17)
    expect([...cache.mask()]).toEqual([0, 1, 0, 0, 1])
    cache.reset()
    expect(cache.length).toBe(0)
    expect(cache.key.every((x) => x === 0)).toBe(true)
  })

  it('takes its row out of a batch', () => {
    const cache = new KvCache(dims)
    cache.commit(0, present(0, 3), present(0, 3), 3, 2)
    expect(at(cache.key, 1, 1, 0)).toBe(1210)
  })

  it('gathers rollouts with the batch axis second, and one alone without a copy', () => {
    const caches = [new KvCache(dims), new KvCache(dims)]
    caches[0]!.commit(0, present(0, 2), present(0, 2), 2, 0)
    caches[1]!.commit(0, present(0, 2), present(0, 2), 2, 1)
    caches[1]!.commit(1, present(1, 2), present(1, 2), 2, 1)
    const { pastKey, mask } = gatherCaches(caches)
    expect(at(pastKey, 1, 0, 0, 2, 0)).toBe(1000)
    expect(at(pastKey, 1, 0, 0, 2, 1)).toBe(1100)
    expect([...mask]).toEqual([1, 0, 0, 0, 1, 1, 1, 0, 0, 1])
    expect(gatherCaches([caches[0]!]).pastKey).toBe(caches[0]!.key)
  })

  it('refuses chunks out of order and tensors of another size', () => {
    const cache = new KvCache(dims)
    cache.commit(9, present(9), present(9))
    expect(() => cache.commit(11, present(11), present(11))).toThrow(/chunk 11 committed after chunk 9/)
    expect(() => cache.commit(10, present(0).subarray(1), present(0))).toThrow(/present/)
  })

  it('goes on from a snapshot as if nothing had happened', () => {
    const cache = new KvCache(dims)
    for (let index = 0; index < 5; index++) cache.commit(index, present(index), present(index))
    const copy = new KvCache(dims)
    copy.restore(structuredClone(cache.snapshot()))
    for (const each of [cache, copy]) each.commit(5, present(5), present(5))
    expect(copy.snapshot()).toEqual(cache.snapshot())
  })

  it('finds damage', () => {
    const cache = new KvCache(dims)
    cache.commit(0, present(0), present(0))
    const content = cache.snapshot()
    expect(() => new KvCache(dims).restore({ ...content, slots: [1, -1, -1, -1] })).toThrow(/slot 0 holds chunk 1/)
    expect(() => new KvCache(dims).restore({ ...content, slots: [0] })).toThrow(/another model or size/)
    content.value[3] = Number.NaN
    expect(() => new KvCache(dims).restore(content)).toThrow(/not finite/)
  })
})
