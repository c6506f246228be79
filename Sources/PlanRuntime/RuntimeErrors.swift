internal import Glibc
public import PlanFormat

/// Why a plan could not be loaded.
public enum PlanLoadError: Error, CustomStringConvertible, Sendable {
  /// The file could not be opened; `errno` as the system gave it.
  case open(path: String, errno: Int32)
  /// The file could not be mapped; `errno` as the system gave it.
  case read(path: String, errno: Int32)
  /// The path names something other than a regular file.
  case notAFile(path: String)
  /// The bytes are no plan that can be run.
  case invalid(PlanError)

  /// What is wrong, as one sentence.
  public var description: String {
    switch self {
    case .open(let path, let number): "cannot open \(path): \(String(cString: strerror(number)))"
    case .read(let path, let number): "cannot read \(path): \(String(cString: strerror(number)))"
    case .notAFile(let path): "\(path) is not a regular file"
    case .invalid(let error): error.description
    }
  }
}

/// Why a context could not be made.
public enum ContextError: Error, CustomStringConvertible, Sendable {
  /// A name that is no instruction set's.
  case unknownInstructionSet(String)
  /// An instruction set that this processor or this build lacks.
  case unsupportedInstructionSet(InstructionSet)
  /// An option outside of its range.
  case option(name: String, found: Int, allowed: ClosedRange<Int>)
  /// Memory that the system did not give; `bytes` is nil when the number passes 2^63.
  case memory(bytes: Int?)
  /// Threads that the system did not give.
  case threads(Int)

  /// What is wrong, as one sentence.
  public var description: String {
    switch self {
    case .unknownInstructionSet(let name):
      "\(name) is no instruction set; known are "
        + InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
    case .unsupportedInstructionSet(let set): "this processor cannot run \(set.rawValue) kernels"
    case .option(let name, let found, let allowed):
      "\(name) is \(found), it must be from \(allowed.lowerBound) to \(allowed.upperBound)"
    case .memory(let bytes): "cannot get \(bytes.map { "\($0)" } ?? "more than 2^63") bytes of memory"
    case .threads(let count): "cannot start \(count) threads"
    }
  }
}

/// Why a call was refused; nothing has run then, and no state has changed.
public enum CallError: Error, Equatable, CustomStringConvertible, Sendable {
  /// The call has no rows.
  case noRows
  /// The call has more rows than the context can hold.
  case tooManyRows(found: Int, capacity: Int)
  /// A token id that is not below the vocabulary.
  case token(row: Int, id: UInt32, vocabulary: UInt32)
  /// A segment without rows.
  case emptySegment(index: Int)
  /// The segments' rows do not add up to the call's rows.
  case segmentRows(found: Int, expected: Int)
  /// A state slot that does not exist.
  case slot(found: Int, slots: Int)
  /// A state slot that two segments name.
  case slotTwice(Int)
  /// A row that the last run did not have.
  case row(found: Int, rows: Int)
  /// More tokens of a sequence than the context holds keys and values for.
  case context(slot: Int, needed: Int, capacity: Int)
  /// A saved state of another size.
  case stateSize(found: Int, expected: Int)

  /// What is wrong, as one sentence.
  public var description: String {
    switch self {
    case .noRows: "the call has no rows"
    case .tooManyRows(let found, let capacity): "the call has \(found) rows, the context holds \(capacity)"
    case .token(let row, let id, let vocabulary):
      "row \(row): token \(id) is not below the vocabulary (\(vocabulary))"
    case .emptySegment(let index): "segment \(index) has no rows"
    case .segmentRows(let found, let expected): "the segments have \(found) rows, the call has \(expected)"
    case .slot(let found, let slots): "slot \(found) does not exist, there are \(slots)"
    case .slotTwice(let slot): "slot \(slot) is named by two segments"
    case .row(let found, let rows): "row \(found) does not exist, the last run had \(rows)"
    case .context(let slot, let needed, let capacity):
      "the sequence in slot \(slot) would have \(needed) tokens; this context holds \(capacity) (a larger one can be asked for)"
    case .stateSize(let found, let expected): "the state has \(found) bytes, a slot has \(expected)"
    }
  }
}
