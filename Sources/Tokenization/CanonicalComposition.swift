@_spi(_Unicode) import Swift

/// Normalization form C, by the standard library's `_nfc`; the only use of that interface, which is not
/// public.
///
/// The standard library follows Unicode 17. The `tokenizers` library has combining classes and compositions
/// of about Unicode 9, so it leaves marks that came later, such as U+089B, where they stand; the oracle cases
/// leave them out.
///
/// Non-starters are put in canonical order before: `_nfc` sorts them in quadratic time, and it takes U+0F73,
/// U+0F75 and U+0F81 for starters that end a run, although they decompose to non-starters.
enum CanonicalComposition {
  /// The composed form of valid UTF-8, or nil where it is plain to see that nothing changes.
  static func compose(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
    // Text below U+0300 is composed.
    guard bytes.contains(where: { $0 >= 0xCC }) else { return nil }
    var composed: [UInt8] = []
    composed.reserveCapacity(bytes.count)
    for scalar in ordered(String(decoding: bytes, as: UTF8.self))._nfc {
      composed.append(contentsOf: UTF8.encode(scalar)!)
    }
    return composed
  }

  private static func ordered(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    result.reserveCapacity(text.utf8.count)
    var marks: [(order: UInt8, scalar: Unicode.Scalar)] = []
    func add(_ scalar: Unicode.Scalar) {
      let order = scalar.value < 0x300 ? 0 : scalar.properties.canonicalCombiningClass.rawValue
      if order == 0 {
        flush()
        result.append(scalar)
      } else {
        marks.append((order, scalar))
      }
    }
    func flush() {
      guard !marks.isEmpty else { return }
      if marks.count > 1 { sort(&marks) }
      for mark in marks { result.append(mark.scalar) }
      marks.removeAll(keepingCapacity: true)
    }
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0xF73, 0xF75, 0xF81:
        add("\u{F71}")
        add(scalar.value == 0xF73 ? "\u{F72}" : scalar.value == 0xF75 ? "\u{F74}" : "\u{F80}")
      default: add(scalar)
      }
    }
    flush()
    return String(result)
  }

  /// Sorts by combining class; equal classes keep their order.
  private static func sort(_ marks: inout [(order: UInt8, scalar: Unicode.Scalar)]) {
    var places = [Int](repeating: 0, count: 257)
    for mark in marks { places[Int(mark.order) + 1] += 1 }
    for order in 0..<256 { places[order + 1] += places[order] }
    var sorted = marks
    for mark in marks {
      sorted[places[Int(mark.order)]] = mark
      places[Int(mark.order)] += 1
    }
    marks = sorted
  }
}
