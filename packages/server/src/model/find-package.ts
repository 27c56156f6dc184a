import { existsSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { SoraError } from '@sora-world/sdk/protocol'

/** Packages that ship with the project, best first: the default is the first one that is there. */
const SHIPPED = ['voxel', 'nano']
/** Has a manifest too, but of networks that look at pictures: not a world. */
const JUDGES = 'judges'

/**
 * Folder of a model package: a path to one, or the name of one that ships in `@sora-world/models`; without an argument
 * the best that ships.
 *
 * @throws SoraError `model-missing` naming what there is
 */
export function findModelPackage(nameOrPath?: string): string {
  const shipped = shippedFolder()
  const candidates =
    nameOrPath === undefined
      ? SHIPPED.map((name) => join(shipped, name))
      : [resolve(nameOrPath), join(shipped, nameOrPath)]
  const found = candidates.find(isPackage)
  if (found) return found
  const wanted = nameOrPath === undefined ? 'no model ships with this build' : `no model package "${nameOrPath}"`
  throw new SoraError('model-missing', `${wanted}; there is: ${[...packagesIn(shipped), 'fake'].join(', ')}`)
}

/**
 * Folders of all packages that ship, best first, at least one.
 *
 * @throws SoraError `model-missing`
 */
export function shippedPackages(): string[] {
  const found = SHIPPED.map((name) => join(shippedFolder(), name)).filter(isPackage)
  return found.length > 0 ? found : [findModelPackage()]
}

/** Folder of `@sora-world/models`: model packages, judges, clips. */
export function shippedFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('@sora-world/models/package.json'))
}

function packagesIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => name !== JUDGES && isPackage(join(folder, name)))
}

function isPackage(dir: string): boolean {
  return existsSync(join(dir, 'manifest.json'))
}
