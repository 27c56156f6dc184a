/** Path of a Chromium or Chrome that can be started, or undefined; `CHROMIUM_PATH` wins. */
export function findChromium(): string | undefined
