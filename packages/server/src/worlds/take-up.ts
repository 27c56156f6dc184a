import type { ModelManifest } from '@sora-world/sdk/protocol'
import { WorldRun } from '../session/world-run.ts'
import { checkWorld } from './check-world.ts'
import { applyEntry, readEntry } from './journal-entry.ts'
import { readWorld } from './world-file.ts'
import type { StoredWorld } from './world-store.ts'
import type { WorldValue } from './world-value.ts'

/**
 * A stored world as it was when its server ended: the file, and what the journal has since.
 *
 * @throws SoraError as `readWorld` and `checkWorld`
 */
export async function takeUp({ world, file, entries }: StoredWorld, manifest: ModelManifest): Promise<WorldValue> {
  const value = await readWorld(file)
  checkWorld(value, manifest)
  const journal = entries.map(readEntry)
  const [first] = journal
  if (!first) return value
  const { prompt, size, steps, rngSeed, memory, guard = false, createdAt, picture } = value
  const spec = { id: 'stored', size, steps, rngSeed, memory, guard }
  const run = new WorldRun(manifest, { index: world, prompt, spec, maker: first.maker, value })
  for (const entry of journal) {
    // After a gap, where the store failed for a while, nothing fits any more.
    if (entry.chunks[0]?.job.index !== run.nextIndex) break
    applyEntry(run, entry)
  }
  const whole = run.value(new Date(createdAt), picture)
  checkWorld(whole, manifest)
  return whole
}
