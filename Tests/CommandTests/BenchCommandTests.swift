import Foundation
import Testing

/// Nothing here depends on how fast the machine is.
@Suite("quamba bench and quamba profile", .serialized)
struct BenchCommandTests {
  @Test("bench prints a table, JSON or CSV")
  func bench() throws {
    let plan = try Fixtures.plans.plan(Fixtures.model("mamba-f32"))
    let options = ["bench", plan, "-p", "8", "-n", "2", "-b", "1,2", "-t", "1", "-r", "1"]
    let table = try Program.quamba.run(options + ["--progress", "none"])
    #expect(table.code == 0, "\(table.errors)")
    #expect(table.errors.isEmpty)
    #expect(table.output.contains("decode 2"))
    let json = try Program.quamba.run(options + ["--json", "--progress", "none"])
    let report = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect((report?["runs"] as? [Any])?.count == 1)
    let csv = try Program.quamba.run(options + ["--csv", "--progress", "plain"])
    #expect(csv.output.hasPrefix("threads,phase,batch,figure,median,minimum,maximum\n"))
    #expect(csv.hasOnlyFindings)
  }

  @Test("bench --limits needs no plan")
  func limits() throws {
    let outcome = try Program.quamba.run(["bench", "--limits", "-t", "1", "-r", "1", "--json"])
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("\"int8_products_per_second\""))
  }

  @Test(
    "Options that make no sense are refused",
    arguments: [
      ["bench"], ["bench", "plan", "--limits"], ["bench", "plan", "--json", "--csv"],
      ["bench", "plan", "-b", "0"], ["bench", "plan", "-t", "1,,2"], ["bench", "plan", "-p", "0"],
      ["profile", "plan", "-n", "0"], ["profile", "plan", "-b", "0"],
    ])
  func usage(_ arguments: [String]) throws {
    #expect(try Program.quamba.run(arguments).code == 64)
  }

  @Test("A missing plan is an error in words", arguments: ["bench", "profile"])
  func missing(_ command: String) throws {
    let outcome = try Program.quamba.run([command, "no-such-file"])
    #expect(outcome.code == 66)
    #expect(outcome.errorCodes == ["missing-file"])
  }

  @Test("profile prints tables and writes a trace")
  func profile() throws {
    let place = try TemporaryDirectory()
    let plan = try Fixtures.plans.plan(Fixtures.model("mamba-f32"))
    let outcome = try Program.quamba.run([
      "profile", plan, "-p", "8", "-n", "2", "--threads", "1", "--trace", place.path("trace.json"),
    ])
    #expect(outcome.code == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("prefill: 8 tokens"))
    #expect(outcome.output.contains("scan"))
    let trace = try JSONSerialization.jsonObject(with: try place.data("trace.json")) as? [[String: Any]]
    #expect(trace?.allSatisfy { $0["ph"] as? String == "X" } == true)
    #expect(trace?.isEmpty == false)
    #expect(try place.names == ["trace.json"])
  }
}
