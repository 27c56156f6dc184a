import { type Picture, upsampleDepth } from '@sora-world/sdk'
import { DataTexture, FloatType, NearestFilter, RedFormat } from 'three'

/**
 * Inverse depth of the picture, one float per pixel in 1/blocks, 0 where there is sky; top row first, as
 * `WorldTexture`.
 */
export class WorldDepthTexture extends DataTexture {
  readonly isWorldDepthTexture = true

  constructor() {
    super(new Float32Array(1), 1, 1, RedFormat, FloatType)
    this.name = 'WorldDepthTexture'
    // Depth between two things is the depth of neither.
    this.magFilter = NearestFilter
    this.minFilter = NearestFilter
    this.generateMipmaps = false
    this.needsUpdate = true
  }

  /** Copies, as `WorldTexture.setFrame`. A picture without depth becomes sky, behind everything. */
  setFrame(picture: Picture): void {
    const { width, height } = this.image
    if (width !== picture.width || height !== picture.height) this.resize(picture.width, picture.height)
    const values = this.image.data as unknown as Float32Array
    if (!upsampleDepth(picture, values)) values.fill(0)
    this.needsUpdate = true
  }

  private resize(width: number, height: number): void {
    this.dispose()
    // The types of three know bytes only.
    this.image.data = new Float32Array(width * height) as unknown as Uint8Array
    this.image.width = width
    this.image.height = height
  }
}
