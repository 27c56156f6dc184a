/** Folders of the packages that are published, in the order in which they need each other. */
export const PUBLISHED = [
  'assets',
  'packages/sdk',
  'packages/server',
  'packages/three-plugin',
  'packages/create-sora-world',
]
