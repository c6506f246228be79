import CKernels
import Testing

@Suite("Linear layers")
struct LinearTests {
  static let rowCounts = [1, 2, 5, 6, 7, 8, 16, 17, 65]

  @Test("codes of 8 and of 16 bits by int8 are exact", arguments: rowCounts, [false, true])
  func integer(rows: Int, isWide: Bool) {
    var generator = Generator(seed: UInt64(rows))
    let shapes: [(k: Int, parts: [Part])] = [
      (1, [Part(outputs: 1)]), (16, [Part(outputs: 16, isFloat: false)]),
      (17, [Part(outputs: 17), Part(outputs: 64, isFloat: false), Part(outputs: 5, accumulates: true)]),
      (104, [Part(outputs: 33, isFloat: false), Part(outputs: 16), Part(outputs: 16)]),
      (768, [Part(outputs: 130, accumulates: true)]),
    ]
    for shape in shapes {
      withArena { arena in
        check(
          Layer(
            arena, shape.parts, rows: rows, k: shape.k, isFloatInput: false, isWideInput: isWide,
            weightType: QK_I8, &generator))
      }
    }
  }

  @Test("the largest sums do not overflow", arguments: [false, true])
  func saturated(isWide: Bool) {
    withArena { arena in
      let k = 65536
      let input = Activations(arena, rows: 1, width: k, isFloat: false, isWide: isWide)
      let weights = arena.allocate(k * 16)
      for index in 0..<(isWide ? 2 * k : k) { input.int8(0)[index] = -128 }
      for index in 0..<k * 16 {
        weights.storeBytes(of: index / 4 % 2 == 0 ? -127 : 127, toByteOffset: index, as: Int8.self)
      }
      let correction = (0..<16).map { Int32(-128 * k * ($0 % 2 == 0 ? -127 : 127)) }
      let output = Activations.output(arena, rows: 1, width: 16, isFloat: true)
      let part = qk_linear_part(
        weights: weights, correction: arena.array(correction),
        multiplier: arena.array([Float](repeating: 1, count: 16)),
        bias: arena.array([Float](repeating: 0, count: 16)), factors: nil, panels: 1, accumulate: 0,
        out: output.operand())
      var step = qk_step()
      step.args.linear = qk_linear(
        in: input.operand(), parts: arena.array([part]), part_count: 1, k: UInt32(k),
        weight_type: QK_I8.rawValue)
      for entry in linearKernels() {
        run(entry.kernel, step, plainCall(rows: 1))
        for lane in 0..<16 {
          let sum = Float(128 * k * (lane % 2 == 0 ? 127 : -127))
          #expect(output.float(0)[lane] == (isWide ? sum.addingProduct(sum, 256) : sum), "\(entry.name)")
        }
      }
    }
  }

  @Test("float32 inputs follow the order of k", arguments: rowCounts, [QK_F32, QK_BF16, QK_F16, QK_I8])
  func float(rows: Int, type: qk_type) {
    var generator = Generator(seed: UInt64(rows) * 8 + UInt64(type.rawValue))
    let shapes: [(k: Int, parts: [Part])] = [
      (1, [Part(outputs: 1)]), (15, [Part(outputs: 15, hasBias: false)]), (64, [Part(outputs: 64)]),
      (63, [Part(outputs: 17), Part(outputs: 48, isFloat: false), Part(outputs: 5, accumulates: true)]),
      (104, [Part(outputs: 160, accumulates: true, hasBias: false)]),
    ]
    for shape in shapes {
      withArena { arena in
        check(
          Layer(
            arena, shape.parts, rows: rows, k: shape.k, isFloatInput: true, weightType: type, &generator))
      }
    }
  }
}

extension qk_type: @retroactive @unchecked Sendable {}
