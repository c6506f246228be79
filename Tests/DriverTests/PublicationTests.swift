import Diagnostics
import Files
import Foundation
import Testing

@Suite("Output files")
struct PublicationTests {
  private func files(_ place: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: place).sorted()
  }

  @Test("what a killed process left is removed, what a live one writes is not")
  func leftovers() throws {
    try withTemporaryDirectory { place in
      let path = place + "/plan"
      let other = "\(place)/.plan2.0123456789abcdef.partial"
      for leftover in ["\(place)/.plan.0123456789abcdef.partial", other] {
        #expect(FileManager.default.createFile(atPath: leftover, contents: Data([1])))
      }
      let first = try OutputFile(path)
      let second = try OutputFile(path)
      #expect(try files(place).count == 3)
      try first.write([1])
      try first.publish()
      try second.write([2])
      try second.publish()
      #expect(try files(place) == [(other as NSString).lastPathComponent, "plan"])
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data([2]))
    }
  }

  @Test("a file whose temporary name was taken away is not published")
  func stolen() throws {
    try withTemporaryDirectory { place in
      let file = try OutputFile(place + "/plan")
      try FileManager.default.removeItem(atPath: file.temporaryPath)
      #expect(FileManager.default.createFile(atPath: file.temporaryPath, contents: Data([9])))
      #expect(throws: (any Error).self) { try file.publish() }
      #expect(!FileManager.default.fileExists(atPath: place + "/plan"))
    }
  }

  @Test("a scratch file has no name, and can be read back")
  func scratch() throws {
    let file = try WritableFile.scratch("test")
    try file.write([1, 2, 3])
    #expect(try Data(contentsOf: URL(fileURLWithPath: file.temporaryPath)) == Data([1, 2, 3]))
    let link = try FileManager.default.destinationOfSymbolicLink(atPath: file.temporaryPath)
    #expect(link.hasSuffix("(deleted)"))
  }

  @Test("links to files that do not exist yet are followed, circles are refused")
  func links() throws {
    try withTemporaryDirectory { place in
      let manager = FileManager.default
      try manager.createDirectory(atPath: place + "/inner", withIntermediateDirectories: false)
      try manager.createSymbolicLink(atPath: place + "/first", withDestinationPath: "inner/second")
      try manager.createSymbolicLink(atPath: place + "/inner/second", withDestinationPath: "third")
      try OutputFile.write([7], to: place + "/first")
      #expect(try Data(contentsOf: URL(fileURLWithPath: place + "/inner/third")) == Data([7]))
      #expect(try manager.destinationOfSymbolicLink(atPath: place + "/first") == "inner/second")
      try manager.createSymbolicLink(atPath: place + "/circle", withDestinationPath: "circle")
      #expect(throws: DiagnosticFailure.self) { try OutputFile(place + "/circle") }
    }
  }
}
