/// The two numbers of a plan's version: a reader accepts its own major with a minor not above its own.
public struct PlanVersion: Equatable, Sendable, CustomStringConvertible {
  /// Changes when old readers cannot read new plans.
  public let major: UInt16
  /// Changes when new readers can still read old plans.
  public let minor: UInt16

  /// Makes a version from its numbers.
  public init(major: UInt16, minor: UInt16) {
    self.major = major
    self.minor = minor
  }

  /// The version that this code writes, and the newest that it reads.
  public static let current = PlanVersion(major: 1, minor: 3)

  /// The numbers with a dot between.
  public var description: String { "\(major).\(minor)" }

  /// Whether this code can read plans of this version.
  var isSupported: Bool { major == Self.current.major && minor <= Self.current.minor }
}

/// The sections of a plan in file order; each is there exactly once.
public enum SectionKind: UInt32, CaseIterable, Sendable {
  case model = 1
  case instructions = 2
  case buffers = 3
  case constants = 4
  case strings = 5
  case tokenizer = 6
  case metadata = 7
  case golden = 8
  case weights = 9

  /// The kind's place in the section table.
  var index: Int { Int(rawValue) - 1 }
}

/// Sizes and offsets of the file's fixed parts, in bytes.
enum FileLayout {
  /// "QPLAN", then what text-mode transfers damage: CR LF, and the end-of-file character.
  static let magic: [UInt8] = [0x51, 0x50, 0x4C, 0x41, 0x4E, 0x0D, 0x0A, 0x1A]
  static let alignment: UInt64 = 64
  static let headerLength = 64
  static let sectionRecordLength = 64
  static let digestLength = 32
  static let modelLength = 64
  static let instructionLength = 64
  static let bufferLength = 32
  static let constantLength = 48
  static let metadataLength = 8

  /// Offsets within the header.
  enum Header {
    static let major = 8
    static let minor = 10
    static let features = 12
    static let fileLength = 16
    static let sectionCount = 24
    static let checksum = 28
    static let reserved = 32
  }

  /// Offsets within a record of the section table.
  enum Section {
    static let kind = 0
    static let firstReserved = 4
    static let offset = 8
    static let length = 16
    static let digest = 24
    static let lastReserved = 56
  }

  /// The sections in file order.
  static let kinds = SectionKind.allCases

  /// Header and section table.
  static var tableEnd: Int { headerLength + kinds.count * sectionRecordLength }
}

/// What a plan may cost at most.
public enum PlanLimits {
  /// Bytes of everything but the weights.
  public static let headerRegion: UInt64 = 64 << 20
  /// Arena bytes of one row.
  public static let arenaPerRow: UInt64 = 64 << 20
  /// Bytes of one state slot.
  public static let statePerSlot: UInt64 = 4 << 30
  /// Instructions of both programs.
  public static let instructions: UInt64 = 1_000_000
  /// Token ids.
  public static let vocabulary: UInt64 = 4_000_000
  /// Inputs of a matrix product: beyond it an int32 sum could overflow.
  public static let productInputs: ClosedRange<UInt32> = 1...65_536
  /// Inputs of a product with four-bit weights: each may add 128 · 7 · 63.
  public static let groupedInputs: ClosedRange<UInt32> = 1...32_768
  /// Inputs of a four-bit weight that share a factor.
  public static let group: UInt32 = 128
  /// Factors of a group.
  public static let factors: ClosedRange<UInt8> = 1...63
  /// UTF-8 bytes of a name.
  public static let name: UInt64 = 1_024
  /// Taps of a convolution.
  public static let taps: ClosedRange<UInt32> = 1...16
  /// State elements per channel.
  public static let states: ClosedRange<UInt32> = 1...256
  /// Parts of a norm, or groups of heads.
  public static let groups: UInt32 = 1_024
  /// Channels of one head of attention.
  public static let headWidth: ClosedRange<UInt32> = 1...256
  /// Experts of one router.
  public static let experts: ClosedRange<UInt32> = 1...256
  /// Tokens of one page of keys and values.
  public static let pageTokens: UInt64 = 64
  /// Bytes of one page.
  public static let bytesPerPage: UInt64 = 1 << 30
  /// Tokens of the golden prompt; the compiler writes 16.
  public static let goldenTokens: UInt64 = 4_096
  /// Orders of Hadamard matrices that the kernels have.
  public static let hadamardOrders: [UInt32] = [1, 12, 20, 28, 36, 44, 60]
  /// Steps of work that verifying may take: granules of the arena and elements of scales.
  public static let verifierSteps: UInt64 = 1 << 28
}
