import PlanFormat
import PlanRuntime
import Testing

/// Computes each instruction in double from what the kernels wrote into its inputs, and compares.
final class ReferenceInterpreter {
  private let view: PlanView
  private let bytes: [UInt8]
  /// The rows last written to each buffer, dequantized.
  private var values: [BufferID: [[Double]]] = [:]
  /// The histories and hidden states of the only sequence, by instruction.
  private var histories: [Int: [[Double]]] = [:]
  private var hidden: [Int: [[Double]]] = [:]
  private var expected: [BufferID: [[Double]]] = [:]
  private var computed = -1
  private(set) var compared = 0

  init(plan: Plan, bytes: [UInt8]) {
    view = plan.view
    self.bytes = bytes
  }

  /// Compares one buffer; `tokens` and `selected` as in the call.
  func check(_ event: TapEvent, tokens: [UInt32], selected: [Int]) {
    let instruction = view.instruction(event.instruction)
    if computed != event.instruction {
      expected = compute(instruction, at: event.instruction, tokens, selected)
      computed = event.instruction
    }
    let inverse = inverseScale(event)
    var actual: [[Double]] = []
    for row in 0..<event.rows {
      var floats = [Float](repeating: 0, count: event.width)
      floats.withUnsafeMutableBufferPointer { event.read(row: row, into: $0) }
      actual.append(floats.map(Double.init))
      for channel in 0..<event.width {
        let wanted = expected[event.buffer]?[row][channel] ?? .nan
        if event.type.isCodes {
          let code = Double(event.code(row: row, channel: channel))
          let (low, high) = event.type == .i16 ? (-32639.0, 32639.0) : (-128.0, 127.0)
          let exact = min(max(wanted * inverse(channel), low), high)
          #expect(abs(code - exact) < 0.501, "\(event.name) row \(row) channel \(channel): \(code), \(exact)")
        } else {
          let error = abs(actual[row][channel] - wanted)
          #expect(
            error <= tolerance(instruction) * (1 + abs(wanted)),
            "\(event.name) row \(row) channel \(channel): \(error)")
        }
      }
    }
    compared += 1
    values[event.buffer] = actual
  }

  /// A state that is rounded may be rounded the other way after a different last bit.
  private func tolerance(_ instruction: Instruction) -> Double {
    guard [.scan, .headScan].contains(instruction.opcode) else { return 2e-5 }
    return instruction.stateType == .f32 ? 2e-5 : instruction.stateType == .f16 ? 5e-3 : 5e-2
  }

  private func inverseScale(_ event: TapEvent) -> (Int) -> Double {
    { event.scale.isEmpty ? 1 : 1 / Double(event.scale[event.scale.count == 1 ? 0 : $0]) }
  }

  private func compute(
    _ instruction: Instruction, at index: Int, _ tokens: [UInt32], _ selected: [Int]
  ) -> [BufferID: [[Double]]] {
    let output = BufferID(instruction[instruction.opcode.spec.index(of: .output) == nil ? .input : .output])
    switch instruction.opcode {
    case .embed: return [output: tokens.map { embed(instruction, Int($0)) }]
    case .norm: return [output: input(instruction, .input).map { norm(instruction, $0) }]
    case .linear:
      let rows = input(instruction, .input).map { linear(instruction, $0, output) }
      guard instruction[.accumulate] == 1, let old = values[output] else { return [output: rows] }
      return [output: zip(rows, old).map { zip($0, $1).map(+) }]
    case .conv:
      let rows = conv(instruction, at: index)
      guard let second = instruction.buffer(.secondOutput) else { return [output: rows] }
      return [output: rows, second: rows]
    case .scan: return [output: scan(instruction, at: index)]
    case .headScan: return [output: headScan(instruction, at: index)]
    case .timeStep: return [output: input(instruction, .input).map { timeStep(instruction, $0) }]
    case .hadamard: return [output: input(instruction, .input).map { hadamard(instruction, $0, output) }]
    case .quantize: return [output: input(instruction, .input)]
    case .select: return [output: selected.map { input(instruction, .input)[$0] }]
    case .gate, .attend, .route, .dispatch, .combine: return [:]  // in no plan that is made here
    }
  }

  private func input(_ instruction: Instruction, _ field: Field) -> [[Double]] {
    instruction.buffer(field).flatMap { values[$0] } ?? []
  }

  private func constant(_ instruction: Instruction, _ field: Field) -> ConstantReader? {
    instruction.constant(field).map { ConstantReader(view: view, bytes: bytes, id: $0) }
  }

  private func embed(_ instruction: Instruction, _ token: Int) -> [Double] {
    guard let table = constant(instruction, .table) else { return [] }
    let scale = constant(instruction, .rowScale)?.vector(token) ?? 1
    return (0..<table.d1).map { table.element(token * table.d1 + $0) * scale }
  }

  private func norm(_ instruction: Instruction, _ row: [Double]) -> [Double] {
    let length = row.count / max(Int(instruction[.groups]), 1)
    let factors = stride(from: 0, to: row.count, by: length).map { start in
      let mean = row[start..<(start + length)].reduce(0) { $0 + $1 * $1 } / Double(length)
      return 1 / (mean + Double(instruction.float(.epsilon))).squareRoot()
    }
    return row.indices.map {
      row[$0] * factors[$0 / length] * (constant(instruction, .gain)?.vector($0) ?? .nan)
    }
  }

  /// An int8 result comes out in units of its scale; it is given back dequantized.
  private func linear(_ instruction: Instruction, _ row: [Double], _ output: BufferID) -> [Double] {
    guard let weights = constant(instruction, .weights) else { return [] }
    let inputScale = scale(of: instruction.buffer(.input))
    return (0..<weights.d0).map { index in
      let sum = row.indices.reduce(0.0) { $0 + row[$1] / inputScale * weights.panel(index, $1) }
      let multiplier = constant(instruction, .multiplier)?.vector(index) ?? 1
      let bias = constant(instruction, .bias)?.vector(index) ?? 0
      return (sum * multiplier + bias) * scale(of: output, channel: index)
    }
  }

  private func scale(of buffer: BufferID?, channel: Int = 0) -> Double {
    guard let buffer, !view.buffer(buffer).scale.isAbsent else { return 1 }
    let reader = ConstantReader(view: view, bytes: bytes, id: view.buffer(buffer).scale)
    return reader.vector(reader.d0 == 1 ? 0 : channel)
  }

  private func conv(_ instruction: Instruction, at index: Int) -> [[Double]] {
    guard let weights = constant(instruction, .weights) else { return [] }
    let rows = input(instruction, .input)
    let zeros = Array(repeating: Array(repeating: 0.0, count: weights.d1), count: weights.d0 - 1)
    let history = (histories[index] ?? zeros) + rows
    histories[index] = Array(history.suffix(weights.d0 - 1))
    return rows.indices.map { row in
      (0..<weights.d1).map { channel in
        let bias = constant(instruction, .bias)?.vector(channel) ?? 0
        return silu(
          (0..<weights.d0).reduce(bias) {
            $0 + weights.element($1 * padded(weights.d1, 16) + channel) * history[row + $1][channel]
          })
      }
    }
  }

  private func scan(_ instruction: Instruction, at index: Int) -> [[Double]] {
    guard let a = constant(instruction, .a) else { return [] }
    let (u, dt) = (input(instruction, .u), input(instruction, .dt))
    let (b, c, z) = (input(instruction, .b), input(instruction, .c), input(instruction, .z))
    var h = hidden[index] ?? Array(repeating: Array(repeating: 0.0, count: a.d1), count: a.d0)
    defer { hidden[index] = h }
    return u.indices.map { row in
      (0..<a.d0).map { channel in
        let delta = softplus(dt[row][channel] + (constant(instruction, .dtBias)?.vector(channel) ?? .nan))
        var y = (constant(instruction, .d)?.vector(channel) ?? .nan) * u[row][channel]
        for n in 0..<a.d1 {
          let decay = exponential(delta * a.element((channel / 16 * a.d1 + n) * 16 + channel % 16))
          h[channel][n] = decay * h[channel][n] + delta * u[row][channel] * b[row][n]
          y += c[row][n] * h[channel][n]
          h[channel][n] = stored(h[channel][n], instruction, channel)
        }
        return z.isEmpty ? y : y * silu(z[row][channel])
      }
    }
  }

  private func timeStep(_ instruction: Instruction, _ row: [Double]) -> [Double] {
    row.indices.map {
      let step = softplus(row[$0] + (constant(instruction, .bias)?.vector($0) ?? .nan))
      return min(max(step, Double(instruction.float(.minimum))), Double(instruction.float(.maximum)))
    }
  }

  private func headScan(_ instruction: Instruction, at index: Int) -> [[Double]] {
    let (u, delta) = (input(instruction, .u), input(instruction, .delta))
    let (b, c, z) = (input(instruction, .b), input(instruction, .c), input(instruction, .z))
    let (groups, channels, heads) = (Int(instruction[.groups]), u[0].count, delta[0].count)
    let states = b[0].count / groups
    var h = hidden[index] ?? Array(repeating: Array(repeating: 0.0, count: states), count: channels)
    defer { hidden[index] = h }
    return u.indices.map { row in
      (0..<channels).map { channel in
        let head = channel / (channels / heads)
        let first = head / (heads / groups) * states
        let decay = exponential(delta[row][head] * (constant(instruction, .a)?.vector(head) ?? .nan))
        var y = (constant(instruction, .d)?.vector(head) ?? .nan) * u[row][channel]
        for n in 0..<states {
          h[channel][n] = decay * h[channel][n] + delta[row][head] * u[row][channel] * b[row][first + n]
          y += c[row][first + n] * h[channel][n]
          h[channel][n] = stored(h[channel][n], instruction, channel)
        }
        return z.isEmpty ? y : y * silu(z[row][channel])
      }
    }
  }

  private func stored(_ h: Double, _ instruction: Instruction, _ channel: Int) -> Double {
    switch instruction.stateType {
    case .f16: return Double(Float16(min(max(h, -65504), 65504)))
    case .i8:
      let scale = constant(instruction, .stateScale)?.vector(channel) ?? .nan
      return min(max((h / scale).rounded(.toNearestOrEven), -128), 127) * scale
    default: return h
    }
  }

  /// The transform by its definition: signs of the order times those of a Walsh matrix.
  private func hadamard(_ instruction: Instruction, _ row: [Double], _ output: BufferID) -> [Double] {
    let (order, block) = (Int(instruction[.order]), Int(instruction[.block]))
    let inner = block / order
    let signs = PaleyMatrix.signs(order: order)
    let (factor, gain) = (constant(instruction, .factor), constant(instruction, .gain))
    return row.indices.map { index in
      let (start, place) = (index / block * block, index % block)
      let (outer, column) = (place / inner, place % inner)
      var sum = 0.0
      for other in 0..<block {
        let sign = (column & (other % inner)).nonzeroBitCount % 2 == 0 ? 1.0 : -1.0
        sum += sign * signs[outer][other / inner] * row[start + other] * (gain?.vector(start + other) ?? 1)
      }
      let isCodes = view.buffer(output).type.isCodes
      return sum * (isCodes ? 1 : factor?.vector(factor?.d0 == 1 ? 0 : index) ?? .nan)
    }
  }
}
