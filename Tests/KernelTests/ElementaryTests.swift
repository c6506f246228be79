import CKernels
import Glibc
import Testing

@Suite("Elementary functions")
struct ElementaryTests {
  /// Values of a one-channel-per-value kernel run, 16 values a block.
  private func scan(
    _ kernel: @escaping qk_kernel, dt: [Float], a: [Float], u: Float, state: Float
  ) -> [Float] {
    withArena { arena in
      let count = dt.count
      func row(_ value: (Int) -> Float, _ width: Int) -> Activations {
        let result = Activations(arena, rows: 1, width: width, isFloat: true)
        for column in 0..<width { result.float(0)[column] = value(column) }
        return result
      }
      let out = Activations.output(arena, rows: 1, width: count, isFloat: true)
      let zeros = UnsafePointer(arena.array([Float](repeating: 0, count: count)))
      let one = row({ _ in 1 }, 1)
      var step = qk_step()
      step.args.scan = qk_scan(
        u: row({ _ in u }, count).operand(), dt: row({ dt[$0] }, count).operand(), z: qk_operand(),
        b: one.operand(), c: one.operand(), a: arena.array(a), d: zeros, dt_bias: zeros, n: 1,
        blocks: UInt32(count / 16), state_offset: 0, state_type: QK_F32.rawValue, state_scale: nil,
        state_inverse: nil, out: out.operand(), peak: qk_operand())
      var call = plainCall(rows: 1)
      call.segments = 1
      call.segment_start = UnsafePointer(arena.array([0, 1]))
      let memory: UnsafeMutablePointer<UInt8>? = UnsafeMutableRawPointer(
        arena.array([Float](repeating: state, count: count))
      ).assumingMemoryBound(to: UInt8.self)
      call.segment_state = UnsafePointer(arena.array([memory]))
      run(kernel, step, call)
      return (0..<count).map { out.float(0)[$0] }
    }
  }

  private func points(_ range: ClosedRange<Float>, _ count: Int = 65536) -> [Float] {
    var generator = Generator(seed: 3)
    return (0..<count).map { _ in generator.float(range) }
  }

  @Test("exp is within 1.2 units in the last place")
  func exponential() {
    // delta is 32 where dt is, so that delta * a is x exactly, and the state is left with exp(x).
    for range: ClosedRange<Float> in [-87.3...88.7, -1...1, -1e-3...1e-3] {
      let x = points(range)
      for entry in allKernels(\.scan) {
        let y = scan(
          entry.kernel, dt: x.map { _ in 32 }, a: x.map { $0 / 32 }, u: 0, state: 1)
        let worst = zip(x, y).map { ulps($1, exp(Double($0 / 32 * 32))) }.max() ?? 0
        #expect(worst <= 1.2, "\(entry.name)")
      }
    }
    #expect(
      scan(allKernels(\.scan)[0].kernel, dt: points(0...0, 16), a: points(0...0, 16), u: 0, state: 1)[0] == 1)
  }

  @Test("exp far outside its range is clamped to normal numbers")
  func clampedExponential() {
    let x: [Float] = [-88, -200, -1e30, 89, 1000, 1e30] + [Float](repeating: 0, count: 10)
    for entry in allKernels(\.scan) {
      let y = scan(entry.kernel, dt: x.map { _ in 32 }, a: x.map { $0 / 32 }, u: 0, state: 1)
      #expect(y[0...2].allSatisfy { $0 > 0 && $0 < 1.2e-38 })
      #expect(y[3...5].allSatisfy { $0.isFinite && $0 > 3.4e38 })
    }
  }

  @Test("softplus is within 3 units in the last place, far into the negative too")
  func softplus() {
    for range: ClosedRange<Float> in [-87...(-20), -20...0, 0...20, 20...1000, -1...1] {
      let x = points(range)
      for entry in allKernels(\.scan) {
        let y = scan(entry.kernel, dt: x, a: x.map { _ in 0 }, u: 1, state: 0)
        let worst =
          zip(x, y).map {
            ulps($1, $0 > 20 ? Double($0) : log1p(exp(Double($0))))
          }.max() ?? 0
        #expect(worst <= 3, "\(entry.name) \(range)")
      }
    }
  }

  @Test("SiLU is within 2.5 units in the last place")
  func silu() {
    let x = points(-80...80)
    for entry in allKernels(\.conv) {
      withArena { arena in
        let input = Activations(arena, rows: 1, width: x.count, isFloat: true)
        for (column, value) in x.enumerated() { input.float(0)[column] = value }
        let out = Activations.output(arena, rows: 1, width: x.count, isFloat: true)
        var step = qk_step()
        step.args.conv = qk_conv(
          in: input.operand(), weights: arena.array([Float](repeating: 1, count: x.count)), bias: nil,
          taps: 1,
          blocks: UInt32(x.count / 16), state_offset: 0, out0: out.operand(), out1: qk_operand())
        var call = plainCall(rows: 1)
        call.segments = 1
        call.segment_start = UnsafePointer(arena.array([0, 1]))
        let state: UnsafeMutablePointer<UInt8>? = arena.allocate(64).assumingMemoryBound(to: UInt8.self)
        call.segment_state = UnsafePointer(arena.array([state]))
        run(entry.kernel, step, call)
        let worst =
          x.indices.map { index in
            ulps(out.float(0)[index], Double(x[index]) / (1 + exp(-Double(x[index]))))
          }.max() ?? 0
        #expect(worst <= 2.5, "\(entry.name)")
      }
    }
  }
}
