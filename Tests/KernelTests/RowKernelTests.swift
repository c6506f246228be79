import CKernels
import Glibc
import Testing

@Suite("Kernels that treat rows by themselves")
struct RowKernelTests {
  static let widths = [1, 15, 16, 17, 63, 64, 65, 104, 768]
  static let rowCounts = [1, 2, 5, 17]

  /// Runs on every instruction set and thread count; returns the outputs' bytes of each.
  private func outcomes(
    _ output: Activations, _ pick: (qk_kernel_table) -> qk_kernel?, _ step: qk_step, _ call: qk_call
  ) -> [[UInt8]] {
    allKernels(pick).flatMap { entry in
      threadCounts.map { threads in
        output.base.update(repeating: 0xAA, count: output.rows * output.stride)
        run(entry.kernel, step, call, threads: threads)
        #expect(output.paddingIsZero, "\(entry.name)")
        return output.bytes
      }
    }
  }

  private func expectAllEqual(_ outcomes: [[UInt8]], sourceLocation: SourceLocation = #_sourceLocation) {
    for outcome in outcomes.dropFirst() { #expect(outcome == outcomes[0], sourceLocation: sourceLocation) }
  }

  @Test("norm equals its definition bit for bit", arguments: widths)
  func norm(width: Int) {
    var generator = Generator(seed: UInt64(width))
    for rows in Self.rowCounts {
      for (isFloat, perChannel, isWide) in [
        (true, false, false), (false, false, false), (false, true, false), (false, false, true),
        (false, true, true),
      ] {
        withArena { arena in
          let input = Activations.random(arena, rows: rows, width: width, isFloat: true, &generator)
          let output = Activations.output(
            arena, rows: rows, width: width, isFloat: isFloat, isWide: isWide)
          let gain = (0..<padded(width)).map { $0 < width ? generator.float() : 0 }
          let factor = (0..<padded(width)).map { _ in generator.float(isWide ? 1e3...5e4 : 1...90) }
          var step = qk_step()
          step.args.norm = qk_norm(
            in: input.operand(), gain: arena.array(gain), epsilon: 1e-5, width: UInt32(width),
            groups: 0, out: output.operand(arena.array(factor), perChannel: perChannel))
          expectAllEqual(outcomes(output, \.norm, step, plainCall(rows: rows)))
          for row in 0..<rows {
            let x = (0..<width).map { input.float(row)[$0] }
            for (column, y) in normalized(x, gain, epsilon: 1e-5).enumerated() {
              if isFloat {
                #expect(output.float(row)[column].bitPattern == y.bitPattern)
              } else {
                let scaled = y * factor[perChannel ? column : 0]
                #expect(
                  output.code(row, column) == (isWide ? quantizedWide(scaled) : Int(quantized(scaled))))
              }
            }
          }
        }
      }
    }
  }

  @Test(
    "a norm of groups is the norm of each, wherever they begin",
    arguments: [(192, 2), (48, 2), (48, 4), (15, 5), (17, 17), (64, 1), (104, 8)])
  func groupedNorm(width: Int, groups: Int) {
    var generator = Generator(seed: UInt64(width * groups))
    withArena { arena in
      let input = Activations.random(arena, rows: 3, width: width, isFloat: true, &generator)
      let gain = (0..<padded(width)).map { $0 < width ? generator.float() : 0 }
      checkGroupedNorm(arena, input, gain, groups: groups)
    }
  }

  private func checkGroupedNorm(_ arena: Arena, _ input: Activations, _ gain: [Float], groups: Int) {
    let output = Activations.output(arena, rows: input.rows, width: input.width, isFloat: true)
    var step = qk_step()
    step.args.norm = qk_norm(
      in: input.operand(), gain: arena.array(gain), epsilon: 1e-5, width: UInt32(input.width),
      groups: UInt32(groups), out: output.operand())
    expectAllEqual(outcomes(output, \.norm, step, plainCall(rows: input.rows)))
    let length = input.width / groups
    for row in 0..<input.rows {
      let x = Array(UnsafeBufferPointer(start: input.float(row), count: input.width))
      let found = Array(UnsafeBufferPointer(start: output.float(row), count: input.width))
      for group in 0..<groups {
        let part = (group * length)..<((group + 1) * length)
        #expect(Array(found[part]) == normalized(Array(x[part]), Array(gain[part]), epsilon: 1e-5))
      }
    }
  }

