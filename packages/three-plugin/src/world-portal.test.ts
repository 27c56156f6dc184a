import { type Frame, type Pose, SoraError } from '@sora-world/sdk'
import { Group, PerspectiveCamera, Scene, type ShaderMaterial, Shape, ShapeGeometry, Vector3 } from 'three'
import { describe, expect, it } from 'vitest'
import { flatWorldFrame } from '../../sdk/src/space/flat-world.ts'
import { FAKE_MANIFEST } from '../../sdk/src/transport/fake-manifest.ts'
import { followPose } from './follow-pose.ts'
import type { SpaceWorld } from './world-backdrop.ts'
import { WorldPortal, type WorldPortalOptions } from './world-portal.ts'

const START: Pose = { x: 0, y: 0, z: 0, yaw: 0, pitch: 0 }

function fakeWorld(manifest = FAKE_MANIFEST) {
  const listeners = new Set<(frame: Frame) => void>()
  const world = {
    manifest,
    update: () => null,
    on(_name: string, listener: (frame: Frame) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  } as unknown as SpaceWorld
  return {
    world,
    listeners,
    show: (pose: Pose) => listeners.forEach((listener) => void listener(flatWorldFrame(pose))),
  }
}

/** A portal in a turned and moved room, its lower edge on the floor at y = 0; `walk` takes places in its own axes. */
function room(options: WorldPortalOptions = {}) {
  const { world, listeners, show } = fakeWorld()
  const portal = new WorldPortal({ width: 2, height: 3, ...options })
  portal.position.y = 1.5
  const wall = new Group().add(portal)
  wall.position.set(4, 0, -2)
  wall.rotation.y = 0.7
  const scene = new Scene().add(wall)
  portal.setWorld(world)
  const events: string[] = []
  portal.addEventListener('entered', () => events.push('entered'))
  portal.addEventListener('left', () => events.push('left'))
  const camera = new PerspectiveCamera()
  const stand = (x: number, y: number, z: number) => {
    const place = new Vector3(x, y, z)
    if (portal.isInside) place.applyMatrix4(portal.placement)
    else portal.localToWorld(place)
    camera.position.copy(place)
    camera.updateMatrixWorld()
    portal.update(camera)
  }
  return { portal, scene, world, show, listeners, events, camera, stand }
}

describe('WorldPortal', () => {
  it('shows nothing and lets nobody in before the first frame', () => {
    const { portal, stand, events, show } = room()
    expect(portal.visible).toBe(false)
    stand(0, 0, 0.2)
    stand(0, 0, -0.2)
    expect(events).toEqual([])
    show(START)
    expect(portal.visible).toBe(true)
  })

  it('tells of going in, and of coming out again where the generated player went', () => {
    const { portal, stand, events, show } = room()
    show(START)
    for (const z of [0.6, 0.2, -0.1]) stand(0.3, 0, z)
    expect(events).toEqual(['entered'])
    expect(portal.isInside).toBe(true)
    show({ ...START, x: 1 })
    // Inside, its own axes hang in the world.
    for (const z of [-0.4, -0.1, 0.1]) stand(0.3, 0, z)
    expect(events).toEqual(['entered', 'left'])
    expect(portal.isInside).toBe(false)
    // It has been put before the player again, who stands to the right of where the world began.
    expect(new Vector3().setFromMatrixPosition(portal.placement).x).toBeCloseTo(1)
  })

  it('is not entered beside it, from behind, or by a jump', () => {
    const { stand, events, show } = room()
    show(START)
    stand(1.2, 0, 0.2)
    stand(1.2, 0, -0.2)
    stand(0, 0, -0.2)
    stand(0, 0, 0.2)
    stand(0, 0, 3)
    stand(0, 0, -3)
    expect(events).toEqual([])
  })

  it('has any shape', () => {
    const triangle = new Shape([new Vector3(-1, -1.5, 0), new Vector3(1, -1.5, 0), new Vector3(0, 1.5, 0)] as never)
    const { stand, events, show } = room({ geometry: new ShapeGeometry(triangle) })
    show(START)
    stand(0.8, 1, 0.2)
    stand(0.8, 1, -0.2)
    expect(events).toEqual([])
    stand(0.8, -1.4, 0.2)
    stand(0.8, -1.4, -0.2)
    expect(events).toEqual(['entered'])
  })

  it('stands upright on the ground before the generated player, whichever way that looks', () => {
    const { portal, show } = room({ eyeDistance: 2 })
    show({ x: 5, y: 1, z: 3, yaw: 90, pitch: 20 })
    const [floor, up] = [new Vector3(0, -1.5, 0), new Vector3(0, -0.5, 0)]
    // Yaw 90 looks along +x.
    expect(floor.applyMatrix4(portal.placement).toArray()).toEqual([7, -0.62, 3].map((value) => expect.closeTo(value)))
    expect(up.applyMatrix4(portal.placement).sub(floor).toArray()).toEqual([0, 1, 0].map((v) => expect.closeTo(v)))
  })

  it('is seen from where the camera stands, and unscaled places stay blocks', () => {
    const { portal, scene, camera, show, stand } = room({ eyeDistance: 1 })
    show(START)
    portal.scale.setScalar(2)
    stand(0, 0, 1.5)
    const draw = portal.onBeforeRender as (...given: unknown[]) => void
    scene.updateMatrixWorld()
    draw({ info: { render: { frame: 1 } } }, scene, camera)
    const { viewer } = (portal.material as ShaderMaterial).uniforms
    // 3 blocks before the opening, which is 1 block before the eye; the eye looks down 6 degrees.
    expect(viewer!.value.z).toBeCloseTo(-2 * Math.cos((6 * Math.PI) / 180), 1)
    expect(portal.drawn.atMs).toBeGreaterThan(0)
  })

  it('leaves the camera where the world has it once inside', () => {
    const { portal, camera, show, stand } = room()
    show(START)
    stand(0, 0, 0.2)
    stand(0, 0, -0.2)
    followPose(camera, flatWorldFrame(START), FAKE_MANIFEST)
    portal.update(camera)
    expect(portal.isInside).toBe(true)
  })

  it('refuses a model without pose, and dispose leaves nothing', () => {
    const { portal, scene, listeners } = room()
    expect(() => portal.setWorld(fakeWorld({ ...FAKE_MANIFEST, outputs: ['rgb', 'depth'] }).world)).toThrow(SoraError)
    expect(() => new WorldPortal({ height: 0 })).toThrow('height of a portal is 0')
    portal.dispose()
    expect(listeners.size).toBe(0)
    expect(scene.children[0]!.children).toEqual([])
  })
})
