import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import type { Page } from 'playwright-core'
import { launchBrowser, openPage } from '../test/e2e/browser.ts'
import { buildPlayPage } from '../test/e2e/built-play-page.ts'
import { startWorldServer } from '../test/e2e/world-server.ts'
import { describeEnvironment, percentile } from './environment.ts'
import { collectInPage, type LatencyRecord } from './latency-page.ts'

const TAP_MS = 60
/** Between two inputs: anywhere within a chunk, and long enough for the last one to be answered. */
const GAP_MS = { from: 350, to: 750 }
const WARM_UP_MS = 4000

/**
 * Input to photon, on one machine: the real server, a real socket, the play page in headless Chromium.
 *
 * A key is pressed through the browser's own input path; the clock runs from the time stamp of its event to the animation
 * frame after the one that drew the first picture that reflects it. What a display adds comes on top. The browser has
 * no graphics card here: it draws on the processor that also makes the world.
 */
export async function run(argv: string[]): Promise<void> {
  const { model, steps, inputs, downlink } = readOptions(argv)
  console.log(describeEnvironment())
  await buildPlayPage()
  const [server, browser] = await Promise.all([startWorldServer({ model }), launchBrowser()])
  try {
    const { page, problems } = await openPage(browser)
    const query = new URLSearchParams({ test: '', rngSeed: '1', prompt: 'a grassy plain on a clear day' })
    if (steps) query.set('steps', steps)
    if (downlink) query.set('downlink', downlink)
    const openedMs = performance.now()
    await page.goto(`${server.url}/?${query}`)
    await page.waitForFunction(() => window.__sora?.world.frame, undefined, { polling: 20, timeout: 60_000 })
    const firstFrameMs = performance.now() - openedMs
    await play(page)
    await page.evaluate(collectInPage)
    await pressKeys(page, inputs)
    const record = await page.evaluate(() => window.__latency!)
    const figures = await readFigures(page)
    for (const problem of problems) console.error(problem)
    report(record, figures, firstFrameMs)
  } finally {
    await browser.close()
    await server.kill()
  }
}

async function play(page: Page): Promise<void> {
  await page.getByTestId('play').click()
  await page.waitForFunction(() => document.body.dataset.mode === 'playing')
  await sleep(WARM_UP_MS)
}

async function pressKeys(page: Page, count: number): Promise<void> {
  const keys = ['KeyW', 'KeyA', 'KeyD', 'KeyS']
  for (let i = 0; i < count; i++) {
    const key = keys[i % keys.length]!
    await page.keyboard.down(key)
    await sleep(TAP_MS)
    await page.keyboard.up(key)
    await sleep(GAP_MS.from + Math.random() * (GAP_MS.to - GAP_MS.from))
  }
}

function readFigures(page: Page) {
  return page.evaluate(() => {
    const { stats, welcome, decoder, manifest } = window.__sora!.world
    return { stats, welcome, decoder, version: manifest.version }
  })
}

function report(
  record: LatencyRecord,
  { stats, welcome, decoder, version }: Awaited<ReturnType<typeof readFigures>>,
  firstFrameMs: number,
): void {
  const rows: [string, { p50: number | null; p95: number | null }][] = [
    ['input to photon', spread(record.photonMs)],
    ['  to the renderer', stats.inputToPhotonMs],
    ['  within the server', stats.serverMs],
    ['  decoded in', stats.decodeMs],
    ['  round trip', stats.roundTripMs],
    ['chunk made in', spread(record.chunkMs)],
    ['between chunks', spread(record.intervalMs)],
  ]
  console.log(`${'ms'.padEnd(22)}${'p50'.padStart(6)}${'p95'.padStart(6)}`)
  for (const [name, { p50, p95 }] of rows) {
    console.log(name.padEnd(22) + [p50, p95].map((value) => (value ?? 0).toFixed(0).padStart(6)).join(''))
  }
  console.log(`${record.photonMs.length} inputs, ${record.chunkMs.length} chunks`)
  console.log(`first frame after ${firstFrameMs.toFixed(0)} ms, page load included; ${stats.fps.toFixed(1)} frames/s`)
  console.log(`decoder ${decoder}; ${stats.holds} holds, ${stats.drops} drops`)
  console.log(
    JSON.stringify({
      name: 'latency',
      model: welcome.modelName,
      version,
      provider: welcome.provider,
      variant: welcome.variant,
      decoder,
      steps: welcome.steps,
      photonMs: spread(record.photonMs),
      chunkMs: spread(record.chunkMs),
      firstFrameMs: Math.round(firstFrameMs),
      fps: Math.round(stats.fps * 10) / 10,
      downlinkKbit: Math.round(stats.kbitPerSecond),
    }),
  )
}

function spread(values: readonly number[]) {
  return { p50: Math.round(percentile(values, 0.5)), p95: Math.round(percentile(values, 0.95)) }
}

function readOptions(argv: string[]) {
  const { values } = parseArgs({
    args: argv,
    options: {
      model: { type: 'string' },
      steps: { type: 'string' },
      downlink: { type: 'string' },
      inputs: { type: 'string', default: '60' },
    },
  })
  return { ...values, inputs: Number(values.inputs) }
}
