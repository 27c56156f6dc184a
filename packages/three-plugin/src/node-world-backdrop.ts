import type { Material } from 'three'
import {
  cameraFar,
  cameraNear,
  float,
  texture,
  uv,
  vec2,
  viewZToLogarithmicDepth,
  viewZToPerspectiveDepth,
  viewZToReversedPerspectiveDepth,
} from 'three/tsl'
import { MeshBasicNodeMaterial } from 'three/webgpu'
import { WorldBackdrop, type WorldBackdropOptions } from './world-backdrop.ts'
import type { WorldDepthTexture } from './world-depth-texture.ts'
import type { WorldTexture } from './world-texture.ts'

/** How the renderer was made: `new WebGPURenderer({ reversedDepthBuffer })` and so on. */
export type DepthBuffer = 'normal' | 'reversed' | 'logarithmic'

export interface NodeWorldBackdropOptions extends WorldBackdropOptions {
  depthBuffer?: DepthBuffer
}

/** {@link WorldBackdrop} for WebGPURenderer, on both of its backends. */
export class NodeWorldBackdrop extends WorldBackdrop {
  constructor({ depthBuffer = 'normal', ...options }: NodeWorldBackdropOptions = {}) {
    super({ createBackdropMaterial: (map, depth) => nodeMaterial(map, depth, depthBuffer), ...options })
  }
}

function nodeMaterial(map: WorldTexture, depth: WorldDepthTexture, buffer: DepthBuffer): Material {
  const material = new MeshBasicNodeMaterial({ map, fog: false })
  material.toneMapped = false
  const inverse = texture(depth, vec2(uv().x, uv().y.oneMinus())).r
  const z = float(1).div(inverse.max(1e-6)).min(cameraFar).max(cameraNear)
  const write = {
    normal: viewZToPerspectiveDepth,
    reversed: viewZToReversedPerspectiveDepth,
    logarithmic: viewZToLogarithmicDepth,
  }[buffer]
  material.depthNode = write(z.negate(), cameraNear, cameraFar)
  return material
}
