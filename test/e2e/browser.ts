import { fileURLToPath } from 'node:url'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { findChromium } from '../../scripts/ensure-chromium.mjs'

/** Software rendering that works without a screen, and no traffic of the browser's own. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

/** The adapter that runs WebGPU on the processor: for tests only. */
export const WEBGPU_ARGS = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader']

/** Starts a headless browser; the caller closes it. */
export async function launchBrowser(extraArgs: readonly string[] = []): Promise<Browser> {
  const executablePath = findChromium()
  if (!executablePath) throw new Error('no Chromium: run `node scripts/ensure-chromium.mjs`')
  return chromium.launch({ executablePath, headless: true, args: [...ARGS, ...extraArgs] })
}

export interface WatchedPage {
  page: Page
  /** Uncaught errors, console errors and failed requests so far, as text. */
  problems: string[]
}

/** Opens a page in a context of its own and writes down whatever goes wrong in it. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 960, height: 600 }, ...options })
  const page = await context.newPage()
  // Shorter than a test: the message then says what was waited for.
  page.setDefaultTimeout(15_000)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(`console: ${message.text()}`)
  })
  return { page, problems }
}

/** Kept under test/output/ for people to look at; git ignores that folder. */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: fileURLToPath(new URL(`../output/${name}.png`, import.meta.url)) })
}
