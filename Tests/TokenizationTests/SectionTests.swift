import Frontend
import Testing
import Tokenization

@Suite struct SectionTests {
  private func tables(_ section: [UInt8]) throws -> TokenizerTables {
    try TokenizerTables(section: section.span)
  }

  @Test func roundTrip() throws {
    let read = try TokenizerFile.read(json: Fixtures.gutenberg()).tables
    for tables in [try Fixtures.smallTables(), try Fixtures.characterTables(), read] {
      let section = tables.encodeSection()
      #expect(section.count % 8 == 0)
      let read = try self.tables(section)
      #expect(read == tables)
      #expect(read.encodeSection() == section)
    }
  }

  @Test(arguments: [try Fixtures.smallTables(), try Fixtures.characterTables()])
  func everyTruncationIsRejected(_ made: TokenizerTables) throws {
    let section = made.encodeSection()
    for length in 0..<section.count {
      #expect(throws: TokenizerSectionError.self) { try tables(Array(section[..<length])) }
    }
    #expect(throws: TokenizerSectionError.self) { try tables(section + Array(repeating: 0, count: 8)) }
  }

  /// What is read after a corruption must work, and must be what its bytes say.
  @Test(arguments: [try Fixtures.smallTables(), try Fixtures.characterTables()])
  func everyCorruptionIsRejectedOrHarmless(_ made: TokenizerTables) throws {
    var section = made.encodeSection()
    var accepted = 0
    for index in section.indices {
      let original = section[index]
      for value in [0, 1, 0x7F, 0x80, 0xFF, original ^ 1, original ^ 0x20, original &+ 1]
      where value != original {
        section[index] = value
        if let tables = try? self.tables(section) {
          accepted += 1
          #expect(tables.encodeSection() == section)
          let tokenizer = Tokenizer(tables)
          let ids = tokenizer.encode("the  thé <|end|> aaaaaaa\u{301}", addSpecialTokens: true)
          #expect(ids.allSatisfy { $0 < tokenizer.vocabularySize })
          _ = tokenizer.decode(ids)
        }
      }
      section[index] = original
    }
    #expect(accepted > 0)
  }

