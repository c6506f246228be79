import CKernels
import Glibc
import Testing

/// How the rows of a test are cut into sequences, and each sequence into calls.
struct Schedule {
  /// Lengths of the sequences; their rows lie one after the other in the activations.
  let lengths: [Int]

  var rows: Int { lengths.reduce(0, +) }
  var starts: [Int] { lengths.indices.map { lengths[..<$0].reduce(0, +) } }

  /// Calls `body` with rows and states of: all sequences at once; each alone; each in chunks of the given size.
  func calls(chunk: Int?) -> [[(sequence: Int, first: Int, count: Int)]] {
    guard let chunk else { return [lengths.indices.map { ($0, starts[$0], lengths[$0]) }] }
    return lengths.indices.flatMap { sequence in
      Swift.stride(from: 0, to: lengths[sequence], by: chunk).map { offset in
        [(sequence, starts[sequence] + offset, min(chunk, lengths[sequence] - offset))]
      }
    }
  }
}

/// Runs one step over a schedule; operands are moved to each call's first row by `bind`.
func runSchedule(
  _ schedule: Schedule, chunk: Int?, states: [UnsafeMutablePointer<UInt8>], kernel: @escaping qk_kernel,
  threads: UInt32, bind: (_ first: Int) -> qk_step
) {
  for segments in schedule.calls(chunk: chunk) {
    withArena { arena in
      var call = qk_call()
      let first = segments[0].first
      call.rows = UInt32(segments.map(\.count).reduce(0, +))
      call.segments = UInt32(segments.count)
      let starts = segments.map { UInt32($0.first - first) } + [call.rows]
      call.segment_start = UnsafePointer(arena.array(starts))
      let bases = segments.map { segment -> UnsafeMutablePointer<UInt8>? in states[segment.sequence] }
      call.segment_state = UnsafePointer(arena.array(bases))
      run(kernel, bind(first), call, threads: threads)
    }
  }
}

let schedules = [
  Schedule(lengths: [1]), Schedule(lengths: [2, 1, 5]), Schedule(lengths: [17]),
  Schedule(lengths: [3, 8, 1, 1]),
]
let chunkSizes: [Int?] = [nil, 1, 2, 3, 100]

@Suite("Convolution")
struct ConvTests {
  struct Shape: Sendable {
    var channels: Int
    var taps: Int
    var isFloatInput: Bool
    var hasSecondOutput: Bool
    var hasBias: Bool
  }

  static let shapes = [
    Shape(channels: 1, taps: 4, isFloatInput: true, hasSecondOutput: false, hasBias: true),
    Shape(channels: 17, taps: 4, isFloatInput: false, hasSecondOutput: true, hasBias: true),
    Shape(channels: 104, taps: 3, isFloatInput: false, hasSecondOutput: false, hasBias: false),
    Shape(channels: 300, taps: 4, isFloatInput: true, hasSecondOutput: true, hasBias: true),
    Shape(channels: 65, taps: 1, isFloatInput: true, hasSecondOutput: true, hasBias: false),
    Shape(channels: 16, taps: 11, isFloatInput: true, hasSecondOutput: false, hasBias: true),
    Shape(channels: 48, taps: 9, isFloatInput: false, hasSecondOutput: false, hasBias: true),
  ]

  @Test("same bits on every instruction set, for any chunks, batches and threads", arguments: shapes)
  func invariant(shape: Shape) {
    for (seed, schedule) in schedules.enumerated() {
      var generator = Generator(seed: UInt64(seed))
      withArena { arena in check(arena, shape, schedule, &generator) }
    }
  }

