import CKernels
import Glibc
import Testing

@Suite("Thread pool", .serialized)
struct PoolTests {
  /// Adds one to the slot of its thread; slots are 64 bytes apart.
  private static let count: qk_kernel = { step, _, thread, _ in
    guard let base = step?.pointee.args.quantize.out.base else { return }
    UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt64.self)[Int(thread) * 8] += 1
  }

  /// Counts, beside the thread's slot, the threads that are not where thread 0 is.
  private static let compare: qk_kernel = { step, _, thread, threads in
    guard let base = step?.pointee.args.quantize.out.base else { return }
    let slots = UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt64.self)
    for other in 0..<Int(threads) where slots[other * 8] != slots[0] { slots[Int(thread) * 8 + 1] += 1 }
  }

  private func makePool(_ threads: UInt32) throws -> OpaquePointer {
    let pool: OpaquePointer? = qk_pool_create(threads)
    return try #require(pool)
  }

  @Test("every step runs once on every thread, and barriers separate them", arguments: 1...4)
  func lockStep(threads: UInt32) throws {
    try withArena { arena in
      let pool = try makePool(threads)
      defer { qk_pool_destroy(pool) }
      let slots = arena.allocate(8 * 64).assumingMemoryBound(to: UInt64.self)
      var count = qk_step(), compare = qk_step()
      count.kernel = Self.count
      count.barrier = 1
      count.args.quantize.out.base = UnsafeMutableRawPointer(slots).assumingMemoryBound(to: UInt8.self)
      compare = count
      compare.kernel = Self.compare
      let steps = (0..<20).map { $0 % 2 == 0 ? count : compare }
      var call = qk_call()
      for _ in 0..<200 { qk_pool_run(pool, steps, steps.count, &call) }
      // Long enough for the others to fall asleep in between.
      for _ in 0..<20 {
        usleep(2000)
        qk_pool_run(pool, steps, steps.count, &call)
      }
      for thread in 0..<Int(threads) {
        #expect(slots[thread * 8] == 2200)
        #expect(slots[thread * 8 + 1] == 0)
      }
    }
  }

  @Test("pools come and go", arguments: 1...4)
  func createAndDestroy(threads: UInt32) throws {
    for _ in 0..<50 { qk_pool_destroy(try makePool(threads)) }
    qk_pool_destroy(nil)
  }

  @Test("results do not depend on the caller's float environment, which is restored", arguments: 1...2)
  func environment(threads: UInt32) throws {
    try withArena { arena in
      let pool = try makePool(threads)
      defer { qk_pool_destroy(pool) }
      var generator = Generator(seed: 1)
      let input = Activations.random(arena, rows: 4, width: 64, isFloat: true, &generator)
      for column in 0..<64 { input.float(1)[column] = Float(bitPattern: UInt32(column + 1)) }
      let output = Activations.output(arena, rows: 4, width: 64, isFloat: true)
      var step = qk_step()
      let table = try #require(qk_kernels(qk_isa_best()))
      step.kernel = table.pointee.hadamard
      step.args.hadamard = qk_hadamard(
        in: input.operand(), gain: nil, out: output.operand(arena.array([0.1])), width: 64, block: 64,
        order: 1)
      let scratch = (0..<threads).map { _ -> UnsafeMutablePointer<UInt8>? in
        arena.allocate(qk_scratch_bytes(&step, 4)).assumingMemoryBound(to: UInt8.self)
      }
      step.scratch = UnsafePointer(arena.array(scratch))
      var call = plainCall(rows: 4)
      qk_pool_run(pool, &step, 1, &call)
      let expected = output.bytes
      fesetround(FE_UPWARD)
      defer { fesetround(FE_TONEAREST) }
      #if arch(x86_64)
        var environment = fenv_t()
        fegetenv(&environment)
        environment.__mxcsr |= 0x8040
        fesetenv(&environment)
      #endif
      qk_pool_run(pool, &step, 1, &call)
      #expect(fegetround() == FE_UPWARD)
      #if arch(x86_64)
        fegetenv(&environment)
        #expect(environment.__mxcsr & 0x8040 == 0x8040)
        environment.__mxcsr &= ~0x8040
        fesetenv(&environment)
      #endif
      #expect(output.bytes == expected)
    }
  }
}
