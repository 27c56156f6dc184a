import { toSoraError, type WorldClient } from '@sora-world/sdk'
import type { WorldControls } from '@sora-world/three'
import { ClipButton } from './clip-button.ts'
import { element } from './element.ts'
import { EventBox } from './event-box.ts'
import { Help } from './help.ts'
import { Hotbar } from './hotbar.ts'
import { LookAround } from './look-around.ts'
import { Menu } from './menu.ts'
import { listenToPageKeys } from './page-keys.ts'
import type { Mode, PageMode } from './page-mode.ts'
import { type Entry, promptLink } from './page-options.ts'
import { PauseKeeper } from './pause-keeper.ts'
import { Seat } from './seat.ts'
import { LiveSettings } from './settings/live-settings.ts'
import type { SettingsStore } from './settings/settings-store.ts'
import { StatsPanel } from './stats-panel.ts'
import { Toast } from './toast.ts'
import { isPlayingByTouch, TouchButtons } from './touch-buttons.ts'
import { WorldTools } from './world-tools.ts'

const TOUCH_HINT = 'Left thumb walks, right thumb looks'
const MOUSE_HINT = 'Mouse looks, W walks, T makes something happen'
const CLICK_HINT = 'Click into the picture to look around'
const LOCK_PATIENCE_MS = 800

export interface GameOptions {
  settings: SettingsStore
  canvas: HTMLCanvasElement
  /** Nothing moves or pauses by itself. */
  isStill: boolean
  /** Leaves this room for another. */
  enter(entry: Entry): void
  onRecording(isRunning: boolean): void
}

