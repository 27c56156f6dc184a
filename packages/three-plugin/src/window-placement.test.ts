import { type Camera, Mesh, OrthographicCamera, PerspectiveCamera, PlaneGeometry, Vector3 } from 'three'
import { describe, expect, it } from 'vitest'
import { placeInWindow } from './window-placement.ts'

/** Where the plane's corner (1, 1) and centre come to lie in normalised device coordinates. */
function project(camera: Camera, fit: 'cover' | 'contain' | 'stretch', pictureAspect: number) {
  const plane = new Mesh(new PlaneGeometry(2, 2))
  camera.updateMatrixWorld()
  placeInWindow(plane, camera, fit, pictureAspect)
  const at = (x: number, y: number) => new Vector3(x, y, 0).applyMatrix4(plane.matrixWorld).project(camera)
  return { corner: at(1, 1), centre: at(0, 0) }
}

function cameras(): [string, Camera][] {
  const perspective = new PerspectiveCamera(50, 2, 0.01, 1e5)
  const offAxis = new PerspectiveCamera(50, 2, 0.1, 50)
  offAxis.setViewOffset(400, 200, 100, 50, 200, 100)
  const orthographic = new OrthographicCamera(-4, 8, 5, -1, 0, 2)
  const all: [string, Camera][] = [
    ['perspective', perspective],
    ['off-axis perspective', offAxis],
    ['orthographic', orthographic],
  ]
  for (const [, camera] of all) {
    camera.position.set(4, -2, 7)
    camera.rotation.set(0.4, 1.2, -0.3)
    camera.scale.setScalar(3)
  }
  return all
}

describe.each(cameras())('placeInWindow, %s camera of aspect 2', (_name, camera) => {
  it('fills the view exactly when the picture has its shape', () => {
    const { corner, centre } = project(camera, 'cover', 2)
    expect(corner.x).toBeCloseTo(1, 4)
    expect(corner.y).toBeCloseTo(1, 4)
    expect(centre.length()).toBeLessThan(1.01)
    expect(centre.x).toBeCloseTo(0, 4)
    expect(centre.y).toBeCloseTo(0, 4)
    expect(Math.abs(corner.z)).toBeLessThan(1)
  })

  it('cover: a narrower picture stands out above and below', () => {
    const { corner } = project(camera, 'cover', 1)
    expect([corner.x, corner.y].map((n) => Number(n.toFixed(3)))).toEqual([1, 2])
  })

  it('contain: a wider picture leaves bars above and below', () => {
    const { corner } = project(camera, 'contain', 4)
    expect([corner.x, corner.y].map((n) => Number(n.toFixed(3)))).toEqual([1, 0.5])
  })

  it('stretch: shape does not matter', () => {
    const { corner } = project(camera, 'stretch', 0.3)
    expect([corner.x, corner.y].map((n) => Number(n.toFixed(3)))).toEqual([1, 1])
  })
})
