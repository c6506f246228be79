import CKernels
import Testing

/// The scan by heads gives the bits of the scan by channels, which knows neither heads nor groups.
@Suite("Scan by heads")
struct HeadScanTests {
  struct Shape: Sendable {
    var heads: Int
    var width: Int
    var groups: Int
    var n: Int
    var isFloat: Bool
    var hasGate = true
    var state = QK_F32
    var hasPeak = false

    var channels: Int { heads * width }
  }

  static let shapes = [
    Shape(heads: 1, width: 16, groups: 1, n: 16, isFloat: true),
    Shape(heads: 4, width: 12, groups: 2, n: 8, isFloat: true),
    Shape(heads: 3, width: 32, groups: 1, n: 128, isFloat: false),
    Shape(heads: 6, width: 32, groups: 2, n: 5, isFloat: false, hasGate: false),
    Shape(heads: 8, width: 8, groups: 1, n: 16, isFloat: true),
    Shape(heads: 5, width: 7, groups: 5, n: 3, isFloat: false),
    Shape(heads: 17, width: 1, groups: 17, n: 1, isFloat: true),
    Shape(heads: 4, width: 16, groups: 2, n: 9, isFloat: true, state: QK_F16),
    Shape(heads: 6, width: 24, groups: 3, n: 17, isFloat: false, state: QK_I8),
    Shape(heads: 2, width: 16, groups: 1, n: 16, isFloat: true, hasPeak: true),
    Shape(heads: 4, width: 12, groups: 2, n: 8, isFloat: false, state: QK_I8, hasPeak: true),
  ]

  @Test(
    "the bits of the scan by channels, on every instruction set, for any chunks, batches and threads",
    arguments: shapes)
  func sameAsByChannels(_ shape: Shape) {
    for (seed, schedule) in schedules.enumerated() {
      var generator = Generator(seed: UInt64(seed + 300))
      withArena { arena in
        let scans = Scans(arena, shape, schedule, &generator)
        let expected = scans.expected()
        for entry in allKernels(\.head_scan) {
          for chunk in chunkSizes + [4, 5] {
            for threads in threadCounts {
              let found = scans.run(entry.kernel, chunk: chunk, threads: threads, bind: scans.byHeads)
              #expect(found == expected, "\(entry.name), chunk \(chunk ?? 0), \(threads) threads")
            }
          }
        }
        #expect(scans.out.paddingIsZero)
      }
    }
  }

  /// What a scan leaves: output, peaks and states.
  private struct Outcome: Equatable {
    var out, peak: [UInt8]
    var states: [[UInt8]]
  }

  /// One scan with random operands in both forms.
  private struct Scans {
    let shape: Shape
    let schedule: Schedule
    let u, z, delta, b, c, out, peak: Activations
    /// dt of every channel, and B and C of every group by themselves.
    let dt: Activations
    let partsOfB, partsOfC: [Activations]
    let scales, a, d, stateScale, stateInverse: UnsafeMutablePointer<Float>
    /// A, D and a bias of zero of every channel.
    let channelA, channelD, channelBias: UnsafeMutablePointer<Float>
    let states: [UnsafeMutablePointer<UInt8>]

    init(_ arena: Arena, _ shape: Shape, _ schedule: Schedule, _ generator: inout Generator) {
      let rows = schedule.rows, count = padded(shape.channels), shared = shape.groups * shape.n
      let b = Self.random(arena, rows, shared, shape.isFloat, &generator)
      let c = Self.random(arena, rows, shared, !shape.isFloat, &generator)
      // Above 20 softplus is exact, so that the scan by channels can be given Δ.
      let delta = Activations(arena, rows: rows, width: shape.heads, isFloat: true)
      let dt = Activations(arena, rows: rows, width: shape.channels, isFloat: true)
      for row in 0..<rows {
        for head in 0..<shape.heads { delta.float(row)[head] = generator.float(20.5...40) }
        for channel in 0..<shape.channels {
          dt.float(row)[channel] = delta.float(row)[channel / shape.width]
        }
      }
      let decays = (0..<shape.heads).map { _ in generator.float(-0.2...(-0.001)) }
      let skips = (0..<shape.heads).map { _ in generator.float() }
      let steps = (0..<count).map { _ in generator.float(0.01...0.05) }
      self.shape = shape
      self.schedule = schedule
      self.b = b
      self.c = c
      self.delta = delta
      self.dt = dt
      u = Self.random(arena, rows, shape.channels, shape.isFloat, &generator)
      z = Self.random(arena, rows, shape.channels, shape.isFloat, &generator)
      out = Activations.output(arena, rows: rows, width: shape.channels, isFloat: true)
      peak = Activations.output(arena, rows: rows, width: shape.channels, isFloat: true)
      partsOfB = (0..<shape.groups).map { Self.part(arena, shape, b, $0) }
      partsOfC = (0..<shape.groups).map { Self.part(arena, shape, c, $0) }
      scales = arena.array([Float](repeating: 0.003, count: max(count, padded(shared)) + 16))
      a = arena.array(decays + Self.zeros(16))
      d = arena.array(skips + Self.zeros(16))
      channelA = arena.array(Self.spread(decays, over: shape, states: shape.n))
      channelD = arena.array(Self.spread(skips, over: shape, states: 1))
      channelBias = arena.array(Self.zeros(count))
      stateScale = arena.array(steps)
      stateInverse = arena.array(steps.map { Float(1 / Double($0)) })
      let size = 64 + count * shape.n * 4
      states = schedule.lengths.map { _ in arena.allocate(size).assumingMemoryBound(to: UInt8.self) }
    }

