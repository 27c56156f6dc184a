import { type Frame, type ModelManifest, SoraError, VoxelMap, voxelGlb } from '@sora-world/sdk'

/** Work between two looks at the page. */
const SLICE_MS = 12

export interface WorldMesh {
  /** Binary glTF. */
  file: Blob
  frames: number
  cells: number
}

/**
 * The world seen so far as a voxel mesh, in slices, so that the page stays alive.
 *
 * @throws SoraError `unsupported` for a model without depth or pose, `world-missing` when nothing was seen
 */
export async function makeWorldMesh(
  manifest: ModelManifest,
  frames: readonly Frame[],
  onProgress: (share: number) => void,
): Promise<WorldMesh> {
  const map = new VoxelMap(manifest)
  const [newest] = frames.slice(-1)
  if (!newest) throw new SoraError('world-missing', 'Nothing was seen yet: walk a little and look around first.')
  // The diary may grow, or start anew, while this runs.
  const mine = [...frames]
  let sliceEndMs = performance.now() + SLICE_MS
  for (const [index, frame] of mine.entries()) {
    map.observe(frame)
    if (performance.now() < sliceEndMs) continue
    onProgress((index + 1) / mine.length)
    await new Promise((resolve) => setTimeout(resolve))
    sliceEndMs = performance.now() + SLICE_MS
  }
  onProgress(1)
  return { file: new Blob([voxelGlb(map)], { type: 'model/gltf-binary' }), frames: mine.length, cells: map.size }
}
