const BARS = 60
const WIDTH = 258
const HEIGHT = 44

/** The newest values as bars; those above the limit stand out. */
export class Sparkline {
  readonly canvas = document.createElement('canvas')
  readonly #values: number[] = []

  constructor() {
    this.canvas.width = WIDTH
    this.canvas.height = HEIGHT
    this.canvas.title = 'Time for the newest chunks; the line is real time'
  }

  add(value: number): void {
    this.#values.push(value)
    if (this.#values.length > BARS) this.#values.shift()
  }

  clear(): void {
    this.#values.length = 0
  }

  draw(limit: number): void {
    const context = this.canvas.getContext('2d')
    if (!context) return
    context.clearRect(0, 0, WIDTH, HEIGHT)
    const top = limit * 1.25
    const barWidth = WIDTH / BARS
    this.#values.forEach((value, index) => {
      const height = Math.min(1, value / top) * HEIGHT
      context.fillStyle = value > limit ? '#ff9c8a' : '#7cd0a0'
      context.fillRect(index * barWidth, HEIGHT - height, barWidth - 1, height)
    })
    context.fillStyle = 'rgb(255 255 255 / 60%)'
    context.fillRect(0, HEIGHT - (limit / top) * HEIGHT, WIDTH, 1)
  }
}
