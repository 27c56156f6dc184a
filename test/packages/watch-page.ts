import sharp from 'sharp'
import { expect } from 'vitest'
import { launchBrowser, openPage, type WatchedPage } from '../e2e/browser.ts'

/** Different pictures that count as a world in motion. */
const PICTURES = 4
/** Vite prepares dependencies at the first request, on a machine that may be busy. */
const PATIENCE_MS = 150_000

/**
 * Opens a page, waits until it says that one can walk, and returns when its canvas has shown several different pictures
 * that are not of one colour.
 *
 * @param area part of the canvas to watch
 * @returns ms until the first picture
 */
export async function seesMovingWorld(
  url: string,
  use: (watched: WatchedPage) => Promise<void> = async () => {},
  area?: { x: number; y: number; width: number; height: number },
): Promise<number> {
  const browser = await launchBrowser()
  try {
    const watched = await openPage(browser)
    const { page, problems } = watched
    const startMs = performance.now()
    page.setDefaultTimeout(PATIENCE_MS)
    // The page tells when it is ready; that Vite's client has loaded says nothing.
    await page.goto(url, { waitUntil: 'commit' })
    await page.getByText('Click to walk').waitFor()
    const different = new Set<string>()
    let firstMs = 0
    for (const until = Date.now() + PATIENCE_MS; different.size < PICTURES && Date.now() < until; ) {
      const picture = await page.screenshot({ clip: area ?? { x: 0, y: 60, width: 960, height: 480 } })
      if ((await variety(picture)) < 4) continue
      firstMs ||= performance.now() - startMs
      different.add(picture.toString('base64'))
      if (different.size === 1) await use(watched)
      await page.waitForTimeout(250)
    }
    expect(problems).toEqual([])
    expect(different.size).toBe(PICTURES)
    return firstMs
  } finally {
    await browser.close()
  }
}

/** Standard deviation of the colours, 0 for a picture of one colour. */
async function variety(png: Buffer): Promise<number> {
  const { channels } = await sharp(png).stats()
  return Math.max(...channels.map(({ stdev }) => stdev))
}
