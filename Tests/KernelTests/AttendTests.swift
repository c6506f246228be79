import CKernels
import Foundation
import Testing

/// Attention over pages: the same bits however the work is cut, and the values of its definition.
@Suite
struct AttendTests {
  struct Shape: Sendable {
    let heads: Int
    let keyHeads: Int
    let dim: Int
    let isFloat: Bool
    /// Whether codes have a scale for each channel.
    var perChannel = true
  }

  static let shapes = [
    Shape(heads: 4, keyHeads: 2, dim: 24, isFloat: true),
    Shape(heads: 4, keyHeads: 2, dim: 24, isFloat: false),
    Shape(heads: 1, keyHeads: 1, dim: 16, isFloat: false),
    Shape(heads: 6, keyHeads: 1, dim: 7, isFloat: false),
    Shape(heads: 5, keyHeads: 5, dim: 1, isFloat: true),
    Shape(heads: 10, keyHeads: 2, dim: 33, isFloat: false, perChannel: false),
    Shape(heads: 2, keyHeads: 1, dim: 256, isFloat: true),
  ]
  /// Tokens of the sequences: one ends within a page, one with it, one begins another.
  private static let lengths = [150, 64, 65]

  /// The inputs of all sequences, and what is kept of one run.
  private struct Fixture {
    let shape: Shape
    let q: [Activations]
    let k: [Activations]
    let v: [Activations]
    let scales: (k: UnsafeMutablePointer<Float>, v: UnsafeMutablePointer<Float>)

    init(_ arena: Arena, _ shape: Shape) {
      var generator = Generator(seed: UInt64(shape.heads * 1000 + shape.dim))
      self.shape = shape
      func rows(_ heads: Int, _ isFloat: Bool) -> [Activations] {
        AttendTests.lengths.map {
          .random(arena, rows: $0, width: heads * shape.dim, isFloat: isFloat, &generator, awkward: false)
        }
      }
      q = rows(shape.heads, true)
      k = rows(shape.keyHeads, shape.isFloat)
      v = rows(shape.keyHeads, shape.isFloat)
      let count = shape.perChannel ? padded(shape.keyHeads * shape.dim) : 1
      let scales = (0..<2).map { _ in
        arena.array((0..<count).map { _ in generator.float(0.001...0.01) })
      }
      self.scales = (scales[0], scales[1])
    }

    var pageBytes: Int {
      64 * shape.keyHeads * (shape.dim + padded(shape.dim)) * (shape.isFloat ? 4 : 1)
    }

    /// Runs all sequences in calls of up to `chunk` tokens of each; gives the outputs and the pages.
    func run(_ kernel: @escaping qk_kernel, threads: UInt32, chunk: Int) -> [[UInt8]] {
      withArena { arena in
        let pages = 3
        let caches = lengths.map { _ in
          arena.allocate(pageBytes * pages).assumingMemoryBound(to: UInt8.self)
        }
        let outputs = lengths.map {
          Activations.output(arena, rows: $0, width: shape.heads * shape.dim, isFloat: true)
        }
        for start in stride(from: 0, to: lengths.max() ?? 0, by: chunk) {
          let active = lengths.indices.filter { lengths[$0] > start }
          let counts = active.map { min(chunk, lengths[$0] - start) }
          call(arena, kernel, threads, active, counts, start, caches, outputs, capacity: pages * 64)
        }
        return outputs.map(\.bytes)
          + caches.map { Array(UnsafeBufferPointer(start: $0, count: pageBytes * pages)) }
      }
    }

    private var lengths: [Int] { AttendTests.lengths }

