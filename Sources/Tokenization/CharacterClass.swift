/// What the GPT-2 expression distinguishes: `\p{L}`, `\p{N}`, `\s`, and the rest.
///
/// Classes come from the standard library's Unicode tables (Unicode 17 in Swift 6.3). The `tokenizers`
/// library (0.22, 0.23) has Unicode 16, so letters and numbers that Unicode 17 added, such as U+10940, are
/// letters here and "the rest" there; the oracle cases leave them out. White space is the same.
enum CharacterClass {
  case letter, number, space, other

  init(ascii byte: UInt8) {
    if (byte | 0x20) &- 0x61 < 26 {
      self = .letter
    } else if byte &- 0x30 < 10 {
      self = .number
    } else if byte == 0x20 || byte &- 9 < 5 {
      self = .space
    } else {
      self = .other
    }
  }

  init(_ scalar: Unicode.Scalar) {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
    case .decimalNumber, .letterNumber, .otherNumber: self = .number
    default: self = scalar.properties.isWhitespace ? .space : .other
    }
  }

  /// The class of the character at an index of valid UTF-8, and its length in bytes.
  static func at(_ index: Int, of bytes: Span<UInt8>) -> (kind: CharacterClass, length: Int) {
    if bytes[index] < 0x80 { return (CharacterClass(ascii: bytes[index]), 1) }
    let (scalar, length) = bytes.scalar(at: index)
    return (CharacterClass(scalar), length)
  }
}

extension Unicode.Scalar {
  /// `\w` of Unicode Technical Standard 18.
  var isWordCharacter: Bool {
    switch properties.generalCategory {
    case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: true
    default: properties.isAlphabetic || properties.isJoinControl
    }
  }
}
