import { SoraError } from '../protocol/index.ts'
import { FramePool } from './frame-pool.ts'
import type { EngineFrame, EngineModel, EngineResult, LatentEngine } from './latent-engine.ts'

/**
 * {@link LatentEngine} whose pictures are plain: red is the first number of the latent, green counts the chunks since the
 * last restart, blue the frame within the chunk.
 */
export class FakeEngine implements LatentEngine {
  readonly backend = 'fake'
  readonly warmUpMs = 1
  readonly problem = null
  #model: EngineModel | null = null
  #pool: FramePool | null = null
  readonly #sinceRestart = new Map<number, number>()

  async load(model: EngineModel, onProgress: (words: string) => void): Promise<void> {
    onProgress('starting the fake engine')
    this.#model = model
    this.#pool = new FramePool(model.width * model.height, (model.width / 8) * (model.height / 8))
  }

  async decode(latent: Int8Array<ArrayBuffer>, restart: boolean, stream: number): Promise<EngineResult> {
    const green = restart ? 1 : (this.#sinceRestart.get(stream) ?? 0) + 1
    this.#sinceRestart.set(stream, green)
    if (latent[0] === -128) throw new SoraError('decoder-failed', 'this latent breaks the fake engine')
    const frames = Array.from({ length: this.#model!.framesPerChunk }, (_, index) =>
      this.#paint(latent[0] ?? 0, green, index),
    )
    return { frames, decodeMs: 1 }
  }

  close(stream: number): void {
    this.#sinceRestart.delete(stream)
  }

  recycle(frame: EngineFrame): void {
    this.#pool?.give(frame)
  }

  dispose(): void {
    this.#model = null
  }

  #paint(red: number, green: number, blue: number): EngineFrame {
    const frame = this.#pool!.take()
    for (let i = 0; i < frame.rgba.length; i += 4) frame.rgba.set([red, green, blue], i)
    frame.inverseDepth?.fill(0.5)
    return frame
  }
}
