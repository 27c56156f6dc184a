import { readFileSync } from 'node:fs'
import { type ModelManifest, SoraError } from '@sora-world/sdk/protocol'
import type { Provider } from './onnx-runtime.ts'

/** Instructions that multiply 8-bit numbers faster than floats, as Linux names them (x64: VNNI, AMX; arm64: dot product). */
const INT8_FLAGS = ['avx512_vnni', 'avx_vnni', 'amx_int8', 'asimddp', 'i8mm']

/**
 * Which variant of a package to run. `auto` needs no measurement:
 *
 * - a GPU gets `gpu-fp16`, else `cpu-fp32` (quantised graphs would fall back to the CPU node by node);
 * - a CPU gets `cpu-int8` when it has 8-bit instructions, else `cpu-fp32`. Without them 8-bit products on x64 are
 *   slower and saturate. Linux tells through /proc/cpuinfo, every Apple arm64 has them, elsewhere we assume none.
 *
 * A package without the preferred variant gives the next of the list, at last its first one.
 *
 * @throws SoraError `option-invalid` when a variant is asked for that the package does not have
 */
export function chooseVariant(manifest: ModelManifest, provider: Provider, wanted: string, hasInt8: boolean): string {
  const names = Object.keys(manifest.variants)
  if (wanted !== 'auto') {
    if (names.includes(wanted)) return wanted
    throw new SoraError('option-invalid', `model "${manifest.name}" has no variant "${wanted}": ${names.join(', ')}`)
  }
  const forCpu = hasInt8 ? ['cpu-int8', 'cpu-fp32'] : ['cpu-fp32', 'cpu-int8']
  const preferred = provider === 'cpu' ? forCpu : ['gpu-fp16', 'cpu-fp32']
  const chosen = preferred.find((name) => names.includes(name)) ?? names[0]
  if (chosen === undefined) throw new SoraError('model-invalid', `model "${manifest.name}" has no variants`)
  return chosen
}

/** Whether this machine multiplies 8-bit numbers fast; see {@link chooseVariant}. */
export function cpuHasInt8(platform = process.platform, arch = process.arch, readText = readCpuInfo): boolean {
  if (platform === 'darwin') return arch === 'arm64'
  if (platform !== 'linux') return false
  const flags = new Set(readText().split(/\s+/))
  return INT8_FLAGS.some((flag) => flags.has(flag))
}

function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8')
  } catch {
    return ''
  }
}