/** Menu, playing and the box for events around one world after another. Made once; `attach` and `detach` per world. */
export class Game {
  readonly #mode: Mode
  readonly #options: GameOptions
  readonly #toast = new Toast()
  readonly #seat = new Seat(this.#toast)
  readonly #stats = new StatsPanel()
  readonly #help = new Help()
  readonly #hotbar = new Hotbar((button) => this.#world?.press(button))
  readonly #touch = new TouchButtons()
  readonly #lookAround = new LookAround()
  readonly #pauses: PauseKeeper
  readonly #tools: WorldTools
  readonly #clip: ClipButton
  readonly #settings: LiveSettings
  readonly #menu = new Menu({
    play: () => this.#play(),
    newWorld: (prompt, rngSeed) => void this.#newWorld(prompt, rngSeed),
  })
  readonly #events = new EventBox({ say: (text) => void this.#happen(text), close: () => this.#play() })
  readonly #isStill: boolean
  #hasHinted = false
  #world: WorldClient | null = null
  #controls: WorldControls | null = null
  #detachers: (() => void)[] = []

  constructor(mode: Mode, options: GameOptions) {
    const { isStill, settings, canvas, enter, onRecording } = options
    this.#mode = mode
    this.#options = options
    this.#isStill = isStill || matchMedia('(prefers-reduced-motion: reduce)').matches
    this.#pauses = new PauseKeeper(mode, isStill)
    this.#tools = new WorldTools({ toast: this.#toast, pauses: this.#pauses, play: () => this.#play(), enter })
    const title = () => this.#world?.room.prompt ?? ''
    this.#clip = new ClipButton({ canvas, toast: this.#toast, title, onRecording })
    this.#settings = new LiveSettings({ settings, toast: this.#toast, enter })
    mode.onChange((entered) => this.#onMode(entered))
    element('open-menu').addEventListener('click', () => mode.enter('menu'))
    element('open-event').addEventListener('click', () => mode.enter('saying'))
    element('toggle-stats').addEventListener('click', () => this.#stats.toggle())
    element('open-help').addEventListener('click', () => this.#help.open())
    const keys = {
      say: () => mode.enter('saying'),
      toggleStats: () => this.#stats.toggle(),
      takeControl: () => void this.#seat.takeControl(),
      record: () => this.#clip.toggle(),
      save: () => void this.#tools.save(),
      escape: () => mode.enter('menu'),
    }
    listenToPageKeys(keys, () => mode.current === 'playing')
  }

  /** Both stay the caller's. `isNew`: nobody has been in this world yet, so it may be played with behind the title. */
  attach(world: WorldClient, controls: WorldControls, isNew: boolean): void {
    this.#world = world
    this.#controls = controls
    controls.enabled = false
    for (const part of this.#worldParts()) part.setWorld(world)
    this.#pauses.setWorld(world, !isNew)
    this.#settings.attach(world, controls)
    this.#touch.attach(controls, world.manifest.actionSpace)
    this.#hotbar.fitTo(world.manifest.actionSpace)
    const { modelName, provider, variant } = world.welcome
    this.#menu.setModelLine(`${modelName} on ${provider} (${variant}), decoded by ${world.decoder}`)
    this.#detachers = [world.on('room', () => this.#onRoom(world))]
    this.#detachers.push(world.on('error', (error) => this.#toast.say(error.message)))
    controls.addEventListener('unlock', this.#onUnlock)
    controls.addEventListener('press', this.#onPress)
    this.#onRoom(world)
  }

  detach(): void {
    this.#clip.stop()
    for (const detach of this.#detachers.splice(0)) detach()
    for (const part of this.#worldParts()) part.setWorld(null)
    this.#pauses.setWorld(null)
    this.#settings.detach()
    this.#world = null
    this.#controls = null
  }

  update(nowMs: number, deltaSeconds: number): void {
    this.#stats.update(nowMs)
    // Something moves behind the title. A player's own world is left where it stands.
    const isTitle = this.#mode.current === 'menu' && !this.#pauses.hasPlayed
    if (isTitle && this.#world && !this.#isStill) this.#lookAround.update(this.#world, deltaSeconds)
  }

  #worldParts() {
    return [this.#stats, this.#seat, this.#tools]
  }

  #play(): void {
    this.#lookAround.stop(this.#world)
    this.#mode.enter('playing')
    const { hints } = this.#options.settings.current
    if (!this.#hasHinted && hints) this.#toast.say(isPlayingByTouch() ? TOUCH_HINT : MOUSE_HINT)
    this.#hasHinted = true
    if (isPlayingByTouch()) return
    this.#controls?.lock()
    setTimeout(() => this.#checkLock(), LOCK_PATIENCE_MS)
  }

  /** Browsers refuse the pointer for a moment after Escape. */
  #checkLock(): void {
    if (this.#mode.current === 'playing' && this.#controls?.isLocked === false) this.#toast.say(CLICK_HINT)
  }

  #onMode(mode: PageMode): void {
    if (this.#controls) this.#controls.enabled = mode === 'playing'
    if (mode !== 'playing') this.#controls?.unlock()
    this.#events.show(mode === 'saying')
    if (mode === 'menu') this.#enterMenu()
    if (mode === 'playing') element('view').focus()
  }

  #enterMenu(): void {
    this.#clip.stop()
    this.#showPlayLabel()
    this.#menu.focusPlay()
  }

  readonly #onUnlock = (): void => {
    if (this.#mode.current === 'playing') this.#mode.enter('menu')
  }

  readonly #onPress = ({ button }: { button: string }): void => {
    const slot = /^hotbar\.(\d)$/.exec(button)?.[1]
    if (slot) this.#hotbar.select(Number(slot))
  }

  #onRoom(world: WorldClient): void {
    this.#menu.setPrompt(world.room.prompt)
    const words = world.room.caption || world.room.prompt
    element('caption').textContent = words
    element('this-world-title').textContent = words
    this.#seat.show()
    this.#showPlayLabel()
  }

  #showPlayLabel(): void {
    if (this.#seat.isWatching) this.#menu.setPlayLabel('Watch')
    else this.#menu.setPlayLabel(this.#pauses.hasPlayed ? 'Resume' : 'Play')
  }

  async #newWorld(prompt: string, rngSeed?: number): Promise<void> {
    const world = this.#world
    // Who only watches starts a world of their own instead of changing somebody else's.
    if (!world?.isDriver) return location.assign(promptLink(new URL(location.href), prompt))
    this.#menu.setBusy(true)
    const isMade = await this.#tell(this.#pauses.during(() => world.prompt(prompt, { rngSeed })))
    this.#menu.setBusy(false)
    if (!isMade) return
    this.#hotbar.select(1)
    if (this.#mode.current === 'menu') this.#play()
  }

  async #happen(text: string): Promise<void> {
    if (!this.#world) return
    this.#toast.say(`“${text}” …`)
    if (await this.#tell(this.#world.say(text))) this.#toast.say(`“${text}”: look around`)
  }

  /** Waits for a request; says in words what went wrong. */
  async #tell(request: Promise<unknown>): Promise<boolean> {
    try {
      await request
      return true
    } catch (thrown) {
      this.#toast.say(toSoraError(thrown).message)
      return false
    }
  }
}
