import { DEFAULT_SETTINGS, parseSettings, type Settings } from './settings.ts'

const KEY = 'sora-world.settings'

export type SettingsListener = (settings: Readonly<Settings>, changed: ReadonlySet<keyof Settings>) => void

/** The settings of this browser: read once, written on every change, told to whoever listens. */
export class SettingsStore {
  readonly #storage: Pick<Storage, 'getItem' | 'setItem'> | null
  readonly #listeners: SettingsListener[] = []
  #current: Settings

  /** `storage` is null where the browser keeps nothing: settings then last as long as the page. */
  constructor(storage: Pick<Storage, 'getItem' | 'setItem'> | null = browserStorage()) {
    this.#storage = storage
    this.#current = parseSettings(this.#read())
  }

  get current(): Readonly<Settings> {
    return this.#current
  }

  change(change: Partial<Settings>): void {
    const next = parseSettings({ ...this.#current, ...change })
    const names = Object.keys(next) as (keyof Settings)[]
    const changed = new Set(names.filter((name) => next[name] !== this.#current[name]))
    if (changed.size === 0) return
    this.#current = next
    this.#write()
    for (const listener of this.#listeners) listener(next, changed)
  }

  reset(): void {
    this.change(DEFAULT_SETTINGS)
  }

  onChange(listener: SettingsListener): void {
    this.#listeners.push(listener)
  }

  #read(): unknown {
    try {
      return JSON.parse(this.#storage?.getItem(KEY) ?? 'null')
    } catch {
      // Not JSON: as good as nothing.
      return null
    }
  }

  #write(): void {
    try {
      this.#storage?.setItem(KEY, JSON.stringify(this.#current))
    } catch {
      // Full, or forbidden in a private window: the settings hold until the page is closed.
    }
  }
}

/** Reading the property alone throws where site data is blocked. */
function browserStorage(): Storage | null {
  try {
    return globalThis.localStorage ?? null
  } catch {
    return null
  }
}
