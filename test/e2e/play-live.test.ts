/** What the play page does by itself, and what its settings do: with the real server and a model that costs nothing. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { launchBrowser, openPage } from './browser.ts'
import { buildPlayPage } from './built-play-page.ts'
import { playTestPage } from './frame-log.ts'
import { startWorldServer, type WorldServerProcess } from './world-server.ts'

// Also on a machine that is busy with other things.
vi.setConfig({ testTimeout: 90_000 })

let server: WorldServerProcess
let browser: Browser
const contexts: BrowserContext[] = []

beforeAll(async () => {
  await buildPlayPage()
  ;[server, browser] = await Promise.all([startWorldServer({ model: 'fake' }), launchBrowser()])
}, 120_000)

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
})

afterAll(async () => {
  await browser?.close()
  await server?.kill()
})

async function open(query: string, options: BrowserContextOptions = {}): Promise<Page> {
  const { page } = await openPage(browser, options)
  contexts.push(page.context())
  await playTestPage(page, `${server.url}/?${query}`)
  await page.getByTestId('menu').waitFor()
  return page
}

/** How often the page turns the view by itself within a while. */
function looksIn(page: Page, milliseconds: number): Promise<number> {
  return page.evaluate(async (wait) => {
    const { world } = window.__sora!
    const { look } = world
    let looks = 0
    world.look = (...angles) => {
      looks++
      look.apply(world, angles)
    }
    await new Promise((resolve) => setTimeout(resolve, wait))
    world.look = look
    return looks
  }, milliseconds)
}

const waitForState = (page: Page, state: string) =>
  page.waitForFunction((wanted) => window.__sora!.world.state === wanted, state)

async function leaveToMenu(page: Page): Promise<void> {
  // Headless browsers do not hand Escape to the pointer lock.
  await page.evaluate(() => document.exitPointerLock())
  await page.keyboard.press('Escape')
  await page.getByTestId('menu').waitFor()
}

describe('the title', () => {
  it('plays by itself until somebody plays; then the menu is a break in which the world waits', async () => {
    const page = await open('test=live')
    await waitForState(page, 'running')
    expect(await looksIn(page, 1000)).toBeGreaterThan(2)
    expect(await page.getByTestId('play').textContent()).toBe('Play')
    await page.getByTestId('play').click()
    expect(await looksIn(page, 600)).toBe(0)
    await leaveToMenu(page)
    await waitForState(page, 'paused')
    expect(await page.getByTestId('play').textContent()).toBe('Resume')
    expect(await looksIn(page, 600)).toBe(0)
    await page.getByTestId('play').click()
    await waitForState(page, 'running')
  })

  it('makes another world also while this one waits', async () => {
    const page = await open('test=live')
    await page.getByTestId('play').click()
    await leaveToMenu(page)
    await waitForState(page, 'paused')
    await page.getByTestId('presets').getByRole('button', { name: 'a desert village' }).click()
    await page.waitForFunction(() => window.__sora!.world.room.prompt === 'a desert village')
    await page.waitForFunction(() => document.body.dataset.mode === 'playing')
    expect(await page.evaluate(() => window.__sora!.world.room.rngSeed)).toBe(6)
  })

  it('holds still for who wants less motion', async () => {
    const page = await open('test=live', { reducedMotion: 'reduce' })
    await waitForState(page, 'running')
    expect(await looksIn(page, 600)).toBe(0)
  })

  it('goes on while somebody else is in the room', async () => {
    const first = await open('test=live')
    const room = await first.evaluate(() => window.__sora!.world.roomId)
    await open(`test=live&room=${room}`)
    await first.waitForFunction(() => window.__sora!.world.room.players === 2)
    await first.getByTestId('play').click()
    await leaveToMenu(first)
    expect(await looksIn(first, 600)).toBe(0)
    expect(await first.evaluate(() => window.__sora!.world.state)).toBe('running')
  })
})

