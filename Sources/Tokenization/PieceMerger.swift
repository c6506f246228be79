/// Joins the bytes of one piece by merges, the lowest rank first, the leftmost of equals first.
struct PieceMerger {
  /// Longest piece, in bytes, for which scanning all pairs is faster than a queue.
  private static let scanLimit = 48

  private let tables: TokenizerTables
  private let ranks: MergeTable
  private let characters: [Unicode.Scalar: UInt32]
  private var symbols: [UInt32] = []
  private var pairRanks: [UInt32] = []

  /// A merger that begins with the tokens of bytes, or with those of characters where there are such.
  init(tables: TokenizerTables, ranks: MergeTable, characters: [Unicode.Scalar: UInt32]) {
    self.characters = characters
    self.tables = tables
    self.ranks = ranks
  }

  /// Appends the ids of the piece `bytes[range]`.
  ///
  /// - Complexity: O(n log n) for long pieces.
  mutating func merge(_ bytes: Span<UInt8>, _ range: Range<Int>, into ids: inout [UInt32]) {
    symbols.removeAll(keepingCapacity: true)
    if tables.rules.joinsBytes { appendBytes(bytes, range) } else { appendCharacters(bytes, range) }
    if symbols.count <= Self.scanLimit { mergeByScanning() } else { mergeByQueue() }
    ids += symbols
  }

  private mutating func appendBytes(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    for index in range {
      let id = tables.byteTokens[Int(bytes[index])]
      if id != TokenizerTables.noToken { symbols.append(id) }
    }
  }

  /// A character without a token becomes the tokens of its bytes.
  private mutating func appendCharacters(_ bytes: Span<UInt8>, _ range: Range<Int>) {
    var index = range.lowerBound
    while index < range.upperBound {
      let (scalar, length) = bytes.scalar(at: index)
      if let id = characters[scalar] {
        symbols.append(id)
      } else {
        appendBytes(bytes, index..<index + length)
      }
      index += length
    }
  }

  private mutating func mergeByScanning() {
    pairRanks.removeAll(keepingCapacity: true)
    for index in symbols.indices.dropLast() {
      pairRanks.append(ranks.rank(symbols[index], symbols[index + 1]))
    }
    while true {
      var best = MergeTable.noRank
      var position = 0
      for index in pairRanks.indices where pairRanks[index] < best {
        best = pairRanks[index]
        position = index
      }
      guard best != MergeTable.noRank else { return }
      symbols[position] = tables.merges[Int(best)].result
      symbols.remove(at: position + 1)
      pairRanks.remove(at: position)
      if position < pairRanks.count {
        pairRanks[position] = ranks.rank(symbols[position], symbols[position + 1])
      }
      if position > 0 { pairRanks[position - 1] = ranks.rank(symbols[position - 1], symbols[position]) }
    }
  }

  /// Symbols form a list linked by position; an entry whose pair has changed since no longer has its rank.
  private mutating func mergeByQueue() {
    let end = symbols.count
    var next = Array(1...end)
    var previous = Array(-1..<end - 1)
    var queue = MergeQueue()
    func push(_ position: Int, _ symbols: [UInt32]) {
      guard position >= 0, next[position] < end else { return }
      let rank = ranks.rank(symbols[position], symbols[next[position]])
      if rank != MergeTable.noRank { queue.push(MergeQueue.Entry(rank: rank, position: position)) }
    }
    for position in 0..<end { push(position, symbols) }
    while let entry = queue.pop() {
      let left = entry.position
      let right = next[left]
      guard right < end, previous[right] == left,
        ranks.rank(symbols[left], symbols[right]) == entry.rank
      else { continue }
      symbols[left] = tables.merges[Int(entry.rank)].result
      next[left] = next[right]
      if next[left] < end { previous[next[left]] = left }
      next[right] = end
      push(previous[left], symbols)
      push(left, symbols)
    }
    var position = 0
    var joined: [UInt32] = []
    while position < end {
      joined.append(symbols[position])
      position = next[position]
    }
    symbols = joined
  }
}
