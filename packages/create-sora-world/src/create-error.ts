/** Something that the caller can mend; the message says how. */
export class CreateError extends Error {
  override readonly name = 'CreateError'
}
