import PickledTensors
import Testing

/// Files that are damaged, or made to do harm.
@Suite struct HostileTests {
  private func expect(
    _ error: PickledTensorsError, sourceLocation: SourceLocation = #_sourceLocation,
    _ change: (inout MadeArchive) -> Void
  ) {
    var archive = MadeArchive()
    change(&archive)
    #expect(throws: error, sourceLocation: sourceLocation) { try read(archive.bytes) }
  }

  private func error(_ pickle: [UInt8]) -> PickledTensorsError? {
    #expect(throws: PickledTensorsError.self) { try read(MadeArchive(pickle: pickle).bytes) }
  }

  @Test func everyTruncation() throws {
    let bytes = try fixtureBytes("tiny.bin")
    for count in 0..<bytes.count {
      #expect(throws: PickledTensorsError.self, "\(count) bytes") { try read(Array(bytes[..<count])) }
    }
    let pickle = Pickle.dictionary([("a", Pickle.tensor())])
    for count in 0..<pickle.count { #expect(error(Array(pickle[..<count])) != nil) }
  }

  /// One bit of the archive changed: refused, or every tensor lies inside the file and its bytes are as they were.
  @Test func everyBit() throws {
    let bytes = MadeArchive().bytes
    for place in bytes.indices {
      for bit in 0..<8 {
        var changed = bytes
        changed[place] ^= 1 << bit
        guard let file = try? read(changed), (try? file.checkStorages()) != nil else { continue }
        for tensor in file.tensors {
          #expect(file.withBytes(of: tensor) { Array($0) } == [0, 0, 128, 63, 0, 0, 0, 64], "byte \(place)")
        }
      }
    }
  }

  @Test(arguments: [
    "os system", "posix system", "builtins eval", "__builtin__ eval", "subprocess Popen",
    "torch._utils _rebuild_tensor",
    "torch Tensor", "torch FloatStorages", "torch.storage _load_from_bytes", "collections defaultdict",
    "numpy.core.multiarray _reconstruct",
  ])
  func otherGlobalsAreNamedAndNotCalled(_ name: String) {
    let stream = Pickle.stream(
      Pickle.global(name) + Pickle.tuple([Pickle.text("touch harm")]) + Array("R".utf8))
    let shown = name.replacing(" ", with: ".")
    #expect(error(stream) == .forbiddenGlobal(shown, offset: 2))
  }

  @Test func otherInstructions() {
    for code in UInt8.min...UInt8.max
    where !Array("N\u{88}\u{89}KMJXqrhj()t}sucRQb.".unicodeScalars).contains(
      Unicode.Scalar(code)) && !(0x85...0x8A).contains(code)
    {
      #expect(error(Pickle.stream([code])) == .unknownInstruction(code, offset: 2))
    }
  }

  @Test func streamsThatDescribeNoTensors() {
    #expect(error([0x80, 4] + Array("}.".utf8)) == .badPickle(.protocolVersion, offset: 0))
    #expect(error(Pickle.stream(Array("N".utf8))) == .notTensors(name: "the file's content"))
    #expect(error(Pickle.stream(Array("}}".utf8))) == .badPickle(.end, offset: 4))
    #expect(error(Pickle.stream(Array("}".utf8)) + [0]) == .badPickle(.end, offset: 3))
    #expect(error(Pickle.stream(Array("(s".utf8))) == .badPickle(.missingValue, offset: 3))
    #expect(error(Pickle.stream(Array("t".utf8))) == .badPickle(.missingValue, offset: 2))
    #expect(error(Pickle.stream([0x85])) == .badPickle(.missingValue, offset: 2))
    #expect(error(Pickle.stream(Array("}q\u{1}".utf8))) == .badPickle(.memory, offset: 3))
    #expect(error(Pickle.stream(Array("h\u{0}".utf8))) == .badPickle(.memory, offset: 2))
    #expect(error(Pickle.stream(Array("}NNs".utf8))) == .badPickle(.wrongKind, offset: 5))
    #expect(error(Pickle.stream([0x8A, 9])) == .badPickle(.number, offset: 2))
    #expect(error(Pickle.stream([UInt8(ascii: "X"), 1, 0, 0, 0, 0xFF])) == .badPickle(.text, offset: 2))
    #expect(
      error([0x80, 2] + [UInt8](repeating: UInt8(ascii: "N"), count: 100_001))
        == .badPickle(.tooManyValues, offset: 100_002))
    #expect(
      error([0x80, 2] + [UInt8](repeating: UInt8(ascii: "("), count: 100_001))
        == .badPickle(.tooManyValues, offset: 100_002))
    let nested = [UInt8](repeating: 0x85, count: 1_000_001)
    #expect(error([0x80, 2, UInt8(ascii: ")")] + nested) == .badPickle(.tooManyValues, offset: 1_000_002))
  }

  @Test func tensorsThatDoNotFitTheirStorage() {
    func of(_ tensor: [UInt8]) -> PickledTensorsError? { error(Pickle.dictionary([("a", tensor)])) }
    let entry = "archive/data/0"
    #expect(of(Pickle.tensor(shape: [3])) == .beyondStorage(tensor: "a", entry: entry))
    #expect(of(Pickle.tensor(offset: 1)) == .beyondStorage(tensor: "a", entry: entry))
    #expect(of(Pickle.tensor(offset: -1, shape: [1])) == .beyondStorage(tensor: "a", entry: entry))
    #expect(of(Pickle.tensor(offset: .max)) == .beyondStorage(tensor: "a", entry: entry))
    #expect(of(Pickle.tensor(shape: [-1])) == .badShape(tensor: "a", shape: [-1]))
    let huge = 1 << 32
    #expect(
      of(Pickle.tensor(shape: [huge, huge], strides: [huge, 1]))
        == .badShape(tensor: "a", shape: [huge, huge]))
    #expect(
      of(Pickle.tensor(shape: [2], strides: [2])) == .notContiguous(tensor: "a", shape: [2], strides: [2]))
    #expect(
      of(Pickle.tensor(shape: [2], strides: [])) == .notContiguous(tensor: "a", shape: [2], strides: []))
    let nine = [Int](repeating: 1, count: 9)
    #expect(of(Pickle.tensor(shape: nine, strides: nine)) == .badShape(tensor: "a", shape: nine))
    #expect(
      of(Pickle.tensor(Pickle.storage(count: 3)))
        == .storageLength(entry: entry, promisedBytes: 12, heldBytes: 8))
    #expect(
      of(Pickle.tensor(Pickle.storage(count: .max)))
        == .storageLength(entry: entry, promisedBytes: .max, heldBytes: 8))
    #expect(
      of(Pickle.tensor(Pickle.storage("DoubleStorage")))
        == .storageLength(entry: entry, promisedBytes: 16, heldBytes: 8))
    #expect(of(Pickle.tensor(Pickle.storage(key: "1"))) == .missingEntry("archive/data/1"))
    #expect(of(Pickle.tensor(Pickle.storage(key: "../0"))) == .missingEntry("archive/data/../0"))
  }

  /// Tuples that are recalled take no memory for each tensor that they are recalled for.
  @Test func shapesOfAnyLength() {
    let most = [Int](repeating: 1, count: 9)
    let long = [Int](repeating: 1, count: 10_000)
    #expect(
      error(Pickle.dictionary([("a", Pickle.tensor(shape: long, strides: long))]))
        == .badShape(tensor: "a", shape: most))
    #expect(
      error(Pickle.dictionary([("a", Pickle.tensor(shape: [2], strides: long))]))
        == .notContiguous(tensor: "a", shape: [2], strides: most))
    // 20,000 integers, remembered, are shape and strides of as many tensors: 6 GB if each had its own.
    let tuple = Pickle.tuple([[UInt8]](repeating: [UInt8(ascii: "K"), 1], count: 20_000))
    func remember(_ value: [UInt8], _ place: UInt8) -> [UInt8] { value + [UInt8(ascii: "q"), place] }
    func recall(_ place: UInt8) -> [UInt8] { [UInt8(ascii: "h"), place] }
    let remembered =
      remember(tuple, 0) + remember(Pickle.storage(), 1) + remember(Pickle.hooks, 2)
      + remember(Pickle.global("torch._utils _rebuild_tensor_v2"), 3)
    let zero = [UInt8(ascii: "K"), 0]
    let tensor =
      recall(3) + Pickle.tuple([recall(1), zero, recall(0), recall(0), [0x89], recall(2)]) + Array("R".utf8)
    let stream = remembered + [[UInt8]](repeating: tensor, count: 20_000).flatMap { $0 }
    #expect(error(Pickle.stream(stream)) == .badPickle(.end, offset: stream.count + 2))
  }

  @Test func tensorsWithoutElements() throws {
    for shape in [[1 << 40, 1 << 40, 0], [1 << 40, 0, 1 << 40]] {
      let tensor = Pickle.tensor(shape: shape, strides: [1, 1, 1])
      let file = try read(MadeArchive(pickle: Pickle.dictionary([("a", tensor)])).bytes)
      #expect(file.tensors.map(\.elementCount) == [0] && file.tensors[0].shape == shape)
    }
  }

  @Test func names() {
    let tensor = Pickle.tensor()
    #expect(error(Pickle.dictionary([("a", tensor), ("a", tensor)])) == .duplicateName("a"))
    #expect(error(Pickle.dictionary([("", tensor)])) == .badName(beginning: "", bytes: 0))
    let long = String(repeating: "x", count: 1025)
    #expect(
      error(Pickle.dictionary([(long, tensor)])) == .badName(beginning: String(long.prefix(64)), bytes: 1025))
  }

  @Test func archives() throws {
    expect(.duplicateEntry("archive/data/0")) { $0.entries[3].name = "archive/data/0" }
    expect(.strayEntry("archive/code.py")) { $0.entries[3].name = "archive/code.py" }
    expect(.strayEntry("other/version")) { $0.entries[3].name = "other/version" }
    expect(.missingEntry("archive/data.pkl")) { $0.entries[0].name = "archive/.format_version" }
    expect(.missingEntry("archive/data/0")) { $0.entries[2].name = "archive/data/1" }
    expect(.byteOrder("big")) { $0.entries[1].bytes = Array("big".utf8) }
    expect(.notStored(entry: "archive/data/0")) { $0.entries[2].method = 8 }
    expect(.notStored(entry: "archive/data/0")) { $0.entries[2].flags = 1 }
    expect(.wrongChecksum(entry: "archive/data.pkl")) { $0.entries[0].checksum = 1 }
    expect(.badArchive(.header, offset: 1)) { $0.entries[2].offset = 1 }
    let long = String(repeating: "x", count: 1024)
    var named = MadeArchive()
    named.entries[3].name = "archive/data/\(long)"
    #expect(throws: PickledTensorsError.self) { try read(named.bytes) }
    let pickle = MadeArchive().entries[0].bytes.count
    expect(.overlappingEntries("archive/data.pkl", "archive/byteorder")) {
      $0.entries[0].length = pickle + 40
    }
    var archive = MadeArchive()
    archive.entries[2].length = 1 << 30
    #expect(throws: PickledTensorsError.self) { try read(archive.bytes) }
    archive = MadeArchive()
    archive.comment = [1]
    #expect(throws: PickledTensorsError.self) { try read(archive.bytes) }
    archive = MadeArchive()
    archive.entries[2].checksum = 1
    let file = try read(archive.bytes)
    #expect(throws: PickledTensorsError.wrongChecksum(entry: "archive/data/0")) { try file.checkStorages() }
  }
}
