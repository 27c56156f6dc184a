/** Of a package in `folder` of the repository at `url`: fields of package.json that say where its sources are. */
export function whereFrom(
  url: string,
  folder: string,
): { repository: { type: 'git'; url: string; directory: string }; homepage: string; bugs: string }
/** Runs `task` while package.json in `folder` has `fields` too, and puts it back as it was. */
export function withFields<T>(folder: string, fields: object, task: () => T | Promise<T>): Promise<T>
