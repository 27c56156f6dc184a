import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Browser, CDPSession, Page } from 'playwright-core'
import { launchBrowser, openPage } from '../test/e2e/browser.ts'
import { bundleModule } from '../test/e2e/pages/build-page.ts'
import { startWorldServer } from '../test/e2e/world-server.ts'
import { describeEnvironment, round } from './environment.ts'
import type { Downlink, MountsPage } from './mounts-page.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const FOLDER = path('../test/output/dist/mounts-page')
const INDEX = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="page.js"></script>'

/** Mounts are measured this many times, each time with nothing open. */
const PARTS = 10
/** Mounts on one connection; then the connection and its decoder end, too. */
const MOUNTS_PER_LIFE = 5
/** Lives before the first measure, one with each downlink. */
const WARM_UP_LIVES = 2
const DOWNLINKS: readonly Downlink[] = ['latent', 'auto']
/** The fake model has no decoder that a page could load. */
const FAKE_DOWNLINKS: readonly Downlink[] = ['image']
/** Measures of a play that is shorter than as many minutes. */
const LEAST_PLAY_PARTS = 4
/** What is seen through is forgotten: a full map holds a little less than it may. */
const NEARLY_FULL = 0.95
/** Measures that a slope is fitted to, at least. */
const LEAST_FITTED = 3
/** More than once: large arrays are counted until the next time. */
const COLLECTIONS = 3
const SETTLE_MS = 300
/** Until a connection that was closed has said goodbye, and its decoder has ended. */
const CLOSED_MS = 2000
const MB = 2 ** 20

/** What is alive at one moment, after garbage was collected. */
interface Measure {
  /** Objects of JavaScript. */
  heapMb: number
  /** Arrays and memory of WebAssembly outside of that heap, in the page. */
  buffersMb: number
  /** Nodes and other objects of the browser's own. */
  embedderMb: number
  /**
   * Resident: the page's process with its web workers, and the one that draws. The inspector keeps a copy of each file that the
   * page loads, so the first grows by a decoder with each life; the second, up to a point, by shaders that the driver keeps compiled.
   */
  pageMb: number
  gpuMb: number
  textures: number
  geometries: number
  programs: number
  glObjects: number
  listeners: number
  nodes: number
  workers: number
  bodies: number
  colliders: number
  objects: number
  cells: number
}

const COLUMNS: readonly (keyof Measure)[] = [
  ...(['heapMb', 'buffersMb', 'embedderMb', 'pageMb', 'gpuMb', 'textures', 'geometries', 'programs'] as const),
  ...(['glObjects', 'listeners', 'nodes', 'workers', 'bodies', 'colliders', 'objects', 'cells'] as const),
]

/**
 * Whether the plugin leaves anything behind: its objects are mounted, shown and disposed many times, then one mount is played
 * for long. Real server, real socket, headless Chromium with one WebGLRenderer and one physics world.
 *
 * A mount is backdrop, screen, portal, collider, ball and anchor, until all were drawn with a new frame and there is ground.
 * Each fifth mount ends its `SoraWorld` as well: socket, controls, decoder. Every other life decodes in the page, the others
 * choose by themselves. Mounts are measured with nothing open, play with everything open.
 */
export async function run(argv: string[]): Promise<void> {
  const { model, mounts, minutes, cells } = readOptions(argv)
  const downlinks = model === 'fake' ? FAKE_DOWNLINKS : DOWNLINKS
  const downlinkOf = (life: number) => downlinks[life % downlinks.length]!
  console.log(describeEnvironment())
  await bundleModule(path('mounts-page.ts'), FOLDER)
  writeFileSync(`${FOLDER}/index.html`, INDEX)
  const [server, browser] = await Promise.all([
    startWorldServer({ model, args: [`--play=${FOLDER}`] }),
    launchBrowser(),
  ])
  try {
    const { page, problems } = await openPage(browser)
    await page.goto(server.url)
    await page.waitForFunction(() => 'mounts' in window)
    const meter = await openMeter(browser, page)
    for (let life = 0; life < WARM_UP_LIVES; life++) await live(page, downlinkOf(life), MOUNTS_PER_LIFE)
    const mounted = await measureMounts(page, meter, mounts, downlinkOf)
    const played = await measurePlay(page, meter, { minutes, cells, downlink: downlinkOf(1) })
    if (problems.length > 0) throw new Error(`the page reported:\n${problems.join('\n')}`)
    console.log(JSON.stringify({ name: 'mounts', ...mounted, play: played }))
  } finally {
    await browser.close()
    await server.kill()
  }
}

