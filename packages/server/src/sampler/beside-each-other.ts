/**
 * Starts what another thread does, then does `here` on this one: both results.
 *
 * A run on this thread occupies it from its first moment on, so what is sent to the other has to leave before.
 */
export async function besideEachOther<T, H>(there: () => Promise<T>, here: () => Promise<H>): Promise<[T, H]> {
  const elsewhere = there()
  elsewhere.catch(() => {}) // it is waited for below, perhaps after `here` has failed
  await new Promise<void>((resolve) => setImmediate(resolve))
  const result = await here()
  return [await elsewhere, result]
}
