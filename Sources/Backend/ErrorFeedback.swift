import CKernels
import Diagnostics
import IR
import WorkSharing

/// How the rounding errors of a row's weights are passed on to the weights after them (GPTQ; method: §6).
///
/// Of the squared error eᵀ · H · e of a row, H = T · D · Tᵀ with T unit upper triangular, the weights before j have left
/// e[0 ..< j] = w − ŵ; weight j adds least when it is rounded from `w[j] + Σ T[i][j] · e[i]`. That is the rule of GPTQ,
/// which states it by the Cholesky factor of the inverse of H.
package struct ErrorFeedback: Sendable {
  /// Part of the mean diagonal that is added to the diagonal.
  private static let damping = 0.01
  /// Columns that are factored, and rounded, together.
  private static let (panel, block) = (64, Quantizer.group)

  private let width: Int
  /// T, row-major; what stands on and below the diagonal means nothing.
  private let factors: SharedBuffer<Double>
  /// The diagonal of H, damped: what the square of the error of each input counts by itself.
  let importance: SharedBuffer<Float>

  /// Factors the Gram matrix of a weight's inputs, `[width, width]`, of which only the upper triangle is read.
  ///
  /// An input that was always zero passes nothing on, so its weights are rounded to the nearest code.
  /// - Throws: `DiagnosticFailure` where the matrix is not that of any inputs.
  package init(gram: [Int64], width: Int, threads: Int) throws {
    self.width = width
    factors = SharedBuffer(count: width * width)
    importance = SharedBuffer(count: width)
    let trace = (0..<width).reduce(0.0) { $0 + Double(gram[$1 * width + $1]) }
    let added = Self.damping * trace / Double(max(width, 1))
    for row in 0..<width {
      for column in row..<width {
        factors.elements[row * width + column] = Double(gram[row * width + column])
      }
      factors.elements[row * width + row] += gram[row * width + row] == 0 ? 1 : added
      importance.elements[row] = Float(factors.elements[row * width + row])
    }
    for first in stride(from: (width - 1) / Self.panel * Self.panel, through: 0, by: -Self.panel) {
      try factor(first..<min(first + Self.panel, width), threads: threads)
    }
  }

  /// Factors the columns of one panel and takes their part out of everything left of it.
  private func factor(_ columns: Range<Int>, threads: Int) throws {
    let (width, values) = (width, factors)
    let (start, count) = (columns.lowerBound, columns.count)
    let corner = try Corner(values, width: width, columns: columns)
    let (scaled, unscaled) = (
      SharedBuffer<Double>(count: count * start), SharedBuffer<Double>(count: count * start)
    )
    let blocks = Array(stride(from: 0, to: start, by: Self.panel))
    Parallel.forEach(blocks, threads: threads) { first in
      for row in first..<(first + Self.panel) {
        for column in columns.reversed() {
          let place = (columns.upperBound - 1 - column) * start + row
          unscaled.elements[place] = corner.reduce(
            values, width: width, row: row, column: column, from: start)
          scaled.elements[place] = values.elements[row * width + column]
        }
      }
    }
    Parallel.forEach(blocks, threads: threads) { first in
      for column in stride(from: first, to: start, by: 256) {
        qk_subtract_products(
          values.pointer(first * width + column), width, unscaled.pointer(first), start,
          scaled.pointer(column), start,
          Self.panel, min(256, start - column), count)
      }
    }
  }

  /// Rounds rows of a weight to codes of ±127.
  ///
  /// - Parameters:
  ///   - weights: `[rows, width]`.
  ///   - scales: one a row.
  ///   - codes: `[rows, width]`.
  func round(
    _ weights: UnsafeBufferPointer<Float>, scales: [Float], into codes: UnsafeMutableBufferPointer<Int8>
  ) {
    round(weights, rows: scales.count) { tile, columns in
      tile.round(columns, weights, Array(scales[tile.rows]), limit: 127, factors, into: codes)
    }
  }

  /// Rounds rows of a weight, `[rows, width]`, to codes of 4 bits; a group's factor is chosen when the errors of all groups
  /// before it are known.
  func round(
    _ weights: UnsafeBufferPointer<Float>, by choice: GroupChoice, into result: GroupedCodes
  ) {
    round(weights, rows: result.rows) { tile, columns in
      let steps = tile.rows.map { row in
        let factor = tile.withRow(row, columns) {
          choice.factor(of: $0, at: columns.lowerBound, unit: result.units[row])
        }
        return result.setFactor(factor, row: row, group: columns.lowerBound / Self.block)
      }
      tile.round(
        columns, weights, steps, limit: Double(Quantizer.highestGrouped), factors, into: result.codes.elements
      )
    }
  }

  /// Takes the errors of earlier blocks out of each block of columns before `body` rounds it.
  private func round(_ weights: UnsafeBufferPointer<Float>, rows: Int, _ body: (Tile, Range<Int>) -> Void) {
    let tiles = stride(from: 0, to: rows, by: 16).map { Tile(rows: $0..<min($0 + 16, rows), width) }
    for tile in tiles { tile.load(weights) }
    for first in stride(from: 0, to: width, by: Self.block) {
      let end = min(first + Self.block, width)
      for earlier in stride(from: 0, to: first, by: Self.block) {
        for tile in tiles {
          qk_subtract_products(
            tile.errors.pointer(first * 16), 16, factors.pointer(earlier * width + first), width,
            tile.errors.pointer(earlier * 16), 16, end - first, 16, Self.block)
        }
      }
      for tile in tiles { body(tile, first..<end) }
    }
  }

  /// The codes of a weight, `[rows, width]`, with one scale a row.
  package func codes(of weights: [Float], scales: [Float]) -> [Int8] {
    [Int8](unsafeUninitializedCapacity: weights.count) { codes, count in
      codes.initialize(repeating: 0)
      weights.withUnsafeBufferPointer { round($0, scales: scales, into: codes) }
      count = weights.count
    }
  }
}

