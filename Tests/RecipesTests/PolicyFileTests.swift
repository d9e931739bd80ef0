import Recipes
import Testing

@Suite("Policies as files")
struct PolicyFileTests {
  @Test func theExampleSaysWhatItMeans() throws {
    let policy = try PolicyFile(yaml: PolicyFile.example, path: "stains.yaml")
    #expect(policy.name == "stains on the face")
    #expect(policy.thresholds.thresholds.reject == 0.5 && policy.thresholds.classes.map(\.label) == ["crack"])
    #expect(policy.zones.map(\.name) == ["face", "rim"] && policy.regions.map(\.label) == ["stain", "scratch", "any"])
    let stain = policy.regions[0]
    #expect(stain.zones == ["face"])
    // 0.5 square millimetres of pixels of 0.05 mm.
    #expect(abs(stain.smallestArea!.pixels(policy.millimetersPerPixel, power: 2) - 200) < 1e-9)
    #expect(abs(policy.regions[1].longestSide!.pixels(policy.millimetersPerPixel, power: 1) - 20) < 1e-9)
    #expect(
      policy.sentences.contains(
        "A region of stain counts only if it touches zone face and covers at least 0.5 mm\u{B2} (200 square pixels)."))
    #expect(policy.problems(labels: ["good", "crack", "stain", "scratch"], good: "good").isEmpty)
    #expect(policy.problems(width: 192, height: 192).isEmpty)
  }

  /// Everything that is wrong is told at once, each with its line and column.
  @Test func whatIsWrongIsToldWithItsPlace() {
    let text = """
      reject: 0.2
      review: 0.5
      image: [100, 100]
      zones:
        face: {rectangle: [48, 48, 96, 96]}
        bad: {mask: face.png}
      regions:
        stain: {zone: fase, smallest_area: 3 mm2}
        chip: {}
        crack: {smallest_aera: 3, count: 0}
      """
    let error = #expect(throws: RecipeError.self) { _ = try PolicyFile(yaml: text, path: "p.yaml") }
    #expect(
      error?.problems.map(\.description) == [
        #"p.yaml:2:9: "review" 0.5 must not be more than "reject" 0.2: what is rejected is never reviewed"#,
        #"p.yaml:5:9: the zone "face" reaches to 144, 144, but the picture is 100 x 100 pixels"#,
        "p.yaml:6:8: a zone is a polygon or a rectangle",
        #"p.yaml:8:17: there is no zone "fase"; did you mean "face"?"#,
        #"p.yaml:8:38: "smallest_area" is in millimetres, but "mm_per_pixel" is missing"#,
        #"p.yaml:9:9: "chip" says nothing of its regions"#,
        #"p.yaml:10:11: unknown key "smallest_aera" in a class's regions; did you mean "smallest_area"?"#,
        #"p.yaml:10:36: "count" must be from 1 to 32, not 0"#,
      ])
  }

  @Test func classesThatTheModelDoesNotHaveAreTold() throws {
    let policy = try PolicyFile(
      yaml: "classes:\n  crak: {reject: 0.1}\nregions:\n  dent: {count: 2}\n  good: {count: 2}\n", path: "p.yaml")
    let problems = policy.problems(labels: ["good", "crack", "stain"], good: "good").map(\.description)
    #expect(
      problems == [
        #"p.yaml:2:9: the model knows no class "crak"; did you mean "crack"?"#,
        #"p.yaml:4:9: the model knows no class "dent"; it has crack, stain"#,
        #"p.yaml:5:9: "good" is the model's good class, which has no rules"#,
      ])
  }

  @Test func anEmptyFileIsRefused() {
    let error = #expect(throws: RecipeError.self) { _ = try PolicyFile(yaml: "# nothing\n", path: "p.yaml") }
    #expect(error?.description == "p.yaml: is empty; `assay policy example` prints one to begin with")
  }
}
