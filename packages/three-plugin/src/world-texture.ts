import type { Picture } from '@sora-world/sdk'
import {
  ClampToEdgeWrapping,
  DataTexture,
  LinearFilter,
  NearestFilter,
  RGBAFormat,
  SRGBColorSpace,
  UnsignedByteType,
} from 'three'

/** How a small picture is enlarged: hard pixel edges, or smoothed. */
export type PictureFilter = 'nearest' | 'linear'

/** The part of a frame that becomes a texture: RGBA, 8 bits sRGB each, top row first. */
export type TexturePicture = Pick<Picture, 'width' | 'height' | 'rgba'>

export interface WorldTextureOptions {
  filter?: PictureFilter
}

/**
 * The picture of a generated world as a texture.
 *
 * The top row of a frame comes first, three expects it last: the texture turns it round with its uv transform
 * (`repeat.y = -1`), because `flipY` costs a pass on the processor in WebGL and an extra render pass in WebGPU. Built-in
 * materials apply the transform; a shader of your own has to use `texture.matrix`.
 *
 * Works with WebGLRenderer and WebGPURenderer.
 */
export class WorldTexture extends DataTexture {
  readonly isWorldTexture = true

  constructor({ filter = 'linear' }: WorldTextureOptions = {}) {
    super(new Uint8Array([0, 0, 0, 255]), 1, 1, RGBAFormat, UnsignedByteType)
    this.name = 'WorldTexture'
    this.colorSpace = SRGBColorSpace
    this.wrapS = ClampToEdgeWrapping
    this.wrapT = ClampToEdgeWrapping
    this.generateMipmaps = false
    this.flipY = false
    this.repeat.set(1, -1)
    this.offset.set(0, 1)
    this.filter = filter
    this.needsUpdate = true
  }

  get filter(): PictureFilter {
    return this.magFilter === NearestFilter ? 'nearest' : 'linear'
  }

  set filter(filter: PictureFilter) {
    const value = filter === 'nearest' ? NearestFilter : LinearFilter
    if (this.magFilter === value) return
    this.magFilter = value
    this.minFilter = value
    this.needsUpdate = true
  }

  /**
   * Shows a frame from the next render on.
   *
   * The bytes are copied into memory of the texture's own, so the frame can be reused or closed at once. Nothing is
   * allocated unless the size changes; then the texture on the GPU is made anew.
   */
  setFrame(frame: TexturePicture): void {
    const { width, height } = this.image
    if (width !== frame.width || height !== frame.height) this.resize(frame.width, frame.height)
    this.bytes.set(frame.rgba)
    this.needsUpdate = true
  }

  private get bytes(): Uint8Array {
    return this.image.data as Uint8Array
  }

  private resize(width: number, height: number): void {
    // Storage on the GPU has a fixed size: three makes it anew after dispose().
    this.dispose()
    this.image.data = new Uint8Array(width * height * 4)
    this.image.width = width
    this.image.height = height
  }
}
