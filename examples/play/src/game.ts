import { toSoraError, type WorldClient } from '@sora-world/sdk'
import type { WorldControls } from '@sora-world/three'
import { element } from './element.ts'
import { EventBox } from './event-box.ts'
import { Hotbar } from './hotbar.ts'
import { Menu } from './menu.ts'
import { listenToPageKeys } from './page-keys.ts'
import type { Mode, PageMode } from './page-mode.ts'
import { promptLink, roomLink } from './page-options.ts'
import { pauseWhenHidden } from './pause-when-hidden.ts'
import { Seat } from './seat.ts'
import { copyText } from './share.ts'
import { StatsPanel } from './stats-panel.ts'
import { Toast } from './toast.ts'
import { isPlayingByTouch, TouchButtons } from './touch-buttons.ts'

const TOUCH_HINT = 'Left half of the picture: walk. Right half: look around, tap to break a block.'
const MOUSE_HINT = 'Mouse to look, W to walk. T makes something happen, Esc leads to the menu.'
const CLICK_HINT = 'Click into the picture to look around.'
const LOCK_PATIENCE_MS = 800
/** Degrees per second that the view turns behind the menu. */
const IDLE_TURN = 6

/** Menu, playing and the box for events around one world after another. Made once; `attach` and `detach` per world. */
export class Game {
  readonly #mode: Mode
  readonly #toast = new Toast()
  readonly #seat = new Seat(this.#toast)
  readonly #stats = new StatsPanel()
  readonly #menu = new Menu({
    play: () => this.#play(),
    share: () => void this.#share(),
    newWorld: (prompt) => void this.#newWorld(prompt),
  })
  readonly #events = new EventBox({ say: (text) => void this.#happen(text), close: () => this.#play() })
  readonly #hotbar = new Hotbar((button) => this.#world?.press(button))
  readonly #touch = new TouchButtons()
  readonly #isStill: boolean
  #hasHinted = false
  #world: WorldClient | null = null
  #controls: WorldControls | null = null
  #detachers: (() => void)[] = []

  /** `isStill`: nothing moves by itself behind the menu. */
  constructor(mode: Mode, { isStill = false } = {}) {
    this.#mode = mode
    this.#isStill = isStill || matchMedia('(prefers-reduced-motion: reduce)').matches
    mode.onChange((entered) => this.#onMode(entered))
    element('open-menu').addEventListener('click', () => mode.enter('menu'))
    element('open-event').addEventListener('click', () => mode.enter('saying'))
    element('toggle-stats').addEventListener('click', () => this.#stats.toggle())
    const keys = {
      say: () => mode.enter('saying'),
      toggleStats: () => this.#stats.toggle(),
      takeControl: () => void this.#seat.takeControl(),
      escape: () => mode.enter('menu'),
    }
    listenToPageKeys(keys, () => mode.current === 'playing')
  }

  /** Both stay the caller's. */
  attach(world: WorldClient, controls: WorldControls): void {
    this.#world = world
    this.#controls = controls
    controls.enabled = false
    this.#stats.setWorld(world)
    this.#seat.setWorld(world)
    this.#touch.attach(controls, world.manifest.actionSpace)
    this.#hotbar.fitTo(world.manifest.actionSpace)
    const { modelName, provider, variant } = world.welcome
    this.#menu.setModelLine(`${modelName} on ${provider} (${variant}), decoded by ${world.decoder}`)
    this.#detachers = [world.on('room', () => this.#onRoom(world)), pauseWhenHidden(world)]
    this.#detachers.push(world.on('error', (error) => this.#toast.say(error.message)))
    controls.addEventListener('unlock', this.#onUnlock)
    controls.addEventListener('press', this.#onPress)
    this.#onRoom(world)
  }

  detach(): void {
    for (const detach of this.#detachers.splice(0)) detach()
    this.#stats.setWorld(null)
    this.#seat.setWorld(null)
    this.#world = null
    this.#controls = null
  }

  update(nowMs: number, deltaSeconds: number): void {
    this.#stats.update(nowMs)
    if (this.#mode.current === 'menu' && !this.#isStill) this.#turnSlowly(deltaSeconds)
  }

  /** Something moves behind the menu, as long as nobody else looks. */
  #turnSlowly(deltaSeconds: number): void {
    const world = this.#world
    if (world?.state !== 'running' || !world.isDriver || world.room.players > 1) return
    world.look(IDLE_TURN * Math.min(deltaSeconds, 0.1))
  }

  #play(): void {
    this.#mode.enter('playing')
    if (!this.#hasHinted) this.#toast.say(isPlayingByTouch() ? TOUCH_HINT : MOUSE_HINT)
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
    if (mode === 'menu') this.#menu.focusPlay()
    if (mode === 'playing') element('view').focus()
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
    element('caption').textContent = world.room.caption || world.room.prompt
    this.#seat.show()
    this.#menu.setWatching(this.#seat.isWatching)
  }

  async #newWorld(prompt: string): Promise<void> {
    const world = this.#world
    // Who only watches starts a world of their own instead of changing somebody else's.
    if (!world?.isDriver) return location.assign(promptLink(new URL(location.href), prompt))
    this.#menu.setBusy(true)
    const isMade = await this.#tell(world.prompt(prompt))
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

  async #share(): Promise<void> {
    if (!this.#world) return
    const link = roomLink(new URL(location.href), this.#world.roomId)
    const isCopied = await copyText(link)
    this.#toast.say(isCopied ? 'Link copied: whoever opens it sees this world' : link)
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
