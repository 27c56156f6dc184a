import { type Describer, SoraError } from '@sora-world/sdk/protocol'
import { openReaders } from '../model/open-readers.ts'

/** A describer that holds on to a network: `release` it when nothing is to be described any more. */
export interface OpenDescriber extends Describer {
  release(): Promise<void>
}

/**
 * The captioner of a model package, for environments over a room: `RoomBackend.connect(url, { describer })`. The room must be
 * played by the same model.
 *
 * @param model folder of a package, name of one that ships, `fake`, or nothing: the best that ships
 * @throws SoraError `model-*`, or `unsupported` for a package without a captioner
 */
export async function openDescriber(model?: string): Promise<OpenDescriber> {
  const readers = await openReaders(model)
  const { manifest } = readers
  if (!readers.canDescribe) {
    await readers.release()
    throw new SoraError('unsupported', `the model package "${manifest.name}" brings no captioner`)
  }
  return {
    chunks: manifest.readers?.captioner?.maxChunks ?? 1,
    describe: (latents, size) => readers.describe(latents, size),
    release: () => readers.release(),
  }
}
