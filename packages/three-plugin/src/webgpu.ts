/** Entry for WebGPURenderer (its WebGPU and its WebGL backend): the same names, drawn with node materials. */

export { type DrawingRenderer, DrawMark } from './draw-mark.ts'
export * from './follow-pose.ts'
export {
  type DepthBuffer,
  NodeWorldBackdrop as WorldBackdrop,
  type NodeWorldBackdropOptions,
} from './node-world-backdrop.ts'
export { NodeSoraWorld as SoraWorld } from './node-world-plugin.ts'
export { NodeWorldPortal as WorldPortal } from './node-world-portal.ts'
export { NodeWorldScreen as WorldScreen } from './node-world-screen.ts'
export type { PortalLook } from './portal-material.ts'
export * from './portal-return.ts'
export * from './window-placement.ts'
export * from './world-anchor.ts'
export * from './world-attention.ts'
export type { SpaceWorld, WorldBackdropOptions } from './world-backdrop.ts'
export * from './world-collider.ts'
export * from './world-controls.ts'
export * from './world-depth-texture.ts'
export type { SoraWorldOptions, WorldRenderer } from './world-plugin.ts'
export type { WorldPortalEventMap, WorldPortalOptions } from './world-portal.ts'
export type { ScreenWorld, WorldScreenOptions } from './world-screen.ts'
export * from './world-texture.ts'
