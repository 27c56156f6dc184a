import { type SoraError, toSoraError, type WorldClient } from '@sora-world/sdk'
import { SoraWorld } from '@sora-world/three'
import { Scene, WebGLRenderer } from 'three'
import { checkBrowser } from './capabilities.ts'
import { connectionWords } from './connection-words.ts'
import { element } from './element.ts'
import { Game } from './game.ts'
import { Notice } from './notice.ts'
import { Mode } from './page-mode.ts'
import { type Entry, type PageOptions, withoutRoom } from './page-options.ts'
import { CanvasSize } from './picture/canvas-size.ts'
import { askPictureSize } from './picture/picture-size.ts'
import { PictureView } from './picture/picture-view.ts'
import { randomPreset } from './presets.ts'
import type { Settings } from './settings/settings.ts'
import { SettingsStore } from './settings/settings-store.ts'
import { showTo } from './test-hook.ts'

/** What draws, for the life of the page. */
interface Screen {
  renderer: WebGLRenderer
  size: CanvasSize
  view: PictureView
}

/**
 * The life of the page: look whether it can work, connect, play, and say in words what keeps it from that.
 *
 * There is one renderer for the life of the page and one {@link SoraWorld} per attempt.
 */
export class PlayPage {
  readonly #options: PageOptions
  readonly #mode = new Mode()
  readonly #settings = new SettingsStore()
  readonly #notice = new Notice(() => void this.#retry())
  readonly #canvas = element<HTMLCanvasElement>('view')
  readonly #game: Game
  #entry: Entry
  #screen: Screen | null = null
  #sora: SoraWorld | null = null
  #error: SoraError | null = null
  #progress = ''
  #attempts = 0
  #lastMs = 0

  constructor(options: PageOptions) {
    this.#options = options
    this.#entry = options.entry
    this.#game = new Game(this.#mode, {
      settings: this.#settings,
      canvas: this.#canvas,
      isStill: options.isStill,
      enter: (entry) => void this.#enter(entry),
      onRecording: (isRunning) => {
        if (this.#screen) this.#screen.size.isRecording = isRunning
      },
    })
    this.#settings.onChange((settings) => this.#applyPicture(settings))
  }

  /** Leaves the room when the tab goes: the server need not wait whether it comes back. */
  leaveWithTab(): void {
    window.addEventListener('pagehide', () => this.#sora?.dispose())
    // A page that the browser had put aside is shown again.
    window.addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
  }

  /** Never throws: what goes wrong stands on the page. */
  async start(): Promise<void> {
    const attempt = ++this.#attempts
    this.#error = null
    this.#progress = ''
    this.#say()
    try {
      const downlink = checkBrowser(this.#options.downlink ?? this.#settings.current.downlink)
      this.#screen ??= this.#makeScreen()
      this.#play(await this.#connect(this.#screen.renderer, downlink))
    } catch (thrown) {
      // One that was given up for another has nothing to say.
      if (attempt === this.#attempts) this.#fail(toSoraError(thrown))
    }
  }

  #makeScreen(): Screen {
    const renderer = new WebGLRenderer({ canvas: this.#canvas, antialias: false, powerPreference: 'low-power' })
    this.#screen = { renderer, size: new CanvasSize(renderer), view: new PictureView(renderer) }
    this.#applyPicture(this.#settings.current)
    renderer.setAnimationLoop((nowMs) => this.#draw(nowMs))
    return this.#screen
  }

  #applyPicture({ filter, resolution }: Readonly<Settings>): void {
    if (!this.#screen) return
    this.#screen.view.filter = filter
    this.#screen.size.resolution = resolution
  }

  async #connect(renderer: WebGLRenderer, downlink: Settings['downlink']): Promise<SoraWorld> {
    const { serverUrl, isDemo, steps = this.#settings.current.steps || undefined } = this.#options
    const { roomId, snapshot } = this.#entry
    const isNew = isNewWorld(this.#entry)
    const parts = isDemo ? (await import('./demo-world.ts')).demoWorld() : {}
    const size = isNew && !isDemo ? await askPictureSize(serverUrl, windowSize()) : undefined
    this.#sora = new SoraWorld({
      url: serverUrl,
      renderer,
      // Drawing is the page's: see PictureView.
      scene: new Scene(),
      ...(isNew ? { ...newWorld(this.#entry), steps, size } : { roomId, snapshot }),
      downlink,
      ...parts,
      onProgress: (words) => {
        this.#progress = words
        this.#say()
      },
    })
    return this.#sora.init()
  }

  #play(sora: SoraWorld): void {
    const { world, controls } = sora
    if (!world || !controls) return
    world.on('state', () => this.#say())
    world.on('room', () => this.#say())
    world.on('closed', (problem) => problem && this.#fail(problem))
    if (this.#screen) this.#screen.size.pictureHeight = world.size.height
    this.#game.attach(world, controls, isNewWorld(this.#entry))
    if (this.#options.isTest) showTo(world)
    const stopWaiting = world.on('frame', () => {
      stopWaiting()
      document.body.classList.add('has-picture')
      if (this.#mode.current === 'loading') this.#mode.enter('menu')
      this.#say()
    })
    this.#say()
  }

  #fail(error: SoraError): void {
    this.#error = error
    this.#leave()
    this.#say()
  }

  #leave(): void {
    this.#mode.enter('loading')
    this.#game.detach()
    this.#sora?.dispose()
    this.#sora = null
  }

  /** Into another room; what was played here is left. */
  async #enter(entry: Entry): Promise<void> {
    this.#entry = entry
    // A reload must not lead back into the room that was left.
    history.replaceState(null, '', withoutRoom(new URL(location.href)))
    this.#leave()
    await this.start()
  }

  async #retry(): Promise<void> {
    const code = this.#error?.code
    if (code === 'no-wasm' || code === 'decoder-failed') this.#options.downlink = 'image'
    // A room that has ended does not come back: start anew, and let the address say so. The same for a file that is refused.
    const isHopeless = code === 'room-missing' || code?.startsWith('world-')
    await this.#enter(isHopeless ? {} : this.#entry)
  }

  #say(): void {
    const world: WorldClient | null = this.#sora?.world ?? null
    this.#notice.show(
      connectionWords({
        state: world?.state ?? null,
        room: world?.room ?? null,
        error: this.#error,
        progress: this.#progress,
        hasPicture: world?.frame !== null && world?.frame !== undefined,
        serverUrl: this.#options.serverUrl,
      }),
    )
  }

  #draw(nowMs: number): void {
    const deltaSeconds = (nowMs - this.#lastMs) / 1000
    this.#lastMs = nowMs
    this.#game.update(nowMs, deltaSeconds)
    this.#sora?.update(deltaSeconds)
    const world = this.#sora?.world
    if (world && this.#sora?.screen.visible) this.#screen?.view.draw(this.#sora.screen.texture, world.size)
  }
}

function windowSize() {
  return { width: window.innerWidth, height: window.innerHeight }
}

/** A room, and a world that was kept, have their own prompt, size and steps. */
function isNewWorld({ roomId, snapshot }: Entry): boolean {
  return roomId === undefined && snapshot === undefined
}

/** A prompt of one's own has a random seed of its own, unless the address names one. */
function newWorld({ prompt, rngSeed }: Entry): Entry {
  if (prompt !== undefined) return { prompt, rngSeed }
  const preset = randomPreset()
  return { prompt: preset.prompt, rngSeed: rngSeed ?? preset.rngSeed }
}
