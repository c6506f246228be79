/// Everything that is known about one opcode: encoder, verifier, listing and documentation follow from it.
public struct OpcodeSpec: Sendable {
  /// What this spec describes.
  public let opcode: Opcode
  /// The name in listings.
  public let name: String
  /// One sentence for the documentation.
  public let summary: String
  /// Programs that may hold it.
  public let programs: [Program]
  /// The words in file order; those beyond are unused and zero.
  public let words: [WordSpec]
  /// Pairs of fields: where the first holds codes, so does the second.
  public let codesImply: [(Field, Field)]
  /// Ranges of dimensions, where narrower than what other operands allow.
  public let ranges: [(Dimension, ClosedRange<UInt32>)]
  /// Whose rows it may run over.
  public let rows: RowUse
  /// The minor version that brought it.
  public let since: UInt16

  init(
    opcode: Opcode, name: String, summary: String, programs: [Program], words: [WordSpec],
    codesImply: [(Field, Field)] = [], ranges: [(Dimension, ClosedRange<UInt32>)] = [],
    rows: RowUse = .call, since: UInt16 = 0
  ) {
    (self.opcode, self.name, self.summary) = (opcode, name, summary)
    (self.programs, self.words, self.codesImply) = (programs, words, codesImply)
    (self.ranges, self.rows, self.since) = (ranges, rows, since)
  }

  /// Where `field` stands among the words, or nil when this opcode has none.
  public func index(of field: Field) -> Int? { words.firstIndex { $0.field == field } }
}

/// Whose rows an instruction may run over.
public enum RowUse: Sendable {
  /// All rows of the call.
  case call
  /// All rows of the call, or those of one row set.
  case any
  /// It makes a row set: what it writes is the set's.
  case makesSet
  /// It reads `input` in the rows of a set, and writes to rows of the call.
  case readsSet
}

/// The name and meaning of one word of an instruction.
public struct WordSpec: Sendable {
  /// Its name.
  public let field: Field
  /// What it may hold.
  public let kind: WordKind
  /// The minor version that brought it; in older plans it is zero, and read as absent.
  public let since: UInt16

  init(field: Field, kind: WordKind, since: UInt16 = 0) {
    self.field = field
    self.kind = kind
    self.since = since
  }
}

/// What one word of an instruction may hold.
public enum WordKind: Sendable {
  /// A buffer that is read, of the instruction's own program unless `of` names one.
  case input(types: [ElementType], width: Dimension, of: Program? = nil, Presence = .required)
  /// A buffer that is written; it overlaps no other operand.
  case output(types: [ElementType], width: Dimension, Presence = .required)
  /// A buffer that is read and written.
  case update(types: [ElementType], width: Dimension)
  /// 0, or 1: the float32 buffer that the field names is added to, so it is read too.
  case accumulate(into: Field)
  /// A constant in one of these layouts.
  case constant(
    [ConstantLayout], types: [ElementType], shape: Shape, Presence = .required, values: Values = .any)
  /// Where the state begins in the slot, in units of 64 bytes.
  case state(StateShape)
  /// The code of one of these element types; float32 where it is not said.
  case elementType([ElementType])
  /// A number within a range.
  case integer(ClosedRange<UInt32>)
  /// A finite float32 above zero, as its bits.
  case positiveFloat
  /// A float32 that is a number, infinite ones among them, as its bits.
  case bound

  /// The word that means "not there".
  var absentValue: UInt32 {
    switch self {
    case .input, .output, .update, .constant: .max
    case .accumulate, .state, .elementType, .integer, .positiveFloat, .bound: 0
    }
  }
}

/// A size that operands of one instruction must agree on.
public enum Dimension: Int, CaseIterable, Sendable {
  /// The model's vocabulary.
  case vocabulary
  /// The model's width.
  case modelWidth
  /// Elements of a row: channels, or inputs of a product.
  case width
  /// Outputs of a product.
  case outputs
  /// State elements per channel.
  case states
  /// Taps of a convolution.
  case taps
  /// Heads of a scan.
  case heads
  /// Groups of heads times state elements per channel.
  case groupStates
  /// Channels of all heads.
  case queries
  /// Channels of all heads of keys, and of values.
  case keys
  /// Experts that rows are routed to.
  case experts
  /// Groups of inputs that share a factor.
  case weightGroups
}

/// The dimensions of a constant.
public enum Shape: Sendable {
  /// As many elements as the dimension says.
  case exactly(Dimension)
  /// One element for all, or as many as the dimension says.
  case oneOr(Dimension)
  /// Two dimensions.
  case matrix(Dimension, Dimension)
}

/// When an operand is there.
public enum Presence: Sendable {
  /// Always.
  case required
  /// At the compiler's choice.
  case optional
  /// Exactly when all these operands are there and hold codes.
  case exactlyWhenCodes([Field])
  /// At least when all these operands are there and hold codes.
  case atLeastWhenCodes([Field])
}

/// What the elements of a constant may be.
public enum Values: Sendable {
  /// Anything; the verifier does not read them.
  case any
  /// Finite and above zero, and zero in the padding.
  case positive
  /// Finite and above zero, and one in the padding.
  case positivePaddedWithOne
}

/// How many bytes of a slot an instruction's state takes.
public enum StateShape: Sendable {
  /// `[taps - 1][channels padded to 16]` elements of the input's type, then padded to 64 bytes.
  case history
  /// `[blocks of 16 channels][n][16]` elements of the type that the instruction names, then padded to 64 bytes.
  case hidden
  /// Keys and values of one page: not in the slot, but in every page of the sequence.
  case page
}
