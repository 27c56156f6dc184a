import { describe, expect, it } from 'vitest'
import { fnv1a32, tokenize } from './tokenizer.ts'

const text = {
  length: 5,
  queryTokens: 1,
  width: 1,
  pooledWidth: 1,
  tokenizer: { kind: 'words' as const, words: ['<pad>', 'a', 'forest'], hashBuckets: 8 },
}
const ids = (caption: string) => [...tokenize(caption, text)].map(Number)

describe('tokenize', () => {
  it('maps known words to their index and pads', () => {
    expect(ids('A  forest, a FOREST')).toEqual([1, 2, 1, 2, 0])
  })

  it('maps unknown words behind the known ones', () => {
    expect(ids('zebra')).toEqual([3 + (fnv1a32('zebra') % 8), 0, 0, 0, 0])
    expect(ids('<pad>')).toEqual([3 + (fnv1a32('pad') % 8), 0, 0, 0, 0])
  })

  it('cuts what is too long and survives nothing at all', () => {
    expect(ids('a a a a a a a')).toEqual([1, 1, 1, 1, 1])
    expect(ids(' ,é!')).toEqual([0, 0, 0, 0, 0])
  })
})

describe('fnv1a32', () => {
  it('gives the published test vectors', () => {
    expect(fnv1a32('')).toBe(0x811c9dc5)
    expect(fnv1a32('a')).toBe(0xe40c292c)
    expect(fnv1a32('foobar')).toBe(0xbf9cf968)
  })
})
