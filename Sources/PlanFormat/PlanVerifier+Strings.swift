extension PlanVerifier {
  /// Ranges lie one after the other and fill the section; each string is UTF-8 without control characters.
  func verifyStrings() throws(PlanError) {
    let section = view.sections[.strings]
    let wrongLength = PlanError.section(.strings, .recordLength(found: UInt64(section.count)))
    guard section.count >= 8 else { throw wrongLength }
    let count = UInt64(view.bytes.u32(section.lowerBound))
    let tableLength = 4 + 4 * (count + 1)
    guard tableLength <= section.count else { throw wrongLength }
    let textLength = UInt32(UInt64(section.count) - tableLength)
    var end: UInt32 = 0
    for index in 0...Int(count) {
      let next = view.bytes.u32(section.lowerBound + 4 + 4 * index)
      let id = StringID(UInt32(max(index, 1) - 1))
      guard next >= end, next <= textLength, index > 0 || next == 0 else { throw .string(id, .range) }
      end = next
    }
    guard end == textLength else { throw wrongLength }
    for index in 0..<UInt32(count) { try verifyText(of: StringID(index)) }
  }

  private func verifyText(of id: StringID) throws(PlanError) {
    let range = view.stringRange(id)
    var offset = range.lowerBound
    while offset < range.upperBound {
      let lead = view.bytes.u8(offset)
      guard let form = UTF8Form(lead: lead), form.length <= range.upperBound - offset else {
        throw .string(id, .encoding)
      }
      for index in 1..<max(form.length, 1) {
        let allowed = index == 1 ? form.second : 0x80...0xBF
        guard allowed.contains(view.bytes.u8(offset + index)) else { throw .string(id, .encoding) }
      }
      let isControl = lead < 0x20 || lead == 0x7F || (lead == 0xC2 && view.bytes.u8(offset + 1) < 0xA0)
      guard !isControl else { throw .string(id, .controlCharacter) }
      offset += form.length
    }
  }
}

/// What may follow the first byte of a character in UTF-8 (Unicode, table 3-7).
private struct UTF8Form {
  let length: Int
  /// The second byte's range; later ones are 80...BF.
  let second: ClosedRange<UInt8>

  init?(lead: UInt8) {
    switch lead {
    case 0x00...0x7F: (length, second) = (1, 0...0)
    case 0xC2...0xDF: (length, second) = (2, 0x80...0xBF)
    case 0xE0: (length, second) = (3, 0xA0...0xBF)
    case 0xED: (length, second) = (3, 0x80...0x9F)
    case 0xE1...0xEF: (length, second) = (3, 0x80...0xBF)
    case 0xF0: (length, second) = (4, 0x90...0xBF)
    case 0xF1...0xF3: (length, second) = (4, 0x80...0xBF)
    case 0xF4: (length, second) = (4, 0x80...0x8F)
    default: return nil
    }
  }
}
