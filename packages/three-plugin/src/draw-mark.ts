/** What is used of a renderer to know whether it has drawn again; WebGLRenderer counts `frame`, WebGPURenderer `calls`. */
export interface DrawingRenderer {
  info: { render: { frame?: number; calls?: number } }
}

/** When an object was drawn last, and whether it is still what one sees. */
export class DrawMark {
  /** `performance.now()` */
  atMs = Number.NEGATIVE_INFINITY
  private renderer: DrawingRenderer | null = null
  private count: number | undefined

  set(renderer: DrawingRenderer): void {
    this.atMs = performance.now()
    this.renderer = renderer
    this.count = countOf(renderer)
  }

  /** Nothing was drawn since: an application that draws only what is new leaves the picture standing. */
  get isLast(): boolean {
    return this.renderer !== null && this.count === countOf(this.renderer)
  }
}

function countOf({ info: { render } }: DrawingRenderer): number | undefined {
  return render.frame ?? render.calls
}
