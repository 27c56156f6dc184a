import type { ModelManifest } from '@sora-world/sdk/protocol'

const PADDING = 0
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193

/**
 * Caption to token ids, as the manifest's `words` tokenizer says: a known word is its index, any other falls into one
 * of a few hash buckets behind them. int64 [P], cut or padded with 0.
 */
export function tokenize(caption: string, text: ModelManifest['text']): BigInt64Array {
  const { words, hashBuckets } = text.tokenizer
  const ids = captionWords(caption).map((word) => {
    const known = words.indexOf(word)
    return known > PADDING ? known : words.length + (fnv1a32(word) % hashBuckets)
  })
  const out = new BigInt64Array(text.length)
  ids.slice(0, text.length).forEach((id, i) => {
    out[i] = BigInt(id)
  })
  return out
}

/** Lower-case runs of a to z and 0 to 9. */
export function captionWords(caption: string): string[] {
  return caption
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

/** Fowler/Noll/Vo hash 1a over the UTF-8 bytes, 32 bits, unsigned. */
export function fnv1a32(text: string): number {
  let hash = FNV_OFFSET
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, FNV_PRIME)
  return hash >>> 0
}
