import CKernels
import Testing

@Suite("Order of operations in the scan")
struct ScanOrderTests {
  /// With A = 0 and dt above 20 the elementary functions are exact, and every other operation can be repeated here.
  @Test("fma in order of the states, then the skip", arguments: [1, 8, 16, 17])
  func order(n: Int) {
    var generator = Generator(seed: UInt64(n))
    withArena { arena in
      let rows = 5
      func random(_ width: Int) -> Activations {
        Activations.random(arena, rows: rows, width: width, isFloat: true, &generator, awkward: false)
      }
      let u = random(16), dt = random(16), b = random(n), c = random(n)
      for row in 0..<rows {
        for channel in 0..<16 { dt.float(row)[channel] = generator.float(21...40) }
      }
      let bias = (0..<16).map { _ in generator.float(0...1) }, skip = (0..<16).map { _ in generator.float() }
      var h = (0..<n * 16).map { _ in generator.float() }
      let state = arena.array(h)
      let out = Activations.output(arena, rows: rows, width: 16, isFloat: true)
      var step = qk_step()
      step.args.scan = qk_scan(
        u: u.operand(), dt: dt.operand(), z: qk_operand(), b: b.operand(), c: c.operand(),
        a: arena.array([Float](repeating: 0, count: n * 16)), d: arena.array(skip),
        dt_bias: arena.array(bias), n: UInt32(n), blocks: 1, state_offset: 0, out: out.operand())
      var call = plainCall(rows: rows)
      call.segments = 1
      call.segment_start = UnsafePointer(arena.array([0, UInt32(rows)]))
      let base: UnsafeMutablePointer<UInt8>? = UnsafeMutableRawPointer(state).assumingMemoryBound(
        to: UInt8.self)
      call.segment_state = UnsafePointer(arena.array([base]))
      run(allKernels(\.scan)[0].kernel, step, call)
      for row in 0..<rows {
        for channel in 0..<16 {
          let x = u.float(row)[channel], delta = dt.float(row)[channel] + bias[channel]
          var y: Float = 0
          for j in 0..<n {
            h[j * 16 + channel] += delta * x * b.float(row)[j]
            y = y.addingProduct(c.float(row)[j], h[j * 16 + channel])
          }
          #expect(out.float(row)[channel] == y.addingProduct(skip[channel], x))
        }
      }
      #expect((0..<n * 16).allSatisfy { state[$0] == h[$0] })
    }
  }
}
