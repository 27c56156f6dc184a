/** Letters of 3x5 dots, as rows of three bits from the top; enough for figures and short words. */
const GLYPHS: Record<string, number> = {
  '0': 0o75557,
  '1': 0o26227,
  '2': 0o71747,
  '3': 0o71717,
  '4': 0o55711,
  '5': 0o74717,
  '6': 0o74757,
  '7': 0o71111,
  '8': 0o75757,
  '9': 0o75717,
  A: 0o25755,
  B: 0o65656,
  C: 0o34443,
  D: 0o65556,
  E: 0o74647,
  F: 0o74644,
  G: 0o34553,
  H: 0o55755,
  I: 0o72227,
  J: 0o11152,
  K: 0o55655,
  L: 0o44447,
  M: 0o57755,
  N: 0o65555,
  O: 0o25552,
  P: 0o65644,
  Q: 0o25563,
  R: 0o65655,
  S: 0o34216,
  T: 0o72222,
  U: 0o55557,
  V: 0o55552,
  W: 0o55775,
  X: 0o55255,
  Y: 0o55222,
  Z: 0o71247,
  '.': 0o00002,
  '-': 0o00700,
  '+': 0o02720,
  ':': 0o02020,
  '/': 0o11244,
}

/** Writes white letters into a picture [.., width, 4] from (x, y); what does not fit is cut. */
export function drawText(rgba: Uint8ClampedArray, width: number, text: string, x: number, y: number): void {
  const height = rgba.length / 4 / width
  ;[...text.toUpperCase()].forEach((letter, index) => {
    const glyph = GLYPHS[letter] ?? 0
    for (let dot = 0; dot < 15; dot++) {
      const column = x + index * 4 + (dot % 3)
      const row = y + Math.floor(dot / 3)
      const isSet = (glyph >> (14 - dot)) & 1
      if (isSet && column < width && row < height)
        rgba.fill(255, (row * width + column) * 4, (row * width + column) * 4 + 3)
    }
  })
}