it('a branch waits for its player, and is not played with', async () => {
  const page = await open('test=live')
  await page.getByTestId('play').click()
  const [room] = await page.evaluate(() => window.__sora!.world.fork(1))
  const tab = await open(`test=live&room=${room}`)
  await waitForState(tab, 'paused')
  expect(await looksIn(tab, 600)).toBe(0)
  expect(await tab.getByTestId('play').textContent()).toBe('Resume')
  await tab.getByTestId('play').click()
  await waitForState(tab, 'running')
})

describe('settings', () => {
  const openSettings = async (page: Page) => {
    await page.getByTestId('open-settings').click()
    await page.getByTestId('settings').waitFor()
  }

  it('hold at once, and after the page was loaded again', async () => {
    const page = await open('test')
    await openSettings(page)
    await page.getByTestId('filter').selectOption('pixels')
    const isPixelated = () => document.querySelector<HTMLElement>('#view')!.style.imageRendering === 'pixelated'
    await page.waitForFunction(isPixelated)
    const lines = () => page.evaluate(() => document.querySelector<HTMLCanvasElement>('#view')!.height)
    await page.getByLabel('Drawn at').selectOption('full')
    expect(await lines()).toBe(600)
    await page.getByLabel('Drawn at').selectOption('low')
    expect(await lines()).toBe(await page.evaluate(() => 2 * window.__sora!.world.size.height))
    await page.reload()
    await page.waitForFunction(isPixelated, undefined, { timeout: 30_000 })
    await page.getByTestId('menu').waitFor()
    await openSettings(page)
    expect(await page.getByTestId('filter').inputValue()).toBe('pixels')
    await page.getByTestId('settings-reset').click()
    expect(await page.getByTestId('filter').inputValue()).toBe('clear')
  })

  it('turn the view as far as the player likes, and the other way round', async () => {
    const page = await open('test')
    await openSettings(page)
    await page.getByLabel('Mouse up looks down').check()
    await page.getByLabel('Mouse', { exact: false }).first().fill('2')
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByTestId('play').click()
    await page.waitForFunction(() => document.pointerLockElement !== null)
    const turned = await page.evaluate(() => {
      const turns: [string, number][] = []
      const { input } = window.__sora!.world
      const { turn } = input
      input.turn = (axis, delta) => {
        turns.push([axis, delta])
        turn.call(input, axis, delta)
      }
      document.dispatchEvent(new MouseEvent('mousemove', { movementX: 10, movementY: 10 }))
      return Object.fromEntries(turns)
    })
    expect(turned['camera.yaw']).toBeCloseTo(3)
    expect(turned['camera.pitch']).toBeCloseTo(-3)
  })

  it('let the server decode, while the world goes on', async () => {
    const page = await open('test')
    const room = await page.evaluate(() => window.__sora!.world.roomId)
    await openSettings(page)
    await page.getByTestId('downlink').selectOption('image')
    await page.waitForFunction(() => window.__sora!.world.decoder.includes('image'))
    expect(await page.evaluate(() => window.__sora!.world.roomId)).toBe(room)
  })

  it('start the world anew with another number of denoise steps', async () => {
    const page = await open('test&prompt=a%20swamp&rngSeed=5')
    await openSettings(page)
    const [, other] = await page
      .getByTestId('steps')
      .locator('option')
      .evaluateAll((options) => {
        const numbers = options.map((option) => Number((option as HTMLOptionElement).value))
        return [0, numbers.find((steps) => steps > 0 && steps !== window.__sora!.world.welcome.steps)!]
      })
    await page.getByTestId('steps').selectOption(String(other))
    await page.keyboard.press('Escape')
    await page.waitForFunction((steps) => window.__sora!.world.welcome.steps === steps, other)
    await page.getByTestId('menu').waitFor()
    expect(await page.evaluate(() => window.__sora!.world.room)).toMatchObject({ prompt: 'a swamp', rngSeed: 5 })
  })
})
