/// Distinct names in order, and the place of each.
struct NameIndex: Equatable, Sendable {
  private(set) var names: [String] = []
  private var places: [ExactName: Int] = [:]

  /// Up to this many names a search of the list is quicker than a table, and much smaller.
  private static let longestList = 8

  /// The place of a name, nil where it is absent.
  func find(_ name: String) -> Int? {
    if names.count > Self.longestList { return places[ExactName(text: name)] }
    return names.firstIndex { ExactName(text: $0) == ExactName(text: name) }
  }

  /// Appends a name that is not there yet.
  mutating func append(_ name: String) {
    names.append(name)
    if names.count == Self.longestList + 1 {
      for (place, name) in names.enumerated() { places[ExactName(text: name)] = place }
    } else if names.count > Self.longestList {
      places[ExactName(text: name)] = names.count - 1
    }
  }

  static func == (left: NameIndex, right: NameIndex) -> Bool {
    left.names.elementsEqual(right.names) { ExactName(text: $0) == ExactName(text: $1) }
  }
}

/// A string that equals only a string of the same bytes.
///
/// `String` itself holds "é" and "e\u{301}" to be equal, but a vocabulary may list both.
struct ExactName: Hashable, Sendable {
  let text: String

  static func == (left: ExactName, right: ExactName) -> Bool {
    left.text.utf8.elementsEqual(right.text.utf8)
  }

  func hash(into hasher: inout Hasher) {
    var text = text
    text.withUTF8 { bytes in unsafe hasher.combine(bytes: UnsafeRawBufferPointer(bytes)) }
  }
}
