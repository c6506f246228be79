import CKernels
import Testing

/// One output tensor of a linear layer under test.
private struct Part {
  var outputs: Int
  var isFloat = true
  var accumulates = false
  var hasBias = true
}

/// A linear layer with random weights, its outputs, and what they must be.
private struct Layer {
  let parts: [Part]
  let outputs: [Activations]
  let before: [[UInt8]]
  let step: qk_step
  let rows: Int
  let input: Activations
  /// Weights as floats, [part][output][k].
  let weights: [[[Float]]]
  let multiplier: [[Float]]
  let bias: [[Float]]
  let weightType: qk_type

  init(
    _ arena: Arena, _ parts: [Part], rows: Int, k: Int, isFloatInput: Bool, isWideInput: Bool = false,
    weightType: qk_type, _ generator: inout Generator
  ) {
    self.parts = parts
    self.rows = rows
    self.weightType = weightType
    let input = Activations.random(
      arena, rows: rows, width: k, isFloat: isFloatInput, isWide: isWideInput, &generator, awkward: false)
    self.input = input
    var outputs: [Activations] = [], weights: [[[Float]]] = [], multiplier: [[Float]] = [],
      bias: [[Float]] = []
    var records: [qk_linear_part] = []
    let k4 = weightType == QK_I8 ? (k + 3) / 4 * 4 : k
    for part in parts {
      let output = Activations.output(arena, rows: rows, width: part.outputs, isFloat: part.isFloat)
      if part.accumulates {
        for row in 0..<rows {
          for column in 0..<padded(part.outputs) {
            output.float(row)[column] = column < part.outputs ? generator.float() : 0
          }
        }
      }
      let count = padded(part.outputs)
      let scale = (0..<count).map { $0 < part.outputs ? generator.float(0.0001...0.003) : 0 }
      let offsets = (0..<count).map { $0 < part.outputs && part.hasBias ? generator.float() : 0 }
      var correction = [Int32](repeating: 0, count: count)
      let (panels, values) = Self.pack(
        arena, part.outputs, k, k4, weightType, &correction, &generator)
      records.append(
        qk_linear_part(
          weights: panels, correction: arena.array(correction), multiplier: arena.array(scale),
          bias: weightType == QK_I8 || part.hasBias ? UnsafePointer(arena.array(offsets)) : nil,
          panels: UInt32(blocks(part.outputs)), accumulate: part.accumulates ? 1 : 0, out: output.operand()))
      outputs.append(output)
      weights.append(values)
      multiplier.append(scale)
      bias.append(offsets)
    }
    self.outputs = outputs
    self.weights = weights
    self.multiplier = multiplier
    self.bias = bias
    before = outputs.map(\.bytes)
    var step = qk_step()
    step.args.linear = qk_linear(
      in: input.operand(), parts: arena.array(records), part_count: UInt32(parts.count), k: UInt32(k4),
      weight_type: weightType.rawValue)
    self.step = step
  }

  /// Random weights and their panels, built element by element from the layout's definition.
  private static func pack(
    _ arena: Arena, _ outputs: Int, _ k: Int, _ k4: Int, _ type: qk_type, _ correction: inout [Int32],
    _ generator: inout Generator
  ) -> (UnsafeMutableRawPointer, [[Float]]) {
    let bytes = type == QK_F32 ? 4 : type == QK_I8 ? 1 : 2
    let memory = arena.allocate(padded(outputs) * k4 * bytes)
    var values = [[Float]](repeating: [Float](repeating: 0, count: k), count: outputs)
    for output in 0..<outputs {
      for index in 0..<k {
        let panel = output / 16 * k4 * 16
        if type == QK_I8 {
          let q = generator.weight()
          let offset = panel + index / 4 * 64 + output % 16 * 4 + index % 4
          memory.storeBytes(of: q, toByteOffset: offset, as: Int8.self)
          correction[output] -= 128 * Int32(q)
          values[output][index] = Float(q)
          continue
        }
        let offset = panel + index * 16 + output % 16
        let value = generator.float()
        switch type {
        case QK_F32:
          memory.storeBytes(of: value, toByteOffset: offset * 4, as: Float.self)
          values[output][index] = value
        case QK_BF16:
          memory.storeBytes(of: UInt16(value.bitPattern >> 16), toByteOffset: offset * 2, as: UInt16.self)
          values[output][index] = Float(bitPattern: value.bitPattern & 0xffff_0000)
        default:
          let half = UInt16.random(in: 0..<0x4000, using: &generator) | (value < 0 ? 0x8000 : 0)
          memory.storeBytes(of: half, toByteOffset: offset * 2, as: UInt16.self)
          values[output][index] = halfValue(half)
        }
      }
    }
    return (memory, values)
  }

  func reset() {
    for (output, bytes) in zip(outputs, before) { output.base.update(from: bytes, count: bytes.count) }
  }

  var bytes: [[UInt8]] { outputs.map(\.bytes) }

  /// The product by a plain triple loop.
  func expected(_ part: Int, _ row: Int, _ output: Int) -> Float {
    let weights = weights[part][output]
    let scale = multiplier[part][output], offset = bias[part][output]
    if !input.isFloat {
      let sum = codeSum(row, weights, plane: 0)
      guard input.isWide else { return offset.addingProduct(sum, scale) }
      return offset.addingProduct(codeSum(row, weights, plane: 1).addingProduct(sum, 256), scale)
    }
    var sum: Float = 0
    for (index, weight) in weights.enumerated() { sum = sum.addingProduct(input.float(row)[index], weight) }
    if weightType == QK_I8 { return offset.addingProduct(sum, scale) }
    return parts[part].hasBias ? sum + offset : sum
  }

  /// The exact sum over one plane of codes, converted once.
  private func codeSum(_ row: Int, _ weights: [Float], plane: Int) -> Float {
    var sum: Int32 = 0
    let codes = input.int8(row) + plane * padded(input.width)
    for (index, weight) in weights.enumerated() { sum += Int32(codes[index]) * Int32(weight) }
    return Float(sum)
  }

  func check() {
    for (index, output) in outputs.enumerated() {
      #expect(output.paddingIsZero)
      for row in 0..<rows {
        for column in 0..<parts[index].outputs {
          let y = expected(index, row, column)
          if !output.isFloat {
            #expect(output.int8(row)[column] == quantized(y))
            continue
          }
          let earlier = before[index].withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: row * output.stride + column * 4, as: Float.self)
          }
          let want = parts[index].accumulates ? earlier + y : y
          #expect(output.float(row)[column].bitPattern == want.bitPattern)
        }
      }
    }
  }
}

@Suite("Linear layers")
struct LinearTests {
  static let rowCounts = [1, 2, 5, 6, 7, 8, 16, 17, 65]

  private func linearKernels() -> [(name: String, kernel: qk_kernel)] {
    var kernels = allKernels(\.linear)
    if qk_isa_supported(QK_AVX512), let kernel = qk_testing_linear_vnni256() {
      kernels.append(("256-bit VNNI", kernel))
    }
    return kernels
  }

  /// Every instruction set and thread count must give what the triple loop gives.
  private func check(_ layer: Layer) {
    var first: [[UInt8]]?
    for entry in linearKernels() {
      for threads in threadCounts {
        layer.reset()
        run(entry.kernel, layer.step, plainCall(rows: layer.rows), threads: threads)
        if let first {
          #expect(layer.bytes == first, "\(entry.name), \(threads) threads")
        } else {
          first = layer.bytes
          layer.check()
        }
      }
    }
  }

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
        bias: arena.array([Float](repeating: 0, count: 16)), panels: 1, accumulate: 0, out: output.operand())
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
