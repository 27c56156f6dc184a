/**
 * Puts the built play page into the server's package, as `sora-world serve --play` looks for it there. Its WebAssembly stays
 * out: it is in `onnxruntime-web`, which is installed with the package, and the server serves it from there.
 *
 *   npm run build:play && node scripts/ship-play-page.mjs     after the server was built: its build clears dist/
 */
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
const PAGE = join(REPOSITORY, 'examples/play/dist')
const SHIPPED = join(REPOSITORY, 'packages/server/dist/play')
/** Names as in packages/server/src/rooms/play-page-files.ts. */
const BORROWED_FILES = 'borrowed-files.json'
const RUNTIME = 'onnxruntime-web'

const { resolve } = createRequire(join(REPOSITORY, 'packages/sdk/package.json'))
const page = join(PAGE, 'index.html')
if (!statSync(page, { throwIfNoEntry: false })) {
  console.error(`${page} is not there: run "npm run build:play" first`)
  process.exit(1)
}

rmSync(SHIPPED, { recursive: true, force: true })
const borrowed = {}
for (const name of readdirSync(join(PAGE, 'assets'))) {
  if (!name.endsWith('.wasm')) continue
  // Vite has put its hash before the ending: ort-wasm-simd-threaded-DcHrbrbl.wasm
  const module = `${RUNTIME}/${name.replace(/-[\w-]{8}\.wasm$/, '.wasm')}`
  if (!readFileSync(resolve(module)).equals(readFileSync(join(PAGE, 'assets', name)))) {
    throw new Error(`${name} of the page is another file than ${module}`)
  }
  borrowed[`assets/${name}`] = module
}
cpSync(PAGE, SHIPPED, { recursive: true, filter: (path) => !Object.hasOwn(borrowed, `assets/${basename(path)}`) })
writeFileSync(join(SHIPPED, BORROWED_FILES), `${JSON.stringify(borrowed, null, 1)}\n`)
