import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

const FOLDER = new URL('./fixtures/golden/', import.meta.url)
const TYPES = { float32: Float32Array, int64: BigInt64Array, uint8: Uint8Array } as const

interface Index {
  bin: string
  values: Record<string, unknown>
  arrays: Record<string, { dtype: keyof typeof TYPES; shape: number[]; offset: number }>
}

/** Arrays that Python computed (training/sora_world/export/golden.py writes and describes the files). */
export interface Fixture {
  values: Record<string, unknown>
  has(name: string): boolean
  floats(name: string): Float32Array
  bytes(name: string): Uint8Array
  integers(name: string): BigInt64Array
  shape(name: string): number[]
}

export function readJson<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as T
}

export function readFixture(name: string): Fixture {
  const index = readJson<Index>(name)
  const file = gunzipSync(readFileSync(new URL(index.bin, FOLDER)))
  // A copy: files read into the pool do not start at a multiple of 8.
  const { buffer } = Uint8Array.from(file)
  const read = (array: string, dtype: keyof typeof TYPES) => {
    const entry = index.arrays[array]
    if (entry?.dtype !== dtype) throw new Error(`fixture ${name} has no ${dtype} array "${array}"`)
    const length = entry.shape.reduce((product, n) => product * n, 1)
    return new TYPES[dtype](buffer, entry.offset, length)
  }
  return {
    values: index.values,
    has: (array) => index.arrays[array] !== undefined,
    floats: (array) => read(array, 'float32') as Float32Array,
    bytes: (array) => read(array, 'uint8') as Uint8Array,
    integers: (array) => read(array, 'int64') as BigInt64Array,
    shape: (array) => index.arrays[array]!.shape,
  }
}
