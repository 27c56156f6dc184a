import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** One line that says what a figure was measured on. */
export function describeEnvironment(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const load = loadavg()[0]!.toFixed(1)
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU'
  return `${cpu}, ${availableParallelism()} threads, ${memory}, ${process.platform} ${process.arch}, node ${process.version}, load ${load}`
}

export { percentile } from '../packages/server/src/scheduler/percentile.ts'
