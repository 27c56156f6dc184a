import type { WorldClient } from '@sora-world/sdk'
import { element } from './element.ts'
import { Sparkline } from './sparkline.ts'

const REFRESH_MS = 500

type Rows = readonly (readonly [name: string, value: string])[]

/** The panel behind F3: what this world costs and how late it is. Reads the client only while it is open. */
export class StatsPanel {
  readonly #panel = element('stats')
  readonly #list = document.createElement('dl')
  readonly #sparkline = new Sparkline()
  #world: WorldClient | null = null
  #nextMs = 0
  #chunks = 0

  constructor() {
    this.#panel.append(this.#sparkline.canvas, this.#list)
  }

  setWorld(world: WorldClient | null): void {
    this.#world = world
    this.#chunks = 0
    this.#sparkline.clear()
  }

  toggle(): void {
    this.#panel.hidden = !this.#panel.hidden
    document.body.classList.toggle('has-figures', !this.#panel.hidden)
    this.#nextMs = 0
  }

  update(nowMs: number): void {
    if (this.#panel.hidden || !this.#world || nowMs < this.#nextMs) return
    this.#nextMs = nowMs + REFRESH_MS
    this.#draw(this.#world)
  }

  #draw(world: WorldClient): void {
    const { stats } = world
    if (stats.server && stats.chunks !== this.#chunks) {
      this.#chunks = stats.chunks
      this.#sparkline.add(chunkTimeMs(stats.server))
    }
    this.#sparkline.draw(chunkBudgetMs(world))
    this.#list.replaceChildren(...rowsOf(world).flatMap(([name, value]) => [cell('dt', name), cell('dd', value)]))
  }
}

type Timings = NonNullable<WorldClient['stats']['server']>

/** Work of the server for one chunk, without waiting in the queue. */
function chunkTimeMs({ denoiseMs, commitMs, decodeMs }: Timings): number {
  return denoiseMs + commitMs + decodeMs
}

function chunkBudgetMs({ manifest }: WorldClient): number {
  return (1000 * manifest.frames.perChunk) / manifest.frames.perSecond
}

function rowsOf(world: WorldClient): Rows {
  const { stats, welcome } = world
  const { server } = stats
  return [
    ['frames shown', `${stats.fps.toFixed(1)} /s`],
    ['input to photon', `${spread(stats.inputToPhotonMs)} ms`],
    ['chunk made in', server ? `${chunkTimeMs(server).toFixed(0)} of ${chunkBudgetMs(world).toFixed(0)} ms` : '–'],
    ['  denoise + commit', server ? `${server.denoiseMs.toFixed(0)} + ${server.commitMs.toFixed(0)} ms` : '–'],
    ['  waiting', server ? `${server.queueMs.toFixed(0)} ms` : '–'],
    ['between chunks', `${spread(stats.chunkIntervalMs)} ms`],
    ['decoded in', `${spread(stats.decodeMs)} ms`],
    ['round trip', `${spread(stats.roundTripMs)} ms`],
    ['downlink', `${stats.kbitPerSecond.toFixed(0)} kbit/s`],
    ['holds / drops', `${stats.holds} / ${stats.drops}`],
    ['lost chunks', `${stats.missedChunks}`],
    ['model', `${welcome.modelName}, ${welcome.steps} ${welcome.steps === 1 ? 'step' : 'steps'}`],
    ['runs on', `${welcome.provider}, ${welcome.variant}`],
    ['decoder', world.decoder],
    ['picture', `${welcome.size.width} × ${welcome.size.height}`],
    ['world / chunk', `${world.room.world} / ${world.room.seq}`],
    ['random seed', `${world.room.rngSeed}`],
  ]
}

function spread(summary: { p50: number | null; p95: number | null; count: number }): string {
  if (summary.count === 0 || summary.p50 === null || summary.p95 === null) return '–'
  return `${summary.p50.toFixed(0)} / ${summary.p95.toFixed(0)}`
}

function cell(tag: 'dt' | 'dd', text: string): HTMLElement {
  const made = document.createElement(tag)
  made.textContent = text
  return made
}
