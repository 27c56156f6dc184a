/** Degrees of view per pixel of mouse. */
const SENSITIVITY = 0.15

/** Keys that are down, and how far the mouse has turned; a click on the canvas takes the mouse. */
export class Hands {
  readonly #down = new Set<string>()
  #turned = { yaw: 0, pitch: 0 }

  constructor(canvas: HTMLCanvasElement) {
    window.addEventListener('keydown', ({ code }) => this.#down.add(code))
    window.addEventListener('keyup', ({ code }) => this.#down.delete(code))
    window.addEventListener('blur', () => this.#down.clear())
    canvas.addEventListener('click', () => void canvas.requestPointerLock())
    document.addEventListener('mousemove', ({ movementX, movementY }) => {
      if (document.pointerLockElement !== canvas) return
      this.#turned.yaw += movementX * SENSITIVITY
      this.#turned.pitch += movementY * SENSITIVITY
    })
  }

  /** Button names are those of the model's action space. */
  get held() {
    const is = (code: string) => this.#down.has(code)
    return { forward: is('KeyW'), back: is('KeyS'), left: is('KeyA'), right: is('KeyD'), jump: is('Space') }
  }

  /** Degrees since the last call, right and down positive. */
  takeTurn(): { yaw: number; pitch: number } {
    const turned = this.#turned
    this.#turned = { yaw: 0, pitch: 0 }
    return turned
  }
}
