import CKernels
import Testing

/// One output tensor of a linear layer under test.
struct Part {
  var outputs: Int
  var isFloat = true
  var accumulates = false
  var hasBias = true
}

/// A linear layer with random weights, its outputs, and what they must be.
struct Layer {
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
    let together = weightType == QK_I8 ? 4 : weightType == QK_I4 ? 8 : 1
    let paddedInputs = (k + together - 1) / together * together
    let hasScales = weightType == QK_I8 || weightType == QK_I4
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
      var factors: [UInt8]?
      let panels: UnsafeMutableRawPointer, values: [[Float]]
      if weightType == QK_I4 {
        let packed = FourBitPanels(arena, outputs: part.outputs, k: k, &generator)
        (panels, values, factors, correction) =
          (packed.memory, packed.values, packed.factors, packed.correction)
      } else {
        (panels, values) = Self.pack(
          arena, part.outputs, k, paddedInputs, weightType, &correction, &generator)
      }
      records.append(
        qk_linear_part(
          weights: panels, correction: arena.array(correction), multiplier: arena.array(scale),
          bias: hasScales || part.hasBias ? UnsafePointer(arena.array(offsets)) : nil,
          factors: factors.map { UnsafePointer(arena.array($0)) },
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
      in: input.operand(), parts: arena.array(records), part_count: UInt32(parts.count),
      k: UInt32(paddedInputs),
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

/// Random weights of four bits, packed element by element from the layout's definition.
struct FourBitPanels {
  let memory: UnsafeMutableRawPointer
  /// Factor times code, [output][k].
  var values: [[Float]]
  /// Shape [panel][group][16].
  var factors: [UInt8]
  var correction: [Int32]

  init(_ arena: Arena, outputs: Int, k: Int, _ generator: inout Generator) {
    self.init(
      arena, outputs: outputs, k: k, factor: { UInt8.random(in: 1...63, using: &$0) },
      code: { Int8.random(in: -7...7, using: &$0) }, &generator)
  }

  init(
    _ arena: Arena, outputs: Int, k: Int, factor: (inout Generator) -> UInt8, code: (inout Generator) -> Int8,
    _ generator: inout Generator
  ) {
    let steps = (k + 7) / 8, groups = (k + 127) / 128
    memory = arena.allocate(blocks(outputs) * steps * 64)
    values = [[Float]](repeating: [Float](repeating: 0, count: k), count: outputs)
    factors = [UInt8](repeating: 0, count: blocks(outputs) * groups * 16)
    correction = [Int32](repeating: 0, count: padded(outputs))
    let bytes = memory.assumingMemoryBound(to: UInt8.self)
    for output in 0..<outputs {
      let (panel, lane) = (output / 16, output % 16)
      for group in 0..<groups { factors[(panel * groups + group) * 16 + lane] = factor(&generator) }
      for index in 0..<k {
        let q = code(&generator), u = factors[(panel * groups + index / 128) * 16 + lane]
        let nibble = UInt8(bitPattern: q) & 15
        let place = (panel * steps + index / 8) * 64 + lane * 4 + index % 4
        bytes[place] |= index % 8 < 4 ? nibble : nibble << 4
        values[output][index] = Float(Int(u) * Int(q))
        correction[output] -= 128 * Int32(u) * Int32(q)
      }
    }
  }
}

/// Every linear kernel that this processor can run.
func linearKernels() -> [(name: String, kernel: qk_kernel)] {
  var kernels = allKernels(\.linear)
  if qk_isa_supported(QK_AVX512), let kernel = qk_testing_linear_vnni256() {
    kernels.append(("256-bit VNNI", kernel))
  }
  return kernels
}

/// Every instruction set and thread count must give what the triple loop gives.
func check(_ layer: Layer) {
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