async function measureMounts(page: Page, meter: Meter, mounts: number, downlinkOf: (life: number) => Downlink) {
  printHeader('mounts')
  const measures = [await measureClosed(meter)]
  printRow('0', measures[0]!)
  const heaps: HeapKb[] = []
  const totals = { lives: 0, anchored: 0, colliders: 0 }
  let model = { model: '', version: '' }
  for (let part = 1; part <= PARTS; part++) {
    for (let left = mounts / PARTS; left > 0; left -= MOUNTS_PER_LIFE) {
      const { shown, ...opened } = await live(page, downlinkOf(totals.lives++), Math.min(left, MOUNTS_PER_LIFE))
      model = opened
      for (const { isAnchored, colliders } of shown) {
        totals.anchored += Number(isAnchored)
        totals.colliders += colliders
      }
    }
    measures.push(await measureClosed(meter))
    printRow(String((part * mounts) / PARTS), measures.at(-1)!)
    if (part === 2 || part === PARTS) heaps.push(await meter.heapKb())
  }
  if (totals.anchored === 0) throw new Error('no anchor ever found ground')
  return {
    ...model,
    mounts,
    lives: totals.lives,
    anchored: totals.anchored,
    collidersPerMount: round(totals.colliders / mounts),
    ...summary(measures, mounts / PARTS, 'KbPerMount'),
    grownKb: grown(heaps[0]!, heaps[1]!),
  }
}

function grown(from: HeapKb, to: HeapKb): HeapKb {
  const by = (kind: keyof HeapKb) => round(to[kind] - from[kind])
  return { objects: by('objects'), code: by('code'), browser: by('browser') }
}

/** A whole life: connection, decoder, and mounts on it one after the other. */
async function live(page: Page, downlink: Downlink, mounts: number) {
  const opened = await inPage(page, 'open', downlink)
  const shown: Awaited<ReturnType<MountsPage['mount']>>[] = []
  for (let i = 0; i < mounts; i++) shown.push(await inPage(page, 'mount'))
  await inPage(page, 'close')
  return { ...opened, shown }
}

interface PlayOptions {
  minutes: number
  /** Cells that the collider keeps at most; as many as an application's by default. */
  cells: number | undefined
  downlink: Downlink
}

async function measurePlay(page: Page, meter: Meter, { minutes, cells, downlink }: PlayOptions) {
  const parts = Math.max(LEAST_PLAY_PARTS, Math.floor(minutes))
  printHeader('minutes')
  await inPage(page, 'open', downlink)
  await inPage(page, 'startPlay', cells)
  const measures = [await meter.measure()]
  printRow('0', measures[0]!)
  const { frames: firstFrames } = await inPage(page, 'counts')
  for (let part = 1; part <= parts; part++) {
    await sleep((minutes * 60_000) / parts)
    measures.push(await meter.measure())
    printRow(String(round((part * minutes) / parts, 2)), measures.at(-1)!)
  }
  const { frames, decoder } = await inPage(page, 'counts')
  await inPage(page, 'stopPlay')
  await inPage(page, 'close')
  const ended = await measureClosed(meter)
  printRow('ended', ended)
  if (frames - firstFrames < minutes * 60) throw new Error(`${frames - firstFrames} frames in ${minutes} min of play`)
  return {
    minutes,
    frames: frames - firstFrames,
    decoder,
    ...summary(measures, minutes / parts, 'KbPerMinute'),
    whenFull: summaryWhenFull(measures, minutes / parts),
    ended: { heapMb: ended.heapMb, ...leftOf(ended) },
  }
}