  @Test("Δ is softplus within its limits", arguments: [1, 6, 16, 17, 80], [false, true])
  func timeStep(width: Int, isFloat: Bool) {
    var generator = Generator(seed: UInt64(width))
    withArena { arena in
      let input = Activations.random(
        arena, rows: 5, width: width, isFloat: isFloat, &generator, awkward: false)
      let bias = (0..<padded(width)).map { $0 < width ? generator.float(-6...3) : 0 }
      for limits in [[0, .infinity], [0.05, 1.5], [0, 0], [-1, 0.25]] as [[Float]] {
        checkTimeStep(arena, input, bias, low: limits[0], high: limits[1])
      }
    }
  }

  private func checkTimeStep(
    _ arena: Arena, _ input: Activations, _ bias: [Float], low: Float, high: Float
  ) {
    let output = Activations.output(arena, rows: input.rows, width: input.width, isFloat: true)
    let scale: Float = 0.03
    var step = qk_step()
    step.args.time_step = qk_time_step(
      in: input.operand(arena.array([scale])), bias: arena.array(bias), minimum: low, maximum: high,
      width: UInt32(input.width), out: output.operand())
    expectAllEqual(outcomes(output, \.time_step, step, plainCall(rows: input.rows)))
    for row in 0..<input.rows {
      for column in 0..<input.width {
        let x = Double(input.value(row, column, scale) + bias[column])
        let y = output.float(row)[column]
        let expected = min(max(log1p(exp(x)), Double(low)), Double(high))
        #expect(expected == Double(y) || ulps(y, expected) <= 4, "\(x)")
      }
    }
  }

  private func normalized(_ x: [Float], _ gain: [Float], epsilon: Float) -> [Float] {
    var partial = [Float](repeating: 0, count: 16)
    for (index, value) in x.enumerated() {
      partial[index % 16] = partial[index % 16].addingProduct(value, value)
    }
    for half in [8, 4, 2, 1] {
      for lane in 0..<half { partial[lane] += partial[lane + half] }
    }
    let inverse = 1 / (partial[0] / Float(x.count) + epsilon).squareRoot()
    return zip(x, gain).map { $0 * inverse * $1 }
  }

  @Test("quantize equals its definition", arguments: widths, [false, true])
  func quantize(width: Int, isWide: Bool) {
    var generator = Generator(seed: UInt64(width) + 1)
    for rows in Self.rowCounts {
      withArena { arena in
        let input = Activations.random(arena, rows: rows, width: width, isFloat: true, &generator)
        let output = Activations.output(arena, rows: rows, width: width, isFloat: false, isWide: isWide)
        let factor: [Float] = [generator.float(0.5...60)]
        var step = qk_step()
        step.args.quantize = qk_quantize(
          in: input.operand(), out: output.operand(arena.array(factor)), width: UInt32(width))
        expectAllEqual(outcomes(output, \.quantize, step, plainCall(rows: rows)))
        for row in 0..<rows {
          for column in 0..<width {
            let scaled = input.float(row)[column] * factor[0]
            #expect(output.code(row, column) == (isWide ? quantizedWide(scaled) : Int(quantized(scaled))))
          }
        }
      }
    }
  }

  @Test("quantize rounds ties to even, saturates, and takes a NaN as the least value")
  func quantizeEdges() {
    withArena { arena in
      let values: [Float] = [
        0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 126.5, 127.5, 1e30, -128.5, -1e30, .infinity, -.infinity, .nan, -0.0,
        .leastNonzeroMagnitude,
      ]
      let input = Activations(arena, rows: 1, width: 16, isFloat: true)
      for (column, value) in values.enumerated() { input.float(0)[column] = value }
      let output = Activations.output(arena, rows: 1, width: 16, isFloat: false)
      var step = qk_step()
      step.args.quantize = qk_quantize(
        in: input.operand(), out: output.operand(arena.array([1])), width: 16)
      let expected: [Int8] = [0, 2, 2, 0, -2, -2, 126, 127, 127, -128, -128, 127, -128, -128, 0, 0]
      for entry in allKernels(\.quantize) {
        run(entry.kernel, step, plainCall(rows: 1))
        #expect((0..<16).map { output.int8(0)[$0] } == expected, "\(entry.name)")
      }
    }
  }

  @Test("16 bits round ties to even, saturate at what two signed bytes hold, and take a NaN as the least")
  func quantizeWideEdges() {
    withArena { arena in
      let values: [Float] = [
        0.5, 1.5, -0.5, -2.5, 127, 128, 127.5, -128, -128.5, -129, 32638.5, 32639.5, 1e30, -32640, .nan,
        -32513,
      ]
      let input = Activations(arena, rows: 1, width: 16, isFloat: true)
      for (column, value) in values.enumerated() { input.float(0)[column] = value }
      let output = Activations.output(arena, rows: 1, width: 16, isFloat: false, isWide: true)
      var step = qk_step()
      step.args.quantize = qk_quantize(
        in: input.operand(), out: output.operand(arena.array([1])), width: 16)
      let expected = [
        0, 2, 0, -2, 127, 128, 128, -128, -128, -129, 32638, 32639, 32639, -32639, -32639, -32513,
      ]
      for entry in allKernels(\.quantize) {
        run(entry.kernel, step, plainCall(rows: 1))
        #expect((0..<16).map { output.code(0, $0) } == expected, "\(entry.name)")
        #expect((0..<16).map { output.int8(0)[16 + $0] }[3...5] == [-2, 127, -128], "\(entry.name)")
      }
    }
  }

