import Digests
import JSONText

extension Statistics {
  /// Long lists are strings, so that only passages and taps are members; each is an object, as are the whole, the
  /// bindings and the digests.
  private static let limits = JSONLimits(
    maxDepth: 8, maxMembers: 8 << 20, maxObjects: mostPassages + mostTaps + 3, maxBytes: 512 << 20)

  /// Reads the content of a `.qstats` file.
  ///
  /// - Throws: `StatisticsError.json` naming the place, or `StatisticsError.version`.
  public init(parsing bytes: UnsafeRawBufferPointer) throws(StatisticsError) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONText.parse(bytes, limits: Self.limits)
    } catch {
      throw .json(error)
    }
    try self.init(reading: StrictValue(value: value))
  }

  /// Reads the content of a `.qstats` file.
  ///
  /// - Throws: `StatisticsError.json` naming the place, or `StatisticsError.version`.
  public init(parsing bytes: [UInt8]) throws(StatisticsError) {
    self = try bytes.withUnsafeBufferPointer { (bytes) throws(StatisticsError) in
      try Statistics(parsing: UnsafeRawBufferPointer(bytes))
    }
  }

  private init(reading root: StrictValue) throws(StatisticsError) {
    typealias Key = StatisticsKey
    // The version first: another one may have other members.
    let header = try root.members()
    guard let format = header[Key.format], try format.string() == Key.formatName else {
      throw root.failure("is not \(Key.formatName)")
    }
    guard let number = header[Key.version] else { throw root.failure("has no member \"\(Key.version)\"") }
    let version = try number.integer(0...Int64.max)
    guard version == Self.formatVersion else { throw .version(found: version, supported: Self.formatVersion) }
    let members = try root.members([Key.format, Key.version, Key.bindings, Key.passages, Key.taps])
    let bindings = try Bindings(reading: members[Key.bindings, default: root])
    self.init(
      bindings: bindings,
      passages: try Self.passages(members[Key.passages, default: root], of: bindings.sampleCount),
      taps: try Self.taps(members[Key.taps, default: root]))
  }

  private static func passages(
    _ list: StrictValue, of count: Int
  ) throws(StatisticsError) -> [CountedPassage] {
    typealias Key = StatisticsKey
    var passages: [CountedPassage] = []
    for element in try list.elements() {
      let members = try element.members([Key.index, Key.digest])
      let index = Int(try members[Key.index, default: element].integer(0...Int64(count - 1)))
      guard passages.last.map({ $0.index < index }) ?? true else {
        throw element.failure("must stand after the passage before it, each once")
      }
      passages.append(
        CountedPassage(index: index, digest: try members[Key.digest, default: element].digest()))
    }
    return passages
  }

  private static func taps(_ list: StrictValue) throws(StatisticsError) -> [TapStatistics] {
    var taps: [TapStatistics] = []
    for element in try list.elements() {
      let tap = try TapStatistics(reading: element)
      guard taps.last.map({ $0.name < tap.name }) ?? true else {
        throw element.failure("must stand after the tap of the name before it, each once")
      }
      taps.append(tap)
    }
    return taps
  }
}

extension Bindings {
  fileprivate init(reading value: StrictValue) throws(StatisticsError) {
    typealias Key = StatisticsKey
    let members = try value.members([Key.digests, Key.sequenceLength, Key.sampleCount])
    var digests: [String: String] = [:]
    for (name, digest) in try members[Key.digests, default: value].members() {
      digests[name] = try digest.digest().hex
    }
    self.init(
      digests: digests,
      sequenceLength: Int(try members[Key.sequenceLength, default: value].integer(1...Int64.max)),
      sampleCount: Int(try members[Key.sampleCount, default: value].integer(1...Int64.max)))
  }
}

extension TapStatistics {
  fileprivate init(reading value: StrictValue) throws(StatisticsError) {
    typealias Key = StatisticsKey
    let members = try value.members([Key.name, Key.count, Key.channels], optional: [Key.histogram])
    let countValue = members[Key.count, default: value]
    let count = UInt64(try countValue.integer(0...Int64.max))
    let channelsValue = members[Key.channels, default: value]
    let channels = try channelsValue.magnitudes()
    guard !channels.isEmpty else { throw channelsValue.failure("must not be empty") }
    guard count % UInt64(channels.count) == 0 else {
      throw countValue.failure("is no multiple of the \(channels.count) channels")
    }
    let maximum = channels.reduce(0) { max($0, $1) }
    guard count > 0 || maximum == 0 else { throw countValue.failure("is 0, yet the maxima are above 0") }
    var histogram: Histogram?
    if let bins = members[Key.histogram] {
      histogram = try Histogram(reading: bins, count: count, maximum: maximum)
    }
    let nameValue = members[Key.name, default: value]
    let name = try nameValue.string()
    guard name.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else {
      throw nameValue.failure("holds a control character")
    }
    self.init(name: name, count: count, channels: channels, histogram: histogram)
  }
}

extension Histogram {
  fileprivate init(reading list: StrictValue, count: UInt64, maximum: Float) throws(StatisticsError) {
    let bins = try list.packed(Packing.bins)
    var total: UInt64 = 0
    for bin in bins {
      // The total is below 2^63 and the bin's count not above it, so that the sum is below 2^64.
      total += bin.count
      guard total <= count else { throw list.failure("has a sum above the tap's count, which is \(count)") }
    }
    guard total == count else { throw list.failure("has the sum \(total), the tap's count is \(count)") }
    guard bins.last.map({ $0.index == Self.bin(of: maximum) }) ?? true else {
      throw list.failure("does not end in the bin of the largest channel maximum")
    }
    self.init(bins: bins, maximum: maximum)
  }
}
