import Generation

/// Changes JSON text in ways that mostly leave it JSON: values and members are removed, doubled and exchanged.
struct JSONMutation {
  private static let literals = [
    "0", "-1", "1", "255", "65536", "2147483648", "9007199254740993", "9223372036854775808", "1e308",
    "1e-320",
    "0.5", "-0", "null", "true", "false", "\"\"", "\"\\u0000\"", "\"a/../b\"", "[]", "{}", "[[]]", "NaN",
  ].map { Array($0.utf8) }

  private var random: RandomSource
  private let bytes: [UInt8]
  private let values: [Range<Int>]

  /// Finds the values of a text, whether it is JSON or not.
  init(_ bytes: [UInt8], seed: UInt64) {
    self.bytes = bytes
    random = RandomSource(seed: seed)
    var scanner = Scanner(bytes: bytes)
    while scanner.position < bytes.count { scanner.skipValue(depth: 0) }
    values = scanner.values
  }

  /// A changed text.
  /// - Parameter mutate: changes the bytes of one value.
  mutating func mutated(_ mutate: ([UInt8]) -> [UInt8]) -> [UInt8] {
    guard let value = values.randomElement(using: &random), let other = values.randomElement(using: &random)
    else { return mutate(bytes) }
    switch random.next() % 6 {
    case 0: return replacing(value, Array(bytes[other]))
    case 1: return replacing(value, Self.literals.randomElement(using: &random) ?? [])
    case 2: return replacing(withComma(value), [])
    case 3: return replacing(value, bytes[value] + [UInt8(ascii: ",")] + bytes[other])
    default: return replacing(value, mutate(Array(bytes[value])))
    }
  }

  private func replacing(_ range: Range<Int>, _ replacement: [UInt8]) -> [UInt8] {
    bytes[..<range.lowerBound] + replacement + bytes[range.upperBound...]
  }

  /// The range with a comma that follows it, or else one that comes before it.
  private func withComma(_ range: Range<Int>) -> Range<Int> {
    let comma = UInt8(ascii: ",")
    if range.upperBound < bytes.count, bytes[range.upperBound] == comma {
      return range.lowerBound..<range.upperBound + 1
    }
    let before = range.lowerBound - 1
    return before >= 0 && bytes[before] == comma ? before..<range.upperBound : range
  }

  /// Collects the ranges of values, and of members with their keys.
  private struct Scanner {
    let bytes: [UInt8]
    var position = 0
    var values: [Range<Int>] = []

    private var byte: UInt8? { position < bytes.count ? bytes[position] : nil }

    /// Skips a value, or a byte that begins none.
    mutating func skipValue(depth: Int) {
      let start = position
      switch byte {
      case UInt8(ascii: "\""): skipString()
      case UInt8(ascii: "{"), UInt8(ascii: "["): skipItems(depth: depth)
      case .some(let other) where Self.isWord(other): while byte.map(Self.isWord) ?? false { position += 1 }
      default:
        position += 1
        return
      }
      values.append(start..<position)
    }

    private mutating func skipString() {
      position += 1
      while let next = byte, next != UInt8(ascii: "\"") {
        position = min(position + (next == UInt8(ascii: "\\") ? 2 : 1), bytes.count)
      }
      position = min(position + 1, bytes.count)
    }

    private mutating func skipItems(depth: Int) {
      position += 1
      var key: Int?
      while let next = byte, next != UInt8(ascii: "}"), next != UInt8(ascii: "]") {
        let start = position
        if depth < 64 { skipValue(depth: depth + 1) } else { position += 1 }
        guard next != UInt8(ascii: ":"), next != UInt8(ascii: ","), next > UInt8(ascii: " ") else { continue }
        if let first = key { values.append(first..<position) }
        key = byte == UInt8(ascii: ":") ? start : nil
      }
      position = min(position + 1, bytes.count)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."):
        true
      default: false
      }
    }
  }
}
