/// Finds the rank of a pair: rows sorted by left id, then by right id.
struct MergeTable: Sendable {
  /// The rank of a pair that no merge joins.
  static let noRank = UInt32.max

  /// First row of each left id, and the number of rows, `[vocabulary + 1]`.
  private let starts: [UInt32]
  /// Right id of each row.
  private let rights: [UInt32]
  /// Rank of each row.
  private let ranks: [UInt32]
  /// The rank of a merge whose pair an earlier one has too.
  let duplicateRank: Int?

  /// A table of merges whose ids are all below the vocabulary.
  init(_ merges: [TokenizerTables.Merge], vocabularySize: Int) {
    let rows = merges.indices.sorted {
      (merges[$0].left, merges[$0].right, $0) < (merges[$1].left, merges[$1].right, $1)
    }
    var starts = [UInt32](repeating: 0, count: vocabularySize + 1)
    for merge in merges { starts[Int(merge.left) + 1] += 1 }
    for id in 0..<vocabularySize { starts[id + 1] += starts[id] }
    self.starts = starts
    rights = rows.map { merges[$0].right }
    ranks = rows.map { UInt32($0) }
    duplicateRank =
      zip(rows, rows.dropFirst()).first {
        merges[$0].left == merges[$1].left && merges[$0].right == merges[$1].right
      }?.1
  }

  /// The rank of the merge of two ids below the vocabulary, or `noRank`.
  ///
  /// - Complexity: O(log of the number of merges that begin with `left`).
  func rank(_ left: UInt32, _ right: UInt32) -> UInt32 {
    var low = Int(starts[Int(left)])
    var high = Int(starts[Int(left) + 1])
    while low < high {
      let middle = (low + high) / 2
      if rights[middle] < right { low = middle + 1 } else { high = middle }
    }
    guard low < Int(starts[Int(left) + 1]), rights[low] == right else { return Self.noRank }
    return ranks[low]
  }
}
