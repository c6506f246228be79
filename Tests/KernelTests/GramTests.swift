import CKernels
import Testing

@Suite("Gram matrices of codes", .serialized)
struct GramTests {
  /// Codes `[rows][stride]`; what lies beyond the width is not zero.
  private struct Codes {
    let rows, width, stride: Int
    var values: [Int8]

    init(rows: Int, width: Int, seed: UInt64, extreme: Bool = false) {
      (self.rows, self.width, stride) = (rows, width, width + 5)
      var generator = Generator(seed: seed)
      values = (0..<rows * stride).map { _ in extreme ? -128 : generator.int8() }
    }

    func sum(_ i: Int, _ j: Int) -> Int64 {
      (0..<rows).reduce(0) { $0 + Int64(values[$1 * stride + i]) * Int64(values[$1 * stride + j]) }
    }
  }

  /// Sums over all codes, the blocks of rows of the matrix in any order.
  private func gram(_ codes: Codes, start: Int64) -> (sums: [Int64], gram: [Int64]) {
    withArena { arena in
      let length = (codes.rows + 63) / 64 * 64
      let channels = arena.array([Int8](repeating: 99, count: padded(codes.width) * length))
      let panels = arena.array([Int8](repeating: 99, count: padded(codes.width) * length))
      let sums = arena.array([Int64](repeating: 99, count: padded(codes.width)))
      let gram = arena.array([Int64](repeating: start, count: codes.width * codes.width))
      for first in stride(from: 0, to: codes.width, by: 16) {
        qk_take_channels(
          codes.values, codes.stride, UInt32(codes.rows), UInt32(codes.width), UInt32(first), UInt32(length),
          channels + first * length, panels + first * length, sums + first)
      }
      var work = qk_gram(
        channels: channels, panels: panels, sums: sums, width: UInt32(codes.width), length: UInt32(length),
        gram: gram)
      for first in stride(from: 0, to: codes.width, by: 48).reversed() {
        qk_gram_i8(&work, UInt32(first), UInt32(min(first + 48, codes.width)))
      }
      return (
        Array(UnsafeBufferPointer(start: sums, count: padded(codes.width))),
        Array(UnsafeBufferPointer(start: gram, count: codes.width * codes.width))
      )
    }
  }

  private func expectExact(_ codes: Codes) {
    onEveryISA {
      let found = gram(codes, start: 1 << 40)
      for i in 0..<codes.width {
        #expect(
          found.sums[i] == (0..<codes.rows).reduce(0) { $0 + Int64(codes.values[$1 * codes.stride + i]) })
        #expect(
          (i..<codes.width).allSatisfy { found.gram[i * codes.width + $0] == (1 << 40) + codes.sum(i, $0) },
          "\(codes.rows) rows, \(codes.width) channels, row \(i)")
      }
      #expect(found.sums[codes.width...].allSatisfy { $0 == 0 })
    }
  }

  @Test("sums of products are exact for awkward sizes", arguments: [1, 15, 16, 17, 49, 300])
  func exact(width: Int) {
    for rows in [1, 3, 64, 65] { expectExact(Codes(rows: rows, width: width, seed: UInt64(rows * width))) }
  }

  @Test("the largest sums there can be are exact")
  func extreme() {
    expectExact(Codes(rows: 1024, width: 33, seed: 0, extreme: true))
    expectExact(Codes(rows: 1023, width: 33, seed: 5))
  }
}

@Suite("Rounding that knows its inputs", .serialized)
struct RoundingTests {
  private func doubles(_ count: Int, _ generator: inout Generator) -> [Double] {
    (0..<count).map { _ in Double(generator.float()) * (1 + Double(generator.float(0...1)) / 1e9) }
  }

  @Test("products are rounded, then subtracted, in order, on every instruction set")
  func subtract() {
    var generator = Generator(seed: 3)
    for (rows, columns, k) in [(1, 8, 0), (3, 8, 5), (4, 16, 1), (9, 40, 64), (64, 256, 7)] {
      let (a, b) = (doubles(k * (rows + 2), &generator), doubles(k * (columns + 1), &generator))
      let start = doubles(rows * (columns + 3), &generator)
      var expected = start
      for row in 0..<rows {
        for column in 0..<columns {
          for i in 0..<k {
            let product = a[i * (rows + 2) + row] * b[i * (columns + 1) + column]
            expected[row * (columns + 3) + column] -= product
          }
        }
      }
      onEveryISA {
        var found = start
        qk_subtract_products(&found, columns + 3, a, rows + 2, b, columns + 1, rows, columns, k)
        #expect(found == expected, "\(rows) x \(columns) x \(k)")
      }
    }
  }

  @Test("columns round half to even within the limit, each after the errors before it")
  func columns() {
    let (width, rows) = (21, 3)
    var generator = Generator(seed: 4)
    let weights = (0..<rows * width).map { _ in generator.float(-20...20).rounded() / 2 }
    let scales: [Float] = [1, 0.25, 3]
    let feedback = doubles(width * width, &generator)
    let (codes, errors) = expectedColumns(weights, scales, feedback, width: width)
    onEveryISA {
      withArena { arena in
        let found = arena.array([Int8](repeating: 0, count: rows * width))
        let work = arena.array([Double](repeating: 0, count: width * 16))
        for row in 0..<rows {
          for column in 0..<width { work[column * 16 + row] = Double(weights[row * width + column]) }
        }
        var rounding = qk_rounding(
          weights: arena.array(weights), scales: arena.array(scales), feedback: arena.array(feedback),
          errors: work, codes: found, width: width, limit: 30)
        qk_round_columns(&rounding, UInt32(rows), 0, width)
        #expect(Array(UnsafeBufferPointer(start: found, count: codes.count)) == codes)
        #expect(Array(UnsafeBufferPointer(start: work, count: errors.count)) == errors)
      }
    }
  }

  private func expectedColumns(
    _ weights: [Float], _ scales: [Float], _ feedback: [Double], width: Int
  ) -> (codes: [Int8], errors: [Double]) {
    var codes = [Int8](repeating: 0, count: weights.count)
    var errors = [Double](repeating: 0, count: width * 16)
    for (row, scale) in scales.enumerated() {
      for column in 0..<width {
        let weight = Double(weights[row * width + column])
        var target = weight
        for earlier in 0..<column {
          let product = feedback[earlier * width + column] * errors[earlier * 16 + row]
          target -= product
        }
        let code = min(max(target / Double(scale), -30), 30).rounded(.toNearestOrEven)
        codes[row * width + column] = Int8(code)
        errors[column * 16 + row] = Double(scale) * code - weight
      }
    }
    return (codes, errors)
  }
}
