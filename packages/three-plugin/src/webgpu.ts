/** Entry for WebGPURenderer (its WebGPU and its WebGL backend): the same names, drawn with node materials. */

export { NodeSoraWorld as SoraWorld } from './node-world-plugin.ts'
export { NodeWorldScreen as WorldScreen } from './node-world-screen.ts'
export * from './window-placement.ts'
export * from './world-controls.ts'
export type { SoraWorldOptions, WorldRenderer } from './world-plugin.ts'
export type { ScreenWorld, WorldScreenOptions } from './world-screen.ts'
export * from './world-texture.ts'
