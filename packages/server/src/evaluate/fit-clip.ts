import { type FrameSize, SoraError } from '@sora-world/sdk/protocol'
import { areaAverage, cropColumns } from './area-average.ts'
import type { Clip, DepthTrack } from './clip.ts'

/**
 * A clip in the model's picture size: shrunk to its height, then the middle columns. The vertical field of view is the
 * camera's, so rows are never cut: turns and depths stay what they are.
 *
 * @throws SoraError `clip-invalid` when the clip would have to be enlarged, or is too narrow
 */
export function fitClip(clip: Clip, size: FrameSize): Clip {
  if (clip.width === size.width && clip.height === size.height) return clip
  const scale = size.height / clip.height
  const width = Math.round(clip.width * scale)
  if (scale > 1 || width < size.width) {
    const sizes = `${clip.width}x${clip.height}, the model's pictures are ${size.width}x${size.height}`
    const reason = scale > 1 ? 'enlarged pictures are no truth to compare with' : 'it is too narrow for them'
    throw new SoraError('clip-invalid', `clip ${clip.name} is ${sizes}: ${reason}`)
  }
  const shrunk = areaAverage(clip.rgb, clip, { width, height: size.height })
  return {
    ...clip,
    width: size.width,
    height: size.height,
    rgb: cropColumns(shrunk, width, size.width),
    depth: cropDepth(clip.depth, size.width / width),
  }
}

/** The middle `share` of the columns. */
function cropDepth(depth: DepthTrack, share: number): DepthTrack {
  const columns = Math.max(1, Math.round(depth.columns * share))
  const left = Math.floor((depth.columns - columns) / 2)
  const rows = depth.inverse.length / depth.columns
  const inverse = new Float32Array(rows * columns)
  for (let y = 0; y < rows; y++) {
    const from = y * depth.columns + left
    inverse.set(depth.inverse.subarray(from, from + columns), y * columns)
  }
  return { ...depth, columns, inverse }
}
