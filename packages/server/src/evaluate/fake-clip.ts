import { type Action, actionWidth, encodeAction, type FrameSize } from '@sora-world/sdk/protocol'
import { modelDims } from '../model/denoiser.ts'
import { FakeModel } from '../model/fake-model.ts'
import { fakePoses } from '../model/fake-world.ts'
import { InProcessWorker } from '../worker/in-process-worker.ts'
import type { Clip } from './clip.ts'
import { joinFrames, playRollouts } from './rollouts.ts'

export interface FakeClipOptions {
  name?: string
  chunks: number
  caption?: string
  rngSeed?: number
  /** Takes the latents that the frames were decoded from, see {@link ExactModel}. */
  latents?: Map<string, Float32Array>
  /** What is done in each chunk; nothing by default. */
  action?(chunk: number): Action
}

/**
 * A clip that the fake model played: for that model it is the truth, so that all it predicts comes true. The fake's
 * depth does not depend on the world.
 */
export async function playFakeClip(options: FakeClipOptions): Promise<Clip> {
  const model = new FakeModel()
  const size = model.manifest.sizes[0]!
  const { perChunk, perSecond } = model.manifest.frames
  const { chunks, caption = 'a forest', rngSeed = 0, action = () => ({ held: [], axes: {} }) } = options
  const frames = chunks * perChunk
  const actions = Array.from({ length: frames }, (_, frame) => action(Math.floor(frame / perChunk)))
  const width = actionWidth(model.manifest.actionSpace)
  const plan = {
    rngSeed,
    history: [],
    caption: () => caption,
    actions: (index: number) => {
      const out = new Float32Array(perChunk * width)
      for (let f = 0; f < perChunk; f++) encodeAction(model.manifest.actionSpace, action(index), out, f * width)
      return out
    },
  }
  const rgb: Uint8Array[] = []
  const setting = { model, worker: new InProcessWorker(model), size, steps: 1 }
  for await (const [chunk] of playRollouts(setting, [plan], chunks)) {
    rgb.push(chunk!.frames)
    options.latents?.set(keyOf(chunk!.frames), chunk!.latent)
  }
  const names = model.manifest.actionSpace.buttons.map(({ name }) => name)
  const motion = Array.from({ length: chunks }, (_, i) =>
    fakePoses(plan.actions(i), modelDims(model.manifest, size), names),
  )
  let heading = 0
  return {
    name: options.name ?? 'fake',
    scenario: 'fake',
    width: size.width,
    height: size.height,
    framesPerSecond: perSecond,
    frames,
    rgb: joinFrames(rgb),
    actions,
    captions: actions.map(() => caption),
    pose: motion.flat().map(([, , , yaw]) => [0, 0, 0, (heading += yaw), 0]),
    motion: motion.flat(),
    attributes: actions.map(() => ({ biome: 'forest', time: 'day', weather: 'clear' })),
    depth: fakeDepth(frames, size.height / 8, size.width / 8),
  }
}

/** A fake model whose encoder knows the frames of some clips to the last bit: nothing is lost on the way. */
export class ExactModel extends FakeModel {
  readonly #latents: ReadonlyMap<string, Float32Array>

  constructor(latents: ReadonlyMap<string, Float32Array>) {
    super()
    this.#latents = latents
  }

  override async encode(frames: Uint8Array, size: FrameSize, batch = 1): Promise<Float32Array> {
    return this.#latents.get(keyOf(frames)) ?? super.encode(frames, size, batch)
  }
}

function keyOf(frames: Uint8Array): string {
  return Buffer.from(frames).toString('base64')
}

/** The fake decoder's depth: sky above, ground coming nearer below. */
function fakeDepth(frames: number, rows: number, columns: number) {
  const inverse = new Float32Array(frames * rows * columns)
  const at = (i: number) => Math.floor(i / columns) % rows
  return { rows, columns, inverse: inverse.map((_, i) => Math.max(0, (at(i) + 1 - rows / 2) / rows)) }
}