/** Before and after; growth between the second measure of the course and the last, and slopes fitted from the second on. */
function summary(measures: readonly Measure[], interval: number, unit: string) {
  const [before, after, course] = [measures[0]!, measures.at(-1)!, measures.slice(2)]
  const pairs = COLUMNS.filter((name) => name !== 'heapMb').map((name) => [
    name,
    { before: before[name], after: after[name] },
  ])
  const slopes = COLUMNS.filter((name) => name.endsWith('Mb')).map((name) => [
    name.replace(/Mb$/, unit),
    round((slope(course.map((measure) => measure[name])) * 1024) / interval, 2),
  ])
  return {
    heapMbBefore: before.heapMb,
    heapMbAfter: after.heapMb,
    growthPercent: growthPercent(course.map(({ heapMb }) => heapMb)),
    ...Object.fromEntries([...slopes, ...pairs]),
  }
}

/**
 * The collider's map grows until it holds as many cells as it may, and the heap with it: growth from then on, or null
 * where the play was too short for that.
 */
function summaryWhenFull(measures: readonly Measure[], interval: number) {
  const most = Math.max(...measures.map(({ cells }) => cells))
  const first = measures.findIndex(({ cells }) => cells >= NEARLY_FULL * most)
  const heap = measures.slice(first).map(({ heapMb }) => heapMb)
  if (heap.length < LEAST_FITTED) return null
  return {
    fromMinute: round(first * interval, 2),
    cells: most,
    growthPercent: growthPercent(heap),
    heapKbPerMinute: round((slope(heap) * 1024) / interval, 2),
  }
}

function growthPercent(values: readonly number[]): number {
  return round((values.at(-1)! / values[0]! - 1) * 100, 2)
}

function leftOf({ textures, geometries, programs, glObjects, listeners, workers, bodies, colliders }: Measure) {
  return { textures, geometries, programs, glObjects, listeners, workers, bodies, colliders }
}

/** Of the straight line that fits best, per step. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const spread = values.reduce((sum, _, i) => sum + (i - middle) ** 2, 0)
  return values.reduce((sum, value, i) => sum + (i - middle) * (value - mean), 0) / spread
}

interface Meter {
  measure(): Promise<Measure>
  heapKb(): Promise<HeapKb>
}

async function openMeter(browser: Browser, page: Page): Promise<Meter> {
  const [inspector, processes] = [await page.context().newCDPSession(page), await browser.newBrowserCDPSession()]
  await inspector.send('Performance.enable')
  const measure = async () => {
    for (let i = 0; i < COLLECTIONS; i++) {
      await inspector.send('HeapProfiler.collectGarbage')
      await sleep(SETTLE_MS)
    }
    const heap = await inspector.send('Runtime.getHeapUsage')
    const { metrics } = await inspector.send('Performance.getMetrics')
    const metric = (name: string) => metrics.find((entry) => entry.name === name)?.value ?? Number.NaN
    const { frames, decoder, ...counts } = await inPage(page, 'counts')
    const measured = {
      heapMb: inMb(heap.usedSize),
      buffersMb: inMb(heap.backingStorageSize),
      embedderMb: inMb(heap.embedderHeapUsedSize),
      ...(await residentMb(processes)),
      listeners: metric('JSEventListeners'),
      nodes: metric('Nodes'),
      workers: page.workers().length,
      ...counts,
    }
    for (const [name, value] of Object.entries(measured)) {
      if (!Number.isFinite(value)) throw new Error(`the browser does not tell ${name}`)
    }
    return measured
  }
  return { measure, heapKb: () => heapKb(inspector) }
}

/** The heap of JavaScript by what is in it, kB. */
interface HeapKb {
  /** Objects, arrays, closures, strings and numbers. */
  objects: number
  /** Functions as the engine compiled them, and what it knows of shapes: made anew whenever it thinks it better. */
  code: number
  /** The browser's own objects, the list of resources that were loaded for one. */
  browser: number
}

const CODE_KINDS = ['code', 'object shape', 'hidden']

