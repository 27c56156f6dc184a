import sharp from 'sharp'

/** Names of sharp's kernels: `nearest` keeps every pixel a square, `cubic` is smooth. */
export type EnlargeFilter = 'nearest' | 'cubic'

/** One frame uint8 [H,W,3] to [H*scale,W*scale,4], opaque. */
export function enlarge(
  rgb: Uint8Array,
  size: { width: number; height: number },
  scale: number,
  filter: EnlargeFilter,
): Promise<Uint8Array> {
  return sharp(rgb, { raw: { width: size.width, height: size.height, channels: 3 } })
    .resize(size.width * scale, size.height * scale, { kernel: filter })
    .ensureAlpha()
    .raw()
    .toBuffer()
}
