/** How the play page looks and behaves at three sizes: nothing on the console, nothing moves under the finger, all readable. */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { keepScreenshot, launchBrowser, openPage } from './browser.ts'
import { buildPlayPage } from './built-play-page.ts'
import { frameLog, moreFrames, playTestPage } from './frame-log.ts'
import { startWorldServer, type WorldServerProcess } from './world-server.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WORLD = `rngSeed=1&prompt=${encodeURIComponent('a tropical island at noon')}`
const TOUCH = { hasTouch: true, isMobile: true }
const SIZES: Readonly<Record<string, BrowserContextOptions>> = {
  desktop: { viewport: { width: 1280, height: 800 } },
  tablet: { viewport: { width: 1024, height: 768 }, ...TOUCH },
  phone: { viewport: { width: 390, height: 844 }, ...TOUCH },
  'phone-on-its-side': { viewport: { width: 844, height: 390 }, ...TOUCH },
}

// Also on a machine that is busy with other things.
vi.setConfig({ testTimeout: 90_000 })

let server: WorldServerProcess
let browser: Browser
const contexts: BrowserContext[] = []

beforeAll(async () => {
  await buildPlayPage()
  ;[server, browser] = await Promise.all([startWorldServer(), launchBrowser()])
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await server?.kill()
})

/** A page that goes after the test, however that ends: worlds that play on would slow down the next. */
async function open(options: BrowserContextOptions = {}) {
  const opened = await openPage(browser, options)
  contexts.push(opened.page.context())
  return opened
}

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
})