/// The square on the diagonal of a panel, factored.
private struct Corner {
  /// T of the panel's columns, column by column: `[column][row]`, 64 apart.
  private var factors = [Double](repeating: 0, count: 64 * 64)
  /// D of the panel's columns.
  private var pivots = [Double](repeating: 0, count: 64)

  init(_ values: SharedBuffer<Double>, width: Int, columns: Range<Int>) throws {
    let start = columns.lowerBound
    for column in columns.reversed() {
      let pivot = values.elements[column * width + column]
      guard pivot > 0, pivot.isFinite else {
        throw DiagnosticFailure(.internalFault, "a Gram matrix is not positive definite")
      }
      pivots[column - start] = pivot
      for row in start..<column {
        factors[(column - start) * 64 + row - start] = values.elements[row * width + column] / pivot
      }
      for row in start..<column { _ = reduce(values, width: width, row: row, column: column, from: row) }
    }
  }

  /// Replaces an element by its factor, after its product was taken out of the columns from `first` up to its own.
  /// - Returns: the element before: the factor times its column's pivot.
  func reduce(_ values: SharedBuffer<Double>, width: Int, row: Int, column: Int, from first: Int) -> Double {
    let start = column / 64 * 64
    let line = values.pointer(row * width)
    let value = line[column]
    factors.withUnsafeBufferPointer { factors in
      for other in first..<column { line[other] -= value * factors[(column - start) * 64 + other - start] }
    }
    line[column] = value / pivots[column - start]
    return value
  }
}

/// Up to 16 rows that are rounded together.
private struct Tile {
  let rows: Range<Int>
  let width: Int
  /// For each column 16 lanes: what it is to be rounded to, then what rounding added.
  let errors: SharedBuffer<Double>

  init(rows: Range<Int>, _ width: Int) {
    self.rows = rows
    self.width = width
    errors = SharedBuffer(count: width * 16)
  }

  func load(_ weights: UnsafeBufferPointer<Float>) {
    for (lane, row) in rows.enumerated() {
      for column in 0..<width { errors.elements[column * 16 + lane] = Double(weights[row * width + column]) }
    }
  }

  /// Lends what columns of a row are to be rounded to.
  func withRow<Result>(
    _ row: Int, _ columns: Range<Int>, _ body: (UnsafeBufferPointer<Float>) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: columns.count) { values in
      for (index, column) in columns.enumerated() {
        values.initializeElement(at: index, to: Float(errors.elements[column * 16 + row - rows.lowerBound]))
      }
      return body(UnsafeBufferPointer(values))
    }
  }

  /// - Parameter scales: one for each row of the tile.
  func round(
    _ columns: Range<Int>, _ weights: UnsafeBufferPointer<Float>, _ scales: [Float], limit: Double,
    _ factors: SharedBuffer<Double>,
    into codes: UnsafeMutableBufferPointer<Int8>
  ) {
    scales.withUnsafeBufferPointer { scales in
      let start = rows.lowerBound
      var work = qk_rounding(
        weights: weights.baseAddress.map { $0 + start * width },
        scales: scales.baseAddress,
        feedback: factors.pointer(0), errors: errors.pointer(0),
        codes: codes.baseAddress.map { $0 + start * width },
        width: width, limit: limit)
      qk_round_columns(&work, UInt32(rows.count), columns.lowerBound, columns.upperBound)
    }
  }
}
