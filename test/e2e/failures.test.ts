/** What can go wrong on the way to a world stands on the page in words, with a way out. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { keepScreenshot, launchBrowser, openPage } from './browser.ts'
import { buildPlayPage } from './built-play-page.ts'
import { moreFrames, playTestPage } from './frame-log.ts'
import { startWorldServer, type WorldServerProcess } from './world-server.ts'

/** Room for one world: the second visitor meets a full house. */
const SERVER = { model: 'fake', args: ['--max-rooms', '1'] }

// Also on a machine that is busy with other things.
vi.setConfig({ testTimeout: 90_000 })

let server: WorldServerProcess
let browser: Browser
const contexts: BrowserContext[] = []

beforeAll(async () => {
  await buildPlayPage()
  ;[server, browser] = await Promise.all([startWorldServer(SERVER), launchBrowser()])
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await server?.kill()
})

/** A page that goes after the test, however that ends: it would hold the only room. */
async function open() {
  const opened = await openPage(browser)
  contexts.push(opened.page.context())
  return opened
}

afterEach(async () => {
  await Promise.all(contexts.splice(0).map((context) => context.close()))
})

async function openBroken(breakPage: (page: Page) => Promise<unknown>, query = ''): Promise<Page> {
  const { page } = await open()
  await breakPage(page)
  await page.goto(`${server.url}/?test${query}`)
  return page
}

async function expectNotice(page: Page, title: string): Promise<void> {
  await page.getByTestId('notice-title').getByText(title).waitFor()
  expect((await page.getByTestId('notice-detail').textContent())!.length).toBeGreaterThan(20)
  expect(await page.getByTestId('retry').isVisible()).toBe(true)
}

describe('a browser that cannot show a world', () => {
  it('without WebGL: says so', async () => {
    const page = await openBroken((page) =>
      page.addInitScript(() => {
        HTMLCanvasElement.prototype.getContext = () => null
      }),
    )
    await expectNotice(page, 'This browser cannot draw the world')
    await keepScreenshot(page, 'no-webgl')
  })

  it('without WebAssembly, when the decoder must run here: says so', async () => {
    const withoutWasm = (page: Page) => page.addInitScript('delete globalThis.WebAssembly')
    const page = await openBroken(withoutWasm, '&downlink=latent')
    await expectNotice(page, 'WebAssembly is switched off')
  })

  it('without SIMD in WebAssembly: says so, and offers that the server decodes', async () => {
    const withoutSimd = (page: Page) => page.addInitScript('WebAssembly.validate = () => false')
    const page = await openBroken(withoutSimd, '&downlink=latent')
    await expectNotice(page, 'The decoder did not start')
    expect(await page.getByTestId('notice-detail').textContent()).toContain('no SIMD')
    await page.getByRole('button', { name: 'Let the server decode' }).click()
    await page.waitForFunction(() => window.__sora?.world.frame, undefined, { timeout: 30_000 })
    expect(await page.evaluate(() => window.__sora!.world.decoder)).toContain('image')
  })

  it('without WebAssembly, otherwise: the server decodes and the world plays', async () => {
    const { page } = await open()
    await page.addInitScript('delete globalThis.WebAssembly')
    await playTestPage(page, `${server.url}/?test`)
    await moreFrames(page, 8)
    expect(await page.evaluate(() => window.__sora!.world.decoder)).toContain('image')
  })
})

it('a link to a world that has ended offers a new one', async () => {
  const { page } = await open()
  await page.goto(`${server.url}/?test&room=nosuchroom`)
  await expectNotice(page, 'This world has ended')
  await page.getByTestId('retry').click()
  await page.getByTestId('menu').waitFor()
  expect(new URL(page.url()).searchParams.has('room')).toBe(false)
})

it('a full server says so, and lets the visitor in when there is room', async () => {
  const { page: first } = await open()
  await playTestPage(first, `${server.url}/?test`)
  const { page: second } = await open()
  await second.goto(`${server.url}/?test`)
  await expectNotice(second, 'The server is full')
  await first.evaluate(() => window.__sora!.world.close())
  await second.getByTestId('retry').click()
  await second.getByTestId('menu').waitFor()
})

it('a server that goes away while playing: words, and the way back when it returns', async () => {
  const { page } = await open()
  await playTestPage(page, `${server.url}/?test`)
  const { port } = server
  await server.kill()
  await page.getByTestId('notice-title').getByText('Connection lost').waitFor()
  await keepScreenshot(page, 'reconnecting')
  await page.getByTestId('notice-title').getByText('The server is gone').waitFor({ timeout: 60_000 })
  await keepScreenshot(page, 'server-gone')
  server = await startWorldServer({ ...SERVER, port })
  await page.getByTestId('retry').click()
  await page.getByTestId('menu').waitFor()
}, 120_000)

describe('a browser that keeps or records nothing', () => {
  it('a world that cannot be kept here becomes a download', async () => {
    const { page } = await open()
    await page.addInitScript(() => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('blocked', 'SecurityError')
      }
    })
    await playTestPage(page, `${server.url}/?test`)
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByTestId('save').click()])
    expect(file.suggestedFilename()).toMatch(/\.soraworld$/)
    await page.getByTestId('toast').getByText('keeps nothing for this page').waitFor()
    await page.getByTestId('open-gallery').click()
    await page.getByTestId('gallery-words').getByText('keeps nothing for this page').waitFor()
  })

  it('says that it cannot record', async () => {
    const { page } = await open()
    await page.addInitScript('delete globalThis.MediaRecorder')
    await playTestPage(page, `${server.url}/?test`)
    await page.getByTestId('play').click()
    await page.keyboard.press('KeyV')
    await page.getByTestId('toast').getByText('This browser cannot record').waitFor()
    expect(await page.getByTestId('clip-time').isHidden()).toBe(true)
  })
})
