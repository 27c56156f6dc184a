/** The larger model in the play page: slow beside other tests on two cores, so what is asked does not depend on speed. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keepScreenshot, launchBrowser, openPage, type WatchedPage } from './browser.ts'
import { buildPlayPage } from './built-play-page.ts'
import { frameLog, moreFrames, playTestPage } from './frame-log.ts'
import { startWorldServer, type WorldServerProcess } from './world-server.ts'

let server: WorldServerProcess
let browser: Browser
let opened: WatchedPage

beforeAll(async () => {
  await buildPlayPage()
  ;[server, browser] = await Promise.all([startWorldServer({ model: 'voxel' }), launchBrowser()])
  opened = await openPage(browser)
  const prompt = encodeURIComponent('green fields by day, clear sky')
  await playTestPage(opened.page, `${server.url}/?test&rngSeed=1&prompt=${prompt}`)
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await server?.kill()
})

it('plays voxel at its own size, and the world moves with the player', async () => {
  const { page } = opened
  const { world } = await page.evaluate(() => window.__sora!.world.reset({ rngSeed: 3 }))
  await page.waitForFunction((made) => window.__sora!.world.frame?.world === made, world, { timeout: 60_000 })
  const frame = await page.evaluate(() => {
    const { width, height, rgba, inverseDepth } = window.__sora!.world.frame!
    const ground = rgba.slice(rgba.length / 2)
    const mean = (place: number) => {
      const values = Array.from(ground).filter((_, i) => i % 4 === place)
      return values.reduce((sum, value) => sum + value, 0) / values.length
    }
    return { width, height, red: mean(0), green: mean(1), blue: mean(2), depths: inverseDepth?.length }
  })
  expect(frame).toMatchObject({ width: 256, height: 144, depths: 32 * 18 })
  // Fields by day: the lower half of the first view is green, and neither dark nor blank.
  expect(frame.green).toBeGreaterThan(60)
  expect(frame.green).toBeGreaterThan(frame.red + 10)
  expect(frame.green).toBeGreaterThan(frame.blue + 10)
  await page.evaluate(() => window.__sora!.world.hold({ forward: true }))
  await moreFrames(page, 24, 90_000)
  await keepScreenshot(page, 'voxel')
  const hashes = Object.entries(await frameLog(page)).filter(([key]) => key.startsWith(`${world}/`))
  expect(new Set(hashes.map(([, hash]) => hash)).size).toBeGreaterThan(hashes.length / 2)
  expect(await page.getByTestId('model-line').textContent()).toContain('voxel')
}, 120_000)
