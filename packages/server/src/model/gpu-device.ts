import { existsSync, readdirSync } from 'node:fs'

/** Device files of GPUs on Linux: NVIDIA, AMD compute, Windows' GPU inside WSL. */
const DEVICE_FILES = ['/dev/nvidiactl', '/dev/kfd', '/dev/dxg']
/** Where somebody points Vulkan to a driver by hand, they want it tried. */
const DRIVER_VARIABLES = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES']

/**
 * Whether trying a GPU makes sense. Linux without any GPU device can only offer software rendering, slower than the
 * CPU provider, and its libraries complain on the console; other systems always have something to try.
 */
export function hasGpuDevice(platform = process.platform, env: NodeJS.ProcessEnv = process.env): boolean {
  if (platform !== 'linux') return true
  if (DRIVER_VARIABLES.some((name) => env[name])) return true
  return DEVICE_FILES.some((path) => existsSync(path)) || renderNodes().length > 0
}

function renderNodes(): string[] {
  try {
    return readdirSync('/dev/dri').filter((name) => name.startsWith('renderD'))
  } catch {
    return []
  }
}
