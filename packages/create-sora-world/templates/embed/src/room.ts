import {
  AmbientLight,
  BoxGeometry,
  DoubleSide,
  Group,
  Mesh,
  MeshStandardMaterial,
  PlaneGeometry,
  PointLight,
  Shape,
  ShapeGeometry,
} from 'three'

/** Metres; the floor is at height 0, the back wall at -DEPTH / 2. */
export const ROOM = { width: 8, height: 3.2, depth: 7 }
/** The opening in the back wall. */
export const DOOR = { x: 1.8, width: 1.6, height: 2.4 }

const paint = (color: string) => new MeshStandardMaterial({ color, roughness: 0.9, side: DoubleSide })

/** Four walls, one with a doorway, floor, ceiling, light. */
export function buildRoom(): Group {
  const { width, height, depth } = ROOM
  const floor = new Mesh(new PlaneGeometry(width, depth), paint('#6b5138'))
  floor.rotation.x = -Math.PI / 2
  const ceiling = floor.clone()
  ceiling.material = paint('#d8d2c4')
  ceiling.position.y = height
  const left = new Mesh(new PlaneGeometry(depth, height), paint('#b9c4cf'))
  left.rotation.y = Math.PI / 2
  left.position.set(-width / 2, height / 2, 0)
  const right = left.clone()
  right.position.x = width / 2
  const front = new Mesh(new PlaneGeometry(width, height), paint('#b9c4cf'))
  front.position.set(0, height / 2, depth / 2)
  const lamp = new PointLight('#ffe8c4', 8)
  lamp.position.set(0, height - 1, 0)
  return new Group().add(
    floor,
    ceiling,
    left,
    right,
    front,
    backWall(),
    doorFrame(),
    lamp,
    new AmbientLight('white', 1),
  )
}

function backWall(): Mesh {
  const { width, height, depth } = ROOM
  const half = DOOR.width / 2
  const outline = new Shape()
    .moveTo(-width / 2, 0)
    .lineTo(DOOR.x - half, 0)
    .lineTo(DOOR.x - half, DOOR.height)
    .lineTo(DOOR.x + half, DOOR.height)
    .lineTo(DOOR.x + half, 0)
    .lineTo(width / 2, 0)
    .lineTo(width / 2, height)
    .lineTo(-width / 2, height)
  const wall = new Mesh(new ShapeGeometry(outline), paint('#b9c4cf'))
  wall.position.z = -depth / 2
  return wall
}

function doorFrame(): Group {
  const wood = paint('#4a3626')
  const post = (x: number) => {
    const mesh = new Mesh(new BoxGeometry(0.12, DOOR.height + 0.12, 0.2), wood)
    mesh.position.set(DOOR.x + x, DOOR.height / 2 + 0.06, -ROOM.depth / 2)
    return mesh
  }
  const lintel = new Mesh(new BoxGeometry(DOOR.width + 0.24, 0.12, 0.2), wood)
  lintel.position.set(DOOR.x, DOOR.height + 0.06, -ROOM.depth / 2)
  return new Group().add(post(-DOOR.width / 2 - 0.06), post(DOOR.width / 2 + 0.06), lintel)
}
