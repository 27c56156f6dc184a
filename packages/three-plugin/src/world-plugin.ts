import { SoraError, WorldClient, type WorldClientOptions } from '@sora-world/sdk'
import { OrthographicCamera, Scene, Vector2 } from 'three'
import { WorldControls, type WorldControlsOptions } from './world-controls.ts'
import { WorldScreen, type WorldScreenOptions } from './world-screen.ts'

const viewSize = /* @__PURE__ */ new Vector2()

/** What is used of a renderer: WebGLRenderer and WebGPURenderer both have it. */
export interface WorldRenderer {
  readonly domElement: HTMLCanvasElement | OffscreenCanvas
  getSize(target: Vector2): Vector2
  render(scene: Scene, camera: OrthographicCamera): unknown
}

export interface SoraWorldOptions extends WorldClientOptions {
  /** Server to join, `http://localhost:2567` say. */
  url: string
  renderer: WorldRenderer
  /** The world becomes a screen in this scene, and drawing it stays the caller's; without a scene it fills the window. */
  scene?: Scene
  screen?: WorldScreen
  screenOptions?: WorldScreenOptions
  /** `false`: the world moves only by program. */
  controls?: WorldControlsOptions | false
}

/**
 * A generated world in a three.js application: connection, screen and controls in one.
 *
 *     const sora = new SoraWorld({ url, prompt: 'a snowy forest at dusk', renderer })
 *     await sora.init()
 *     renderer.setAnimationLoop(() => sora.update(timer.getDelta()))
 *     ...
 *     sora.dispose()
 *
 * With a `scene` of yours, `update` brings the picture and you render; without one, `update` draws the whole window.
 */
export class SoraWorld {
  readonly screen: WorldScreen
  readonly #options: SoraWorldOptions
  readonly #ownScene: Scene | null = null
  readonly #camera = new OrthographicCamera(-1, 1, 1, -1, 0, 2)
  readonly #connecting = new AbortController()
  readonly #drawnSize = new Vector2()
  #drawnVersion = -1
  #world: WorldClient | null = null
  #controls: WorldControls | null = null

  constructor(options: SoraWorldOptions) {
    this.#options = options
    this.screen = options.screen ?? new WorldScreen(options.screenOptions)
    if (options.scene) options.scene.add(this.screen)
    else this.#ownScene = new Scene().add(this.screen)
  }

  /** The connection; null until `init()` has succeeded. */
  get world(): WorldClient | null {
    return this.#world
  }

  /** Null until `init()` has succeeded, and where they were not wanted. */
  get controls(): WorldControls | null {
    return this.#controls
  }

  /**
   * Joins the world and connects the controls.
   *
   * @throws SoraError as {@link WorldClient.connect}; call it again for another try. `aborted` when `dispose()` came
   *   first, which is final
   */
  async init(): Promise<this> {
    const { url, renderer, controls } = this.#options
    const signals = [this.#connecting.signal, this.#options.signal].filter((signal) => signal !== undefined)
    const world = await WorldClient.connect(url, { ...this.#options, signal: AbortSignal.any(signals) })
    if (this.#connecting.signal.aborted) await world.close()
    this.#connecting.signal.throwIfAborted()
    this.#world = world
    this.screen.setWorld(world)
    if (controls !== false)
      this.#controls = new WorldControls(world, renderer.domElement as HTMLCanvasElement, controls)
    return this
  }

  /** Once per animation frame; `deltaSeconds` since the last one, as other add-ons get it. */
  update(deltaSeconds: number): void {
    this.#controls?.update(deltaSeconds)
    this.screen.update()
    if (this.#ownScene) this.#draw(this.#ownScene)
  }

  /** Leaves the world and frees what this object made; the renderer and a scene of yours stay as they were. */
  dispose(): void {
    this.#connecting.abort(new SoraError('aborted', 'the plugin was disposed'))
    this.#controls?.dispose()
    this.screen.dispose()
    void this.#world?.close()
    this.#controls = null
    this.#world = null
  }

  /** Draws only what is new: a display refreshes three times as often as the world, and pixels cost on a plain CPU. */
  #draw(scene: Scene): void {
    const { renderer } = this.#options
    const { version } = this.screen.texture
    renderer.getSize(viewSize)
    if (version === this.#drawnVersion && viewSize.equals(this.#drawnSize)) return
    this.#drawnVersion = version
    this.#drawnSize.copy(viewSize)
    this.#camera.left = -viewSize.x / viewSize.y
    this.#camera.right = -this.#camera.left
    this.#camera.updateProjectionMatrix()
    renderer.render(scene, this.#camera)
  }
}
