import { type SoraError, toSoraError, type WorldClient } from '@sora-world/sdk'
import { SoraWorld } from '@sora-world/three'
import { WebGLRenderer } from 'three'
import { CanvasSize } from './canvas-size.ts'
import { checkBrowser } from './capabilities.ts'
import { connectionWords } from './connection-words.ts'
import { element } from './element.ts'
import { Game } from './game.ts'
import { Notice } from './notice.ts'
import { Mode } from './page-mode.ts'
import type { PageOptions } from './page-options.ts'
import { randomWorldIdea } from './presets.ts'
import { showTo } from './test-hook.ts'

/**
 * The life of the page: look whether it can work, connect, play, and say in words what keeps it from that.
 *
 * There is one renderer for the life of the page and one {@link SoraWorld} per attempt.
 */
export class PlayPage {
  readonly #options: PageOptions
  readonly #mode = new Mode()
  readonly #notice = new Notice(() => void this.#retry())
  readonly #game: Game
  #renderer: WebGLRenderer | null = null
  #canvasSize: CanvasSize | null = null
  #sora: SoraWorld | null = null
  #error: SoraError | null = null
  #progress = ''
  #lastMs = 0

  constructor(options: PageOptions) {
    this.#options = options
    this.#game = new Game(this.#mode, { isStill: options.isTest })
  }

  /** Leaves the room when the tab goes: the server need not wait whether it comes back. */
  leaveWithTab(): void {
    window.addEventListener('pagehide', () => this.#sora?.dispose())
    // A page that the browser had put aside is shown again.
    window.addEventListener('pageshow', ({ persisted }) => persisted && location.reload())
  }

  /** Never throws: what goes wrong stands on the page. */
  async start(): Promise<void> {
    this.#error = null
    this.#progress = ''
    this.#say()
    try {
      checkBrowser({ needsWasm: this.#options.downlink === 'latent' })
      this.#renderer ??= this.#createRenderer()
      this.#play(await this.#connect(this.#renderer))
    } catch (thrown) {
      this.#fail(toSoraError(thrown))
    }
  }

  #createRenderer(): WebGLRenderer {
    const canvas = element<HTMLCanvasElement>('view')
    const renderer = new WebGLRenderer({ canvas, antialias: false, powerPreference: 'low-power' })
    this.#canvasSize = new CanvasSize(renderer)
    renderer.setAnimationLoop((nowMs) => this.#draw(nowMs))
    return renderer
  }

  async #connect(renderer: WebGLRenderer): Promise<SoraWorld> {
    const { serverUrl, roomId, prompt, rngSeed, steps, downlink, isDemo } = this.#options
    const parts = isDemo ? (await import('./demo-world.ts')).demoWorld() : {}
    this.#sora = new SoraWorld({
      url: serverUrl,
      renderer,
      roomId,
      // A shared link leads to a world that has its prompt.
      prompt: prompt ?? (roomId ? undefined : randomWorldIdea()),
      rngSeed,
      steps,
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
    this.#canvasSize?.setPictureHeight(world.size.height)
    this.#game.attach(world, controls)
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

  async #retry(): Promise<void> {
    // A room that has ended does not come back: start anew, and let the address say so.
    if (this.#error?.code === 'room-missing') {
      this.#options.roomId = undefined
      history.replaceState(null, '', location.pathname)
    }
    this.#leave()
    await this.start()
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
  }
}
