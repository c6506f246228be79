import CKernels
import Testing

@Suite("Hadamard transforms")
struct HadamardTests {
  static let orders: [UInt32] = [1, 12, 20, 28, 36, 44, 60]

  @Test("every sign matrix times its transpose is n times the identity", arguments: orders)
  func orthogonal(order: UInt32) throws {
    let signs = try #require(qk_hadamard_signs(order))
    let n = Int(order)
    for i in 0..<n {
      for j in 0..<n {
        let dot = (0..<n).reduce(0) { $0 + Int(signs[i * n + $1]) * Int(signs[j * n + $1]) }
        #expect(dot == (i == j ? n : 0))
      }
      #expect((0..<n).allSatisfy { abs(signs[i * n + $0]) == 1 })
    }
  }

  @Test("other orders have no signs", arguments: [0, 2, 4, 16, 24, 52, 61])
  func unknown(order: UInt32) {
    #expect(qk_hadamard_signs(order) == nil)
  }

  /// The entry of the whole transform: Sylvester inside a row of m, signs across rows.
  private func entry(_ i: Int, _ j: Int, _ m: Int, _ order: Int) -> Double {
    let inner = (i % m & j % m).nonzeroBitCount % 2 == 0 ? 1.0 : -1.0
    guard order > 1, let signs = qk_hadamard_signs(UInt32(order)) else { return inner }
    return inner * Double(signs[i / m * order + j / m])
  }

  static let shapes: [(order: Int, m: Int, copies: Int)] = [
    (1, 1, 5), (1, 8, 13), (1, 16, 3), (1, 32, 1), (1, 128, 2), (1, 256, 1), (12, 1, 3), (12, 2, 2),
    (12, 16, 1),
    (12, 64, 2), (20, 8, 1), (20, 16, 2), (28, 32, 1), (36, 16, 1), (44, 4, 1), (60, 32, 1),
  ]

  @Test("equals the matrix product, on every instruction set", arguments: shapes)
  func transform(order: Int, m: Int, copies: Int) {
    var generator = Generator(seed: UInt64(order * 1000 + m))
    let block = order * m, width = block * copies, rows = 3
    for (isFloat, isWide, hasGain) in [
      (true, false, false), (true, false, true), (false, false, false), (false, true, true),
    ] {
      for perChannel in [false, true] {
        withArena { arena in
          let input = Activations(arena, rows: rows, width: width, isFloat: true)
          for row in 0..<rows {
            // Small integers first, so that every order of additions gives the same; then values that round.
            for column in 0..<width {
              input.float(row)[column] = row == 0 ? Float(generator.int8()) : generator.float()
            }
          }
          let factor = (0..<padded(width)).map { _ in generator.float(0.01...0.2) }
          let gain = hasGain ? (0..<padded(width)).map { _ in generator.float() } : nil
          let output = Activations.output(arena, rows: rows, width: width, isFloat: isFloat, isWide: isWide)
          var step = qk_step()
          step.args.hadamard = qk_hadamard(
            in: input.operand(), gain: gain.map { UnsafePointer(arena.array($0)) },
            out: output.operand(arena.array(factor), perChannel: perChannel),
            width: UInt32(width), block: UInt32(block), order: UInt32(order))
          var first: [UInt8]?
          for entry in allKernels(\.hadamard) {
            for threads in threadCounts {
              output.base.update(repeating: 0xAA, count: rows * output.stride)
              run(entry.kernel, step, plainCall(rows: rows), threads: threads)
              #expect(output.paddingIsZero)
              #expect(output.bytes == first ?? output.bytes, "\(entry.name)")
              first = first ?? output.bytes
            }
          }
          for row in 0..<rows {
            check(input, gain, output, row, block, m, order) { factor[perChannel ? $0 : 0] }
          }
        }
      }
    }
  }

  private func check(
    _ input: Activations, _ gain: [Float]?, _ output: Activations, _ row: Int, _ block: Int, _ m: Int,
    _ order: Int, _ factor: (Int) -> Float
  ) {
    for first in stride(from: 0, to: input.width, by: block) {
      let x = (0..<block).map { input.float(row)[first + $0] * (gain?[first + $0] ?? 1) }
      let transformed = row == 0 && gain == nil ? product(x, m, order) : butterflies(x, m, order)
      for (index, value) in transformed.enumerated() {
        let column = first + index
        let y = value * factor(column)
        if output.isFloat {
          #expect(output.float(row)[column] == y)
        } else {
          #expect(output.code(row, column) == (output.isWide ? quantizedWide(y) : Int(quantized(y))))
        }
      }
    }
  }

  /// The transform as a matrix product.
  private func product(_ x: [Float], _ m: Int, _ order: Int) -> [Float] {
    x.indices.map { i in
      Float(x.indices.reduce(0.0) { $0 + entry(i, $1, m, order) * Double(x[$1]) })
    }
  }

  /// The transform in the order of additions that the header states.
  private func butterflies<Value: BinaryFloatingPoint>(_ x: [Value], _ m: Int, _ order: Int) -> [Value] {
    var v = x, s = 1
    while s < m {
      for i in v.indices where i % m & s == 0 { (v[i], v[i + s]) = (v[i] + v[i + s], v[i] - v[i + s]) }
      s *= 2
    }
    guard order > 1, let signs = qk_hadamard_signs(UInt32(order)) else { return v }
    return v.indices.map { i in
      let terms = (0..<order).map { Value(signs[i / m * order + $0]) * v[$0 * m + i % m] }
      return terms.dropFirst().reduce(terms[0], +)
    }
  }

  @Test("the double transform is the same one", arguments: shapes)
  func double(order: Int, m: Int, copies: Int) {
    var generator = Generator(seed: UInt64(order + m))
    let block = order * m
    let values = (0..<block).map { _ in Double(generator.int8()) }
    let expected = (0..<block).map { i in
      (0..<block).reduce(0) { $0 + entry(i, $1, m, order) * values[$1] }
    }
    onEveryISA {
      var transformed = values
      qk_hadamard_f64(&transformed, UInt32(block), UInt32(order))
      #expect(transformed == expected)
    }
  }

  @Test("weights are rotated in double and rounded once, alike on every instruction set", arguments: shapes)
  func weights(order: Int, m: Int, copies: Int) {
    var generator = Generator(seed: UInt64(order + 7 * m))
    let block = order * m, factor = 1 / Double(block).squareRoot()
    let values = (0..<(block * copies)).map { _ in generator.float() }
    var expected: [Float] = []
    for start in stride(from: 0, to: values.count, by: block) {
      let transformed = butterflies(values[start..<(start + block)].map(Double.init), m, order)
      expected += transformed.map { Float($0 * factor) }
    }
    var scratch = [Double](repeating: 0, count: block)
    onEveryISA {
      var rotated = values
      qk_rotate(&rotated, rotated.count, UInt32(block), UInt32(order), factor, &scratch)
      #expect(rotated == expected)
    }
  }
}
