import CKernels
import Glibc
import Synchronization

/// Memory of one test, 64-byte aligned and freed when the body of `withArena` returns.
final class Arena {
  private var blocks: [UnsafeMutableRawPointer] = []

  func allocate(_ bytes: Int, fill: UInt8 = 0) -> UnsafeMutableRawPointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: max(bytes, 64), alignment: 64)
    memset(block, Int32(fill), max(bytes, 64))
    blocks.append(block)
    return block
  }

  func array<Element>(_ values: [Element]) -> UnsafeMutablePointer<Element> {
    let memory = allocate(values.count * MemoryLayout<Element>.stride).bindMemory(
      to: Element.self, capacity: values.count)
    for (index, value) in values.enumerated() { memory[index] = value }
    return memory
  }

  fileprivate func free() {
    for block in blocks { block.deallocate() }
  }
}

func withArena<Result>(_ body: (Arena) throws -> Result) rethrows -> Result {
  let arena = Arena()
  defer { arena.free() }
  return try body(arena)
}

/// SplitMix64, so that every run sees the same values.
struct Generator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func float(_ range: ClosedRange<Float> = -2...2) -> Float {
    Float.random(in: range, using: &self)
  }

  /// Mostly ordinary values, some at the edges: signed zeros, subnormals, ties, far beyond the quantizer's range.
  mutating func awkwardFloat() -> Float {
    switch UInt8.random(in: 0..<16, using: &self) {
    case 0: return -0.0
    case 1: return 0
    case 2: return Float(bitPattern: UInt32.random(in: 1..<0x80_0000, using: &self))
    case 3: return -Float(bitPattern: UInt32.random(in: 1..<0x80_0000, using: &self))
    case 4: return Float(Int8.random(in: -128...127, using: &self)) + 0.5
    case 5: return float(-1000...1000)
    case 6: return float(-1e6...1e6)
    default: return float(-3...3)
    }
  }

  mutating func int8() -> Int8 {
    switch UInt8.random(in: 0..<8, using: &self) {
    case 0: return -128
    case 1: return 127
    default: return Int8.random(in: -128...127, using: &self)
    }
  }

  mutating func weight() -> Int8 { max(int8(), -127) }

  /// A code of 16 bits, often one at the edges of its range or of its lower byte's.
  mutating func int16() -> Int {
    switch UInt8.random(in: 0..<4, using: &self) {
    case 0: return [-32639, 32639, 127, 128, -128, -129, -32513, 0].randomElement(using: &self) ?? 0
    default: return Int.random(in: -32639...32639, using: &self)
    }
  }
}

func blocks(_ width: Int) -> Int { (width + 15) / 16 }
func padded(_ width: Int) -> Int { blocks(width) * 16 }

/// Rows of one activation; elements past `width` are zero in inputs and 0xAA in fresh outputs.
struct Activations {
  let base: UnsafeMutablePointer<UInt8>
  let rows: Int
  let width: Int
  let stride: Int
  let isFloat: Bool
  /// Whether codes have 16 bits, in two planes of bytes.
  let isWide: Bool

  init(
    _ arena: Arena, rows: Int, width: Int, isFloat: Bool, isWide: Bool = false, fill: UInt8 = 0
  ) {
    self.rows = rows
    self.width = width
    self.isFloat = isFloat
    self.isWide = isWide
    stride = (padded(width) * (isFloat ? 4 : isWide ? 2 : 1) + 63) / 64 * 64
    base = arena.allocate(rows * stride, fill: fill).assumingMemoryBound(to: UInt8.self)
  }

  static func random(
    _ arena: Arena, rows: Int, width: Int, isFloat: Bool, isWide: Bool = false,
    _ generator: inout Generator, awkward: Bool = true
  ) -> Activations {
    let result = Activations(arena, rows: rows, width: width, isFloat: isFloat, isWide: isWide)
    for row in 0..<rows {
      for column in 0..<width {
        if isFloat {
          result.float(row)[column] = awkward ? generator.awkwardFloat() : generator.float()
        } else if isWide {
          let high = Int((Double(generator.int16()) / 256).rounded(.down))
          result.int8(row)[column] = Int8(clamping: high)
          result.int8(row)[padded(width) + column] = generator.int8()
        } else {
          result.int8(row)[column] = generator.int8()
        }
      }
    }
    return result
  }

  static func output(
    _ arena: Arena, rows: Int, width: Int, isFloat: Bool, isWide: Bool = false
  ) -> Activations {
    Activations(arena, rows: rows, width: width, isFloat: isFloat, isWide: isWide, fill: 0xAA)
  }

