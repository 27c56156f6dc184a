import type { Frame } from '@sora-world/sdk'

/** A frame as a small picture file; null when the browser cannot make one. */
export function framePicture({ width, height, rgba }: Frame): Promise<Blob | null> {
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  canvas.getContext('2d')?.putImageData(new ImageData(new Uint8ClampedArray(rgba), width, height), 0, 0)
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/webp', 0.8))
}
