import { BoxGeometry, Group, Mesh, MeshStandardMaterial } from 'three'

/** A post with a board, standing on its origin, 1.4 blocks high. */
export function sign(): Group {
  const wood = new MeshStandardMaterial({ color: '#d08040' })
  const post = new Mesh(new BoxGeometry(0.12, 1, 0.12), wood)
  const board = new Mesh(new BoxGeometry(0.9, 0.4, 0.1), new MeshStandardMaterial({ color: '#fff3d0' }))
  post.position.y = 0.5
  board.position.y = 1.2
  return new Group().add(post, board)
}
