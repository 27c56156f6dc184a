import { describe, expect, it, vi } from 'vitest'
import { FakeModel } from '../model/fake-model.ts'
import { TextEncoder } from './text-encoder.ts'

describe('TextEncoder', () => {
  it('asks the model once per caption', async () => {
    const model = new FakeModel()
    const encodeText = vi.spyOn(model, 'encodeText')
    const encoder = new TextEncoder(model)
    const [first, second] = await Promise.all([encoder.encode('a forest'), encoder.encode('a forest')])
    expect(second).toBe(first)
    expect((await encoder.encode('a desert')).pooled).not.toEqual(first.pooled)
    expect(encodeText).toHaveBeenCalledTimes(2)
  })

  it('forgets the least recently used', async () => {
    const model = new FakeModel()
    const encodeText = vi.spyOn(model, 'encodeText')
    const encoder = new TextEncoder(model, 2)
    for (const caption of ['a', 'b', 'a', 'c', 'a']) await encoder.encode(caption)
    expect(encodeText).toHaveBeenCalledTimes(3)
    await encoder.encode('b')
    expect(encodeText).toHaveBeenCalledTimes(4)
  })

  it('tries again after a failure', async () => {
    const model = new FakeModel()
    vi.spyOn(model, 'encodeText').mockRejectedValueOnce(new Error('once'))
    const encoder = new TextEncoder(model)
    await expect(encoder.encode('a')).rejects.toThrow('once')
    expect((await encoder.encode('a')).text).toBeInstanceOf(Float32Array)
  })
})
