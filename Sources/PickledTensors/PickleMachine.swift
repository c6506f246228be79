/// Reads a pickle stream that describes a dictionary of tensors.
///
/// The reading is closed: only the instructions and names that torch writes for tensors are known, and nothing is
/// executed. Values are numbers, texts and indices into tables, so no stream can nest them deeply, and the memory
/// that they take is bounded by the stream's length.
struct PickleMachine {
  private let stream: ByteView
  private var position = 0
  private var start = 0
  private var stack: [PickleValue] = []
  /// Heights of the stack at open marks.
  private var marks: [Int] = []
  private var memory: [PickleValue] = []
  private var tuples: [[PickleValue]] = []
  /// All dictionaries, each with its members in order.
  private(set) var dictionaries: [[(name: String, value: PickleValue)]] = []
  private(set) var storages: [PickleStorage] = []
  private(set) var tensors: [PickleTensor] = []

  /// A machine in front of a stream.
  init(_ stream: ByteView) { self.stream = stream }

  /// Runs the stream to its end.
  /// - Returns: the dictionary that the stream is.
  /// - Throws: `PickledTensorsError` at the first byte that is not as torch writes it.
  mutating func run() throws(PickledTensorsError) -> Int {
    guard try byte() == 0x80, try byte() == 2 else { throw fault(.protocolVersion) }
    while true {
      start = position
      let code = try byte()
      if code == UInt8(ascii: ".") { return try finish() }
      guard try !runConstant(code), try !runContainer(code), try !runCall(code) else { continue }
      throw .unknownInstruction(code, offset: start)
    }
  }

  private mutating func finish() throws(PickledTensorsError) -> Int {
    guard position == stream.count, stack.count == 1, marks.isEmpty else { throw fault(.end) }
    guard case .dictionary(let index) = stack[0] else { throw .notTensors(name: "the file's content") }
    return index
  }

  /// The error of a fault at the current instruction.
  private func fault(_ fault: PickleFault) -> PickledTensorsError { .badPickle(fault, offset: start) }
}

// MARK: - Instructions

extension PickleMachine {
  /// Runs an instruction that makes a value out of the stream's bytes, or remembers or recalls one.
  /// - Returns: whether the instruction is of this kind.
  private mutating func runConstant(_ code: UInt8) throws(PickledTensorsError) -> Bool {
    switch code {
    case UInt8(ascii: "N"): try push(.none)
    case 0x88, 0x89: try push(.truth)
    case UInt8(ascii: "K"): try push(.integer(Int(try byte())))
    case UInt8(ascii: "M"): try push(.integer(Int(try number(UInt16.self))))
    case UInt8(ascii: "J"): try push(.integer(Int(try number(Int32.self))))
    case 0x8A: try push(.integer(try longInteger()))
    case UInt8(ascii: "X"): try push(.text(try text(length: Int(try number(UInt32.self)))))
    case UInt8(ascii: "q"): try remember(Int(try byte()))
    case UInt8(ascii: "r"): try remember(Int(try number(UInt32.self)))
    case UInt8(ascii: "h"): try recall(Int(try byte()))
    case UInt8(ascii: "j"): try recall(Int(try number(UInt32.self)))
    default: return false
    }
    return true
  }

  /// Runs an instruction that makes or fills a tuple or a dictionary.
  /// - Returns: whether the instruction is of this kind.
  private mutating func runContainer(_ code: UInt8) throws(PickledTensorsError) -> Bool {
    switch code {
    case UInt8(ascii: "("): try pushMark()
    case UInt8(ascii: ")"): try pushTuple([])
    case UInt8(ascii: "t"): try pushTuple(try popMarked())
    case 0x85...0x87: try pushTuple(try pop(Int(code - 0x84)))
    case UInt8(ascii: "}"): try pushDictionary()
    case UInt8(ascii: "s"): try insert(try pop(2))
    case UInt8(ascii: "u"): try insert(try popMarked())
    default: return false
    }
    return true
  }

  /// Runs an instruction that names or calls something.
  /// - Returns: whether the instruction is of this kind.
  private mutating func runCall(_ code: UInt8) throws(PickledTensorsError) -> Bool {
    switch code {
    case UInt8(ascii: "c"): try push(.global(try global()))
    case UInt8(ascii: "R"): try call(try pop(2))
    case UInt8(ascii: "Q"): try pushStorage(try pop(1)[0])
    case UInt8(ascii: "b"):
      // torch hangs the versions of modules on the dictionary; tensors do not need them.
      guard case .dictionary = try pop(1)[0], case .dictionary? = stack.last else { throw fault(.wrongKind) }
    default: return false
    }
    return true
  }
}

// MARK: - The stream

extension PickleMachine {
  private mutating func byte() throws(PickledTensorsError) -> UInt8 { try number(UInt8.self) }

  private mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type
  ) throws(PickledTensorsError) -> Number {
    guard let value = stream.integer(type, at: position) else { throw .truncatedPickle }
    position += MemoryLayout<Number>.size
    return value
  }

  private mutating func text(length: Int) throws(PickledTensorsError) -> String {
    guard let bytes = stream.slice(from: position, count: length) else { throw .truncatedPickle }
    guard let text = bytes.text else { throw fault(.text) }
    position += length
    return text
  }

  /// An integer of up to 8 bytes in two's complement.
  private mutating func longInteger() throws(PickledTensorsError) -> Int {
    let length = Int(try byte())
    guard length <= 8 else { throw fault(.number) }
    var value = 0
    for index in 0..<length { value |= Int(try byte()) << (8 * index) }
    let unused = 64 - 8 * length
    return length == 0 ? 0 : (value << unused) >> unused
  }

  private mutating func global() throws(PickledTensorsError) -> PickleGlobal {
    let module = try line()
    let name = try line()
    guard let global = PickleGlobal(module: module, name: name) else {
      throw .forbiddenGlobal("\(module).\(name)", offset: start)
    }
    return global
  }

  private static let longestLine = 1_024

  private mutating func line() throws(PickledTensorsError) -> String {
    guard
      let end = stream.firstOffset(of: UInt8(ascii: "\n"), from: position, limit: Self.longestLine)
    else { throw .truncatedPickle }
    defer { position = end + 1 }
    return try text(length: end - position)
  }
}

