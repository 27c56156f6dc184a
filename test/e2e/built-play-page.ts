import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = join(ROOT, 'examples/play')
const BUILT = join(PAGE, 'dist/index.html')
const SOURCES = ['examples/play/src', 'packages/sdk/src', 'packages/three-plugin/src'].map((path) => join(ROOT, path))
const SINGLE_FILES = ['index.html', 'vite.config.ts'].map((name) => join(PAGE, name))
const LOCK = join(ROOT, 'test/output/.building')

/** Builds the play page unless what lies there is newer than all of its sources. Test files that run at once wait. */
export async function buildPlayPage(): Promise<void> {
  await withLock(async () => {
    if (isFresh()) return
    await build({ root: PAGE, configFile: join(PAGE, 'vite.config.ts'), logLevel: 'error' })
  })
}

function isFresh(): boolean {
  if (!existsSync(BUILT)) return false
  const builtMs = statSync(BUILT).mtimeMs
  const sources = SOURCES.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  return [...sources, ...SINGLE_FILES].every((file) => file.endsWith('.test.ts') || statSync(file).mtimeMs < builtMs)
}

async function withLock(run: () => Promise<void>): Promise<void> {
  mkdirSync(join(LOCK, '..'), { recursive: true })
  for (let waitedMs = 0; !tryLock(); waitedMs += 100) {
    // Whoever held it for so long was killed.
    if (waitedMs > 60_000) break
    await sleep(100)
  }
  try {
    await run()
  } finally {
    if (existsSync(LOCK)) rmdirSync(LOCK)
  }
}

function tryLock(): boolean {
  try {
    mkdirSync(LOCK)
    return true
  } catch {
    return false
  }
}
