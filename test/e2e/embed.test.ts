/** The example `embed`, built and opened against the real server and the shipped model. */
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { keepScreenshot, launchBrowser, openPage, type WatchedPage } from './browser.ts'
import { startWorldServer, type WorldServerProcess } from './world-server.ts'

interface EmbedHook {
  world: { frame: { seq: number } | null; look(yaw: number): void }
  solid: { size: number; map: { size: number } }
  balls: { heights: number[] }
  figure: { visible: boolean; position: { y: number } }
  throwBall(): void
  placeSign(u?: number, v?: number): boolean
}

const ROOT = fileURLToPath(new URL('../../examples/embed', import.meta.url))
let server: WorldServerProcess
let browser: Browser
let opened: WatchedPage

beforeAll(async () => {
  await build({ root: ROOT, configFile: `${ROOT}/vite.config.ts`, logLevel: 'error' })
  ;[server, browser] = await Promise.all([startWorldServer({ args: [`--play=${ROOT}/dist`] }), launchBrowser()])
  opened = await openPage(browser)
  await opened.page.goto(`${server.url}/?test`)
  await opened.page.waitForFunction(
    () => (window as unknown as { __embed?: EmbedHook }).__embed?.solid.size,
    undefined,
    {
      timeout: 90_000,
    },
  )
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await server?.kill()
})

/**
 * The smallest way that the newest ball went in a quarter of a second, from one second after it was thrown on; free fall
 * takes more than two blocks by then.
 */
async function watchBall(page: WatchedPage['page']): Promise<number> {
  const heights: number[] = []
  for (let i = 0; i < 16; i++) {
    await page.waitForTimeout(250)
    const height = await page.evaluate(() => (window as unknown as { __embed: EmbedHook }).__embed.balls.heights.at(-1))
    if (height !== undefined) heights.push(height)
  }
  return Math.min(...heights.slice(4).map((height, i) => Math.abs(height - heights[i + 3]!)))
}

it('the generated landscape holds up a ball thrown into it, and a sign stands there', async () => {
  const { page } = opened
  const isPlaced = await page.evaluate(() => {
    const { throwBall, placeSign } = (window as unknown as { __embed: EmbedHook }).__embed
    throwBall()
    return placeSign(0.6, 0.9)
  })
  expect(isPlaced).toBe(true)
  await page.waitForTimeout(300)
  await keepScreenshot(page, 'embed-flying')
  // The landscape is another one each time and ends where nothing was seen: a ball may roll over that edge. One of eight,
  // thrown to different sides, must be stopped by something.
  let least = await watchBall(page)
  for (let ball = 1; ball < 8 && least >= 0.3; ball++) {
    await page.evaluate(() => (window as unknown as { __embed: EmbedHook }).__embed.world.look(40))
    await page.waitForTimeout(1500)
    await page.evaluate(() => (window as unknown as { __embed: EmbedHook }).__embed.throwBall())
    least = await watchBall(page)
  }
  const { colliders, cells, figure } = await page.evaluate(() => {
    const { solid, figure } = (window as unknown as { __embed: EmbedHook }).__embed
    return { colliders: solid.size, cells: solid.map.size, figure: { isThere: figure.visible, y: figure.position.y } }
  })
  await keepScreenshot(page, 'embed-resting')
  expect(await page.getByRole('status').textContent()).toContain('B throws a ball')
  expect(cells).toBeGreaterThan(50)
  expect(colliders).toBeGreaterThan(10)
  // It is put back when it falls off the world.
  expect(figure.isThere).toBe(true)
  expect(figure.y).toBeGreaterThan(-10)
  expect(least).toBeLessThan(0.3)
  expect(opened.problems).toEqual([])
}, 120_000)
