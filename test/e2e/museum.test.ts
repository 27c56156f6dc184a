/** The example `museum`, built and opened against the real server and the shipped model. */
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { keepScreenshot, launchBrowser, openPage, type WatchedPage } from './browser.ts'
import { startWorldServer, type WorldServerProcess } from './world-server.ts'

interface MuseumHook {
  exhibits: {
    world: { state: string; decoder: string }
    portal: { visible: boolean; texture: { image: { data: Uint8Array } } }
  }[]
  visit: { inside: unknown; walker: { yaw: number } }
  camera: { position: { set(x: number, y: number, z: number): void } }
}
type Museum = { __museum: MuseumHook }

const ROOT = fileURLToPath(new URL('../../examples/museum', import.meta.url))
const PATIENCE = { timeout: 90_000 }
let server: WorldServerProcess
let browser: Browser
let opened: WatchedPage
/** Addresses of all web workers that were ever started: a page that decodes too slowly lets go of its own. */
const workers: string[] = []

beforeAll(async () => {
  await build({ root: ROOT, configFile: `${ROOT}/vite.config.ts`, logLevel: 'error' })
  ;[server, browser] = await Promise.all([startWorldServer({ args: [`--play=${ROOT}/dist`] }), launchBrowser()])
  opened = await openPage(browser)
  opened.page.on('worker', (worker) => workers.push(worker.url()))
  // Pixels cost processor time here.
  await opened.page.goto(`${server.url}/?test&scale=0.5`)
  await opened.page.waitForFunction(
    () => (window as unknown as Partial<Museum>).__museum?.exhibits.every(({ portal }) => portal.visible),
    undefined,
    PATIENCE,
  )
}, 240_000)

afterAll(async () => {
  await browser?.close()
  await server?.kill()
})

/** Mean colours of the three pictures. */
function colours(): Promise<number[][]> {
  return opened.page.evaluate(() =>
    (window as unknown as Museum).__museum.exhibits.map(({ portal }) => {
      const { data } = portal.texture.image
      const sums = [0, 0, 0]
      for (let i = 0; i < data.length; i += 4) for (let k = 0; k < 3; k++) sums[k]! += data[i + k]!
      return sums.map((sum) => sum / (data.length / 4))
    }),
  )
}

async function waitForStates(...states: string[]): Promise<void> {
  await opened.page.waitForFunction(
    (wanted) => (window as unknown as Museum).__museum.exhibits.every(({ world }, i) => world.state === wanted[i]),
    states,
    PATIENCE,
  )
}

function lookTo(yaw: number): Promise<void> {
  return opened.page.evaluate((degrees) => {
    ;(window as unknown as Museum).__museum.visit.walker.yaw = degrees
  }, yaw)
}

it('shows three worlds that live, decoded by one worker', async () => {
  const before = await colours()
  const apart = (a: number[], b: number[]) => Math.max(...a.map((value, k) => Math.abs(value - b[k]!)))
  expect(apart(before[0]!, before[1]!)).toBeGreaterThan(5)
  expect(apart(before[1]!, before[2]!)).toBeGreaterThan(5)
  expect(apart(before[0]!, before[2]!)).toBeGreaterThan(5)
  await vi.waitFor(async () => {
    const after = await colours()
    for (const [i, colour] of after.entries()) expect(apart(colour, before[i]!)).toBeGreaterThan(0)
  }, 30_000)
  await keepScreenshot(opened.page, 'museum-room')
  expect(workers.filter((url) => url.includes('decoder-worker'))).toHaveLength(1)
}, 60_000)

it('stops the worlds that nobody looks at', async () => {
  await lookTo(180)
  await waitForStates('paused', 'paused', 'paused')
  const health = (await (await fetch(`${server.url}/health`)).json()) as object
  expect(health).toMatchObject({ rooms: 3 })
  // To the left, where only the first door is.
  await lookTo(-75)
  await waitForStates('running', 'paused', 'paused')
  await keepScreenshot(opened.page, 'museum-left')
  await lookTo(0)
  await waitForStates('running', 'running', 'running')
}, 120_000)

it('lets one walk into a world and back out', async () => {
  const { page } = opened
  await page.evaluate(() => (window as unknown as Museum).__museum.camera.position.set(0, 1.62, -2.4))
  await page.waitForTimeout(500)
  await keepScreenshot(page, 'museum-before-door')
  await page.keyboard.down('KeyW')
  await page.waitForFunction(() => (window as unknown as Museum).__museum.visit.inside, undefined, PATIENCE)
  await page.keyboard.up('KeyW')
  await waitForStates('paused', 'running', 'paused')
  await keepScreenshot(page, 'museum-inside')
  // Backwards out of the door that one has just come through.
  await page.keyboard.down('KeyS')
  await page.waitForFunction(() => !(window as unknown as Museum).__museum.visit.inside, undefined, PATIENCE)
  await page.keyboard.up('KeyS')
  await page.waitForTimeout(500)
  await keepScreenshot(page, 'museum-back')
  expect(await page.getByRole('status').textContent()).toContain('W A S D')
}, 240_000)

it('nothing was reported on the console', () => {
  expect(opened.problems).toEqual([])
})
