/// Text on its way through the splitters, as the pieces that there are so far.
struct PieceSplitter {
  /// The text; splitters may rewrite it.
  private(set) var bytes: [UInt8]
  /// The pieces, none of them empty.
  private(set) var pieces: [Range<Int>]
  /// Whether bytes are looked at as the characters that stand for them.
  private var isMapped = false

  /// Runs splitters over text between added tokens.
  /// - Parameter isStart: whether the input begins with this text.
  init(_ text: [UInt8], _ splitters: [TokenizerTables.Rules.Splitter], isStart: Bool) {
    bytes = text
    pieces = text.isEmpty ? [] : [0..<text.count]
    for splitter in splitters { run(splitter, isStart: isStart) }
  }

  private mutating func run(_ splitter: TokenizerTables.Rules.Splitter, isStart: Bool) {
    switch splitter {
    case .byteLevel(let addsPrefixSpace, let splits):
      if addsPrefixSpace {
        rewrite { piece, _ in piece.first == UInt8(ascii: " ") ? Array(piece) : [UInt8(ascii: " ")] + piece }
      }
      if splits { split(.expression(.gpt2), .isolated) }
      isMapped = true
    case .expression(let expression, let behavior, let isInverted):
      split(.expression(expression), behavior, isInverted: isInverted)
    case .literal(let text, let behavior, let isInverted):
      split(.literal(text), behavior, isInverted: isInverted)
    case .punctuation(let behavior): split(.punctuation, behavior)
    case .digits(let isIndividual): split(.digits, isIndividual ? .isolated : .contiguous)
    case .metaspace(let mark, let prepending, let splits):
      rewrite { piece, isFirst in
        let marked = piece.replacing([UInt8(ascii: " ")], by: mark)
        let adds = prepending == .always || (prepending == .first && isStart && isFirst)
        return adds && !marked.starts(with: mark) ? mark + marked : marked
      }
      if splits { split(.literal(mark), .mergedWithNext) }
    }
  }

  /// Replaces each piece by another text.
  private mutating func rewrite(_ change: (_ piece: ArraySlice<UInt8>, _ isFirst: Bool) -> [UInt8]) {
    var rewritten: [UInt8] = []
    rewritten.reserveCapacity(bytes.count + pieces.count)
    for index in pieces.indices {
      let start = rewritten.count
      rewritten += change(bytes[pieces[index]], index == 0)
      pieces[index] = start..<rewritten.count
    }
    bytes = rewritten
  }

  private mutating func split(
    _ matcher: PieceMatcher, _ behavior: TokenizerTables.Rules.Behavior, isInverted: Bool = false
  ) {
    var parts: [Range<Int>] = []
    var marks: [(range: Range<Int>, isMatch: Bool)] = []
    for piece in pieces {
      marks.removeAll(keepingCapacity: true)
      var start = piece.lowerBound
      while let match = matcher.nextMatch(
        in: bytes.span, from: start, to: piece.upperBound, isMapped: isMapped)
      {
        if start < match.lowerBound { marks.append((start..<match.lowerBound, isInverted)) }
        marks.append((match, !isInverted))
        start = match.upperBound
      }
      if start < piece.upperBound { marks.append((start..<piece.upperBound, isInverted)) }
      behavior.join(marks, into: &parts)
    }
    pieces = parts
  }
}

extension TokenizerTables.Rules.Behavior {
  /// Joins matches, and what lies between, into pieces.
  fileprivate func join(_ marks: [(range: Range<Int>, isMatch: Bool)], into parts: inout [Range<Int>]) {
    var previous: Bool?
    for (index, mark) in marks.enumerated() {
      defer { previous = mark.isMatch }
      if self == .removed && mark.isMatch { continue }
      let joins =
        switch self {
        case .isolated, .removed: false
        case .contiguous: previous == mark.isMatch
        case .mergedWithPrevious: mark.isMatch && previous == false
        case .mergedWithNext: index > 0 && previous == true && !mark.isMatch
        }
      if joins, let last = parts.popLast() {
        parts.append(last.lowerBound..<mark.range.upperBound)
      } else {
        parts.append(mark.range)
      }
    }
  }
}