  @Test func inconsistentTablesAreRefused() throws {
    func error(_ body: () throws(TokenizerSectionError) -> TokenizerTables) -> TokenizerSectionError? {
      do { _ = try body() } catch { return error }
      return nil
    }
    func added(_ id: UInt32, _ text: String, _ flags: AddedToken.Flags = []) -> AddedToken {
      AddedToken(id: id, content: Array(text.utf8), flags: flags)
    }
    typealias Failure = TokenizerSectionError
    #expect(
      error { () throws(Failure) in try Fixtures.tables() }
        == .idOutOfRange(table: .beginning, index: 0, id: 256))
    let twice = [("a", "b"), ("a", "b")]
    #expect(
      error { () throws(Failure) in try Fixtures.tables(extra: ["ab"], merges: twice) }
        == .duplicateMerge(rank: 1))
    for tokens in [[added(257, "x")], [added(256, "")], [added(256, "x", .init(rawValue: 32))]] {
      #expect(error { () throws(Failure) in try Fixtures.tables(extra: ["ab"], addedTokens: tokens) } != nil)
    }
    let same = [added(1, "\u{E9}", .normalized), added(2, "e\u{301}", .normalized)]
    #expect(
      error { () throws(Failure) in try Fixtures.tables(extra: ["x"], addedTokens: same, normalizers: [.nfc])
      }
        == .duplicateAddedToken(index: 1))
    #expect(error { () throws(Failure) in try Fixtures.tables(extra: ["x"], addedTokens: same) } == nil)
  }

  @Test func stagesThatCannotBeRunTogetherAreRefused() throws {
    typealias Rules = TokenizerTables.Rules
    let nine = [Rules.Normalizer](repeating: .nfc, count: 9)
    let byteLevel = Rules.Splitter.byteLevel(addsPrefixSpace: false, splits: true)
    let refused: [Rules] = [
      Rules(splitters: [byteLevel], decoders: [.fuse]), Rules(splitters: [], decoders: [.byteLevel]),
      Rules(splitters: [byteLevel, byteLevel], decoders: [.byteLevel]),
      Rules(
        splitters: [byteLevel, .expression(.llama3, .isolated, isInverted: false)], decoders: [.byteLevel]),
      Rules(normalizers: nine, splitters: [], decoders: [.fuse]), Rules(splitters: [], decoders: []),
      Rules(splitters: [], decoders: [.strip([0x20], count: 1)]),
      Rules(splitters: [], decoders: [.fuse, .byteFallback]),
      Rules(splitters: [], decoders: [.byteFallback, .metaspace([0x5F], .always)]),
      Rules(
        normalizers: [.prepend([0x5F])], splitters: [.metaspace([0x5F], .first, splits: false)],
        decoders: [.fuse]),
    ]
    for rules in refused { #expect(rules.obstacle != nil, "\(rules)") }
    #expect(try Fixtures.characterTables().rules.obstacle == nil)
    #expect(try Fixtures.smallTables().rules.obstacle == nil)
  }

  @Test func stagesThatMultiplyTextAreRefused() {
    typealias Rules = TokenizerTables.Rules
    let (a, many) = ([0x61] as [UInt8], [UInt8](repeating: 0x61, count: 16))
    func obstacle(_ normalizers: [Rules.Normalizer], _ decoders: [Rules.Decoder] = []) -> String? {
      Rules(normalizers: normalizers, splitters: [], decoders: decoders + [.byteFallback, .fuse]).obstacle
    }
    func message(_ growth: Int) -> String {
      "the stages may turn one byte into \(growth), which is more than 64"
    }
    let grows = Rules.Normalizer.replace(a, by: many)
    #expect(obstacle(Array(repeating: grows, count: 8)) == message(1 << 32))
    #expect(obstacle([grows, .nfc]) == nil)
    #expect(obstacle([grows, .replace(a, by: [0x62]), .replace(many, by: [])]) == nil)
    #expect(obstacle([grows, grows]) == message(256))
    #expect(obstacle([.prepend(many), .replace(a, by: [0x62, 0x62, 0x62])]) == nil)
    #expect(obstacle([.prepend(many), .replace(a, by: Array(many[..<4]))]) == message(68))
    #expect(obstacle([], [.replace(a, by: many)]) == nil)
    #expect(obstacle([], [.replace(a, by: many), .replace(a, by: many)]) == message(256))
  }

  @Test func addedTokensAreShort() throws {
    typealias Failure = TokenizerSectionError
    func error(
      _ contents: [[UInt8]], _ flags: AddedToken.Flags = [],
      _ normalizers: [TokenizerTables.Rules.Normalizer] = []
    ) -> Failure? {
      let tokens = contents.enumerated().map {
        AddedToken(id: UInt32(256 + $0), content: $1, flags: flags)
      }
      do throws(Failure) {
        _ = try Fixtures.tables(
          extra: Array(repeating: "x", count: tokens.count), addedTokens: tokens, normalizers: normalizers)
      } catch { return error }
      return nil
    }
    let longest = [UInt8](repeating: 0x20, count: 1024)
    #expect(error([longest]) == nil)
    #expect(error([longest + [0x20]]) == .addedToken(index: 0))
    let widening = TokenizerTables.Rules.Normalizer.replace([0x20], by: Array("▁".utf8))
    #expect(error([longest], .normalized, [widening]) == .addedToken(index: 0))
    #expect(error([Array(longest[..<341])], .normalized, [widening]) == nil)
    // 16,384 of the longest are as many bytes as there may be.
    let many = (10_000..<26_385).map { Array("\($0)".utf8) + longest[..<1019] }
    #expect(error(many) == .addedTokenBytes(index: 16384))
  }

  @Test func textsBeginAndEndWithFewIDs() {
    for table in [TokenizerTable.prefix, .suffix] {
      let ids = [UInt32](repeating: 1, count: 1025)
      #expect(throws: TokenizerSectionError.tooManyIDs(table: table, count: 1025)) {
        try TokenizerTables(
          tokens: (0..<256).map { [UInt8($0)] }, byteTokens: Array(0..<256), merges: [], addedTokens: [],
          rules: .init(addsPrefixSpace: false, splits: true),
          policy: .init(
            beginningID: nil, endIDs: [], prefix: table == .prefix ? ids : [],
            suffix: table == .suffix ? ids : []))
      }
    }
  }

  /// All pairs of 64 ids with the same bytes.
  @Test func mergesOfOneLongTextAreRefused() {
    let half = [UInt8](repeating: 0x61, count: 32 << 10)
    let tokens = (0..<256).map { [UInt8($0)] } + Array(repeating: half, count: 64) + [half + half]
    let merges = (0..<4096 as Range<UInt32>).map {
      TokenizerTables.Merge(left: 256 + $0 / 64, right: 256 + $0 % 64, result: 320)
    }
    #expect(throws: TokenizerSectionError.mergeBytes(1 << 28)) {
      try TokenizerTables(
        tokens: tokens, byteTokens: Array(0..<256), merges: merges, addedTokens: [],
        rules: .init(addsPrefixSpace: false, splits: true),
        policy: .init(beginningID: nil, endIDs: [], prefix: [], suffix: []))
    }
  }

  @Test func mergesMustJoinTheirBytes() throws {
    let tokens = (0..<256).map { [UInt8($0)] } + [[1, 3]]
    for merge in [(1, 2, 256), (1, 3, 1), (3, 1, 256)] {
      #expect(throws: TokenizerSectionError.mergeResult(rank: 0)) {
        try TokenizerTables(
          tokens: tokens, byteTokens: Array(0..<256),
          merges: [
            TokenizerTables.Merge(left: UInt32(merge.0), right: UInt32(merge.1), result: UInt32(merge.2))
          ],
          addedTokens: [], rules: .init(addsPrefixSpace: false, splits: true),
          policy: .init(beginningID: nil, endIDs: [], prefix: [], suffix: []))
      }
    }
  }
}
