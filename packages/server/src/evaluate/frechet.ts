/**
 * Frechet distance between two sets of feature vectors, each taken as one normal distribution:
 * |mean difference|^2 + trace(A + B - 2 (A B)^(1/2)) with covariances A and B (Dowson and Landau, 1982; the formula of
 * the FID of Heusel et al., 2017, over the features of another network).
 */
export function frechetDistance(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  const first = describe(a)
  const second = describe(b)
  const shift = first.mean.reduce((sum, value, i) => sum + (value - second.mean[i]!) ** 2, 0)
  // The trace of (A B)^(1/2) is that of (R B R)^(1/2) with R = A^(1/2), which is symmetric.
  const root = squareRoot(first.covariance)
  const product = multiply(multiply(root, second.covariance), root)
  const crossTrace = eigen(product).values.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0)
  return Math.max(0, shift + trace(first.covariance) + trace(second.covariance) - 2 * crossTrace)
}

type Matrix = Float64Array[]

function describe(features: readonly Float32Array[]): { mean: Float64Array; covariance: Matrix } {
  const width = features[0]!.length
  const mean = new Float64Array(width)
  for (const feature of features) for (let i = 0; i < width; i++) mean[i]! += feature[i]! / features.length
  const covariance = zeros(width)
  for (const feature of features) {
    for (let i = 0; i < width; i++) {
      const row = covariance[i]!
      const left = (feature[i]! - mean[i]!) / features.length
      for (let j = 0; j < width; j++) row[j]! += left * (feature[j]! - mean[j]!)
    }
  }
  return { mean, covariance }
}

function squareRoot(matrix: Matrix): Matrix {
  const { values, vectors } = eigen(matrix)
  const scaled = vectors.map((row) => row.map((value, k) => value * Math.sqrt(Math.max(0, values[k]!))))
  return multiply(scaled, transpose(vectors))
}

/** Stops when what is left off the diagonal is this small beside it. */
const TOLERANCE = 1e-18
const MAX_SWEEPS = 60

/** Eigenvalues and, in columns, eigenvectors of a symmetric matrix: cyclic Jacobi rotations. */
function eigen(symmetric: Matrix): { values: Float64Array; vectors: Matrix } {
  const width = symmetric.length
  const a = symmetric.map((row) => row.slice())
  const vectors = zeros(width)
  for (let i = 0; i < width; i++) vectors[i]![i] = 1
  for (let sweep = 0; sweep < MAX_SWEEPS && offDiagonal(a) > TOLERANCE * sumOfSquares(a); sweep++) {
    for (let p = 0; p < width; p++) for (let q = p + 1; q < width; q++) rotate(a, vectors, p, q)
  }
  return { values: Float64Array.from(a, (row, i) => row[i]!), vectors }
}

/** Turns axes p and q until a[p][q] is zero; in place. */
function rotate(a: Matrix, vectors: Matrix, p: number, q: number): void {
  const off = a[p]![q]!
  if (off === 0) return
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * off)
  const tangent = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1))
  const cosine = 1 / Math.sqrt(tangent * tangent + 1)
  const sine = tangent * cosine
  const mix = (x: Float64Array, y: Float64Array, i: number, j: number) => {
    const [left, right] = [x[i]!, y[j]!]
    x[i] = cosine * left - sine * right
    y[j] = sine * left + cosine * right
  }
  for (let k = 0; k < a.length; k++) mix(a[k]!, a[k]!, p, q)
  for (let k = 0; k < a.length; k++) mix(a[p]!, a[q]!, k, k)
  for (let k = 0; k < a.length; k++) mix(vectors[k]!, vectors[k]!, p, q)
}

function offDiagonal(a: Matrix): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) for (let j = 0; j < a.length; j++) if (i !== j) sum += a[i]![j]! ** 2
  return sum
}

function sumOfSquares(a: Matrix): number {
  return a.reduce((sum, row) => sum + row.reduce((part, value) => part + value * value, 0), 0)
}

function multiply(a: Matrix, b: Matrix): Matrix {
  const out = zeros(a.length)
  for (let i = 0; i < a.length; i++) {
    for (let k = 0; k < a.length; k++) {
      const factor = a[i]![k]!
      for (let j = 0; j < a.length; j++) out[i]![j]! += factor * b[k]![j]!
    }
  }
  return out
}

function transpose(a: Matrix): Matrix {
  return a.map((_, i) => Float64Array.from(a, (row) => row[i]!))
}

function trace(a: Matrix): number {
  return a.reduce((sum, row, i) => sum + row[i]!, 0)
}

function zeros(width: number): Matrix {
  return Array.from({ length: width }, () => new Float64Array(width))
}
