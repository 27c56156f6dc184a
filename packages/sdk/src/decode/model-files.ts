import { type ModelManifest, parseManifest, SoraError } from '../protocol/index.ts'

/** Reads the files of one model package, wherever it lies. */
export interface ModelFiles {
  /** @throws SoraError `model-missing`, `model-version`, `model-invalid` */
  manifest(signal?: AbortSignal): Promise<ModelManifest>
  /**
   * A file that the manifest lists, checked against its hash where the platform can.
   *
   * `onBytes` is called as the file comes in.
   *
   * @throws SoraError `model-missing`, `model-tampered`
   */
  read(name: string, manifest: ModelManifest, options?: ReadOptions): Promise<Uint8Array<ArrayBuffer>>
}

export interface ReadOptions {
  onBytes?(done: number, total: number): void
  signal?: AbortSignal
}

/** Model package in a folder on a web server. */
export class HttpModelFiles implements ModelFiles {
  readonly #base: URL
  readonly #fetch: typeof fetch

  constructor(folderUrl: string | URL, fetchFn: typeof fetch = fetch) {
    this.#base = new URL(String(folderUrl).replace(/\/?$/, '/'))
    this.#fetch = fetchFn
  }

  async manifest(signal?: AbortSignal): Promise<ModelManifest> {
    const response = await this.#get('manifest.json', signal)
    let json: unknown
    try {
      json = await response.json()
    } catch (cause) {
      throw new SoraError('model-invalid', `${response.url} is not JSON`, { cause })
    }
    return parseManifest(json)
  }

  async read(name: string, manifest: ModelManifest, options: ReadOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
    const entry = manifest.files[name]
    if (!entry) throw new SoraError('model-missing', `the model package does not list "${name}"`)
    // The hash in the address makes a cached copy of an older model impossible.
    const response = await this.#get(`${name}?v=${entry.sha256}`, options.signal)
    const bytes = await readBody(response, entry.bytes, options)
    await checkHash(name, bytes, entry)
    return bytes
  }

  async #get(path: string, signal: AbortSignal | undefined): Promise<Response> {
    const url = new URL(path, this.#base)
    let response: Response
    try {
      // A bare call: `fetch` of a browser refuses to run as a method of another object.
      const get = this.#fetch
      response = await get(url, { signal })
    } catch (cause) {
      signal?.throwIfAborted()
      throw new SoraError('connection-lost', `could not fetch ${url}`, { cause })
    }
    if (!response.ok) throw new SoraError('model-missing', `${url} answered ${response.status}`)
    return response
  }
}

async function readBody(
  response: Response,
  length: number,
  { onBytes, signal }: ReadOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  let done = 0
  for await (const part of streamOf(response)) {
    signal?.throwIfAborted()
    if (done + part.length > length) throw tampered(response.url, `is longer than ${length} bytes`)
    bytes.set(part, done)
    done += part.length
    onBytes?.(done, length)
  }
  if (done !== length) throw tampered(response.url, `has ${done} of ${length} bytes`)
  return bytes
}

async function* streamOf(response: Response): AsyncGenerator<Uint8Array> {
  // Not every browser can iterate over a stream itself.
  const reader = response.body?.getReader()
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) yield next.value
}

async function checkHash(name: string, bytes: Uint8Array<ArrayBuffer>, entry: { sha256: string }): Promise<void> {
  // Browsers hide the digest on pages that are not served over https or from localhost; the length was checked anyway.
  if (!globalThis.crypto?.subtle) return
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  if (hex !== entry.sha256) throw tampered(name, 'has another SHA-256 than the manifest says')
}

function tampered(name: string, words: string): SoraError {
  return new SoraError('model-tampered', `${name} ${words}`)
}
