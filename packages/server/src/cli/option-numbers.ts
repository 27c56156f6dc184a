import { SoraError } from '@sora-world/sdk/protocol'

/** The value of `--name` within the bounds, both included; undefined when it was not given. @throws SoraError `option-invalid` */
export function number(name: string, text: string | undefined, low: number, high: number): number | undefined {
  if (text === undefined) return undefined
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= low && value <= high) return value
  throw new SoraError('option-invalid', `--${name} "${text}" is not a number from ${low} to ${high}`)
}

/** As {@link number}, whole. */
export function integer(name: string, text: string | undefined, low: number, high: number): number | undefined {
  const value = number(name, text, low, high)
  if (value === undefined || Number.isInteger(value)) return value
  throw new SoraError('option-invalid', `--${name} "${text}" is not a whole number`)
}
