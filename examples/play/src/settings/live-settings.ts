import { toSoraError, type WorldClient } from '@sora-world/sdk'
import type { WorldControls } from '@sora-world/three'
import { element } from '../element.ts'
import type { Entry } from '../page-options.ts'
import type { Toast } from '../toast.ts'
import type { Settings } from './settings.ts'
import { SettingsPanel } from './settings-panel.ts'
import type { SettingsStore } from './settings-store.ts'

/** Degrees per pixel at a sensitivity of 1: those of the SDK's devices. */
const MOUSE_DEGREES = 0.15
const TOUCH_DEGREES = 0.3

export interface LiveSettingsOptions {
  settings: SettingsStore
  toast: Toast
  /** Leaves this room for another. */
  enter(entry: Entry): void
}

/** Makes the settings hold for the world that is played; those of the picture are the page's. */
export class LiveSettings {
  readonly #options: LiveSettingsOptions
  readonly #panel: SettingsPanel
  #world: WorldClient | null = null
  #controls: WorldControls | null = null
  /** The setting with which this world was entered; 0 leaves the number to the server. */
  #enteredSteps = 0

  constructor(options: LiveSettingsOptions) {
    this.#options = options
    this.#panel = new SettingsPanel(options.settings, { closed: () => this.#applySteps() })
    options.settings.onChange((settings, changed) => {
      this.#applyControls(settings)
      if (changed.has('downlink')) void this.#applyDownlink(settings)
    })
    element('open-settings').addEventListener('click', () => this.#panel.open())
  }

  attach(world: WorldClient, controls: WorldControls): void {
    this.#world = world
    this.#controls = controls
    this.#enteredSteps = this.#options.settings.current.steps
    this.#panel.fitTo(world.manifest)
    this.#applyControls(this.#options.settings.current)
  }

  detach(): void {
    this.#world = null
    this.#controls = null
  }

  #applyControls({ mouseSensitivity, touchSensitivity, invertY }: Readonly<Settings>): void {
    const controls = this.#controls
    if (!controls) return
    controls.mouseSensitivity = MOUSE_DEGREES * mouseSensitivity
    controls.touchSensitivity = TOUCH_DEGREES * touchSensitivity
    controls.invertY = invertY
  }

  async #applyDownlink({ downlink }: Readonly<Settings>): Promise<void> {
    try {
      await this.#world?.setDownlink(downlink === 'image' ? 'image' : 'latent')
    } catch (thrown) {
      this.#options.toast.say(`Nothing changed: ${toSoraError(thrown).message}`)
    }
  }

  /** A room plays with one number of denoise steps: another number needs another room. */
  #applySteps(): void {
    const world = this.#world
    const { steps } = this.#options.settings.current
    if (!world || steps === world.welcome.steps || (steps === 0 && this.#enteredSteps === 0)) return
    const { toast, enter } = this.#options
    if (world.isDriver && world.room.players <= 1) enter({ prompt: world.room.prompt, rngSeed: world.room.rngSeed })
    else toast.say('The number of denoise steps holds from your next own world on')
  }
}
