/** The play page against the real server and the bundled model, in a real browser. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keepScreenshot, launchBrowser, openPage, type WatchedPage } from './browser.ts'
import { buildPlayPage } from './built-play-page.ts'
import { compareLogs, frameLog, moreFrames, playTestPage } from './frame-log.ts'
import { startWorldServer, type WorldServerProcess } from './world-server.ts'

const PROMPT = encodeURIComponent('a grassy plain on a clear day')

let server: WorldServerProcess
let browser: Browser
let opened: WatchedPage

beforeAll(async () => {
  await buildPlayPage()
  ;[server, browser] = await Promise.all([startWorldServer(), launchBrowser()])
  opened = await openPage(browser)
  await playTestPage(opened.page, `${server.url}/?test&downlink=latent&rngSeed=7&prompt=${PROMPT}`)
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await server?.kill()
})

/** Starts the world anew with one random seed, does something, and returns what was seen in the next frames. */
async function rollout(act: () => Promise<unknown>, frames = 48) {
  const { page } = opened
  const reset = page.evaluate(() => window.__sora!.world.reset({ rngSeed: 11 }))
  const { world } = await reset
  await act()
  await moreFrames(page, frames)
  await page.evaluate(() => window.__sora!.world.release())
  return { world, log: await frameLog(page) }
}

describe('the play page', () => {
  it('shows the menu over a world that moves', async () => {
    const { page } = opened
    await page.getByTestId('menu').waitFor()
    await page.evaluate(() => window.__sora!.world.hold({ forward: true }))
    await moreFrames(page, 12)
    await page.evaluate(() => window.__sora!.world.release())
    const hashes = Object.values(await frameLog(page))
    expect(new Set(hashes).size).toBeGreaterThan(hashes.length / 2)
    expect(await page.getByTestId('model-line').textContent()).toContain('nano')
    expect(await page.getByTestId('notice').isHidden()).toBe(true)
    await keepScreenshot(page, 'menu')
  })

  it('lets the player in: pointer, hud, figures', async () => {
    const { page } = opened
    await page.getByTestId('play').click()
    await page.waitForFunction(() => document.pointerLockElement?.id === 'view')
    expect(await page.getByTestId('hud').isVisible()).toBe(true)
    await page.keyboard.press('F3')
    await page.getByTestId('stats').waitFor()
    await page.keyboard.down('KeyW')
    await page.waitForFunction(() => window.__sora!.world.input.held.includes('forward'))
    await page.keyboard.up('KeyW')
    await page.waitForFunction(() => window.__sora!.world.stats.inputToPhotonMs.count > 0)
    await page.waitForTimeout(600)
    expect(await page.getByTestId('stats').textContent()).toContain('cpu')
    await page.keyboard.press('Digit4')
    await page.locator('#hotbar li:nth-child(4) [aria-pressed=true]').waitFor()
    await keepScreenshot(page, 'playing')
  })

  it('opens the box for events without moving the player, and says what was typed', async () => {
    const { page } = opened
    await page.keyboard.press('KeyT')
    await page.getByTestId('event-box').waitFor()
    await page.keyboard.type('it starts to rain, wasd')
    expect(await page.getByTestId('event').inputValue()).toBe('it starts to rain, wasd')
    expect(await page.evaluate(() => window.__sora!.world.input.held)).toEqual([])
    await keepScreenshot(page, 'event')
    await page.keyboard.press('Enter')
    await page.getByText('it starts to rain, wasd”: look around').waitFor({ timeout: 15_000 })
    await page.waitForFunction(() => document.body.dataset.mode === 'playing')
  })

  it('Escape leads back to the menu', async () => {
    const { page } = opened
    // Headless browsers do not hand Escape to the pointer lock: leaving it is what Escape would do.
    await page.evaluate(() => document.exitPointerLock())
    await page.keyboard.press('Escape')
    await page.getByTestId('menu').waitFor()
  })

  it('makes another world from a prompt', async () => {
    const { page } = opened
    const before = await page.evaluate(() => window.__sora!.world.room.world)
    await page.getByTestId('prompt').fill('a desert village')
    await page.getByTestId('create').click()
    await page.waitForFunction((world) => (window.__sora!.world.frame?.world ?? 0) > world, before)
    expect(await page.evaluate(() => window.__sora!.world.room.prompt)).toBe('a desert village')
    await page.evaluate(() => document.exitPointerLock())
  })
})

it('pauses while nobody looks at the tab', async () => {
  const { page } = opened
  const setHidden = (isHidden: boolean) =>
    page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { configurable: true, get: () => value })
      document.dispatchEvent(new Event('visibilitychange'))
    }, isHidden)
  await setHidden(true)
  await page.waitForFunction(() => window.__sora!.world.state === 'paused')
  await setHidden(false)
  await page.waitForFunction(() => window.__sora!.world.state === 'running')
})

it('plays on a phone: nothing stands out, buttons answer to fingers', async () => {
  const phone = await openPage(browser, { viewport: { width: 390, height: 760 }, hasTouch: true, isMobile: true })
  const { page } = phone
  await playTestPage(page, `${server.url}/?test`)
  await keepScreenshot(page, 'phone-menu')
  await page.getByTestId('play').tap()
  const jump = page.getByRole('button', { name: 'Jump' })
  await jump.dispatchEvent('pointerdown', { pointerType: 'touch', pointerId: 1 })
  expect(await page.evaluate(() => window.__sora!.world.input.held)).toEqual(['jump'])
  await keepScreenshot(page, 'phone-playing')
  await jump.dispatchEvent('pointerup', { pointerType: 'touch', pointerId: 1 })
  expect(await page.evaluate(() => window.__sora!.world.input.held)).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
  expect(phone.problems).toEqual([])
  await page.context().close()
}, 90_000)

describe('what the player does is what the world shows', () => {
  it('the same random seed and no action give the same pictures; walking and turning give others', async () => {
    const { page } = opened
    const still = await rollout(async () => {})
    const again = await rollout(async () => {})
    const walking = await rollout(() =>
      page.evaluate(() => {
        window.__sora!.world.hold({ forward: true })
        window.__sora!.world.look(60)
      }),
    )
    const same = compareLogs(still.log, again.log, still.world, again.world)
    const other = compareLogs(still.log, walking.log, still.world, walking.world)
    expect(same.shared).toBeGreaterThan(8)
    expect(same.equal).toBe(same.shared)
    // The first chunk may be on its way already when the action arrives.
    expect(other.shared).toBeGreaterThan(8)
    expect(other.equal).toBeLessThanOrEqual(8)
  }, 60_000)
})

it('nothing was reported on the console', () => {
  expect(opened.problems).toEqual([])
})