  func float(_ row: Int) -> UnsafeMutablePointer<Float> {
    UnsafeMutableRawPointer(base + row * stride).assumingMemoryBound(to: Float.self)
  }

  func int8(_ row: Int) -> UnsafeMutablePointer<Int8> {
    UnsafeMutableRawPointer(base + row * stride).assumingMemoryBound(to: Int8.self)
  }

  /// One code, of 8 bits or of 16.
  func code(_ row: Int, _ column: Int) -> Int {
    let high = Int(int8(row)[column])
    return isWide ? high * 256 + Int(int8(row)[padded(width) + column]) : high
  }

  /// One element, dequantized with `scale` where the rows hold int8.
  func value(_ row: Int, _ column: Int, _ scale: Float = 1) -> Float {
    isFloat ? float(row)[column] : Float(int8(row)[column]) * scale
  }

  var bytes: [UInt8] { Array(UnsafeBufferPointer(start: base, count: rows * stride)) }

  var paddingIsZero: Bool {
    (0..<rows).allSatisfy { row in
      (width..<padded(width)).allSatisfy { isFloat ? float(row)[$0] == 0 : code(row, $0) == 0 }
    }
  }

  func operand(_ factor: UnsafePointer<Float>? = nil, perChannel: Bool = false) -> qk_operand {
    qk_operand(
      base: base, stride: UInt64(stride), factor: factor, per_channel: perChannel ? 1 : 0,
      type: (isFloat ? QK_F32 : isWide ? QK_I16 : QK_I8).rawValue, plane: UInt32(padded(width)))
  }

  /// These rows from `first` on, as an activation of their own.
  func from(_ first: Int, count: Int) -> Activations {
    Activations(
      base: base + first * stride, rows: count, width: width, stride: stride, isFloat: isFloat, isWide: isWide
    )
  }

  private init(
    base: UnsafeMutablePointer<UInt8>, rows: Int, width: Int, stride: Int, isFloat: Bool, isWide: Bool
  ) {
    self.base = base
    self.isWide = isWide
    self.rows = rows
    self.width = width
    self.stride = stride
    self.isFloat = isFloat
  }
}

/// Instruction sets that this processor has.
let supportedISAs = (0..<QK_ISA_COUNT.rawValue).map { qk_isa(rawValue: $0) }.filter { qk_isa_supported($0) }

let threadCounts: [UInt32] = [1, 2, 3]

/// Every table of kernels to compare; AVX-512 processors also run the 256-bit VNNI product.
func allKernels(_ pick: (qk_kernel_table) -> qk_kernel?) -> [(name: String, kernel: qk_kernel)] {
  supportedISAs.compactMap { isa in
    guard let table = qk_kernels(isa), let kernel = pick(table.pointee) else { return nil }
    return ("isa \(isa.rawValue)", kernel)
  }
}

/// Runs every thread's share of one step, one after the other.
func run(_ kernel: @escaping qk_kernel, _ step: qk_step, _ call: qk_call, threads: UInt32 = 1) {
  withArena { arena in
    var step = step
    step.kernel = kernel
    let bytes = qk_scratch_bytes(&step, call.rows)
    let scratch = (0..<threads).map { _ -> UnsafeMutablePointer<UInt8>? in
      arena.allocate(bytes, fill: 0xFF).assumingMemoryBound(to: UInt8.self)
    }
    step.scratch = UnsafePointer(arena.array(scratch))
    var call = call
    for thread in 0..<threads { kernel(&step, &call, thread, threads) }
  }
}

/// A call over `rows` rows that belong to no sequence.
func plainCall(rows: Int) -> qk_call {
  var call = qk_call()
  call.rows = UInt32(rows)
  return call
}

/// What the quantizer is defined to do.
func quantized(_ x: Float) -> Int8 {
  let high: Float = x < 127 ? x : 127
  let clamped: Float = high > -128 ? high : -128
  return Int8(clamped.rounded(.toNearestOrEven))
}

/// What the quantizer to 16 bits is defined to do.
func quantizedWide(_ x: Float) -> Int {
  Int(min(max(x, -32639), 32639).rounded(.toNearestOrEven))
}

/// Units in the last place of `expected` between the two, for normal values.
func ulps(_ actual: Float, _ expected: Double) -> Double {
  abs(Double(actual) - expected) / Double(Float(expected).ulp)
}

private let helpers = Mutex(())

/// Runs `body` with the helpers of every supported instruction set; one caller at a time.
func onEveryISA(_ body: () throws -> Void) rethrows {
  try helpers.withLock { _ in
    defer { qk_testing_force_helpers(QK_ISA_COUNT) }
    for isa in supportedISAs {
      qk_testing_force_helpers(isa)
      try body()
    }
  }
}
