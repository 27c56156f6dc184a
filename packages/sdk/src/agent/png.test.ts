import { crc32, inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { encodePng, pngAddress } from './png.ts'

/** Name and data of each part, whose checksum was compared. */
function partsOf(png: Uint8Array): { name: string; data: Uint8Array }[] {
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength)
  const parts: { name: string; data: Uint8Array }[] = []
  for (let at = 8; at < png.length; ) {
    const length = view.getUint32(at)
    const body = png.subarray(at + 4, at + 8 + length)
    expect(view.getUint32(at + 8 + length)).toBe(crc32(body))
    parts.push({ name: String.fromCharCode(...body.subarray(0, 4)), data: body.subarray(4) })
    at += 12 + length
  }
  return parts
}

describe('a PNG', () => {
  // The second is larger than one stored block of deflate.
  it.each([
    [3, 2],
    [200, 150],
  ])('of %d x %d holds the picture', (width, height) => {
    const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * 7) % 251)
    const [header, pixels, end] = partsOf(encodePng(rgb, width, height))
    expect([header!.name, pixels!.name, end!.name]).toEqual(['IHDR', 'IDAT', 'IEND'])
    const size = new DataView(header!.data.buffer, header!.data.byteOffset)
    expect([size.getUint32(0), size.getUint32(4), header!.data[8], header!.data[9]]).toEqual([width, height, 8, 2])
    const lines = inflateSync(pixels!.data)
    const line = width * 3 + 1
    expect(lines).toHaveLength(height * line)
    for (let y = 0; y < height; y++) {
      expect(lines[y * line]).toBe(0)
      expect(lines.subarray(y * line + 1, (y + 1) * line)).toEqual(
        Buffer.from(rgb.subarray(y * (line - 1), (y + 1) * (line - 1))),
      )
    }
  })

  it('can be an address', () => {
    const rgb = new Uint8Array(12).fill(9)
    const [, base64] = pngAddress(rgb, 2, 2).split('data:image/png;base64,')
    expect(new Uint8Array(Buffer.from(base64!, 'base64'))).toEqual(encodePng(rgb, 2, 2))
  })
})
