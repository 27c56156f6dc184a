import { locales } from 'zod/mini'

/** The functional half of zod: with its method chains, every page would be 20 kB larger (gzip). */
export * as z from 'zod/mini'

/** For `safeParse`: says in words what is wrong, for which this half has no language of its own. */
export const IN_WORDS = { error: locales.en().localeError }
