import { availableParallelism, cpus, totalmem } from 'node:os'
import { cpuHasInt8 } from '../model/choose-variant.ts'
import { hasGpuDevice } from '../model/gpu-device.ts'

export interface Machine {
  node: string
  /** Whether this Node can run the project. */
  isNodeNewEnough: boolean
  platform: string
  cpu: string
  /** Cores that this process may use. */
  cores: number
  memoryGiB: number
  /** Whether the CPU multiplies 8-bit numbers fast: int8 variants pay then. */
  hasInt8: boolean
  /** Whether there is a GPU that is worth trying. */
  hasGpu: boolean
}

/** As in the `engines` of the package. */
export const LEAST_NODE = 20

/** What there is to compute with. */
export function describeMachine(): Machine {
  return {
    node: process.versions.node,
    isNodeNewEnough: Number.parseInt(process.versions.node, 10) >= LEAST_NODE,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    hasInt8: cpuHasInt8(),
    hasGpu: hasGpuDevice(),
  }
}
