/** Longest block that deflate can store uncompressed. */
const STORED_BYTES = 65_535
const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const TRUE_COLOUR = 2

/**
 * A frame uint8 [H,W,3] as the bytes of a PNG, uncompressed: small pictures, and no encoder that the browser and Node
 * both have.
 */
export function encodePng(rgb: Uint8Array, width: number, height: number): Uint8Array {
  const lines = new Uint8Array(height * (width * 3 + 1))
  for (let y = 0; y < height; y++) {
    // Each line begins with its filter: none.
    lines.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), y * (width * 3 + 1) + 1)
  }
  const header = [...bigEndian(width), ...bigEndian(height), 8, TRUE_COLOUR, 0, 0, 0]
  return joined([
    Uint8Array.from(SIGNATURE),
    pngChunk('IHDR', Uint8Array.from(header)),
    pngChunk('IDAT', stored(lines)),
    pngChunk('IEND', new Uint8Array(0)),
  ])
}

/** For endpoints that take pictures as addresses. */
export function pngAddress(rgb: Uint8Array, width: number, height: number): string {
  let text = ''
  for (const byte of encodePng(rgb, width, height)) text += String.fromCharCode(byte)
  return `data:image/png;base64,${btoa(text)}`
}

/** A zlib stream of stored blocks, RFC 1950 and 1951. */
function stored(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x78, 0x01)]
  for (let at = 0; at < bytes.length; at += STORED_BYTES) {
    const block = bytes.subarray(at, at + STORED_BYTES)
    const isLast = at + STORED_BYTES >= bytes.length
    const { length } = block
    const low = [length & 0xff, length >> 8]
    parts.push(Uint8Array.of(isLast ? 1 : 0, ...low, ...low.map((byte) => byte ^ 0xff)), block)
  }
  return joined([...parts, Uint8Array.from(bigEndian(adler32(bytes)))])
}

function pngChunk(name: string, data: Uint8Array): Uint8Array {
  const body = joined([Uint8Array.from(name, (letter) => letter.charCodeAt(0)), data])
  return joined([Uint8Array.from(bigEndian(data.length)), body, Uint8Array.from(bigEndian(crc32(body)))])
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

function adler32(bytes: Uint8Array): number {
  let a = 1
  let b = 0
  for (const byte of bytes) {
    a = (a + byte) % 65_521
    b = (b + a) % 65_521
  }
  return b * 65_536 + a
}

function bigEndian(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff)
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}