/** Rules of WCAG 2.2 AA and of good practice that are broken, with the elements. */
async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
    interface Violation {
      id: string
      nodes: { html: string; failureSummary?: string }[]
    }
    const { violations } = await axe.run()
    return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`))
  })
}

/** Elements that stand out of the window to the side. */
function outside(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const isShown = (element: Element) => element.checkVisibility({ visibilityProperty: true })
    const stands = (element: Element) => {
      const { left, right, width } = element.getBoundingClientRect()
      return width > 0 && (left < -0.5 || right > innerWidth + 0.5)
    }
    const all = [...document.querySelectorAll('button, input, h1, h2, h3, p, dl')]
    return all.filter((e) => isShown(e) && stands(e) && !e.closest('.cards')).map((e) => e.outerHTML.slice(0, 80))
  })
}

async function check(page: Page, name: string): Promise<void> {
  await keepScreenshot(page, name)
  expect(await accessibilityProblems(page)).toEqual([])
  expect(await outside(page)).toEqual([])
}

describe.each(Object.entries(SIZES))('on a %s', (name, options) => {
  it('title, dialogs and play are readable, reachable and inside the window', async () => {
    const { page, problems } = await open(options)
    await playTestPage(page, `${server.url}/?fake&test&${WORLD}`)
    await page.getByTestId('menu').waitFor()
    await check(page, `look-${name}-title`)
    // The widest and the narrowest: between them dialogs do not change.
    for (const dialog of name === 'desktop' || name === 'phone' ? ['settings', 'help', 'gallery'] : []) {
      await page.getByTestId(`open-${dialog}`).click()
      await page.getByTestId(dialog).waitFor()
      await check(page, `look-${name}-${dialog}`)
      await page.keyboard.press('Escape')
      await page.getByTestId(dialog).waitFor({ state: 'hidden' })
    }
    await page.getByTestId('play')[options.hasTouch ? 'tap' : 'click']()
    await page.getByTestId('hud').waitFor()
    await check(page, `look-${name}-playing`)
    expect(problems).toEqual([])
  }, 120_000)
})

it('the menu is played by keyboard alone: focus is seen, dialogs keep it and give it back', async () => {
  const { page } = await open()
  await playTestPage(page, `${server.url}/?fake&test&${WORLD}`)
  const focused = () => page.evaluate(() => document.activeElement?.id ?? '')
  await page.waitForFunction(() => document.activeElement?.id === 'play')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  expect(await focused()).toBe('open-settings')
  expect(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).toBe('solid')
  await page.keyboard.press('Enter')
  await page.getByTestId('settings').waitFor()
  for (let i = 0; i < 20; i++) {
    await page.keyboard.press('Tab')
    const isInside = () =>
      !document.activeElement ||
      document.activeElement === document.body ||
      document.querySelector('#settings')!.contains(document.activeElement)
    expect(await page.evaluate(isInside)).toBe(true)
  }
  await page.keyboard.press('Escape')
  await page.getByTestId('settings').waitFor({ state: 'hidden' })
  expect(await focused()).toBe('open-settings')
})

it('words are readable on glass over the whitest and the blackest picture', async () => {
  const { page } = await open()
  await page.goto(`${server.url}/?fake`)
  const ratios = await page.evaluate(() => {
    type Colour = number[]
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true })!
    const over = (paper: string, ...layers: string[]): Colour => {
      for (const layer of [paper, ...layers]) {
        canvas.fillStyle = layer
        canvas.fillRect(0, 0, 1, 1)
      }
      return [...canvas.getImageData(0, 0, 1, 1).data]
    }
    const light = (colour: Colour) => {
      const [r, g, b] = colour.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
      return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
    }
    const contrast = (a: Colour, b: Colour) => {
      const [dark, bright] = [light(a), light(b)].sort((x, y) => x - y)
      return (bright! + 0.05) / (dark! + 0.05)
    }
    const token = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(name)
    const found: Record<string, number> = {}
    for (const glass of ['--glass', '--glass-strong'])
      for (const ink of ['--ink', '--ink-soft', '--danger'])
        for (const paper of ['#fff', '#000']) {
          const ground = over(paper, token(glass))
          if (ink !== '--danger' || glass === '--glass-strong')
            found[`${ink} on ${glass} over ${paper}`] = contrast(over(token(ink)), ground)
        }
    found.accent = contrast(over(token('--accent')), over(token('--accent-ink')))
    return found
  })
  for (const [pair, ratio] of Object.entries(ratios)) expect(ratio, pair).toBeGreaterThan(4.5)
})

it('while playing nothing shifts, and the main thread is free for the player', async () => {
  const { page, problems } = await open()
  await playTestPage(page, `${server.url}/?test&downlink=latent&${WORLD}`)
  await page.getByTestId('play').click()
  await page.waitForTimeout(1000)
  await page.evaluate(() => {
    const shifts: string[] = ((window as unknown as { shifts: string[] }).shifts = [])
    type Shift = PerformanceEntry & { value: number; sources?: { node?: Element }[] }
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as Shift[])
        shifts.push(`${entry.value}: ${entry.sources?.map(({ node }) => node?.outerHTML?.slice(0, 80))}`)
    })
    observer.observe({ type: 'layout-shift' })
  })
  const devtools = await page.context().newCDPSession(page)
  // Processor time of the thread, not of the clock: other programs do not count.
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' })
  const taskSeconds = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics')
    return metrics.find(({ name }) => name === 'TaskDuration')!.value
  }
  const before = await taskSeconds()
  const framesBefore = Object.keys(await frameLog(page)).length
  await page.keyboard.down('KeyW')
  await moreFrames(page, 40, 60_000)
  await page.keyboard.up('KeyW')
  await page.keyboard.press('F3')
  await page.waitForTimeout(700)
  const frames = Object.keys(await frameLog(page)).length - framesBefore
  // Per frame, so that a machine that is too busy for all of them measures the same.
  const frameSeconds = ((await taskSeconds()) - before) / frames
  const perSecond = await page.evaluate(() => window.__sora!.world.manifest.frames.perSecond)
  const busy = frameSeconds * perSecond
  console.log(`main thread: ${(1000 * frameSeconds).toFixed(2)} ms a frame, busy ${(100 * busy).toFixed(1)} %`)
  expect(busy).toBeLessThan(0.5)
  expect(await page.evaluate(() => (window as unknown as { shifts: string[] }).shifts)).toEqual([])
  expect(await page.evaluate(() => window.__sora!.world.decoder)).toContain('worker')
  expect(problems).toEqual([])
}, 120_000)
