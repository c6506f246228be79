/// Why bytes are not a plan that can be run.
public enum PlanError: Error, Equatable, Sendable {
  /// The file is shorter than its fixed parts or than it says.
  case truncated(needed: UInt64, found: UInt64)
  /// The file does not begin as plans do.
  case notAPlan
  /// The file begins as plans do, but a transfer in text mode changed its line ends.
  case textModeDamage
  /// The plan is of a version that this code cannot read.
  case version(found: PlanVersion, supported: PlanVersion)
  /// The plan needs features that this code does not have.
  case features(UInt32)
  /// The header's length of the file is not the file's.
  case fileLength(stated: UInt64, found: UInt64)
  /// Header and section table do not give the checksum that the header holds.
  case checksum(stated: UInt32, found: UInt32)
  /// Bytes that are reserved or padding are not zero.
  case notZero(offset: UInt64)
  /// A section is not as it must be.
  case section(SectionKind, SectionProblem)
  /// Something passes a limit.
  case limit(LimitedQuantity, found: UInt64, limit: UInt64)
  /// A string is not as it must be.
  case string(StringID, StringProblem)
  /// The model record is not as it must be.
  case model(ModelProblem)
  /// A constant is not as it must be.
  case constant(ConstantID, ConstantProblem)
  /// A buffer is not as it must be.
  case buffer(BufferID, BufferProblem)
  /// An instruction is not as it must be.
  case instruction(Int, InstructionProblem)
  /// A program lacks what every program has.
  case program(ProgramProblem)
  /// A pair of metadata is not as it must be.
  case metadata(Int, MetadataProblem)
  /// The golden input and output are not as they must be.
  case golden(GoldenProblem)
}

/// What has a limit.
public enum LimitedQuantity: String, Sendable {
  case headerRegion = "header region (bytes)"
  case fileLength = "file length (bytes)"
  case arenaPerRow = "arena of one row (bytes)"
  case statePerSlot = "state slot (bytes)"
  case bytesPerPage = "page of keys and values (bytes)"
  case instructions = "instructions"
  case vocabulary = "vocabulary"
  case verifierSteps = "work of verifying (steps)"
  case scaleElements = "elements of scales, inverses and multipliers, each as often as it is named"
  case metadata = "values of the metadata (bytes)"
  case goldenTokens = "tokens of the golden prompt"
}

/// What is wrong with a section.
public enum SectionProblem: Equatable, Sendable {
  /// Another number of sections than this code knows.
  case count(found: UInt32, expected: UInt32)
  /// Another kind stands in its place.
  case kind(found: UInt32)
  /// It does not begin where the one before ends, padded to 64 bytes.
  case offset(found: UInt64, expected: UInt64)
  /// It reaches beyond the file.
  case length(found: UInt64)
  /// Its length is not a whole number of records, or not what its contents call for.
  case recordLength(found: UInt64)
}

/// What is wrong with a string.
public enum StringProblem: Equatable, Sendable {
  /// It ends before it begins, or beyond the section.
  case range
  /// It is not UTF-8.
  case encoding
  /// It holds a control character.
  case controlCharacter
}

/// What is wrong with the model record.
public enum ModelProblem: Equatable, Sendable {
  /// A size that must not be zero is.
  case zeroSize
  /// Arena or state sizes are no multiples of 64.
  case unaligned
  /// The logits are not a float32 buffer of the head, as wide as the vocabulary.
  case logits
  /// A page is larger than its keys and values.
  case pages
}

/// What is wrong with a constant.
public enum ConstantProblem: Equatable, Sendable {
  /// Its type or layout is unknown, or reserved bytes are not zero.
  case record
  /// Its name is no string, or too long.
  case name
  /// Its layout does not allow its type, or the type came after the plan's version.
  case type
  /// A dimension in use is zero, or one not in use is not.
  case dimensions
  /// Its length in bytes passes what can be counted.
  case tooLarge
  /// Its length is not what its dimensions give.
  case length(found: UInt64, expected: UInt64)
  /// It does not begin where the one before ends, padded to 64 bytes.
  case offset(found: UInt64, expected: UInt64)
  /// It reaches beyond the weights section.
  case outside
  /// An element that must be finite and above zero is not, or the padding is not as it must be.
  case value(index: UInt64)
}

/// What is wrong with a buffer.
public enum BufferProblem: Equatable, Sendable {
  /// Its program or type is unknown, or reserved bytes are not zero.
  case record
  /// Its name is no string, or too long.
  case name
  /// Its type is not float32, int8 or int16, or came after the plan's version.
  case type
  /// It is empty, unaligned, or reaches beyond the arena.
  case place
  /// A float32 buffer has a scale, or one of codes has none that fits.
  case scale
  /// No instruction makes its row set.
  case rowSet
}

/// What is wrong with an instruction.
public enum InstructionProblem: Equatable, Sendable {
  /// Its opcode or program is unknown, or came after the plan's version.
  case record
  /// Its name is no string, or too long.
  case name
  /// It stands in a program that may not hold it, or after the head began.
  case program
  /// A word beyond those in use is not zero.
  case unusedWord(Int)
  /// A buffer or constant that does not exist.
  case reference(Field)
  /// An operand that must be there is not, or the other way round.
  case presence(Field)
  /// A buffer of another program.
  case bufferProgram(Field)
  /// An element type or layout that the opcode does not take.
  case type(Field)
  /// A size that does not agree with the instruction's other operands.
  case size(Field, found: UInt32, expected: UInt32)
  /// A number out of its range.
  case range(Field, found: UInt32)
  /// A Hadamard block that is not the order times a power of two, or does not divide the width.
  case hadamardBlock
  /// A state that overlaps an earlier one or reaches beyond the slot.
  case state(offset: UInt64)
  /// A buffer with the rows of another row set.
  case rowSet(Field)
  /// A buffer whose bytes were not written before, or were overwritten since.
  case unwritten(Field)
  /// A correction that is not −128 times the sum of this output's weights.
  case correction(output: UInt32)
  /// Four-bit weights that an earlier instruction uses with other factors.
  case otherFactors
  /// A factor of this output's groups outside 1 … 63, or, where the output is padding, other than 0.
  case factor(output: UInt32)
  /// An output whose bytes overlap another operand.
  case overlap(Field)
}

/// What a program lacks.
public enum ProgramProblem: Equatable, Sendable {
  /// The body has no instruction.
  case emptyBody
  /// The head has no instruction.
  case emptyHead
  /// The head does not begin with its only select.
  case select
  /// The logits are not there when the head ends.
  case logitsUnwritten
}

/// What is wrong with a pair of metadata.
public enum MetadataProblem: Equatable, Sendable {
  /// Key or value is no string.
  case string
  /// Its key does not come after the one before.
  case order
}

/// What is wrong with the golden.
public enum GoldenProblem: Equatable, Sendable {
  /// It is neither empty nor as long as its count and the vocabulary say.
  case length
  /// A token id that is not below the vocabulary.
  case token(index: UInt32)
  /// A logit that is not finite.
  case logit(index: UInt32)
}
