/** What the player chose; kept in this browser. */
export interface Settings {
  /** Factor on the view's degrees per pixel. */
  mouseSensitivity: number
  touchSensitivity: number
  invertY: boolean
  /** How the small picture is enlarged. */
  filter: 'clear' | 'soft' | 'pixels'
  /** Lines that the page draws: `auto` asks whether there is a graphics card. */
  resolution: 'auto' | 'low' | 'full'
  /** Who decodes: `auto` is this browser where it can. */
  downlink: 'auto' | 'latent' | 'image'
  /** Denoise steps per chunk; 0 leaves it to the server. */
  steps: number
  hints: boolean
}

export const DEFAULT_SETTINGS: Readonly<Settings> = {
  mouseSensitivity: 1,
  touchSensitivity: 1,
  invertY: false,
  filter: 'clear',
  resolution: 'auto',
  downlink: 'auto',
  steps: 0,
  hints: true,
}

/** Least and most of a factor on a sensitivity. */
export const SENSITIVITY_RANGE = [0.2, 3] as const
const MOST_STEPS = 64

type Check = (value: unknown) => boolean

const isSensitivity: Check = (value) =>
  typeof value === 'number' && value >= SENSITIVITY_RANGE[0] && value <= SENSITIVITY_RANGE[1]
const isBoolean: Check = (value) => typeof value === 'boolean'
const isOneOf =
  (...words: string[]): Check =>
  (value) =>
    words.includes(value as string)

const CHECKS: Readonly<Record<keyof Settings, Check>> = {
  mouseSensitivity: isSensitivity,
  touchSensitivity: isSensitivity,
  invertY: isBoolean,
  filter: isOneOf('clear', 'soft', 'pixels'),
  resolution: isOneOf('auto', 'low', 'full'),
  downlink: isOneOf('auto', 'latent', 'image'),
  steps: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MOST_STEPS,
  hints: isBoolean,
}

/**
 * Settings from whatever was kept: an older page, another program or a curious person may have written it. What is wrong
 * becomes the default, the rest is kept.
 */
export function parseSettings(kept: unknown): Settings {
  const found = (typeof kept === 'object' && kept !== null ? kept : {}) as Record<string, unknown>
  const good = Object.entries(CHECKS).filter(([name, isGood]) => Object.hasOwn(found, name) && isGood(found[name]))
  return { ...DEFAULT_SETTINGS, ...Object.fromEntries(good.map(([name]) => [name, found[name]])) }
}
