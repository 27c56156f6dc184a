import { availableParallelism, cpus, loadavg, totalmem } from 'node:os'

/** One line that says what a figure was measured on. */
export function describeEnvironment(): string {
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const load = loadavg()[0]!.toFixed(1)
  const cpu = cpus()[0]?.model.trim() ?? 'unknown CPU'
  return `${cpu}, ${availableParallelism()} threads, ${memory}, ${process.platform} ${process.arch}, node ${process.version}, load ${load}`
}

/** Value below which `share` (0 to 1) of the samples lie; nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? Number.NaN
}
