import type { WorldPortal } from '@sora-world/three'
import {
  BoxGeometry,
  CanvasTexture,
  ExtrudeGeometry,
  Group,
  HemisphereLight,
  Mesh,
  MeshBasicMaterial,
  MeshLambertMaterial,
  Path,
  PlaneGeometry,
  PointLight,
  RepeatWrapping,
  Scene,
  Shape,
  SRGBColorSpace,
  Vector2,
} from 'three'

export const OPENING = { width: 1.6, height: 2.5 }
/** Half the room's width and depth, and its height, blocks. */
export const ROOM = { x: 6, z: 5, height: 4 }
/** Half the width and the thickness of a wall with a portal. */
export const PANEL = { halfWidth: 1.45, thickness: 0.3 }

const PLASTER = new MeshLambertMaterial({ color: '#d9cfc0' })
const GOLD = new MeshLambertMaterial({ color: '#b98a3a' })

/** An empty room with a wooden floor. */
export function buildRoom(): Scene {
  const scene = new Scene().add(new HemisphereLight('#fff4e0', '#a08a70', 2.6))
  const floor = new Mesh(new PlaneGeometry(2 * ROOM.x, 2 * ROOM.z), new MeshLambertMaterial({ map: boards() }))
  floor.rotation.x = -Math.PI / 2
  scene.add(floor)
  const ceiling = new Mesh(new PlaneGeometry(2 * ROOM.x, 2 * ROOM.z), new MeshLambertMaterial({ color: '#8d8378' }))
  ceiling.rotation.x = Math.PI / 2
  ceiling.position.y = ROOM.height
  scene.add(ceiling)
  const wall = new MeshLambertMaterial({ color: '#8f4a42' })
  for (const [x, z, turn, width] of [
    [0, -ROOM.z, 0, 2 * ROOM.x],
    [0, ROOM.z, Math.PI, 2 * ROOM.x],
    [-ROOM.x, 0, Math.PI / 2, 2 * ROOM.z],
    [ROOM.x, 0, -Math.PI / 2, 2 * ROOM.z],
  ] as const) {
    const mesh = new Mesh(new PlaneGeometry(width, ROOM.height), wall)
    mesh.position.set(x, ROOM.height / 2, z)
    mesh.rotation.y = turn
    scene.add(mesh)
  }
  const bench = new Mesh(new BoxGeometry(1.8, 0.45, 0.5), new MeshLambertMaterial({ color: '#5b3a21' }))
  bench.position.set(0, 0.225, 3.6)
  const lamp = new PointLight('#ffd9a0', 30)
  lamp.position.set(0, 3.6, 0.5)
  return scene.add(bench, lamp)
}

/** A wall of its own with a golden frame and a label, and the portal in it, at the group's origin on the floor. */
export function exhibit(portal: WorldPortal, label: string): Group {
  const { width, height } = OPENING
  const group = new Group()
  const block = (w: number, h: number, d: number, x: number, y: number, z: number, material: MeshLambertMaterial) => {
    const mesh = new Mesh(new BoxGeometry(w, h, d), material)
    mesh.position.set(x, y, z)
    group.add(mesh)
  }
  const { halfWidth, thickness } = PANEL
  const top = ROOM.height - 0.4
  const wall = new Shape(corners(halfWidth, top))
  wall.holes.push(new Path(corners(width / 2, height)))
  const mesh = new Mesh(new ExtrudeGeometry(wall, { depth: thickness, bevelEnabled: false }), PLASTER)
  mesh.position.z = -thickness
  group.add(mesh)
  for (const side of [-1, 1]) {
    block(0.12, height + 0.12, 0.1, side * (width / 2 + 0.06), height / 2 + 0.06, 0.03, GOLD)
  }
  // Nobody looks through from behind.
  block(width, height, 0.02, 0, height / 2, -thickness + 0.01, PLASTER)
  block(width, 0.12, 0.1, 0, height + 0.06, 0.03, GOLD)
  const sign = new Mesh(new PlaneGeometry(2, 0.36), new MeshBasicMaterial({ map: writing(label) }))
  sign.position.set(0, height + 0.5, 0.02)
  portal.position.set(0, height / 2, 0)
  return group.add(sign, portal)
}

function corners(halfWidth: number, height: number): Vector2[] {
  return [
    new Vector2(-halfWidth, 0),
    new Vector2(halfWidth, 0),
    new Vector2(halfWidth, height),
    new Vector2(-halfWidth, height),
  ]
}

function boards(): CanvasTexture {
  const [canvas, pen] = drawing(128, 128)
  for (let row = 0; row < 4; row++) {
    for (let column = -2; column < 3; column++) {
      pen.fillStyle = `hsl(28 ${34 + row * 3}% ${30 + ((row * 7 + column * 5) % 4) * 2.5}%)`
      pen.fillRect(column * 64 + row * 24, row * 32, 63, 31)
    }
  }
  const texture = new CanvasTexture(canvas)
  texture.colorSpace = SRGBColorSpace
  texture.wrapS = texture.wrapT = RepeatWrapping
  texture.repeat.set(5, 4)
  return texture
}

function writing(words: string): CanvasTexture {
  const [canvas, pen] = drawing(512, 92)
  pen.fillStyle = '#f3ead8'
  pen.fillRect(0, 0, 512, 92)
  pen.fillStyle = '#3a2c1c'
  pen.font = 'italic 34px Georgia, serif'
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.fillText(words, 256, 48, 490)
  const texture = new CanvasTexture(canvas)
  texture.colorSpace = SRGBColorSpace
  return texture
}

function drawing(width: number, height: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = Object.assign(document.createElement('canvas'), { width, height })
  const pen = canvas.getContext('2d')!
  pen.fillStyle = '#2a1a10'
  pen.fillRect(0, 0, width, height)
  return [canvas, pen]
}
