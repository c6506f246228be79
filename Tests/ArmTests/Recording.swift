import CKernels
import Glibc
import PlanRuntime

/// Calls of a context in a file that `replay` runs; Tests/Arm/recording.h says how it is written.
final class Recording {
  private let context: Context
  private let file: UnsafeMutablePointer<FILE>
  /// What the memory that steps write came down to after every call.
  private(set) var digests: [UInt64] = []

  private static let memoryRecord: UInt32 = 0
  private static let runRecord: UInt32 = 1

  /// Records a context's memory.
  init?(_ context: Context, path: String) {
    guard let file = fopen(path, "wb") else { return nil }
    self.context = context
    self.file = file
    for memory in context.usedMemory { add(memory) }
  }

  deinit { fclose(file) }

  /// Runs the body, then the head over the last row of every segment.
  func run(tokens: [UInt32], segments: [Segment]) throws {
    try context.run(tokens: tokens, segments: segments, record: add)
    digests.append(digest)
    let ends = segments.indices.map { segments[...$0].reduce(-1) { $0 + $1.count } }
    _ = try context.logits(rows: ends, record: add)
    digests.append(digest)
    fflush(file)
  }

  private func add(_ call: RecordedCall) {
    for memory in call.tables { add(memory) }
    let count = UInt64(call.steps.count / MemoryLayout<qk_step>.stride)
    let words = [address(call.steps), count, call.tables.last.map { address($0.bytes) } ?? 0]
    words.withUnsafeBytes { add(Self.runRecord, 0, 0, $0) }
  }

  private func add(_ memory: UsedMemory) {
    guard !memory.bytes.isEmpty else { return }
    let place = address(memory.bytes)
    if memory.use == .steps {
      numbered(memory.bytes).withUnsafeBytes { add(Self.memoryRecord, memory.use.rawValue, place, $0) }
    } else {
      add(Self.memoryRecord, memory.use.rawValue, place, memory.bytes)
    }
  }

  private func add(_ kind: UInt32, _ use: UInt32, _ address: UInt64, _ bytes: UnsafeRawBufferPointer) {
    let words = [UInt64(kind) | UInt64(use) << 32, address, UInt64(bytes.count)]
    fwrite(words, 8, words.count, file)
    fwrite(bytes.baseAddress, 1, bytes.count, file)
  }

  /// Steps whose kernels are numbers of the kernel table.
  private func numbered(_ steps: UnsafeRawBufferPointer) -> [UInt8] {
    var bytes = Array(steps)
    guard let table = qk_kernels(qk_isa_best()) else { return bytes }
    let kernels = withUnsafeBytes(of: table.pointee) { Array($0.bindMemory(to: UInt64.self)) }
    for step in stride(from: 0, to: bytes.count, by: MemoryLayout<qk_step>.stride) {
      let kernel = steps.loadUnaligned(fromByteOffset: step, as: UInt64.self)
      let number = UInt64(kernels.firstIndex(of: kernel) ?? kernels.count)
      for byte in 0..<8 { bytes[step + byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
    }
    return bytes
  }

  private func address(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    UInt64(UInt(bitPattern: bytes.baseAddress))
  }

  private var digest: UInt64 {
    var digest: UInt64 = 0xcbf2_9ce4_8422_2325
    for memory in context.usedMemory where memory.use == .values {
      let bytes = memory.bytes
      let whole = bytes.count / 8 * 8
      for offset in stride(from: 0, to: whole, by: 8) {
        digest = (digest ^ bytes.load(fromByteOffset: offset, as: UInt64.self)) &* 0x100_0000_01b3
      }
      guard whole < bytes.count else { continue }
      let rest = (whole..<bytes.count).reduce(UInt64(0)) { $0 | UInt64(bytes[$1]) << (8 * ($1 - whole)) }
      digest = (digest ^ rest) &* 0x100_0000_01b3
    }
    return digest
  }
}
