/** Mean, or null of nothing: a figure that could not be measured. */
export function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Share of the items for which something holds; null of none. */
export function share<T>(items: readonly T[], holds: (item: T) => boolean): number | null {
  return mean(items.map((item) => (holds(item) ? 1 : 0)))
}

/**
 * F1 over all (moment, name) pairs taken together (micro average): 1 when `found` names exactly what `truth` names.
 * Null when neither names any of `names`.
 */
export function microF1(
  truth: readonly (readonly string[])[],
  found: readonly (readonly string[])[],
  names: readonly string[],
): number | null {
  let hits = 0
  let named = 0
  truth.forEach((held, i) => {
    for (const name of names) {
      const isTrue = held.includes(name)
      const isFound = found[i]!.includes(name)
      if (isTrue && isFound) hits++
      named += Number(isTrue) + Number(isFound)
    }
  })
  return named === 0 ? null : (2 * hits) / named
}