  private func check(_ arena: Arena, _ shape: Shape, _ schedule: Schedule, _ generator: inout Generator) {
    let count = padded(shape.channels), rows = schedule.rows
    let input = Activations.random(
      arena, rows: rows, width: shape.channels, isFloat: shape.isFloatInput, &generator)
    let scales = (0..<count).map { _ in generator.float(0.01...0.05) }
    let weights = (0..<shape.taps * count).map { $0 % count < shape.channels ? generator.float() : 0 }
    // SiLU(x) is x far above zero: there the sums show bit for bit.
    let bias = (0..<count).map { channel -> Float in
      channel < shape.channels ? generator.float() + (channel % 2 == 0 ? 60 : 0) : 0
    }
    let first = Activations.output(arena, rows: rows, width: shape.channels, isFloat: true)
    let second = Activations.output(arena, rows: rows, width: shape.channels, isFloat: false)
    let stateBytes = (shape.taps - 1) * count * (shape.isFloatInput ? 4 : 1)
    let states = schedule.lengths.map { _ in
      arena.allocate(stateBytes + 64).assumingMemoryBound(to: UInt8.self)
    }
    let scaleMemory = arena.array(scales), weightMemory = arena.array(weights), biasMemory = arena.array(bias)
    let inverseMemory = arena.array([Float(40)])
    func bind(_ row: Int) -> qk_step {
      var step = qk_step()
      step.args.conv = qk_conv(
        in: input.from(row, count: rows - row).operand(scaleMemory, perChannel: true), weights: weightMemory,
        bias: shape.hasBias ? UnsafePointer(biasMemory) : nil, taps: UInt32(shape.taps),
        blocks: UInt32(count / 16), state_offset: 64, out0: first.from(row, count: rows - row).operand(),
        out1: shape.hasSecondOutput
          ? second.from(row, count: rows - row).operand(inverseMemory) : qk_operand())
      return step
    }
    var reference: [[UInt8]]?
    for entry in allKernels(\.conv) {
      for chunk in chunkSizes {
        for threads in threadCounts {
          for state in states { state.update(repeating: 0, count: stateBytes + 64) }
          runSchedule(
            schedule, chunk: chunk, states: states, kernel: entry.kernel, threads: threads, bind: bind)
          let stateCopies = states.map { Array(UnsafeBufferPointer(start: $0, count: stateBytes + 64)) }
          let outcome = [first.bytes, second.bytes] + stateCopies
          #expect(outcome == reference ?? outcome, "\(entry.name), chunk \(chunk ?? 0), \(threads) threads")
          reference = reference ?? outcome
        }
      }
    }
    #expect(first.paddingIsZero)
    for sequence in schedule.lengths.indices {
      for token in 0..<schedule.lengths[sequence] {
        for channel in 0..<shape.channels {
          var sum = shape.hasBias ? bias[channel] : 0
          for tap in 0..<shape.taps {
            let source = token + tap - (shape.taps - 1)
            let x =
              source < 0
              ? 0 : input.value(schedule.starts[sequence] + source, channel, scales[channel])
            sum = sum.addingProduct(weights[tap * count + channel], x)
          }
          let row = schedule.starts[sequence] + token
          let y = first.float(row)[channel]
          if sum > 20 { #expect(y == sum) }
          if sum > -80 { #expect(ulps(y, Double(sum) / (1 + exp(-Double(sum)))) <= 2.5) }
          if shape.hasSecondOutput { #expect(second.int8(row)[channel] == quantized(y * 40)) }
        }
      }
    }
  }
}

/// The bytes of a number as they lie in memory.
func bytes<Number: FixedWidthInteger>(of number: Number) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian, Array.init)
}

@Suite("Selective scan")
struct ScanTests {
  struct Shape: Sendable {
    var channels: Int
    var n: Int
    var isFloat: Bool
    var hasGate: Bool
    var isUniform = false
    var state = QK_F32
    var hasPeak = false
  }