  @Test("embed widens exactly", arguments: widths)
  func embed(width: Int) {
    var generator = Generator(seed: UInt64(width) + 2)
    let tokens: [UInt32] = [2, 0, 1, 2, 1]
    for (type, bytes) in [(QK_F32, 4), (QK_BF16, 2), (QK_F16, 2), (QK_I8, 1)] {
      withArena { arena in
        let table = arena.allocate(3 * width * bytes)
        var expected = [Float](repeating: 0, count: 3 * width)
        let scale: [Float] = [0.25, 0.1, 3]
        for index in 0..<3 * width {
          expected[index] = store(random(type, &generator), type, table, index, scale[index / width])
        }
        let output = Activations.output(arena, rows: tokens.count, width: width, isFloat: true)
        var step = qk_step()
        step.args.embed = qk_embed(
          table: table, row_scale: arena.array(scale), type: type.rawValue, width: UInt32(width),
          out: output.operand())
        var call = plainCall(rows: tokens.count)
        call.tokens = UnsafePointer(arena.array(tokens))
        expectAllEqual(outcomes(output, \.embed, step, call))
        for (row, token) in tokens.enumerated() {
          for column in 0..<width {
            let want = expected[Int(token) * width + column]
            #expect(output.float(row)[column].bitPattern == want.bitPattern)
          }
        }
      }
    }
  }

  private func random(_ type: qk_type, _ generator: inout Generator) -> UInt32 {
    switch type {
    case QK_F32: return generator.awkwardFloat().bitPattern
    case QK_F16: return UInt32(UInt16.random(in: 0..<0x7c00, using: &generator))
    case QK_BF16: return generator.awkwardFloat().bitPattern >> 16
    default: return UInt32(UInt8(bitPattern: generator.int8()))
    }
  }

  private func store(
    _ bits: UInt32, _ type: qk_type, _ table: UnsafeMutableRawPointer, _ index: Int, _ scale: Float
  ) -> Float {
    switch type {
    case QK_F32:
      table.storeBytes(of: bits, toByteOffset: index * 4, as: UInt32.self)
      return Float(bitPattern: bits)
    case QK_BF16:
      table.storeBytes(of: UInt16(bits), toByteOffset: index * 2, as: UInt16.self)
      return Float(bitPattern: bits << 16)
    case QK_F16:
      table.storeBytes(of: UInt16(bits), toByteOffset: index * 2, as: UInt16.self)
      return halfValue(UInt16(bits))
    default:
      table.storeBytes(of: UInt8(bits), toByteOffset: index, as: UInt8.self)
      return Float(Int8(bitPattern: UInt8(bits))) * scale
    }
  }

  @Test("select copies whole rows")
  func select() {
    var generator = Generator(seed: 5)
    for width in Self.widths {
      withArena { arena in
        let input = Activations.random(arena, rows: 7, width: width, isFloat: true, &generator)
        let chosen: [UInt32] = [6, 0, 3]
        let output = Activations.output(arena, rows: chosen.count, width: width, isFloat: true)
        var step = qk_step()
        step.args.select = qk_select(in: input.operand(), out: output.operand(), width: UInt32(width))
        var call = plainCall(rows: chosen.count)
        call.selected = UnsafePointer(arena.array(chosen))
        expectAllEqual(outcomes(output, \.select, step, call))
        for (row, source) in chosen.enumerated() {
          let same = (0..<width).allSatisfy {
            output.float(row)[$0].bitPattern == input.float(Int(source))[$0].bitPattern
          }
          #expect(same)
        }
      }
    }
  }
}

/// The value of a half-precision bit pattern, from its definition.
func halfValue(_ bits: UInt16) -> Float {
  let sign: Float = bits & 0x8000 == 0 ? 1 : -1
  let exponent = Int(bits >> 10 & 31), mantissa = Float(bits & 1023)
  if exponent == 31 { return mantissa == 0 ? sign * .infinity : .nan }
  if exponent == 0 { return sign * mantissa * Float(sign: .plus, exponent: -24, significand: 1) }
  return sign * (1024 + mantissa) * Float(sign: .plus, exponent: exponent - 25, significand: 1)
}
