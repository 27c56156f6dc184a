import { type ActionSpace, type FrameSize, type ModelManifest, SoraError } from '@sora-world/sdk/protocol'

/** Everything that the memory of one world takes from the model's manifest and the picture size. */
export interface MemorySettings {
  /** Memory image, pixels. */
  width: number
  height: number
  /** Picture pixels per pixel of the memory image, in each direction. */
  scale: number
  /** Grid of the decoder's inverse depth. */
  depthWidth: number
  depthHeight: number
  verticalFovDegrees: number
  /** Points alive at most; beyond that the oldest are dropped. */
  maxPoints: number
  framesPerChunk: number
  actionSpace: ActionSpace
  /** Names of the pose head's numbers (Q), in order. */
  poseFields: readonly string[]
  /** What is remembered is in the player's way where it is predicted what the next chunk will look at. */
  isSolid: boolean
}

/** Undefined for a model without world memory. */
export function memorySettings(manifest: ModelManifest, size: FrameSize): MemorySettings | undefined {
  const { memory, pose, decoder, camera, frames, actionSpace } = manifest
  if (!memory) return undefined
  if (!pose) throw new SoraError('model-invalid', 'a world memory needs a pose')
  return {
    width: size.width / memory.scale,
    height: size.height / memory.scale,
    scale: memory.scale,
    depthWidth: size.width / decoder.depthScale,
    depthHeight: size.height / decoder.depthScale,
    verticalFovDegrees: camera.verticalFovDegrees,
    maxPoints: memory.maxPoints,
    framesPerChunk: frames.perChunk,
    actionSpace,
    poseFields: pose.fields,
    isSolid: true,
  }
}