    private func call(
      _ arena: Arena, _ kernel: @escaping qk_kernel, _ threads: UInt32, _ active: [Int], _ counts: [Int],
      _ start: Int, _ caches: [UnsafeMutablePointer<UInt8>], _ outputs: [Activations], capacity: Int
    ) {
      func gathered(_ all: [Activations]) -> Activations {
        let total = counts.reduce(0, +)
        let result = Activations(arena, rows: total, width: all[0].width, isFloat: all[0].isFloat)
        var row = 0
        for (sequence, count) in zip(active, counts) {
          memcpy(
            result.base + row * result.stride, all[sequence].base + start * result.stride,
            count * result.stride)
          row += count
        }
        return result
      }
      let (q, k, v, out) = (gathered(self.q), gathered(self.k), gathered(self.v), gathered(outputs))
      var step = qk_step()
      step.args.attend = qk_attend(
        q: q.operand(), k: k.operand(scales.k, perChannel: shape.perChannel),
        v: v.operand(scales.v, perChannel: shape.perChannel), out: out.operand(),
        heads: UInt32(shape.heads), key_heads: UInt32(shape.keyHeads), dim: UInt32(shape.dim), scale: 0.25,
        capacity: UInt32(capacity), page_bytes: UInt64(pageBytes), page_offset: 0)
      var call = qk_call()
      call.rows = UInt32(q.rows)
      call.segments = UInt32(active.count)
      let starts = [0] + counts.indices.map { counts[...$0].reduce(0, +) }
      call.segment_start = UnsafePointer(arena.array(starts.map { UInt32($0) }))
      call.segment_position = UnsafePointer(arena.array(active.map { _ in UInt32(start) }))
      call.segment_cache = UnsafePointer(arena.array(active.map { Optional(caches[$0]) }))
      KernelTests.run(kernel, step, call, threads: threads)
      for (index, sequence) in active.enumerated() {
        memcpy(
          outputs[sequence].base + start * out.stride, out.base + starts[index] * out.stride,
          counts[index] * out.stride)
      }
    }

    /// One output by the definition, in double.
    func expected(_ sequence: Int, row: Int, head: Int, d: Int) -> Double {
      let keyHead = head / (shape.heads / shape.keyHeads)
      func scale(_ scales: UnsafeMutablePointer<Float>, _ d: Int) -> Float {
        scales[shape.perChannel ? keyHead * shape.dim + d : 0]
      }
      func key(_ token: Int, _ d: Int) -> Double {
        Double(k[sequence].value(token, keyHead * shape.dim + d, scale(scales.k, d)))
      }
      let scores = (0...row).map { token in
        0.25
          * (0..<shape.dim).reduce(0.0) {
            $0 + Double(q[sequence].float(row)[head * shape.dim + $1]) * key(token, $1)
          }
      }
      let largest = scores.max() ?? 0
      let weights = scores.map { exp($0 - largest) }
      let sum = weights.indices.reduce(0.0) {
        $0 + weights[$1] * Double(v[sequence].value($1, keyHead * shape.dim + d, scale(scales.v, d)))
      }
      return sum / weights.reduce(0, +)
    }
  }

  @Test(arguments: shapes)
  func invariantAndRight(shape: Shape) {
    withArena { arena in
      let fixture = Fixture(arena, shape)
      let kernels = allKernels { $0.attend }
      let reference = fixture.run(kernels[0].kernel, threads: 1, chunk: 1000)
      for (name, kernel) in kernels {
        for (threads, chunk) in [(1, 1), (2, 7), (3, 64), (1, 65), (2, 1000)] as [(UInt32, Int)] {
          let found = fixture.run(kernel, threads: threads, chunk: chunk)
          #expect(found == reference, "\(name), \(threads) threads, chunks of \(chunk)")
        }
      }
      let outputs = Self.lengths.indices.map { sequence in
        reference[sequence].withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      }
      let stride = (padded(shape.heads * shape.dim) * 4 + 63) / 64 * 16
      for (sequence, row) in [(0, 0), (0, 15), (0, 16), (0, 63), (0, 64), (0, 149), (1, 63), (2, 64)] {
        for channel in 0..<(shape.heads * shape.dim) {
          let found = Double(outputs[sequence][row * stride + channel])
          let expected = fixture.expected(
            sequence, row: row, head: channel / shape.dim, d: channel % shape.dim)
          #expect(abs(found - expected) <= 1e-4, "sequence \(sequence), row \(row), channel \(channel)")
        }
        let padding = (shape.heads * shape.dim)..<padded(shape.heads * shape.dim)
        #expect(padding.allSatisfy { outputs[sequence][row * stride + $0] == 0 })
      }
    }
  }
}
