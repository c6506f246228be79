import CKernels
import Foundation
import Testing

/// Gate, routes, and the rows that go to an expert and come back.
@Suite
struct ExpertKernelTests {
  private static let rows = 37

  @Test(arguments: [1, 15, 16, 17, 160])
  func gate(width: Int) {
    withArena { arena in
      var generator = Generator(seed: UInt64(width))
      let x = Activations.random(arena, rows: Self.rows, width: width, isFloat: true, &generator)
      let z = Activations.random(arena, rows: Self.rows, width: width, isFloat: true, &generator)
      let outcomes = outcomes(of: \.gate) { arena, step in
        let out = Activations.output(arena, rows: Self.rows, width: width, isFloat: true)
        step.args.gate = qk_gate(in: x.operand(), z: z.operand(), out: out.operand(), width: UInt32(width))
        return out
      }
      for row in 0..<Self.rows {
        for column in 0..<width {
          let (a, b) = (Double(x.float(row)[column]), Double(z.float(row)[column]))
          let expected = a * b / (1 + exp(-b))
          let found = Double(outcomes[0].values[row][column])
          #expect(abs(found - expected) <= max(1e-6 * abs(expected), 1e-25))
        }
      }
      #expect(outcomes.allSatisfy { $0.values == outcomes[0].values && $0.paddingIsZero })
    }
  }

  @Test(arguments: [(1, 1), (4, 2), (16, 2), (17, 16), (256, 8)])
  func route(width: Int, count: Int) {
    withArena { arena in
      var generator = Generator(seed: UInt64(width))
      let x = Activations.random(arena, rows: Self.rows, width: width, isFloat: true, &generator)
      // Equal logits everywhere, and equal ones among others.
      for column in 0..<width {
        x.float(0)[column] = 3
        x.float(1)[column] = column % 3 == 0 ? 5 : -5
      }
      let outcomes = outcomes(of: \.route) { arena, step in
        let out = Activations.output(arena, rows: Self.rows, width: width, isFloat: true)
        step.args.route = qk_route(
          in: x.operand(), out: out.operand(), width: UInt32(width), count: UInt32(count))
        return out
      }
      #expect(outcomes.allSatisfy { $0.values == outcomes[0].values && $0.paddingIsZero })
      for (row, found) in outcomes[0].values.enumerated() {
        let values = (0..<width).map { Double(x.float(row)[$0]) }
        let largest = values.max() ?? 0
        let weights = values.map { exp($0 - largest) }
        let sum = weights.reduce(0, +)
        #expect(found.count { $0 > 0 } == count)
        for (index, weight) in found.enumerated() where weight > 0 {
          let expected = weights[index] / sum
          #expect(abs(Double(weight) - expected) <= 1e-5 * expected + 1e-37)
          // Nothing left out is larger, and of equal logits the first were taken.
          let most = weights[index] * (1 + 1e-5) + 1e-37
          #expect(values.indices.allSatisfy { found[$0] > 0 || weights[$0] <= most })
        }
      }
      #expect((0..<width).filter { outcomes[0].values[0][$0] > 0 } == Array(0..<count))
      let thirds = Array(stride(from: 0, to: width, by: 3).prefix(count))
      #expect(thirds.allSatisfy { outcomes[0].values[1][$0] > 0 })
    }
  }

  private struct Outcome {
    let values: [[Float]]
    let paddingIsZero: Bool
  }

  /// What every instruction set and number of threads leaves.
  private func outcomes(
    of kernel: @escaping (qk_kernel_table) -> qk_kernel?,
    _ bind: (Arena, inout qk_step) -> Activations
  ) -> [Outcome] {
    allKernels(kernel).flatMap { _, kernel in
      threadCounts.map { threads in
        withArena { arena in
          var step = qk_step()
          let out = bind(arena, &step)
          run(kernel, step, plainCall(rows: Self.rows), threads: threads)
          return Outcome(
            values: (0..<out.rows).map { row in (0..<out.width).map { out.float(row)[$0] } },
            paddingIsZero: out.paddingIsZero)
        }
      }
    }
  }

  @Test(arguments: [(5, true), (16, false), (33, false)])
  func dispatchAndCombine(width: Int, isFloat: Bool) {
    withArena { arena in
      var generator = Generator(seed: UInt64(width))
      let x = Activations.random(arena, rows: Self.rows, width: width, isFloat: true, &generator)
      let routes = Activations(arena, rows: Self.rows, width: 3, isFloat: true)
      for row in 0..<Self.rows where row % 5 == 1 || row > 30 { routes.float(row)[1] = Float(row) / 64 }
      let chosen = (0..<Self.rows).filter { routes.float($0)[1] > 0 }
      let y = Activations.random(arena, rows: chosen.count, width: width, isFloat: true, &generator)
      let inverse = arena.array((0..<padded(width)).map { _ in generator.float(0.5...2) })
      for (name, table) in supportedISAs.map({ ("isa \($0.rawValue)", qk_kernels($0)) }) {
        guard let table = table?.pointee, let dispatch = table.dispatch, let combine = table.combine else {
          continue
        }
        for threads in threadCounts {
          var set = qk_row_set()
          set.list = arena.array([UInt32](repeating: 99, count: Self.rows))
          let out = Activations.output(arena, rows: Self.rows, width: width, isFloat: isFloat)
          let sum = Activations(arena, rows: Self.rows, width: width, isFloat: true)
          memcpy(sum.base, x.base, x.rows * x.stride)
          withUnsafeMutablePointer(to: &set) { set in
            var step = qk_step()
            step.args.dispatch = qk_dispatch(
              in: x.operand(), routes: routes.operand(), expert: 1, width: UInt32(width),
              out: out.operand(inverse, perChannel: true), set: set)
            run(dispatch, step, plainCall(rows: Self.rows), threads: threads)
            #expect(set.pointee.call.rows == UInt32(chosen.count), "\(name)")
            step.args.combine = qk_combine(
              in: y.operand(), routes: routes.operand(), expert: 1, width: UInt32(width),
              out: sum.operand(), set: set)
            run(combine, step, set.pointee.call, threads: threads)
          }
          #expect((0..<chosen.count).map { Int(set.list[$0]) } == chosen, "\(name)")
          for (index, row) in chosen.enumerated() {
            for column in 0..<width {
              let value = x.float(row)[column]
              if isFloat {
                #expect(out.float(index)[column] == value)
              } else {
                #expect(out.int8(index)[column] == quantized(value * inverse[column]))
              }
              #expect(
                sum.float(row)[column] == value.addingProduct(routes.float(row)[1], y.float(index)[column]))
            }
          }
          for row in 0..<Self.rows where !chosen.contains(row) {
            #expect((0..<width).allSatisfy { sum.float(row)[$0] == x.float(row)[$0] })
          }
          #expect(out.from(0, count: chosen.count).paddingIsZero)
        }
      }
    }
  }
}
