import type { Clock } from '../clock.ts'
import { SoraError } from '../protocol/index.ts'

/** The promise, unless the signal aborts first; then `signal.reason` is thrown and the promise is left to itself. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = () => reject(signal.reason)
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** @throws SoraError `timeout` */
export function withTimeout<T>(clock: Clock, ms: number, promise: Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const words = `the server said nothing for ${ms / 1000} seconds`
    const timer = clock.setTimeout(() => reject(new SoraError('timeout', words)), ms)
    promise.then(resolve, reject).finally(() => clock.clearTimeout(timer))
  })
}

export interface Deferred<T> {
  promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

/** A promise that is settled from outside; `Promise.withResolvers` is not everywhere yet. */
export function deferred<T>(): Deferred<T> {
  let settle!: Pick<Deferred<T>, 'resolve' | 'reject'>
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { promise, ...settle }
}
