import { decodeDepth, SoraError } from '../protocol/index.ts'
import type { Chunk, ImageChunk } from '../stream/chunk-assembler.ts'
import type { DecodedChunk, DecoderOptions, FrameDecoder, Picture } from './frame-decoder.ts'

/** Reads encoded pictures into pixels; the one thing that differs between platforms. */
export type ReadImage = (bytes: Uint8Array<ArrayBuffer>, type: string) => Promise<Pixels>

export interface Pixels {
  width: number
  height: number
  data: Uint8ClampedArray<ArrayBuffer>
}

/** Image downlink: the server decoded the latents, here only JPEG or WebP is read, and the depth that comes with it. */
export class ImageDecoder implements FrameDecoder {
  readonly kind = 'image'
  readonly backend = 'image'
  readonly #read: ReadImage
  #isDisposed = false

  constructor(read: ReadImage = readInBrowser) {
    this.#read = read
  }

  async load({ onProgress }: DecoderOptions): Promise<void> {
    if (this.#read === readInBrowser && typeof createImageBitmap !== 'function') {
      throw new SoraError('unsupported', 'pictures can only be read in a browser; use the latent downlink')
    }
    onProgress?.('ready to receive pictures')
  }

  async decode(chunk: Chunk): Promise<DecodedChunk> {
    if (chunk.kind !== 'image') throw new SoraError('packet-invalid', 'a latent came where pictures were expected')
    const startMs = performance.now()
    let images: Pixels[]
    try {
      images = await Promise.all(chunk.images.map((bytes) => this.#read(bytes, chunk.imageType)))
    } catch (cause) {
      throw new SoraError('decoder-failed', `a picture of type ${chunk.imageType} could not be read`, { cause })
    }
    if (this.#isDisposed) throw new SoraError('aborted', 'the decoder was disposed')
    return {
      pictures: images.map((image, frame) => toPicture(image, depthOf(chunk, frame))),
      decodeMs: performance.now() - startMs,
    }
  }

  dispose(): void {
    this.#isDisposed = true
  }
}

type Depth = Pick<Picture, 'inverseDepth' | 'depthWidth' | 'depthHeight'>

function toPicture({ width, height, data }: Pixels, depth: Depth): Picture {
  return { width, height, rgba: data, ...depth, release() {} }
}

function depthOf({ depth }: ImageChunk, frame: number): Depth {
  if (!depth) return { inverseDepth: null, depthWidth: 0, depthHeight: 0 }
  const { codes, width, height } = depth
  const samples = width * height
  const inverseDepth = decodeDepth(codes.subarray(frame * samples, (frame + 1) * samples))
  return { inverseDepth, depthWidth: width, depthHeight: height }
}

async function readInBrowser(bytes: Uint8Array<ArrayBuffer>, type: string): Promise<Pixels> {
  const bitmap = await createImageBitmap(new Blob([bytes], { type }), {
    premultiplyAlpha: 'none',
    colorSpaceConversion: 'none',
  })
  const { width, height } = bitmap
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true })
  if (!context) throw new SoraError('unsupported', 'this browser gives no 2D canvas')
  context.drawImage(bitmap, 0, 0)
  bitmap.close()
  return { width, height, data: context.getImageData(0, 0, width, height).data as Uint8ClampedArray<ArrayBuffer> }
}
