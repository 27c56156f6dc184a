import { FakeReaders } from './fake-readers.ts'
import { findModelPackage } from './find-package.ts'
import { readManifest } from './load-package.ts'
import { OnnxReaders } from './onnx-readers.ts'
import type { Readers } from './readers.ts'

/**
 * The readers of a package: folder, name of one that ships, `fake`, or nothing: the best that ships. A package may have
 * none; what is missing is said when it is asked for.
 *
 * @throws SoraError `model-*` for a bad package
 */
export async function openReaders(model?: string): Promise<Readers> {
  if (model === 'fake') return new FakeReaders()
  const dir = findModelPackage(model)
  return new OnnxReaders(dir, await readManifest(dir))
}
