/// The numbers that describe a whole plan.
public struct ModelRecord: Equatable, Sendable {
  /// Token ids are below this.
  public var vocabulary: UInt32
  /// Elements of an embedding row.
  public var width: UInt32
  /// Layers of the source model; for people, not for the interpreter.
  public var layers: UInt32
  /// Arena bytes of one row of the body, a multiple of 64.
  public var bodyBytesPerRow: UInt32
  /// Arena bytes of one row of the head, a multiple of 64.
  public var headBytesPerRow: UInt32
  /// The head's buffer that holds the logits, float32 `[vocabulary]`.
  public var logits: BufferID
  /// Bytes of one state slot, a multiple of 64.
  public var stateBytesPerSlot: UInt64
  /// Bytes of keys and values that 64 tokens of a sequence take, a multiple of 64; 0 without attention.
  public var bytesPerPage: UInt64

  /// Makes a record from all its numbers.
  public init(
    vocabulary: UInt32, width: UInt32, layers: UInt32, bodyBytesPerRow: UInt32, headBytesPerRow: UInt32,
    logits: BufferID, stateBytesPerSlot: UInt64, bytesPerPage: UInt64 = 0
  ) {
    self.bytesPerPage = bytesPerPage
    self.vocabulary = vocabulary
    self.width = width
    self.layers = layers
    self.bodyBytesPerRow = bodyBytesPerRow
    self.headBytesPerRow = headBytesPerRow
    self.logits = logits
    self.stateBytesPerSlot = stateBytesPerSlot
  }
}

/// One activation: where its rows lie in the arena and how to read them.
public struct Buffer: Equatable, Sendable {
  /// Its name, for taps and listings.
  public var name: StringID
  /// Whose rows these are.
  public var program: Program
  /// `f32`, `i8` or `i16`.
  public var type: ElementType
  /// Elements of one row, without padding.
  public var width: UInt32
  /// Arena bytes per row before this buffer, a multiple of 64.
  public var offset: UInt32
  /// Scale of a buffer of codes, a vector of 1 or `width` elements (value = q · scale); absent for `f32`.
  public var scale: ConstantID
  /// The set whose rows these are, from 1 in the order of the instructions that make sets; 0 for all rows.
  public var rowSet: UInt32

  /// Makes a buffer; `offset` in bytes per row.
  public init(
    name: StringID, program: Program, type: ElementType, width: UInt32, offset: UInt32,
    scale: ConstantID = .absent, rowSet: UInt32 = 0
  ) {
    self.rowSet = rowSet
    self.name = name
    self.program = program
    self.type = type
    self.width = width
    self.offset = offset
    self.scale = scale
  }

  /// Bytes of one row with its padding: `width` padded to 16 elements, then to 64 bytes.
  public var bytesPerRow: UInt64 { Self.bytesPerRow(type: type, width: width) }

  /// Bytes of one row of `width` elements with its padding, a multiple of 64.
  public static func bytesPerRow(type: ElementType, width: UInt32) -> UInt64 {
    roundedUp(roundedUp(UInt64(width), to: 16) * UInt64(type.byteCount), to: 64)
  }
}

/// One constant: its shape, from which its length in the weights section follows.
public struct Constant: Equatable, Sendable {
  /// Its name, for listings and errors.
  public var name: StringID
  /// What its elements are.
  public var type: ElementType
  /// How its elements lie.
  public var layout: ConstantLayout
  /// First dimension.
  public var d0: UInt32
  /// Second dimension, zero for a vector.
  public var d1: UInt32
  /// Third dimension, zero for every layout so far.
  public var d2: UInt32

  /// Makes a constant; dimensions as `layout` names them.
  public init(
    name: StringID, type: ElementType, layout: ConstantLayout, d0: UInt32, d1: UInt32 = 0, d2: UInt32 = 0
  ) {
    self.name = name
    self.type = type
    self.layout = layout
    self.d0 = d0
    self.d1 = d1
    self.d2 = d2
  }

  /// Bytes in the weights section without the padding that follows, or nil when they pass 2^64.
  public var byteCount: UInt64? {
    let (first, second) = (UInt64(d0), UInt64(d1))
    let bytes = UInt64(type.byteCount)
    return switch layout {
    case .vector: roundedUp(first, to: 16) * bytes
    case .rowMajor: product(first, second, bytes)
    case .panelsInt8: product(roundedUp(first, to: 16), roundedUp(second, to: 4), bytes)
    case .panelsFloat, .channelBlocks: product(roundedUp(first, to: 16), second, bytes)
    case .taps: product(first, roundedUp(second, to: 16), bytes)
    case .panelsInt4: product(roundedUp(first, to: 16), roundedUp(second, to: 8) / 2, bytes)
    case .groupFactors: product(roundedUp(first, to: 16), second, bytes)
    }
  }
}

/// A prompt and the logits that it must give, to see that a plan still computes what it once did.
public struct Golden: Equatable, Sendable {
  /// Token ids of the prompt.
  public var input: [UInt32]
  /// Logits after the prompt's last token, `[vocabulary]`.
  public var logits: [Float]

  /// Makes a golden; both arrays empty when there is none.
  public init(input: [UInt32] = [], logits: [Float] = []) {
    self.input = input
    self.logits = logits
  }
}
