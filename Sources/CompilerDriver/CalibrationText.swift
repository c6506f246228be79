import Calibration
import Diagnostics
import Digests
import Tokenization

/// The text that a calibration runs over, as token sequences.
public struct CalibrationText: Sendable {
  /// How much text is used.
  public struct Size: Equatable, Sendable {
    /// Largest number of passages.
    public var samples: Int
    /// Tokens of one passage.
    public var length: Int

    /// 64 passages of 512 tokens unless told otherwise.
    public init(samples: Int = 64, length: Int = 512) {
      self.samples = samples
      self.length = length
    }
  }

  /// A part of a calibration, as large as the others but for one passage.
  public struct Part: Equatable, Sendable {
    /// The part's number, from 1.
    public let number: Int
    /// Parts in all, at most as many as passages.
    public let count: Int

    /// The whole calibration.
    public static let whole = Part(number: 1, count: 1)

    /// Part `number` of `count`.
    private init(number: Int, count: Int) {
      self.number = number
      self.count = count
    }

    /// Reads a part as `2/4`; nil where there is no such part.
    public init?(_ text: String) {
      let pieces = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
      guard pieces.count == 2, let number = pieces[0], let count = pieces[1],
        (1...Statistics.mostPassages).contains(count), (1...count).contains(number)
      else { return nil }
      self.init(number: number, count: count)
    }

    /// Numbers of the passages of this part.
    func indices(of passages: Int) -> Range<Int> {
      passages * (number - 1) / count..<passages * number / count
    }
  }

  /// The passages.
  let passages: [Passage]
  /// SHA-256 of the text they came from.
  let digest: String

  /// Cuts documents into windows and takes some, evenly spread.
  ///
  /// Documents shorter than a window are joined before.
  /// - Throws: `DiagnosticFailure` where there is no token, or one is not below the vocabulary.
  init(_ input: TextInput, model: LoadedModel, size: Size) throws(DiagnosticFailure) {
    var tokens: [UInt32] = []
    for document in input.documents { tokens += try Self.encode(document, model) }
    guard !tokens.isEmpty else {
      throw DiagnosticFailure(.badText, "the text gives no token", at: input.location)
    }
    if let wrong = tokens.first(where: { $0 >= model.vocabulary }) {
      throw DiagnosticFailure(
        .badText, "token id \(wrong) is not below the vocabulary of \(model.vocabulary)", at: input.location)
    }
    let whole = Passage.sample(from: tokens, length: size.length, count: size.samples)
    passages = whole.isEmpty ? [Passage(index: 0, tokens: tokens)] : whole
    digest = Digests.sha256(input.bytes).hex
  }

  /// Pseudo-random ids, for models that come without a tokenizer.
  init(randomBelow vocabulary: Int, size: Size) {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15
    let tokens = (0..<(size.samples * size.length)).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt32((state >> 33) % UInt64(vocabulary))
    }
    passages = Passage.sample(from: tokens, length: size.length, count: size.samples)
    digest = Digests.sha256(Array("pseudo-random token ids".utf8)).hex
  }

  private static func encode(
    _ document: TextInput.Document, _ model: LoadedModel
  ) throws(DiagnosticFailure) -> [UInt32] {
    switch document {
    case .ids(let ids): ids
    case .text(let text): try model.requireTokenizer().encode(text)
    }
  }
}
