import type { Material } from 'three'
import { Break, Fn, float, If, Loop, mix, positionLocal, texture, uniform, varying, vec2, vec4 } from 'three/tsl'
import { MeshBasicNodeMaterial, type Node } from 'three/webgpu'
import { type PortalLook, RAY_STEPS } from './portal-material.ts'
import type { WorldDepthTexture } from './world-depth-texture.ts'
import { WorldPortal, type WorldPortalOptions } from './world-portal.ts'
import type { WorldTexture } from './world-texture.ts'

/** {@link WorldPortal} for WebGPURenderer, on both of its backends. */
export class NodeWorldPortal extends WorldPortal {
  constructor(options: WorldPortalOptions = {}) {
    super({ createPortalMaterial: nodeMaterial, ...options })
  }
}

/** The same ray as the fragment shader of portal-material.ts follows. */
function nodeMaterial(map: WorldTexture, inverseDepth: WorldDepthTexture, look: PortalLook): Material {
  const viewer = uniform(look.viewer.value)
  const halfSize = uniform(look.halfSize.value)
  const nearest = uniform(look.nearest.value).onObjectUpdate(() => look.nearest.value)
  const place = varying(uniform(look.toEye.value).mul(vec4(positionLocal, 1)).xyz)
  const colour = Fn(() => {
    const ray = place.sub(viewer)
    const slopeless = ray.xy.div(ray.z.max(1e-4))
    const slope = viewer.xy.sub(slopeless.mul(viewer.z)).div(halfSize).toVar()
    const far = slopeless.div(halfSize).toVar()
    const at = (w: Node<'float'>) => vec2(0.5, 0.5).add(vec2(0.5, -0.5).mul(far.add(slope.mul(w))))
    // With a level: a sample within a loop has no neighbours to compare with.
    const gapAt = (w: Node<'float'>) => w.sub(texture(inverseDepth, at(w)).level(float(0)).r)
    const start = float(1).div(place.z.max(1e-4)).min(nearest).toVar()
    const hit = start.toVar()
    const gap = gapAt(start).toVar()
    If(gap.greaterThan(0), () => {
      Loop({ start: 1, end: RAY_STEPS, condition: '<=' }, ({ i }) => {
        const share = float(1).sub(float(i as Node<'int'>).div(RAY_STEPS))
        const w = start.mul(share).mul(share).toVar()
        const next = gapAt(w).toVar()
        If(next.lessThanEqual(0), () => {
          hit.assign(mix(hit, w, gap.div(gap.sub(next))))
          Break()
        })
        hit.assign(w)
        gap.assign(next)
      })
    })
    // A texture that is given its place leaves its own transform out.
    return vec4(texture(map, at(hit)).level(float(0)).rgb, 1)
  })
  const material = new MeshBasicNodeMaterial({ fog: false })
  material.colorNode = colour()
  material.toneMapped = false
  return material
}
