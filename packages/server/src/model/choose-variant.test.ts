import { describe, expect, it } from 'vitest'
import { chooseVariant, cpuHasInt8 } from './choose-variant.ts'
import { fakeManifest } from './fake-manifest.ts'

function withVariants(...names: string[]) {
  const manifest = fakeManifest()
  const graphs = manifest.variants.fake!
  return { ...manifest, variants: Object.fromEntries(names.map((name) => [name, graphs])) }
}

describe('chooseVariant', () => {
  const full = withVariants('cpu-fp32', 'cpu-int8', 'gpu-fp16')

  it('takes int8 on a CPU that has the instructions, fp16 on a GPU', () => {
    expect(chooseVariant(full, 'cpu', 'auto', true)).toBe('cpu-int8')
    expect(chooseVariant(full, 'cpu', 'auto', false)).toBe('cpu-fp32')
    expect(chooseVariant(full, 'webgpu', 'auto', true)).toBe('gpu-fp16')
  })

  it('makes do with what the package has', () => {
    expect(chooseVariant(withVariants('cpu-fp32'), 'cpu', 'auto', true)).toBe('cpu-fp32')
    expect(chooseVariant(withVariants('cpu-fp32', 'cpu-int8'), 'cuda', 'auto', true)).toBe('cpu-fp32')
    expect(chooseVariant(withVariants('odd'), 'cpu', 'auto', true)).toBe('odd')
  })

  it('refuses a variant that is not there by name', () => {
    expect(chooseVariant(full, 'cpu', 'gpu-fp16', false)).toBe('gpu-fp16')
    expect(() => chooseVariant(full, 'cpu', 'int4', true)).toThrow(/no variant "int4": cpu-fp32, cpu-int8, gpu-fp16/)
  })
})

describe('cpuHasInt8', () => {
  it('reads the flags on Linux and knows Apple', () => {
    expect(cpuHasInt8('linux', 'x64', () => 'flags : fpu avx2 avx512_vnni bmi')).toBe(true)
    expect(cpuHasInt8('linux', 'x64', () => 'flags : fpu avx2')).toBe(false)
    expect(cpuHasInt8('linux', 'arm64', () => 'Features : fp asimd asimddp')).toBe(true)
    expect(cpuHasInt8('darwin', 'arm64')).toBe(true)
    expect(cpuHasInt8('darwin', 'x64')).toBe(false)
    expect(cpuHasInt8('win32', 'x64')).toBe(false)
  })
})
