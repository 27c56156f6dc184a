/** Nearest-rank percentile of unsorted numbers, `rank` in (0, 1]; 0 when there are none. */
export function percentile(values: readonly number[], rank: number): number {
  if (values.length === 0) return 0
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)]!
}
