/** Folders of the packages that are published, in the order in which they need each other. */
export const PUBLISHED: readonly string[]
