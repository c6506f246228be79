import CKernels
import Testing

@Suite("Order of operations in the scan")
struct ScanOrderTests {
  /// A state's type, and what rounding to it leaves of a float.
  enum State: CaseIterable {
    case float, half, codes

    static let scale: Float = 0.03

    var type: qk_type { self == .float ? QK_F32 : self == .half ? QK_F16 : QK_I8 }

    func stored(_ h: Float) -> Float {
      switch self {
      case .float: h
      case .half: Float(Float16(min(max(h, -65504), 65504)))
      case .codes: Float(quantized(h * Float(1 / Double(Self.scale)))) * Self.scale
      }
    }

    func bytes(_ h: Float) -> [UInt8] {
      switch self {
      case .float: KernelTests.bytes(of: h.bitPattern)
      case .half: KernelTests.bytes(of: Float16(h).bitPattern)
      case .codes: [UInt8(bitPattern: quantized(h * Float(1 / Double(Self.scale))))]
      }
    }
  }

  /// One block of a scan over one sequence, A zero.
  private func run(
    _ arena: Arena, n: Int, rows: Int, u: Activations, dt: Activations, b: Activations, c: Activations,
    skip: [Float], bias: [Float], state: State, from h: [Float], kernel: @escaping qk_kernel
  ) -> (out: Activations, state: [UInt8]) {
    let start = h.flatMap(state.bytes)
    let memory = arena.array(start)
    let out = Activations.output(arena, rows: rows, width: 16, isFloat: true)
    let scale = [Float](repeating: State.scale, count: 16)
    var step = qk_step()
    step.args.scan = qk_scan(
      u: u.operand(), dt: dt.operand(), z: qk_operand(), b: b.operand(), c: c.operand(),
      a: arena.array([Float](repeating: 0, count: n * 16)), d: arena.array(skip),
      dt_bias: arena.array(bias), n: UInt32(n), blocks: 1, state_offset: 0,
      state_type: state.type.rawValue, state_scale: arena.array(scale),
      state_inverse: arena.array(scale.map { Float(1 / Double($0)) }), out: out.operand(), peak: qk_operand())
    var call = plainCall(rows: rows)
    call.segments = 1
    call.segment_start = UnsafePointer(arena.array([0, UInt32(rows)]))
    let base: UnsafeMutablePointer<UInt8>? = memory
    call.segment_state = UnsafePointer(arena.array([base]))
    KernelTests.run(kernel, step, call)
    return (out, Array(UnsafeBufferPointer(start: memory, count: start.count)))
  }

  /// With A = 0 and dt above 20 the elementary functions are exact, and every other operation can be repeated here.
  @Test(
    "fma in order of the states, y before the state is rounded, then the skip", arguments: [1, 8, 16, 17],
    State.allCases)
  func order(n: Int, state: State) {
    var generator = Generator(seed: UInt64(n))
    withArena { arena in
      let rows = 5
      func random(_ width: Int) -> Activations {
        Activations.random(arena, rows: rows, width: width, isFloat: true, &generator, awkward: false)
      }
      let u = random(16), dt = random(16), b = random(n), c = random(n)
      for row in 0..<rows {
        for channel in 0..<16 {
          dt.float(row)[channel] = generator.float(21...40)
          u.float(row)[channel] /= 64
        }
      }
      let bias = (0..<16).map { _ in generator.float(0...1) }, skip = (0..<16).map { _ in generator.float() }
      var h = (0..<n * 16).map { _ in state.stored(generator.float()) }
      let found = run(
        arena, n: n, rows: rows, u: u, dt: dt, b: b, c: c, skip: skip, bias: bias, state: state, from: h,
        kernel: allKernels(\.scan)[0].kernel)
      for row in 0..<rows {
        for channel in 0..<16 {
          let x = u.float(row)[channel], delta = dt.float(row)[channel] + bias[channel]
          var y: Float = 0
          for j in 0..<n {
            let next = h[j * 16 + channel] + delta * x * b.float(row)[j]
            y = y.addingProduct(c.float(row)[j], next)
            h[j * 16 + channel] = state.stored(next)
          }
          #expect(found.out.float(row)[channel] == y.addingProduct(skip[channel], x))
        }
      }
      #expect(found.state == h.flatMap(state.bytes))
    }
  }

  /// Values that meet every way of rounding to a half: ties, subnormals, the largest one and beyond.
  private static let awkward: [Float] = {
    var generator = Generator(seed: 99)
    let edges: [Float] = [
      0, -0.0, 0x1p-24, 0x1p-25, 0x1.000002p-25, 0x1.8p-24, 0x1.4p-24, 0x1.ffcp-15, 0x1.ffep-15, 0x1p-14,
      1 + 0x1p-11, 1 + 0x1.8p-10, 1 + 0x1.000002p-11, 65504, 65519.996, 65520, 1e30, -1e30, 0x1p-140,
    ]
    return edges
      + (0..<230).map { _ in
        Float(
          bitPattern: UInt32.random(in: 0x3200_0000..<0x4800_0000, using: &generator)
            | (generator.next() & 1 == 1 ? 0x8000_0000 : 0))
      }
  }()

  @Test("halves round to even, keep subnormals, and saturate, on every instruction set")
  func halves() {
    withArena { arena in
      let n = Self.awkward.count
      func filled(_ width: Int, _ value: (Int) -> Float) -> Activations {
        let result = Activations(arena, rows: 1, width: width, isFloat: true)
        for column in 0..<width { result.float(0)[column] = value(column) }
        return result
      }
      // Δ is 32, Δ · u a power of two for each channel.
      let (u, dt) = (
        filled(16) { Float(sign: .plus, exponent: $0 - 13, significand: 1) }, filled(16) { _ in 32 }
      )
      let (b, c) = (filled(n) { Self.awkward[$0] }, filled(n) { _ in 1 })
      let zeros = [Float](repeating: 0, count: 16)
      for entry in allKernels(\.scan) {
        let found = run(
          arena, n: n, rows: 1, u: u, dt: dt, b: b, c: c, skip: zeros, bias: zeros, state: .half,
          from: [Float](repeating: 0, count: n * 16), kernel: entry.kernel)
        let expected = Self.awkward.flatMap { value in
          (0..<16).flatMap { channel in
            State.half.bytes(State.half.stored(0 + 32 * u.float(0)[channel] * value))
          }
        }
        #expect(found.state == expected, "\(entry.name)")
      }
    }
  }
}
