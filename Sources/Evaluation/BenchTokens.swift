/// Pseudo-random token ids, the same in every run.
struct BenchTokens {
  let vocabulary: Int
  private var state: UInt64 = 1

  init(vocabulary: Int) { self.vocabulary = vocabulary }

  /// The next `count` ids.
  mutating func next(_ count: Int) -> [UInt32] {
    (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt32((state >> 33) % UInt64(vocabulary))
    }
  }
}
