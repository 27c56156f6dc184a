/** Several clients in one room, and a model that crashes under them. */
import { FakeDecoder, WorldClient } from '@sora-world/sdk'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { launchBrowser, openPage, type WatchedPage } from './browser.ts'
import { buildPlayPage } from './built-play-page.ts'
import { compareLogs, type FrameLog, frameLog, moreFrames, playTestPage } from './frame-log.ts'
import { startWorldServer, type WorldServerProcess } from './world-server.ts'

let server: WorldServerProcess
let browser: Browser
let first: WatchedPage
let second: WatchedPage

beforeAll(async () => {
  await buildPlayPage()
  ;[server, browser] = await Promise.all([startWorldServer(), launchBrowser()])
  // Both decode, however busy the machine is: pictures from the server are not the same to the bit.
  first = await openPage(browser)
  await playTestPage(first.page, `${server.url}/?test&downlink=latent`)
  second = await openPage(browser)
  await playTestPage(second.page, `${await copiedLink(first)}&test&downlink=latent`)
}, 120_000)

/** What the button of the menu puts on the clipboard. */
async function copiedLink({ page }: WatchedPage): Promise<string> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByTestId('share').click()
  await page.getByTestId('toast').getByText('Link copied').waitFor()
  return page.evaluate(() => navigator.clipboard.readText())
}

afterAll(async () => {
  await browser?.close()
  await server?.kill()
})

/** Logs keep the order in which frames were shown. */
function newestFrames(log: FrameLog, count: number): FrameLog {
  return Object.fromEntries(Object.entries(log).slice(-count))
}

describe('a second tab with the link', () => {
  it('sees the same frames', async () => {
    const world = await first.page.evaluate(() => window.__sora!.world.room.world)
    // A late joiner's decoder has not seen what came before: its state needs some chunks to become that of the others.
    await vi.waitFor(
      async () => {
        await moreFrames(second.page, 8)
        // Each page leaves out frames of its own when it is busy: enough of them to have eight in common.
        const newest = newestFrames(await frameLog(second.page), 32)
        const { shared, equal } = compareLogs(await frameLog(first.page), newest, world)
        expect(shared).toBeGreaterThanOrEqual(8)
        expect(equal).toBe(shared)
      },
      { timeout: 40_000, interval: 200 },
    )
  }, 60_000)

  it('watches until it takes the controls over', async () => {
    expect(await second.page.evaluate(() => window.__sora!.world.isDriver)).toBe(false)
    await second.page.getByTestId('play').click()
    await second.page.getByTestId('watching').waitFor()
    // The pointer is locked while playing: the key is the way.
    await second.page.keyboard.press('KeyC')
    await second.page.waitForFunction(() => window.__sora!.world.isDriver)
    await first.page.waitForFunction(() => !window.__sora!.world.isDriver)
    await second.page.getByTestId('watching').waitFor({ state: 'hidden' })
    await first.page.getByTestId('seat').getByText('someone else drives').waitFor()
  })
})

it('the world goes on after its model process was killed', async () => {
  const before = await frameLog(first.page)
  expect(server.killWorker()).toBeGreaterThan(0)
  await moreFrames(first.page, 16, 30_000)
  const worlds = Object.keys(await frameLog(first.page)).map((key) => Number(key.split('/')[0]))
  const worldBefore = Number(Object.keys(before).at(-1)!.split('/')[0])
  expect(Math.max(...worlds)).toBe(worldBefore)
  expect(await first.page.evaluate(() => window.__sora!.world.state)).toBe('running')
}, 60_000)

it('200 connects leave nothing behind, here or on the server', async () => {
  const roomId = await first.page.evaluate(() => window.__sora!.world.roomId)
  const connectOnce = async () => {
    const world = await WorldClient.connect(server.url, { roomId, decoder: new FakeDecoder() })
    await world.close()
  }
  for (let i = 0; i < 10; i++) await connectOnce()
  const before = await footprint()
  for (let i = 0; i < 190; i += 5) await Promise.all(Array.from({ length: 5 }, connectOnce))
  await first.page.waitForFunction(() => window.__sora!.world.room.players === 2)
  // Closing handshakes take a moment.
  await vi.waitFor(
    async () => {
      const after = await footprint()
      expect(after.rooms).toBe(before.rooms)
      expect(after.sockets).toBeLessThanOrEqual(before.sockets)
      expect(after.timers).toBeLessThanOrEqual(before.timers + 2)
    },
    { timeout: 20_000, interval: 500 },
  )
}, 90_000)

async function footprint() {
  const { rooms } = (await (await fetch(`${server.url}/health`)).json()) as { rooms: number }
  const resources = process.getActiveResourcesInfo()
  const count = (kind: RegExp) => resources.filter((name) => kind.test(name)).length
  return { rooms, sockets: count(/TCP|TLS/), timers: count(/Timeout/) }
}

it('nothing was reported on the console of either page', () => {
  expect([...first.problems, ...second.problems]).toEqual([])
})
