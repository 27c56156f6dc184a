import { extname } from 'node:path'
import { SoraError } from '@sora-world/sdk/protocol'
import h264 from 'h264-mp4-encoder'
import sharp from 'sharp'
import { gifenc } from './gif-encoder.ts'

/** Collects frames of one size and turns them into the bytes of one file. */
export interface FrameWriter {
  /** uint8 [H,W,4] */
  add(rgba: Uint8Array): void
  finish(): Promise<Uint8Array>
}

export interface Picture {
  width: number
  height: number
  framesPerSecond: number
}

/** Constant quality, 10 (best) to 51; at 20 the small pictures of a world show no blocks. */
const H264_QUANTISER = 20
/** 0 best and slowest to 10. */
const H264_SPEED = 5
const GIF_COLOURS = 256
const WEBP_QUALITY = 85

const WRITERS: Record<string, (picture: Picture) => Promise<FrameWriter>> = {
  '.mp4': mp4Writer,
  '.gif': async (picture) => gifWriter(picture),
  '.webp': async (picture) => webpWriter(picture),
  '.png': async (picture) => pngWriter(picture),
}

/** Whether the file holds one picture only: the last frame. */
export function isStill(path: string): boolean {
  return extname(path).toLowerCase() === '.png'
}

/** @throws SoraError `option-invalid` for a file type that cannot be written */
export function checkFileType(path: string): void {
  if (!WRITERS[extname(path).toLowerCase()]) {
    throw new SoraError('option-invalid', `cannot write "${path}": choose one of ${Object.keys(WRITERS).join(', ')}`)
  }
}

export function openFrameWriter(path: string, picture: Picture): Promise<FrameWriter> {
  checkFileType(path)
  return WRITERS[extname(path).toLowerCase()]!(picture)
}

/** All encoders write into one file system in memory. */
let mp4Writers = 0

async function mp4Writer({ width, height, framesPerSecond }: Picture): Promise<FrameWriter> {
  if (width % 2 === 1 || height % 2 === 1) {
    throw new SoraError('option-invalid', `an MP4 needs an even size, not ${width}x${height}`)
  }
  const encoder = await h264.createH264MP4Encoder()
  Object.assign(encoder, {
    outputFilename: `video-${mp4Writers++}.mp4`,
    width,
    height,
    frameRate: framesPerSecond,
    quantizationParameter: H264_QUANTISER,
    speed: H264_SPEED,
    groupOfPictures: Math.round(framesPerSecond * 2),
  })
  encoder.initialize()
  return {
    add: (rgba) => encoder.addFrameRgba(rgba),
    finish: async () => {
      encoder.finalize()
      const bytes = encoder.FS.readFile(encoder.outputFilename)
      encoder.FS.unlink(encoder.outputFilename)
      encoder.delete()
      return bytes
    },
  }
}

function gifWriter({ width, height, framesPerSecond }: Picture): FrameWriter {
  const gif = gifenc.GIFEncoder()
  return {
    add: (rgba) => {
      const palette = gifenc.quantize(rgba, GIF_COLOURS)
      gif.writeFrame(gifenc.applyPalette(rgba, palette), width, height, { palette, delay: 1000 / framesPerSecond })
    },
    finish: async () => {
      gif.finish()
      return gif.bytes()
    },
  }
}

function webpWriter({ width, height, framesPerSecond }: Picture): FrameWriter {
  const frames: Uint8Array[] = []
  return {
    add: (rgba) => frames.push(rgba.slice()),
    finish: () =>
      sharp(Buffer.concat(frames), {
        raw: { width, height: height * frames.length, channels: 4, pageHeight: height },
      })
        .webp({
          quality: WEBP_QUALITY,
          effort: 2,
          loop: 0,
          delay: frames.map(() => Math.round(1000 / framesPerSecond)),
        })
        .toBuffer(),
  }
}

function pngWriter({ width, height }: Picture): FrameWriter {
  let last: Uint8Array | undefined
  return {
    add: (rgba) => {
      last = rgba
    },
    finish: () => {
      if (!last) throw new SoraError('internal', 'no frame to write')
      return sharp(last, { raw: { width, height, channels: 4 } })
        .removeAlpha()
        .png()
        .toBuffer()
    },
  }
}
