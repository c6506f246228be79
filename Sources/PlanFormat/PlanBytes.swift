/// The bytes of a plan in memory; every read is checked against their number.
///
/// This is the only place in the module that touches raw memory.
@safe
struct PlanBytes: @unchecked Sendable {
  private let memory: UnsafeRawBufferPointer

  /// Borrows memory that must outlive this value and stay as it is.
  @unsafe
  init(_ memory: UnsafeRawBufferPointer) { unsafe self.memory = unsafe memory }

  /// How many bytes there are.
  var count: Int { unsafe memory.count }

  /// The memory itself, for the owner to hand out.
  @unsafe
  var buffer: UnsafeRawBufferPointer { unsafe memory }

  func u8(_ offset: Int) -> UInt8 { load(offset) }
  func i8(_ offset: Int) -> Int8 { load(offset) }
  func u16(_ offset: Int) -> UInt16 { load(offset) }
  func u32(_ offset: Int) -> UInt32 { load(offset) }
  func u64(_ offset: Int) -> UInt64 { load(offset) }
  func f32(_ offset: Int) -> Float { Float(bitPattern: load(offset)) }

  private func load<Number: FixedWidthInteger & BitwiseCopyable>(_ offset: Int) -> Number {
    precondition(offset >= 0 && offset <= count - MemoryLayout<Number>.size, "read outside of the plan")
    let number = unsafe memory.loadUnaligned(fromByteOffset: offset, as: Number.self)
    return Number(littleEndian: number)
  }
}
