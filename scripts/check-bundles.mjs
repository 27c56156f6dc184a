/**
 * What a page pays for our packages, in bytes that cross the wire (gzip), against a budget each. Run `npm run build` first.
 *
 * The SDK is counted without the decoder, which is loaded beside the page: its worker and onnxruntime-web. The Colyseus
 * client is as large as all the rest and cannot be shaken; it is loaded when a world is connected, so the page is counted
 * as it starts and as it plays. The plugin is counted without three and without the SDK.
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const REPOSITORY = fileURLToPath(new URL('..', import.meta.url))
/** Not on disk; it lies where both packages are found. */
const ENTRY = join(REPOSITORY, 'packages/three-plugin/entry.js')

const PAGE =
  "import { Keyboard, Pointer, WorldClient } from '@sora-world/sdk'; console.log(Keyboard, Pointer, WorldClient)"

const BUDGETS = [
  {
    what: 'a page with @sora-world/sdk as it starts, without decoder',
    code: PAGE,
    external: /^onnxruntime-web(\/|$)/,
    kilobytes: 60,
  },
  {
    what: 'the same connected to a server',
    code: PAGE,
    external: /^onnxruntime-web(\/|$)/,
    later: /\/colyseus-transport\.js$/,
    kilobytes: 90,
  },
  {
    what: 'all of @sora-world/three, without three and SDK',
    code: "export * from '@sora-world/three'",
    external: /^(three|@sora-world\/sdk)(\/|$)/,
    kilobytes: 20,
  },
]

/** The chunk that the page loads first, with all it imports statically, and dynamically where a chunk holds `later`. */
async function bundle({ code, external, later }) {
  const { output } = await build({
    root: REPOSITORY,
    configFile: false,
    logLevel: 'silent',
    worker: { format: 'es', rolldownOptions: { external } },
    build: {
      write: false,
      outDir: join(tmpdir(), 'unused'),
      minify: true,
      target: 'es2022',
      lib: { entry: ENTRY, formats: ['es'], fileName: 'entry' },
      rolldownOptions: { external },
    },
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (id) => (id === ENTRY ? id : null),
        load: (id) => (id === ENTRY ? code : null),
      },
    ],
  }).then((results) => (Array.isArray(results) ? results[0] : results))
  const chunks = new Map(output.filter(({ type }) => type === 'chunk').map((chunk) => [chunk.fileName, chunk]))
  const wanted = new Set()
  const take = (name) => {
    const chunk = chunks.get(name)
    if (!chunk || wanted.has(name)) return
    wanted.add(name)
    chunk.imports.forEach(take)
  }
  take([...chunks.values()].find(({ isEntry }) => isEntry).fileName)
  for (const { fileName, moduleIds } of chunks.values())
    if (later && moduleIds.some((id) => later.test(id))) take(fileName)
  return [...wanted].map((name) => chunks.get(name).code)
}

let failures = 0
for (const budget of BUDGETS) {
  const code = await bundle(budget)
  const kilobytes = code.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0) / 1000
  const verdict = kilobytes <= budget.kilobytes ? 'within' : 'OVER'
  if (kilobytes > budget.kilobytes) failures++
  console.log(`${budget.what}: ${kilobytes.toFixed(1)} kB gzip, ${verdict} the budget of ${budget.kilobytes} kB`)
}
process.exit(failures ? 1 : 0)
