import { type Frame, requireOutputs, type WorldClient } from '@sora-world/sdk'
import { AlwaysDepth, type Camera, type Material, type PerspectiveCamera, type Scene, ShaderMaterial } from 'three'
import type { DrawingRenderer } from './draw-mark.ts'
import { placeInWindow } from './window-placement.ts'
import { WorldDepthTexture } from './world-depth-texture.ts'
import { type ScreenWorld, WorldScreen, type WorldScreenOptions } from './world-screen.ts'
import type { WorldTexture } from './world-texture.ts'

/** A world that a backdrop can show: its manifest says whether there is depth. */
export type SpaceWorld = ScreenWorld & Pick<WorldClient, 'manifest'>

export interface WorldBackdropOptions extends Pick<WorldScreenOptions, 'filter'> {
  /** Draws picture and depth, both given to it; the backdrop owns and disposes it. */
  createBackdropMaterial?: (texture: WorldTexture, depth: WorldDepthTexture) => Material
}

/**
 * The generated world behind and between the things of a scene: fills the view and writes the scene's depth, so that
 * things of the scene and of the world hide each other. One block is one unit of the scene.
 *
 *     const backdrop = new WorldBackdrop()
 *     backdrop.setWorld(world)
 *     scene.add(backdrop)
 *     world.on('frame', (frame) => followPose(camera, frame, world.manifest))
 *
 * For WebGLRenderer with a perspective camera; normal, reversed and logarithmic depth. For WebGPURenderer take it from
 * `@sora-world/three/webgpu`.
 */
export class WorldBackdrop extends WorldScreen {
  readonly isWorldBackdrop = true
  readonly depthTexture: WorldDepthTexture
  private stopDepth: (() => void) | undefined

  constructor({ filter, createBackdropMaterial = shaderMaterial }: WorldBackdropOptions = {}) {
    const depth = new WorldDepthTexture()
    super({ mode: 'window', fit: 'cover', filter, createMaterial: (texture) => createBackdropMaterial(texture, depth) })
    this.name = 'WorldBackdrop'
    this.depthTexture = depth
    // Without the test nothing would be written.
    this.material.depthTest = true
    this.material.depthFunc = AlwaysDepth
    this.material.depthWrite = true
  }

  /** @throws SoraError `unsupported` for a world whose model gives no depth; it still plays on a `WorldScreen` */
  override setWorld(world: SpaceWorld | null): void {
    if (world) requireOutputs(world.manifest, 'WorldBackdrop', ['depth'])
    this.stopDepth?.()
    super.setWorld(world)
    this.stopDepth = world?.on('frame', (frame: Frame) => this.depthTexture.setFrame(frame))
    if (world?.frame) this.depthTexture.setFrame(world.frame)
  }

  override dispose(): void {
    super.dispose()
    this.depthTexture.dispose()
  }

  override onBeforeRender = (renderer: DrawingRenderer, _scene: Scene, camera: Camera): void => {
    this.drawn.set(renderer)
    const { width, height } = this.texture.image
    placeInWindow(this, camera, this.fit, width / height)
    const { near, far } = camera as PerspectiveCamera
    if (this.material instanceof ShaderMaterial) {
      this.material.uniforms.clip!.value = [near, far]
      this.material.uniformsNeedUpdate = true
    }
  }
}

const VERTEX = /* glsl */ `
uniform mat3 uvTransform;
varying vec2 vUv;
void main() {
  vUv = (uvTransform * vec3(uv, 1.0)).xy;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0);
}`

/** Depth is written as the renderer writes its own: see its chunks `packing` and `logdepthbuf_fragment`. */
const FRAGMENT = /* glsl */ `
uniform sampler2D map;
uniform sampler2D inverseDepth;
uniform vec2 clip;
varying vec2 vUv;
void main() {
  gl_FragColor = vec4(texture2D(map, vUv).rgb, 1.0);
  float z = min(clip.y, 1.0 / max(texture2D(inverseDepth, vUv).r, 1e-6));
  z = max(clip.x, z);
  #if defined(USE_LOGARITHMIC_DEPTH_BUFFER) || defined(USE_LOGDEPTHBUF)
    gl_FragDepth = log2(1.0 + z) / log2(clip.y + 1.0);
  #elif defined(USE_REVERSED_DEPTH_BUFFER) || defined(USE_REVERSEDEPTHBUF)
    gl_FragDepth = 1.0 - (clip.x - z) * clip.y / ((clip.x - clip.y) * z);
  #else
    gl_FragDepth = (clip.x - z) * clip.y / ((clip.x - clip.y) * z);
  #endif
  #include <colorspace_fragment>
}`

function shaderMaterial(map: WorldTexture, inverseDepth: WorldDepthTexture): Material {
  map.updateMatrix()
  const uniforms = {
    map: { value: map },
    inverseDepth: { value: inverseDepth },
    uvTransform: { value: map.matrix },
    clip: { value: [0.1, 1000] },
  }
  return new ShaderMaterial({ uniforms, vertexShader: VERTEX, fragmentShader: FRAGMENT, toneMapped: false })
}
