import CKernels
import Glibc
import Testing

@Suite("Linear layers of four-bit weights")
struct FourBitTests {
  @Test("codes of 8 and of 16 bits by four-bit codes are exact", arguments: 1...17, [false, true])
  func integer(rows: Int, isWide: Bool) {
    var generator = Generator(seed: UInt64(rows))
    let shapes: [(k: Int, parts: [Part])] = [
      (1, [Part(outputs: 1)]), (7, [Part(outputs: 16, isFloat: false)]), (8, [Part(outputs: 16)]),
      (17, [Part(outputs: 17), Part(outputs: 64, isFloat: false), Part(outputs: 5, accumulates: true)]),
      (128, [Part(outputs: 33, isFloat: false), Part(outputs: 80)]), (129, [Part(outputs: 16)]),
      (260, [Part(outputs: 20, accumulates: true), Part(outputs: 49)]), (384, [Part(outputs: 65)]),
    ]
    for shape in shapes { checkShape(shape.k, shape.parts, rows: rows, isWide: isWide, &generator) }
  }

  @Test("many rows", arguments: [48, 65, 100], [false, true])
  func manyRows(rows: Int, isWide: Bool) {
    var generator = Generator(seed: UInt64(rows))
    for k in [120, 300] {
      checkShape(
        k, [Part(outputs: 33), Part(outputs: 64, isFloat: false)], rows: rows, isWide: isWide, &generator)
    }
  }

  private func checkShape(
    _ k: Int, _ parts: [Part], rows: Int, isWide: Bool, _ generator: inout Generator
  ) {
    withArena { arena in
      check(
        Layer(
          arena, parts, rows: rows, k: k, isFloatInput: false, isWideInput: isWide, weightType: QK_I4,
          &generator))
    }
  }

  @Test("the largest sums do not overflow", arguments: [1, 2, 7], [false, true])
  func saturated(rows: Int, isWide: Bool) {
    withArena { arena in
      let k = 32768
      var generator = Generator(seed: 1), count = 0
      let input = Activations(arena, rows: rows, width: k, isFloat: false, isWide: isWide)
      for row in 0..<rows {
        for index in 0..<(isWide ? 2 * k : k) { input.int8(row)[index] = row % 2 == 0 ? -128 : 127 }
      }
      let panels = FourBitPanels(
        arena, outputs: 16, k: k, factor: { _ in 63 },
        code: { _ in
          count += 1
          return (count - 1) / k % 2 == 0 ? -7 : 7
        }, &generator)
      let output = Activations.output(arena, rows: rows, width: 16, isFloat: true)
      let step = panels.step(arena, input: input, output: output, k: k)
      for entry in linearKernels() {
        run(entry.kernel, step, plainCall(rows: rows))
        for row in 0..<rows {
          for lane in 0..<16 {
            let code = lane % 2 == 0 ? -7 : 7, value = row % 2 == 0 ? -128 : 127
            let sum = Float(Int32(value * 63 * code * k))
            #expect(
              output.float(row)[lane] == (isWide ? sum.addingProduct(sum, 256) : sum), "\(entry.name)")
          }
        }
      }
    }
  }

  @Test("nothing is read behind rows and panels", arguments: [1, 3, 6, 20], [8, 24, 128, 136, 640])
  func ends(rows: Int, k: Int) throws {
    let guarded = try GuardedPages(), width = padded(k)
    try withArena { arena in
      var generator = Generator(seed: 3)
      let panels = FourBitPanels(arena, outputs: 48, k: k, &generator)
      let input = Activations.random(arena, rows: rows, width: k, isFloat: false, &generator)
      let output = Activations.output(arena, rows: rows, width: 48, isFloat: true)
      var step = panels.step(arena, input: input, output: output, k: k)
      step.kernel = qk_kernels(QK_SCALAR)?.pointee.linear
      let kernel = try #require(step.kernel)
      run(kernel, step, plainCall(rows: rows))
      let expected = output.bytes

      let part = arena.array([step.args.linear.parts[0]])
      part[0].weights = UnsafeRawPointer(guarded.copy(panels.memory, count: 3 * k * 8, at: 0))
      part[0].factors = panels.factors.withUnsafeBytes {
        UnsafePointer(guarded.copy($0.baseAddress, count: $0.count, at: 1))
      }
      step.args.linear.parts = UnsafePointer(part)
      step.args.linear.in.base = guarded.copy(input.base, count: (rows - 1) * input.stride + width, at: 2)
      for entry in linearKernels() {
        run(entry.kernel, step, plainCall(rows: rows), threads: 2)
        #expect(output.bytes == expected, "\(entry.name)")
      }
    }
  }

  @Test("panels are packed as their layout says", arguments: [1, 3, 15, 16])
  func pack(rows: Int) {
    onEveryISA {
      for k in [1, 7, 8, 9, 127, 128, 129, 300] {
        withArena { arena in
          var generator = Generator(seed: UInt64(k))
          let expected = FourBitPanels(arena, outputs: rows, k: k, &generator)
          let stride = k + 3, bytes = (k + 7) / 8 * 64
          var codes = [Int8](repeating: 99, count: rows * stride)
          for (row, values) in expected.values.enumerated() {
            for (index, value) in values.enumerated() {
              codes[row * stride + index] = Int8(Int(value) / Int(expected.factors[index / 128 * 16 + row]))
            }
          }
          var panel = [UInt8](repeating: 55, count: bytes + 1)
          var correction = [Int32](repeating: 55, count: 16)
          qk_pack_panel_i4(codes, stride, UInt32(rows), k, expected.factors, &panel, &correction)
          #expect(panel.last == 55)
          #expect(
            panel.dropLast().elementsEqual(UnsafeRawBufferPointer(start: expected.memory, count: bytes)))
          #expect(correction == expected.correction)
        }
      }
    }
  }
}

extension FourBitPanels {
  /// A product of these weights alone, multipliers 1, biases 0.
  fileprivate func step(_ arena: Arena, input: Activations, output: Activations, k: Int) -> qk_step {
    let lanes = correction.count
    let part = qk_linear_part(
      weights: memory, correction: arena.array(correction),
      multiplier: arena.array([Float](repeating: 1, count: lanes)),
      bias: arena.array([Float](repeating: 0, count: lanes)), factors: arena.array(factors),
      panels: UInt32(lanes / 16), accumulate: 0, out: output.operand())
    var step = qk_step()
    step.args.linear = qk_linear(
      in: input.operand(), parts: arena.array([part]), part_count: 1, k: UInt32((k + 7) / 8 * 8),
      weight_type: QK_I4.rawValue)
    return step
  }
}

/// Regions of memory, each followed by a page that cannot be read.
private final class GuardedPages {
  struct NoMemory: Error {}

  private static let bytes = 1 << 16
  private let base: UnsafeMutableRawPointer

  init() throws {
    let size = 3 * 2 * Self.bytes
    guard let base = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      base != MAP_FAILED
    else { throw NoMemory() }
    self.base = base
    for region in 0..<3 { mprotect(base + (2 * region + 1) * Self.bytes, Self.bytes, PROT_NONE) }
  }

  deinit { munmap(base, 3 * 2 * Self.bytes) }

  /// A copy that ends where region `index` does.
  func copy(_ source: UnsafeRawPointer?, count: Int, at index: Int) -> UnsafeMutablePointer<UInt8> {
    let start = base + (2 * index + 1) * Self.bytes - count
    if let source { start.copyMemory(from: source, byteCount: count) }
    return start.assumingMemoryBound(to: UInt8.self)
  }
}
