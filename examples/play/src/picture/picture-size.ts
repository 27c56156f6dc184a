import { parseManifest } from '@sora-world/sdk'

export interface Size {
  width: number
  height: number
}

/** The size whose shape is nearest to the window's: least of the picture is cut off then. Pure. */
export function sizeFor(window: Size, sizes: readonly Size[]): Size | undefined {
  const shape = ({ width, height }: Size) => Math.log(width / height)
  const away = (size: Size) => Math.abs(shape(size) - shape(window))
  const [first, ...others] = sizes
  return first && others.reduce((best, size) => (away(size) < away(best) ? size : best), first)
}

/**
 * The picture size to ask for: a phone held upright gets an upright picture, where the model has one. Undefined when the
 * server does not tell (it then takes the model's own first size).
 */
export async function askPictureSize(serverUrl: string, window: Size, signal?: AbortSignal): Promise<Size | undefined> {
  try {
    const { model } = (await readJson(new URL('/health', serverUrl), signal)) as { model?: unknown }
    if (typeof model !== 'string') return undefined
    const manifestUrl = new URL(`/models/${encodeURIComponent(model)}/manifest.json`, serverUrl)
    const { sizes } = parseManifest(await readJson(manifestUrl, signal))
    const size = sizeFor(window, sizes)
    return size && { width: size.width, height: size.height }
  } catch {
    // Joining will say in words what is wrong.
    return undefined
  }
}

async function readJson(url: URL, signal?: AbortSignal): Promise<unknown> {
  const response = await fetch(url, { signal })
  return response.ok ? response.json() : {}
}
