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
  await playTestPage(opened.page, `${server.url}/?test&rngSeed=3&prompt=${prompt}`)
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await server?.kill()
})

it('plays voxel at its own size, and the world moves with the player', async () => {
  const { page } = opened
  const { world } = await page.evaluate(() => window.__sora!.world.reset({ rngSeed: 5 }))
  await page.evaluate(() => window.__sora!.world.hold({ forward: true }))
  await moreFrames(page, 24, 90_000)
  const frame = await page.evaluate(() => {
    const { width, height, rgba, inverseDepth } = window.__sora!.world.frame!
    const channel = (place: number) => Array.from(rgba).filter((_, i) => i % 4 === place)
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const blue = channel(2)
    const [sky, ground] = [blue.slice(0, blue.length / 2), blue.slice(blue.length / 2)].map(mean)
    return { width, height, green: mean(channel(1)), sky: sky!, ground: ground!, depths: inverseDepth?.length }
  })
  expect(frame).toMatchObject({ width: 256, height: 144, depths: 32 * 18 })
  // A clear day over fields: neither dark nor blank, and the upper half bluer than the lower.
  expect(frame.green).toBeGreaterThan(70)
  expect(frame.sky).toBeGreaterThan(frame.ground)
  const hashes = Object.entries(await frameLog(page)).filter(([key]) => key.startsWith(`${world}/`))
  expect(new Set(hashes.map(([, hash]) => hash)).size).toBeGreaterThan(hashes.length / 2)
  expect(await page.getByTestId('model-line').textContent()).toContain('voxel')
  await keepScreenshot(page, 'voxel')
}, 120_000)
