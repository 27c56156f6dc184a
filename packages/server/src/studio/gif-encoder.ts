import { createRequire } from 'node:module'

type Palette = number[][]

interface GifStream {
  writeFrame(index: Uint8Array, width: number, height: number, options: { palette: Palette; delay: number }): void
  finish(): void
  bytes(): Uint8Array
}

interface Gifenc {
  GIFEncoder(): GifStream
  quantize(rgba: Uint8Array, maxColors: number): Palette
  applyPalette(rgba: Uint8Array, palette: Palette): Uint8Array
}

/**
 * gifenc 1.0.3, typed as far as it is used; it ships no types. Required, not imported: its CommonJS and its ES build
 * have different default exports, and Node and bundlers disagree about which one an import gives.
 */
export const gifenc = createRequire(import.meta.url)('gifenc') as Gifenc
