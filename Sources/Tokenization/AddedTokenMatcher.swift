/// Cuts added tokens out of text, leftmost first, the longest of those that start at one place.
struct AddedTokenMatcher: Sendable {
  /// A stretch of text: an added token, or what lies between.
  enum Segment: Equatable {
    case text(Range<Int>)
    case token(UInt32)
  }

  /// A node of the trie of all contents; children form a list.
  private struct Node {
    var byte: UInt8
    /// Nodes, 0 where there is none.
    var sibling: UInt32 = 0
    var child: UInt32 = 0
    /// One more than the token that ends here, 0 where none does.
    var token: UInt32 = 0
  }

  /// The first one is the root of all; its byte means nothing.
  private var nodes = [Node(byte: 0)]
  /// The root's child of each byte, 0 where there is none.
  private var roots = [UInt32](repeating: 0, count: 256)
  private let tokens: [AddedToken]

  /// A matcher of tokens whose contents are distinct and not empty.
  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    for (index, token) in tokens.enumerated() { insert(token.content, token: index) }
  }

  /// The segments of a text in order; a token that swallows white space may begin inside the one before.
  ///
  /// - Complexity: O(n · length of the longest content) in the text's length, since a match may begin at any byte.
  func segments(of bytes: Span<UInt8>) -> [Segment] {
    var segments: [Segment] = []
    var start = 0
    var index = 0
    var spaces = 0..<0
    while let match = nextMatch(in: bytes, from: index) {
      index = match.range.upperBound
      let token = tokens[match.token]
      if token.flags.contains(.singleWord), Self.touchesWord(match.range, in: bytes) { continue }
      var range = match.range
      if token.flags.contains(.stripsLeft) {
        let left = Self.spaceStart(before: range.lowerBound, downTo: start, in: bytes)
        range = left..<max(left, range.upperBound)
      }
      if token.flags.contains(.stripsRight) {
        // The matches within one run of white space all end where it ends; it is looked at once.
        if !spaces.contains(range.upperBound) {
          spaces = range.upperBound..<Self.spaceEnd(after: range.upperBound, in: bytes)
        }
        range = range.lowerBound..<spaces.upperBound
      }
      if start < range.lowerBound { segments.append(.text(start..<range.lowerBound)) }
      segments.append(.token(token.id))
      start = range.upperBound
    }
    if start < bytes.count { segments.append(.text(start..<bytes.count)) }
    return segments
  }

  private func nextMatch(in bytes: Span<UInt8>, from start: Int) -> (range: Range<Int>, token: Int)? {
    for index in start..<bytes.count {
      let root = roots[Int(bytes[index])]
      guard root > 0 else { continue }
      if let (end, token) = longestMatch(in: bytes, from: index, root: root) { return (index..<end, token) }
    }
    return nil
  }

  private func longestMatch(
    in bytes: Span<UInt8>, from start: Int, root: UInt32
  ) -> (end: Int, token: Int)? {
    var found: (end: Int, token: Int)?
    var node = root
    var index = start
    while node > 0 {
      index += 1
      let token = nodes[Int(node)].token
      if token > 0 { found = (index, Int(token) - 1) }
      node = index < bytes.count ? child(of: node, byte: bytes[index]) : 0
    }
    return found
  }

  private func child(of node: UInt32, byte: UInt8) -> UInt32 {
    guard node > 0 else { return roots[Int(byte)] }
    var child = nodes[Int(node)].child
    while child > 0, nodes[Int(child)].byte != byte { child = nodes[Int(child)].sibling }
    return child
  }

  private mutating func insert(_ content: [UInt8], token: Int) {
    var node: UInt32 = 0
    for byte in content {
      let found = child(of: node, byte: byte)
      node = found > 0 ? found : addChild(of: node, byte: byte)
    }
    if nodes[Int(node)].token == 0 { nodes[Int(node)].token = UInt32(token) + 1 }
  }

  private mutating func addChild(of parent: UInt32, byte: UInt8) -> UInt32 {
    let child = UInt32(nodes.count)
    nodes.append(Node(byte: byte, sibling: nodes[Int(parent)].child))
    if parent > 0 { nodes[Int(parent)].child = child } else { roots[Int(byte)] = child }
    return child
  }
}

/// What surrounds a match.
extension AddedTokenMatcher {
  private static func touchesWord(_ range: Range<Int>, in bytes: Span<UInt8>) -> Bool {
    if range.lowerBound > 0, bytes.scalar(before: range.lowerBound).scalar.isWordCharacter { return true }
    return range.upperBound < bytes.count && bytes.scalar(at: range.upperBound).scalar.isWordCharacter
  }

  private static func spaceStart(before end: Int, downTo limit: Int, in bytes: Span<UInt8>) -> Int {
    var start = end
    while start > limit {
      let (scalar, length) = bytes.scalar(before: start)
      guard scalar.properties.isWhitespace else { break }
      start -= length
    }
    return max(start, limit)
  }

  private static func spaceEnd(after start: Int, in bytes: Span<UInt8>) -> Int {
    var end = start
    while end < bytes.count {
      let (scalar, length) = bytes.scalar(at: end)
      guard scalar.properties.isWhitespace else { break }
      end += length
    }
    return end
  }
}
