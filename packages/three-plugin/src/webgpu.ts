/** Entry for WebGPURenderer (its WebGPU and its WebGL backend): the same names, drawn with node materials. */

export * from './follow-pose.ts'
export {
  type DepthBuffer,
  NodeWorldBackdrop as WorldBackdrop,
  type NodeWorldBackdropOptions,
} from './node-world-backdrop.ts'
export { NodeSoraWorld as SoraWorld } from './node-world-plugin.ts'
export { NodeWorldScreen as WorldScreen } from './node-world-screen.ts'
export * from './window-placement.ts'
export * from './world-anchor.ts'
export type { SpaceWorld, WorldBackdropOptions } from './world-backdrop.ts'
export * from './world-collider.ts'
export * from './world-controls.ts'
export * from './world-depth-texture.ts'
export type { SoraWorldOptions, WorldRenderer } from './world-plugin.ts'
export type { ScreenWorld, WorldScreenOptions } from './world-screen.ts'
export * from './world-texture.ts'