  static let shapes = [
    Shape(channels: 1, n: 16, isFloat: true, hasGate: true),
    Shape(channels: 17, n: 16, isFloat: false, hasGate: true),
    Shape(channels: 64, n: 5, isFloat: false, hasGate: false),
    Shape(channels: 33, n: 8, isFloat: true, hasGate: true),
    Shape(channels: 16, n: 128, isFloat: false, hasGate: true, isUniform: true),
    Shape(channels: 48, n: 128, isFloat: true, hasGate: false),
    Shape(channels: 16, n: 1, isFloat: true, hasGate: false),
    Shape(channels: 16, n: 17, isFloat: false, hasGate: false),
    Shape(channels: 17, n: 16, isFloat: true, hasGate: true, hasPeak: true),
    Shape(channels: 17, n: 16, isFloat: false, hasGate: true, state: QK_F16),
    Shape(channels: 33, n: 5, isFloat: true, hasGate: false, isUniform: true, state: QK_F16),
    Shape(channels: 40, n: 16, isFloat: false, hasGate: true, state: QK_I8),
    Shape(channels: 16, n: 1, isFloat: true, hasGate: false, state: QK_I8, hasPeak: true),
  ]

  @Test("same bits on every instruction set, for any chunks, batches and threads", arguments: shapes)
  func invariant(shape: Shape) {
    for (seed, schedule) in schedules.enumerated() {
      var generator = Generator(seed: UInt64(seed + 100))
      withArena { arena in Fixture(arena, shape, schedule, &generator).check() }
    }
  }

  /// One scan with random operands.
  private struct Fixture {
    let shape: Shape
    let schedule: Schedule
    let u, dt, z, b, c, out, peak: Activations
    let scales: [Float]
    let a, d, dtBias: [Float]
    let memory: (scales: UnsafePointer<Float>, a: UnsafePointer<Float>, d: UnsafePointer<Float>)
    let dtBiasMemory, stateScale, stateInverse: UnsafePointer<Float>
    let states: [UnsafeMutablePointer<UInt8>]
    let start: [Float]
    /// Bytes of the states of one sequence as they begin.
    let startBytes: [UInt8]

    init(_ arena: Arena, _ shape: Shape, _ schedule: Schedule, _ generator: inout Generator) {
      self.shape = shape
      self.schedule = schedule
      let count = padded(shape.channels), n = shape.n
      func rows(_ width: Int, _ isFloat: Bool) -> Activations {
        Activations.random(
          arena, rows: schedule.rows, width: width, isFloat: isFloat, &generator, awkward: false)
      }
      u = rows(shape.channels, shape.isFloat)
      dt = rows(shape.channels, shape.isFloat)
      z = rows(shape.channels, shape.isFloat)
      b = rows(n, shape.isFloat)
      c = rows(n, !shape.isFloat)
      out = Activations.output(arena, rows: schedule.rows, width: shape.channels, isFloat: true)
      peak = Activations.output(arena, rows: schedule.rows, width: shape.channels, isFloat: true)
      scales = (0..<max(count, padded(n))).map { _ in generator.float(0.005...0.03) }
      var a = (0..<count * n).map { _ in generator.float(-8...(-0.1)) }
      if shape.isUniform {
        for index in a.indices { a[index] = a[index / (16 * n) * 16 * n + index % 16] }
      }
      self.a = a
      d = (0..<count).map { $0 < shape.channels ? generator.float() : 0 }
      dtBias = (0..<count).map { $0 < shape.channels ? generator.float(-6...2) : 0 }
      memory = (
        UnsafePointer(arena.array(scales)), UnsafePointer(arena.array(a)), UnsafePointer(arena.array(d))
      )
      dtBiasMemory = UnsafePointer(arena.array(dtBias))
      // Channel c of state j lies at [c / 16][j][c % 16]; padded channels start and stay at zero.
      start = (0..<count * n).map {
        $0 / (16 * n) * 16 + $0 % 16 < shape.channels ? generator.float() : 0
      }
      let stateScales = (0..<count).map { $0 < shape.channels ? generator.float(0.01...0.05) : 0 }
      stateScale = UnsafePointer(arena.array(stateScales))
      stateInverse = UnsafePointer(arena.array(stateScales.map { $0 == 0 ? 0 : Float(1 / Double($0)) }))
      switch shape.state {
      case QK_F16: startBytes = start.flatMap { bytes(of: Float16($0).bitPattern) }
      case QK_I8: startBytes = start.map { UInt8(bitPattern: quantized($0 * 30)) }
      default: startBytes = start.flatMap { bytes(of: $0.bitPattern) }
      }
      let size = 64 + startBytes.count
      states = schedule.lengths.map { _ in arena.allocate(size).assumingMemoryBound(to: UInt8.self) }
    }

