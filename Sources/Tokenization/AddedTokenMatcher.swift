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
    var sibling: Int?
    var child: Int?
    var token: Int?
  }

  private var nodes: [Node] = []
  /// First node of each first byte.
  private var roots = [Int?](repeating: nil, count: 256)
  private let tokens: [AddedToken]

  /// A matcher of tokens whose contents are distinct and not empty.
  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    for (index, token) in tokens.enumerated() { insert(token.content, token: index) }
  }

  /// The segments of a text in order; a token that swallows white space may begin inside the one before.
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
      guard let root = roots[Int(bytes[index])] else { continue }
      if let (end, token) = longestMatch(in: bytes, from: index, root: root) { return (index..<end, token) }
    }
    return nil
  }

  private func longestMatch(in bytes: Span<UInt8>, from start: Int, root: Int) -> (end: Int, token: Int)? {
    var found: (end: Int, token: Int)?
    var node: Int? = root
    var index = start
    while let current = node {
      index += 1
      if let token = nodes[current].token { found = (index, token) }
      node = index < bytes.count ? child(of: current, byte: bytes[index]) : nil
    }
    return found
  }

  private func child(of node: Int, byte: UInt8) -> Int? {
    var child = nodes[node].child
    while let current = child, nodes[current].byte != byte { child = nodes[current].sibling }
    return child
  }

  private mutating func insert(_ content: [UInt8], token: Int) {
    var parent: Int?
    for byte in content {
      let found = parent.map { child(of: $0, byte: byte) } ?? roots[Int(byte)]
      if let found {
        parent = found
        continue
      }
      nodes.append(Node(byte: byte, sibling: parent.flatMap { nodes[$0].child }))
      if let parent { nodes[parent].child = nodes.count - 1 } else { roots[Int(byte)] = nodes.count - 1 }
      parent = nodes.count - 1
    }
    if let parent, nodes[parent].token == nil { nodes[parent].token = token }
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
