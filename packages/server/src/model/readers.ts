import type { FrameSize, ModelManifest } from '@sora-world/sdk/protocol'

/**
 * What a package can say about its own latents: in words (captioner) and as a player (policy). Optional parts of a
 * package; docs/model-package.md, "Readers".
 */
export interface Readers {
  readonly manifest: ModelManifest
  readonly canDescribe: boolean
  readonly canAct: boolean
  /**
   * A caption of the last of consecutive chunks.
   *
   * @param latents at least one chunk, each [C,h,w], oldest first; the newest ones are read
   * @throws SoraError `unsupported` when the package has no captioner
   */
  describe(latents: readonly Float32Array[], size: FrameSize): Promise<string>
  /**
   * The actions [F,A] that lead into the chunk after the last one; the same for the same input.
   *
   * @throws SoraError `unsupported` when the package has no policy
   */
  act(input: ActInput): Promise<Float32Array>
  release(): Promise<void>
}

/** What the policy plays from. */
export interface ActInput {
  size: FrameSize
  /** At least one chunk, each [C,h,w], oldest first. */
  latents: readonly Float32Array[]
  /** [F,A] each: what led into each of `latents`. */
  actions: readonly Float32Array[]
  /** In force in the chunk to come. */
  caption: string
  rngSeed: number
  /** Of the chunk to come. */
  chunkIndex: number
}