    func bind(_ row: Int) -> qk_step {
      let left = schedule.rows - row
      var step = qk_step()
      step.args.scan = qk_scan(
        u: u.from(row, count: left).operand(memory.scales, perChannel: true),
        dt: dt.from(row, count: left).operand(memory.scales),
        z: shape.hasGate ? z.from(row, count: left).operand(memory.scales, perChannel: true) : qk_operand(),
        b: b.from(row, count: left).operand(memory.scales, perChannel: true),
        c: c.from(row, count: left).operand(memory.scales), a: memory.a, d: memory.d, dt_bias: dtBiasMemory,
        n: UInt32(shape.n), blocks: UInt32(blocks(shape.channels)), state_offset: 64,
        state_type: shape.state.rawValue, state_scale: stateScale, state_inverse: stateInverse,
        out: out.from(row, count: left).operand(),
        peak: shape.hasPeak ? peak.from(row, count: left).operand() : qk_operand())
      return step
    }

    private func resetStates() {
      for state in states { (state + 64).update(from: startBytes, count: startBytes.count) }
    }

    func check() {
      var reference: [[UInt8]]?
      for entry in allKernels(\.scan) {
        for chunk in chunkSizes {
          for threads in threadCounts {
            resetStates()
            runSchedule(
              schedule, chunk: chunk, states: states, kernel: entry.kernel, threads: threads, bind: bind)
            let outcome =
              [out.bytes, peak.bytes]
              + states.map { Array(UnsafeBufferPointer(start: $0, count: 64 + startBytes.count)) }
            #expect(outcome == reference ?? outcome, "\(entry.name), chunk \(chunk ?? 0), \(threads) threads")
            reference = reference ?? outcome
          }
        }
      }
      #expect(out.paddingIsZero)
      guard shape.state == QK_F32 else { return }
      for sequence in schedule.lengths.indices {
        for channel in 0..<shape.channels { checkChannel(sequence, channel) }
      }
    }

    /// One channel of one sequence in double.
    private func checkChannel(_ sequence: Int, _ channel: Int) {
      let n = shape.n
      func index(_ j: Int) -> Int { channel / 16 * 16 * n + j * 16 + channel % 16 }
      var h = (0..<n).map { Double(start[index($0)]) }
      for row in schedule.starts[sequence]..<schedule.starts[sequence] + schedule.lengths[sequence] {
        let x = Double(u.value(row, channel, scales[channel]))
        let delta = log1p(exp(Double(dt.value(row, channel, scales[0])) + Double(dtBias[channel])))
        var y = Double(d[channel]) * x, magnitude = abs(y) + 1e-3
        for j in 0..<n {
          h[j] =
            exp(delta * Double(a[index(j)])) * h[j] + delta * x * Double(b.value(row, j, scales[j]))
          let term = h[j] * Double(c.value(row, j, scales[0]))
          y += term
          magnitude += abs(term)
        }
        if shape.hasGate {
          let gate = Double(z.value(row, channel, scales[channel]))
          y *= gate / (1 + exp(-gate))
          magnitude *= abs(gate) + 1e-3
        }
        #expect(abs(Double(out.float(row)[channel]) - y) <= 4e-6 * magnitude)
        guard shape.hasPeak else { continue }
        let largest = h.map(abs).max() ?? 0
        #expect(abs(Double(peak.float(row)[channel]) - largest) <= 4e-6 * (largest + 1))
      }
    }
  }
}