// MARK: - Values

extension PickleMachine {
  private mutating func push(_ value: PickleValue) throws(PickledTensorsError) {
    guard stack.count < PickledTensorsLimits.stack else { throw fault(.tooManyValues) }
    stack.append(value)
  }

  /// Takes values from the stack, the last one last, but none below an open mark.
  private mutating func pop(_ count: Int) throws(PickledTensorsError) -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else { throw fault(.missingValue) }
    let values = Array(stack.suffix(count))
    stack.removeLast(count)
    return values
  }

  private mutating func popMarked() throws(PickledTensorsError) -> [PickleValue] {
    guard let height = marks.popLast(), height <= stack.count else { throw fault(.missingValue) }
    let values = Array(stack[height...])
    stack.removeLast(values.count)
    return values
  }

  private mutating func pushMark() throws(PickledTensorsError) {
    guard marks.count < PickledTensorsLimits.stack else { throw fault(.tooManyValues) }
    marks.append(stack.count)
  }

  /// Makes sure that there is room for one more tuple or dictionary.
  private func checkContainers() throws(PickledTensorsError) {
    guard tuples.count + dictionaries.count < PickledTensorsLimits.containers else {
      throw fault(.tooManyValues)
    }
  }

  private mutating func pushTuple(_ values: [PickleValue]) throws(PickledTensorsError) {
    try checkContainers()
    try push(.tuple(tuples.count))
    tuples.append(values)
  }

  private mutating func pushDictionary() throws(PickledTensorsError) {
    try checkContainers()
    try push(.dictionary(dictionaries.count))
    dictionaries.append([])
  }

  /// Adds members, names and values in turn, to the dictionary on top of the stack.
  private mutating func insert(_ members: [PickleValue]) throws(PickledTensorsError) {
    guard stack.count > (marks.last ?? 0), case .dictionary(let index)? = stack.last, members.count % 2 == 0
    else {
      throw fault(.wrongKind)
    }
    for place in stride(from: 0, to: members.count, by: 2) {
      guard case .text(let name) = members[place] else { throw fault(.wrongKind) }
      dictionaries[index].append((name, members[place + 1]))
    }
  }

  /// Values are remembered in order, from 0.
  private mutating func remember(_ index: Int) throws(PickledTensorsError) {
    guard index == memory.count, stack.count > (marks.last ?? 0), let value = stack.last else {
      throw fault(.memory)
    }
    memory.append(value)
  }

  private mutating func recall(_ index: Int) throws(PickledTensorsError) {
    guard index < memory.count else { throw fault(.memory) }
    try push(memory[index])
  }
}

// MARK: - Calls, which are recognized and not made

extension PickleMachine {
  private mutating func call(_ operands: [PickleValue]) throws(PickledTensorsError) {
    guard case .global(let callee) = operands[0], case .tuple(let index) = operands[1] else {
      throw fault(.wrongKind)
    }
    let arguments = tuples[index]
    switch callee {
    case .orderedDictionary:
      guard arguments.isEmpty else { throw fault(.arguments) }
      try pushDictionary()
    case .rebuildTensor: try pushTensor(arguments)
    case .rebuildParameter:
      guard arguments.count == 3, case .tensor = arguments[0] else { throw fault(.arguments) }
      try push(arguments[0])
    case .storage: throw fault(.arguments)
    }
  }

  /// Arguments: storage, offset, shape, strides, whether it needs gradients, hooks.
  private mutating func pushTensor(_ arguments: [PickleValue]) throws(PickledTensorsError) {
    guard arguments.count == 6, case .storage(let storage) = arguments[0],
      case .integer(let offset) = arguments[1], let shape = integers(arguments[2]),
      let strides = integers(arguments[3]), case .truth = arguments[4],
      case .dictionary(let hooks) = arguments[5],
      dictionaries[hooks].isEmpty
    else { throw fault(.arguments) }
    try push(.tensor(tensors.count))
    tensors.append(PickleTensor(storage: storage, offset: offset, shape: shape, strides: strides))
  }

  /// The integers of a tuple, but only as many as show that there are too many for a shape: one tuple may be recalled
  /// for every tensor.
  private func integers(_ value: PickleValue) -> [Int]? {
    guard case .tuple(let index) = value else { return nil }
    var integers: [Int] = []
    for element in tuples[index].prefix(PickledTensorsLimits.rank + 1) {
      guard case .integer(let integer) = element else { return nil }
      integers.append(integer)
    }
    return integers
  }

  /// A persistent identifier: the word "storage", the class, the key, the device and the number of elements.
  private mutating func pushStorage(_ identifier: PickleValue) throws(PickledTensorsError) {
    guard case .tuple(let index) = identifier, tuples[index].count == 5,
      case .text("storage") = tuples[index][0], case .global(.storage(let element)) = tuples[index][1],
      case .text(let key) = tuples[index][2], case .text = tuples[index][3],
      case .integer(let count) = tuples[index][4]
    else { throw fault(.arguments) }
    try push(.storage(storages.count))
    storages.append(PickleStorage(element: element, key: key, count: count))
  }
}