async function heapKb(inspector: CDPSession): Promise<HeapKb> {
  let text = ''
  const onChunk = ({ chunk }: { chunk: string }) => (text += chunk)
  inspector.on('HeapProfiler.addHeapSnapshotChunk', onChunk)
  await inspector.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  inspector.off('HeapProfiler.addHeapSnapshotChunk', onChunk)
  const { snapshot, nodes }: HeapSnapshot = JSON.parse(text)
  const { node_fields: fields, node_types: types } = snapshot.meta
  const [kindAt, sizeAt] = [fields.indexOf('type'), fields.indexOf('self_size')]
  if (kindAt < 0 || sizeAt < 0 || nodes.length === 0) throw new Error('the browser does not tell what is in its heap')
  const bytes = { objects: 0, code: 0, browser: 0 }
  for (let node = 0; node < nodes.length; node += fields.length) {
    const kind = types[kindAt]![nodes[node + kindAt]!]!
    const part = kind === 'native' ? 'browser' : CODE_KINDS.includes(kind) ? 'code' : 'objects'
    bytes[part] += nodes[node + sizeAt]!
  }
  return { objects: inKb(bytes.objects), code: inKb(bytes.code), browser: inKb(bytes.browser) }
}

/** What is used of the file: all nodes in one row, so many numbers each. */
interface HeapSnapshot {
  snapshot: { meta: { node_fields: string[]; node_types: string[][] } }
  nodes: number[]
}

async function measureClosed(meter: Meter): Promise<Measure> {
  await sleep(CLOSED_MS)
  return meter.measure()
}

async function residentMb(processes: CDPSession): Promise<Pick<Measure, 'pageMb' | 'gpuMb'>> {
  const { processInfo } = await processes.send('SystemInfo.getProcessInfo')
  const residentOf = (type: string) => {
    // The browser keeps another process for pages in store; the one that plays has worked most.
    const [busiest] = processInfo.filter((entry) => entry.type === type).sort((a, b) => b.cpuTime - a.cpuTime)
    if (!busiest) throw new Error(`the browser tells of no ${type} process`)
    return inMb(1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(busiest.id)], { encoding: 'utf8' })))
  }
  return { pageMb: residentOf('renderer'), gpuMb: residentOf('GPU') }
}

function inKb(bytes: number): number {
  return round(bytes / 1024)
}

function inMb(bytes: number): number {
  return round(bytes / MB, 3)
}

function inPage<Name extends keyof MountsPage>(
  page: Page,
  name: Name,
  argument?: Parameters<MountsPage[Name]>[0],
): Promise<Awaited<ReturnType<MountsPage[Name]>>> {
  return page.evaluate(`window.mounts.${name}(${JSON.stringify(argument) ?? ''})`)
}

function printHeader(first: string): void {
  console.log([first.padStart(7), ...COLUMNS.map((name) => name.padStart(11))].join(''))
}

function printRow(first: string, measure: Measure): void {
  const cells = COLUMNS.map((name) => String(name.endsWith('Mb') ? measure[name].toFixed(2) : measure[name]))
  console.log([first.padStart(7), ...cells.map((text) => text.padStart(11))].join(''))
}

function readOptions(argv: string[]) {
  const { values } = parseArgs({
    args: argv,
    options: {
      model: { type: 'string', default: 'voxel' },
      mounts: { type: 'string', default: '200' },
      minutes: { type: 'string', default: '10' },
      cells: { type: 'string' },
    },
  })
  const [mounts, minutes] = [Number(values.mounts), Number(values.minutes)]
  if (!(Number.isInteger(mounts) && mounts > 0 && mounts % PARTS === 0)) {
    throw new Error(`--mounts ${values.mounts} is no multiple of ${PARTS}`)
  }
  if (!(minutes > 0 && Number.isFinite(minutes))) throw new Error(`--minutes ${values.minutes} is no time to play`)
  const cells = values.cells === undefined ? undefined : Number(values.cells)
  if (cells !== undefined && !(Number.isInteger(cells) && cells > 0)) {
    throw new Error(`--cells ${values.cells} is no number of cells`)
  }
  return { model: values.model, mounts, minutes, cells }
}
