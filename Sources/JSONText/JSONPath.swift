/// The way from the root of a document to a value.
struct JSONPath: Sendable {
  enum Step: Sendable {
    case member(String)
    case element(Int)
  }

  var steps: [Step] = []

  func appending(_ step: Step) -> JSONPath {
    JSONPath(steps: steps + [step])
  }
}

extension JSONPath: CustomStringConvertible {
  var description: String {
    steps.reduce(into: "$") { text, step in
      switch step {
      case .element(let index): text += "[\(index)]"
      case .member(let name) where Self.isPlain(name): text += ".\(name)"
      case .member(let name): text += "[\(JSONText.quoted(name))]"
      }
    }
  }

  private static func isPlain(_ name: String) -> Bool {
    guard let first = name.utf8.first, name.utf8.count <= JSONText.longestQuote else { return false }
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    return isLetter(first) && name.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x2D }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x5F
  }
}
