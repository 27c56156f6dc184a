import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'
import { percentile } from '../packages/server/src/scheduler/percentile.ts'

/** One line that says what a figure was measured on. */
export function describeEnvironment(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const load = loadavg()[0]!.toFixed(1)
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU'
  return `${cpu}, ${availableParallelism()} threads, ${memory}, ${process.platform} ${process.arch}, node ${process.version}, load ${load}`
}

/** Middle and 95th percentile of each part, as columns. */
export function printTable(title: string, parts: Readonly<Record<string, readonly number[]>>, digits = 1): void {
  console.log(`${title.padEnd(16)} p50     p95`)
  for (const [part, values] of Object.entries(parts)) {
    const columns = [0.5, 0.95].map((share) =>
      percentile([...values], share)
        .toFixed(digits)
        .padStart(8),
    )
    console.log(part.padEnd(12) + columns.join(''))
  }
}

export function round(value: number, digits = 1): number {
  return Math.round(value * 10 ** digits) / 10 ** digits
}

export { percentile }
