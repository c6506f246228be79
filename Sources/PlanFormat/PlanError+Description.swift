extension PlanError: CustomStringConvertible {
  /// What is wrong, as one sentence.
  public var description: String {
    switch self {
    case .truncated(let needed, let found): "the plan ends after \(found) bytes, \(needed) are needed"
    case .notAPlan: "this is not a plan: the first bytes are not those of the format"
    case .textModeDamage: "the plan was damaged by a transfer in text mode: copy it again as binary"
    case .version(let found, let supported):
      "the plan has version \(found), this program reads \(supported.major).0 to \(supported)"
    case .features(let bits):
      "the plan needs features (bits \(String(bits, radix: 2))) that this program lacks"
    case .fileLength(let stated, let found):
      "the plan says that it has \(stated) bytes, the file has \(found)"
    case .checksum(let stated, let found):
      "checksum of header and section table is \(hex(found)), the header says \(hex(stated))"
    case .notZero(let offset): "the byte at offset \(offset) is reserved or padding, and not zero"
    case .section(let kind, let problem): "section \(kind): \(problem)"
    case .limit(let quantity, let found, let limit):
      "\(quantity.rawValue): \(found) is above the limit of \(limit)"
    case .string(let id, let problem): "string \(id.rawValue): \(problem)"
    case .model(let problem): "model record: \(problem)"
    case .constant(let id, let problem): "constant \(id.rawValue): \(problem)"
    case .buffer(let id, let problem): "buffer \(id.rawValue): \(problem)"
    case .instruction(let index, let problem): "instruction \(index): \(problem)"
    case .program(let problem): "\(problem)"
    case .metadata(let index, let problem): "metadata pair \(index): \(problem)"
    case .golden(let problem): "golden: \(problem)"
    }
  }

  private func hex(_ number: UInt32) -> String { "0x" + String(number, radix: 16) }
}

extension SectionProblem: CustomStringConvertible {
  /// What is wrong, without saying where.
  public var description: String {
    switch self {
    case .count(let found, let expected): "\(found) sections are there, \(expected) expected"
    case .kind(let found): "kind \(found) stands in its place"
    case .offset(let found, let expected): "it begins at \(found) instead of \(expected)"
    case .length(let found): "its \(found) bytes reach beyond the file"
    case .recordLength(let found): "its \(found) bytes do not fit its contents"
    }
  }
}

extension StringProblem: CustomStringConvertible {
  /// What is wrong, without saying where.
  public var description: String {
    switch self {
    case .range: "its range is not inside the section"
    case .encoding: "it is not UTF-8"
    case .controlCharacter: "it holds a control character"
    }
  }
}

extension ModelProblem: CustomStringConvertible {
  /// What is wrong, without saying where.
  public var description: String {
    switch self {
    case .zeroSize: "vocabulary, width and arena sizes must not be zero"
    case .unaligned: "arena and state sizes must be multiples of 64"
    case .pages: "a page must hold keys and values and nothing else"
    case .logits: "the logits must be a float32 buffer of the head, as wide as the vocabulary"
    }
  }
}

extension ConstantProblem: CustomStringConvertible {
  /// What is wrong, without saying where.
  public var description: String {
    switch self {
    case .record: "its type or layout is unknown, or reserved bytes are not zero"
    case .name: "its name is no string of at most \(PlanLimits.name) bytes"
    case .type: "its layout does not allow its type"
    case .dimensions: "a dimension in use is zero, or one not in use is not"
    case .tooLarge: "its length in bytes is too large to count"
    case .length(let found, let expected): "it has \(found) bytes, its dimensions give \(expected)"
    case .offset(let found, let expected): "it begins at \(found) instead of \(expected)"
    case .outside: "it reaches beyond the weights section"
    case .value(let index): "element \(index) is not finite and above zero, or its padding is wrong"
    }
  }
}

extension BufferProblem: CustomStringConvertible {
  /// What is wrong, without saying where.
  public var description: String {
    switch self {
    case .record: "its program or type is unknown, or reserved bytes are not zero"
    case .name: "its name is no string of at most \(PlanLimits.name) bytes"
    case .type: "its type is not float32, int8 or int16, or came after the plan's version"
    case .rowSet: "no instruction makes its row set"
    case .place: "it is empty, unaligned, or reaches beyond the arena"
    case .scale:
      "a float32 buffer has no scale, one of codes has one with 1 or as many elements as it is wide"
    }
  }
}

extension InstructionProblem: CustomStringConvertible {
  /// What is wrong, without saying where.
  public var description: String {
    switch self {
    case .record: "its opcode or program is unknown, or came after the plan's version"
    case .name: "its name is no string of at most \(PlanLimits.name) bytes"
    case .program: "its program may not hold it here"
    case .unusedWord(let index): "word \(index) is unused, and not zero"
    case .reference(let field): "\(field) names something that does not exist"
    case .presence(let field): "\(field) is missing, or there where it must not be"
    case .bufferProgram(let field): "\(field) is a buffer of the other program"
    case .type(let field): "\(field) has a type or layout that the opcode does not take"
    case .size(let field, let found, let expected): "\(field) has size \(found) where \(expected) is needed"
    case .range(let field, let found): "\(field) is out of range: \(found)"
    case .hadamardBlock: "block must be a listed order times a power of two, and divide the width"
    case .state(let offset): "its state at \(offset) overlaps an earlier one or reaches beyond the slot"
    case .rowSet(let field): "\(field) has the rows of another row set"
    case .unwritten(let field):
      "\(field) reads bytes that this call has not written, or has overwritten since"
    case .correction(let output): "its correction of output \(output) does not fit the weights"
    case .otherFactors: "an earlier instruction uses its four-bit weights with other factors"
    case .factor(let output): "a factor of output \(output) is not from 1 to 63"
    case .overlap(let field): "\(field) overlaps another operand in the arena"
    }
  }
}

extension ProgramProblem: CustomStringConvertible {
  /// What is wrong, as one sentence.
  public var description: String {
    switch self {
    case .emptyBody: "the body has no instruction"
    case .emptyHead: "the head has no instruction"
    case .select: "the head must begin with its only select"
    case .logitsUnwritten: "the logits are not there when the head ends"
    }
  }
}

extension MetadataProblem: CustomStringConvertible {
  /// What is wrong, without saying where.
  public var description: String {
    switch self {
    case .string: "key or value is no string"
    case .order: "its key does not come after the one before"
    }
  }
}

extension GoldenProblem: CustomStringConvertible {
  /// What is wrong, without saying where.
  public var description: String {
    switch self {
    case .length: "its length does not fit its count and the vocabulary"
    case .token(let index): "token \(index) is not below the vocabulary"
    case .logit(let index): "logit \(index) is not finite"
    }
  }
}
