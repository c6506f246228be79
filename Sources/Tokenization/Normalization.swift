extension TokenizerTables.Rules {
  /// Runs the normalizers over text in UTF-8.
  func normalize(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var text = Array(text)
    for stage in normalizers {
      switch stage {
      case .nfc: text = CanonicalComposition.compose(text[...]) ?? text
      case .prepend(let prefix): if !text.isEmpty { text = prefix + text }
      case .replace(let pattern, let replacement): text = text[...].replacing(pattern, by: replacement)
      }
    }
    return text
  }
}

extension ArraySlice<UInt8> {
  /// The bytes with every occurrence of a pattern replaced, from the left; occurrences do not overlap.
  func replacing(_ pattern: [UInt8], by replacement: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(count)
    var index = startIndex
    while index < endIndex {
      if self[index] == pattern[0], self[index...].starts(with: pattern) {
        result += replacement
        index += pattern.count
      } else {
        result.append(self[index])
        index += 1
      }
    }
    return result
  }
}