    private static func random(
      _ arena: Arena, _ rows: Int, _ width: Int, _ isFloat: Bool, _ generator: inout Generator
    ) -> Activations {
      Activations.random(arena, rows: rows, width: width, isFloat: isFloat, &generator, awkward: false)
    }

    /// Values of heads for each channel and state, as `[block][states][16]`.
    private static func spread(_ values: [Float], over shape: Shape, states: Int) -> [Float] {
      (0..<(padded(shape.channels) * states)).map { index in
        let channel = index / (16 * states) * 16 + index % 16
        return channel < shape.channels ? values[channel / shape.width] : 0
      }
    }

    private static func zeros(_ count: Int) -> [Float] { Array(repeating: 0, count: count) }

    /// The rows of one group.
    private static func part(
      _ arena: Arena, _ shape: Shape, _ whole: Activations, _ group: Int
    ) -> Activations {
      let part = Activations(arena, rows: whole.rows, width: shape.n, isFloat: whole.isFloat)
      for row in 0..<whole.rows {
        for j in 0..<shape.n {
          if whole.isFloat {
            part.float(row)[j] = whole.float(row)[group * shape.n + j]
          } else {
            part.int8(row)[j] = whole.int8(row)[group * shape.n + j]
          }
        }
      }
      return part
    }

    func byHeads(_ row: Int) -> qk_step {
      let left = schedule.rows - row
      var step = qk_step()
      step.args.head_scan = qk_head_scan(
        u: u.from(row, count: left).operand(scales),
        z: shape.hasGate ? z.from(row, count: left).operand(scales, perChannel: true) : qk_operand(),
        delta: delta.from(row, count: left).operand(),
        b: b.from(row, count: left).operand(scales, perChannel: true),
        c: c.from(row, count: left).operand(scales), a: a, d: d, n: UInt32(shape.n),
        groups: UInt32(shape.groups), heads: UInt32(shape.heads), head_width: UInt32(shape.width),
        blocks: UInt32(blocks(shape.channels)), state_offset: 64, state_type: shape.state.rawValue,
        state_scale: stateScale, state_inverse: stateInverse, out: out.from(row, count: left).operand(),
        peak: shape.hasPeak ? peak.from(row, count: left).operand() : qk_operand())
      return step
    }

    private func byChannels(_ row: Int, group: Int) -> qk_step {
      let left = schedule.rows - row
      var step = qk_step()
      step.args.scan = qk_scan(
        u: u.from(row, count: left).operand(scales), dt: dt.from(row, count: left).operand(),
        z: shape.hasGate ? z.from(row, count: left).operand(scales, perChannel: true) : qk_operand(),
        b: partsOfB[group].from(row, count: left).operand(scales, perChannel: true),
        c: partsOfC[group].from(row, count: left).operand(scales), a: channelA, d: channelD,
        dt_bias: channelBias, n: UInt32(shape.n), blocks: UInt32(blocks(shape.channels)), state_offset: 64,
        state_type: shape.state.rawValue, state_scale: stateScale, state_inverse: stateInverse,
        out: out.from(row, count: left).operand(),
        peak: shape.hasPeak ? peak.from(row, count: left).operand() : qk_operand())
      return step
    }

    func run(
      _ kernel: @escaping qk_kernel, chunk: Int?, threads: UInt32, bind: (Int) -> qk_step
    ) -> Outcome {
      let bytes = 64 + padded(shape.channels) * shape.n * (shape.state == QK_F32 ? 4 : 2)
      for state in states { state.update(repeating: 0, count: bytes) }
      runSchedule(schedule, chunk: chunk, states: states, kernel: kernel, threads: threads, bind: bind)
      return Outcome(
        out: out.bytes, peak: peak.bytes,
        states: states.map { Array(UnsafeBufferPointer(start: $0, count: bytes)) })
    }

    /// Each group's channels from a scan of all channels with that group's B and C.
    func expected() -> Outcome {
      var whole: Outcome?
      let size = shape.state == QK_F32 ? 4 : shape.state == QK_F16 ? 2 : 1
      for group in 0..<shape.groups {
        let found = run(allKernels(\.scan)[0].kernel, chunk: nil, threads: 1) {
          byChannels($0, group: group)
        }
        guard var merged = whole else {
          whole = found
          continue
        }
        let first = shape.channels / shape.groups * group
        for channel in first..<padded(shape.channels) {
          for row in 0..<schedule.rows {
            let place = row * out.stride + channel * 4
            merged.out.replaceSubrange(place..<(place + 4), with: found.out[place..<(place + 4)])
            merged.peak.replaceSubrange(place..<(place + 4), with: found.peak[place..<(place + 4)])
          }
          for sequence in merged.states.indices {
            for j in 0..<shape.n {
              let place = 64 + ((channel / 16 * shape.n + j) * 16 + channel % 16) * size
              merged.states[sequence].replaceSubrange(
                place..<(place + size), with: found.states[sequence][place..<(place + size)])
            }
          }
        }
        whole = merged
      }
      return whole ?? Outcome(out: [], peak: [], states: [])
    }
  }
}
