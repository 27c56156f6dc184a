import type { Material } from 'three'
import { MeshBasicNodeMaterial } from 'three/webgpu'
import { WorldScreen, type WorldScreenOptions } from './world-screen.ts'
import type { WorldTexture } from './world-texture.ts'

/** {@link WorldScreen} with a node material: set its `colorNode` to work on the picture in TSL. */
export class NodeWorldScreen extends WorldScreen {
  constructor(options: WorldScreenOptions = {}) {
    super({ createMaterial: nodeMaterial, ...options })
  }
}

function nodeMaterial(texture: WorldTexture): Material {
  const material = new MeshBasicNodeMaterial({ map: texture, fog: false })
  material.toneMapped = false
  return material
}
